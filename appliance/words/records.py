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
from appliance.i18n import N_


def register(words: Any) -> argparse.ArgumentParser:
    """The word and its own words."""
    parser: argparse.ArgumentParser = words.add_parser("records", help=N_("learning records: keys, export, erasure"))
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _register_keys(actions.add_parser("key", help=N_("credentials of the tools that may write or read records")))
    export = actions.add_parser("export", help=N_("write every record to a file, or to standard output (-)"))
    export.add_argument("file", metavar="FILE|-", help=N_("compressed when the name ends in .gz"))
    take = actions.add_parser(
        "import", help=N_("take in the records of an export; what is here already stays as it is")
    )
    take.add_argument("file", type=Path, metavar="FILE")
    actions.add_parser("rebuild", help=N_("make search index, progress and counts again from the statements"))
    erase = actions.add_parser("erase", help=N_("erase all that a pupil or an agent left"))
    erase.add_argument("who", metavar="PUPIL|AGENT", help=N_("id or alias of a pupil, mailto: address, or JSON agent"))
    erase.add_argument("--yes", action="store_true", help=N_("do not ask"))
    erase.add_argument("--stays", action="store_true", help=N_("the pupil stays in the class and begins anew"))
    actions.add_parser("erased", help=N_("list the erasures"))
    _register_quarantine(actions.add_parser("quarantine", help=N_("list the statements that were set aside")))
    return parser


def _register_quarantine(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="quarantine_action", metavar="ACTION")
    show = actions.add_parser("show", help=N_("print one beside the statement that the box keeps"))
    show.add_argument("id", type=int, metavar="ID", help=N_("its number in the list"))
    drop = actions.add_parser("drop", help=N_("forget one: the statement that the box keeps stays"))
    drop.add_argument("id", type=int, metavar="ID", help=N_("its number in the list"))


def _register_keys(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="key_action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help=N_("make a key; its secret is shown once"))
    add.add_argument("name", metavar="NAME", help=N_("which tool it is for"))
    add.add_argument(
        "--scope", action="append", default=[], metavar="SCOPE", help=N_("what it may do (repeat for more)")
    )
    actions.add_parser("list", help=N_("list the keys"))
    revoke = actions.add_parser("revoke", help=N_("refuse a key from now on"))
    revoke.add_argument("key", metavar="NAME|ID")


def run(args: argparse.Namespace, config: Config) -> int:
    """Returns the exit code."""
    # Only now: the other words, the hub's above all, must not load what this one needs.
    from appliance.i18n import plurals, translator
    from appliance.store import durable
    from appliance.words.records_access import opened
    from appliance.words.records_actions import Actions
    from appliance.words.terminal import Meter

    meter = Meter(sys.stderr, translator(config.box.language), plurals(config.box.language))
    waiting = N_("Another command is using the box: waiting.")
    makes = args.action == "import"
    if makes:  # a box is not made for a file that is not there
        durable.open_regular(args.file).close()
    with opened(config, lambda: meter.say(waiting), makes=makes) as access:
        return Actions(args, config, meter).run(access)
