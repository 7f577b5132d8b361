# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable dev``: the whole box in one command, on any computer."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser("dev", help=N_("run the whole box on this computer"))
    add = parser.add_argument
    add("--state", type=Path, metavar="FOLDER", default=argparse.SUPPRESS, help=N_("keep everything in this folder"))
    add("--demonstration", type=Path, metavar="FOLDER", help=N_("load this class and corpus into an empty box"))
    add("--port", type=int, help=N_("port of pages (default: 8080)"))
    add("--content-port", type=int, help=N_("port of resources (default: 8081)"))
    add("--address", help=N_("listen on this address only (default: all)"))
    add("--no-advert", action="store_true", help=N_("publish no name on the network"))
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    from appliance import box_studio, dev

    if args.demonstration is not None:
        config = replace(config, box=replace(config.box, demonstration=args.demonstration.absolute()))
    config = dev.with_options(
        config, port=args.port, content_port=args.content_port, address=args.address, advert=not args.no_advert
    )
    return dev.run(box_studio.simulating_sound(config))
