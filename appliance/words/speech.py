# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable speech serve | score | models``. Exit code 0: all done; 1: something was refused or failed; 2: the command
line was wrong. ``score`` judges one recording: whatever the pupil said, that is 0."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """The word and its own words."""
    parser: argparse.ArgumentParser = words.add_parser("speech", help=N_("spoken English: one recording, the models"))
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("serve", help=N_("run the speech service on its Unix socket"))
    score = actions.add_parser("score", help=N_("what the box makes of one recording"))
    score.add_argument("file", type=Path, metavar="FILE", help=N_("a sound file"))
    score.add_argument("--expect", required=True, metavar="TEXT", help=N_("the word or phrase that was asked"))
    score.add_argument("--focus", default="", metavar="SOUND", help=N_("sounds to listen for: th/t, or ih/iy,h"))
    score.add_argument("--items", default="", metavar="LIST", help=N_("what else the lesson teaches, with commas"))
    score.add_argument("--json", action="store_true", help=N_("for programs"))
    _register_models(actions.add_parser("models", help=N_("models that hear better than the one that is always there")))
    return parser


def _register_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="models_action", required=True, metavar="ACTION")
    actions.add_parser("list", help=N_("those installed, and those that can be had, with sizes and licences"))
    install = actions.add_parser("install", help=N_("download a model; goes on where it was cut"))
    install.add_argument("name", metavar="NAME")
    install.add_argument("--sha256", help=N_("refuse a download whose SHA-256 is another"))
    install.add_argument("--url", help=N_("take it from this address instead of its publisher's"))
    take = actions.add_parser(
        "import", help=N_("take a model from a folder or a ZIP file, from a USB stick for example")
    )
    take.add_argument("path", type=Path, metavar="FOLDER|ZIP")
    take.add_argument("--name", help=N_("its name here, otherwise that of the folder or file"))
    take.add_argument("--language", choices=("en", "fr"), help=N_("en or fr, where its name does not tell"))
    take.add_argument("--sha256", help=N_("refuse a ZIP file whose SHA-256 is another"))
    remove = actions.add_parser("remove", help=N_("take a model off the box"))
    remove.add_argument("name", metavar="NAME")


def run(args: argparse.Namespace, config: Config) -> int:
    """Returns the exit code."""
    if args.action == "serve":
        from appliance import box

        return box.speech(config)
    # Only now: the other words must not load what this one needs.
    from appliance.i18n import plurals, translator
    from appliance.words.terminal import Meter

    meter = Meter(sys.stderr, translator(config.box.language), plurals(config.box.language))
    if args.action == "score":
        from appliance.words.speech_score import score

        return score(args, config, meter)
    from appliance.words.speech_models import Models

    name = {"list": "show", "import": "take"}.get(args.models_action, args.models_action)
    return int(getattr(Models(args, config, meter), name)())
