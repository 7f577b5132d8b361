# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable records key | export | import | rebuild | erase | erased | quarantine``. Exit code 0: all done; 1:
something was refused, damaged or not confirmed; 2: the command line was wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from appliance.config import Config


def register(words: Any) -> argparse.ArgumentParser:
    """The word and its own words."""
    parser: argparse.ArgumentParser = words.add_parser("records", help="learning records: keys, export, erasure")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _register_keys(actions.add_parser("key", help="credentials of the tools that may write or read records"))
    export = actions.add_parser("export", help="write every record to a file, or to standard output (-)")
    export.add_argument("file", metavar="FILE|-", help="compressed when the name ends in .gz")
    take = actions.add_parser("import", help="take in the records of an export; what is here already stays as it is")
    take.add_argument("file", type=Path, metavar="FILE")
    actions.add_parser("rebuild", help="make search index, progress and counts again from the statements")
    erase = actions.add_parser("erase", help="erase all that a pupil or an agent left")
    erase.add_argument("who", metavar="PUPIL|AGENT", help="id or alias of a pupil, mailto: address, or JSON agent")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.add_argument("--stays", action="store_true", help="the pupil stays in the class and begins anew")
    actions.add_parser("erased", help="list the erasures")
    actions.add_parser("quarantine", help="list the statements that were set aside")
    return parser


def _register_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="key_action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a key; its secret is shown once")
    add.add_argument("name", metavar="NAME", help="which tool it is for")
    add.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="what it may do (repeat for more)")
    actions.add_parser("list", help="list the keys")
    revoke = actions.add_parser("revoke", help="refuse a key from now on")
    revoke.add_argument("key", metavar="NAME|ID")


def run(args: argparse.Namespace, config: Config) -> int:
    """Returns the exit code."""
    # Only now: the other words, the hub's above all, must not load what this one needs.
    from appliance.i18n import N_, translator
    from appliance.words.records_access import opened
    from appliance.words.records_actions import Actions
    from appliance.words.terminal import Meter

    meter = Meter(sys.stderr, translator(config.box.language))
    waiting = N_("Another command is using the box: waiting.")
    with opened(config, lambda: meter.say(waiting)) as access:
        return Actions(args, config, meter).run(access)
