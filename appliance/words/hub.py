# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable hub``: the hub service on its Unix socket."""

from __future__ import annotations

import argparse
import os
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser("hub", help=N_("run the hub service on its Unix socket"))
    parser.add_argument(
        "--publish", type=int, metavar="PORT", help=N_("publish the box's name on the network, with this port")
    )
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    from appliance import box, serve

    if args.publish is not None:
        os.environ[box.PUBLISHED_PORT] = str(args.publish)
    return serve.run("appliance.box:hub_application", config)
