# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable nginx``: the configuration of the box's nginx, from the routing table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser(
        "nginx", help=N_("print the configuration of nginx for this box")
    )
    parser.add_argument("--port", type=int, default=80, help=N_("port of pages and API (default: 80)"))
    parser.add_argument("--content-port", type=int, default=8081, help=N_("port of resources (default: 8081)"))
    parser.add_argument("--static", type=Path, metavar="FOLDER", help=N_("where the front-end files are installed"))
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    from appliance import nginx

    static = nginx.Site().static if args.static is None else args.static.absolute()
    site = nginx.Site(hub_port=args.port, content_port=args.content_port, static=static)
    sys.stdout.write(nginx.render(config, site))
    return 0
