# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable library add | list | verify | remove | export``. Exit code 0: all done; 1: something was refused or is
damaged; 2: the command line was wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """The word and its own words."""
    parser: argparse.ArgumentParser = words.add_parser(
        "library", help=N_("add, list, verify, remove or export resources")
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help=N_("add files, folders or web addresses"))
    add.add_argument("what", nargs="+", metavar="PATH|URL")
    add.add_argument("--title", help=N_("title of the card (one file only)"))
    add.add_argument(
        "--captions", action="append", default=[], type=Path, metavar="FILE", help=N_("WebVTT or SubRip file")
    )
    add.add_argument("--link", action="store_true", help=N_("keep web addresses as links instead of downloading them"))
    add.add_argument("--sha256", help=N_("refuse a download whose SHA-256 is another"))
    actions.add_parser("list", help=N_("list the resources"))
    actions.add_parser("verify", help=N_("read every file again and name the damaged ones"))
    remove = actions.add_parser("remove", help=N_("take resources off the box"))
    remove.add_argument("id", nargs="+", metavar="ID")
    export = actions.add_parser("export", help=N_("write the original file of a resource to a folder"))
    export.add_argument("id", metavar="ID")
    export.add_argument("folder", type=Path, metavar="FOLDER")
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Returns the exit code."""
    # Only now: the other words, the hub's above all, must not load what this one needs.
    from appliance.i18n import plurals, translator
    from appliance.words.library_access import opened
    from appliance.words.library_actions import Actions
    from appliance.words.terminal import Meter

    meter = Meter(sys.stderr, translator(config.box.language), plurals(config.box.language))
    waiting = N_("Another command is using the library: waiting.")
    makes = args.action == "add"
    with opened(config, meter.gettext, lambda: meter.say(waiting), makes=makes) as access:
        return int(getattr(Actions(args, config, meter), args.action)(access))
