# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable provision``: what the box does to itself before its services start."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from appliance.config import Config
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser(
        "provision", help=N_("prepare the box before its services start")
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    disk = actions.add_parser("disk", help=N_("add the data partition to the card, once"))
    disk.add_argument("--disk", type=Path, metavar="DEVICE", help=N_("the card (default: the one we run from)"))
    disk.set_defaults(action=_disk)
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    done: int = args.action(args, config)
    return done


def _disk(args: argparse.Namespace, config: Config) -> int:
    from provisioning import disk, partitions

    disk.provision(args.disk or partitions.root_disk())
    return 0
