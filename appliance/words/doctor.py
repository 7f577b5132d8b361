# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable doctor``: what works, what does not, and how to mend it. Exit code 0: nothing to mend; 1: something."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from appliance.config import Config
from appliance.errors import ConfigError
from appliance.i18n import N_, plurals, translator
from appliance.words.terminal import printable

if TYPE_CHECKING:
    from appliance.health.check import Check, Gettext
    from appliance.words.doctor_round import Round

MARKS = {"fine": "✓", "wrong": "✗", "unknown": "?", "absent": "–"}
ERROR = 3
"""Priority of a line in the journal (sd-daemon(3))."""


def register(words: Any) -> argparse.ArgumentParser:
    """Declare the word and its options."""
    parser: argparse.ArgumentParser = words.add_parser("doctor", help=N_("what works, what does not, how to mend it"))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help=N_("for programs"))
    how.add_argument(
        "--journal", action="store_true", help=N_("one line for each fault, for the journal and for the health page")
    )
    return parser


def run(args: argparse.Namespace, config: Config) -> int:
    """Do it; returns the exit code."""
    return _report(args, config, None)


def unconfigured(args: argparse.Namespace, config: Config, error: ConfigError) -> int:
    """The same with a configuration that cannot be used: ``config`` is what stands without it."""
    return _report(args, config, error)


def _report(args: argparse.Namespace, config: Config, broken: ConfigError | None) -> int:
    from appliance.words.doctor_round import examine

    found = examine(config, broken)
    gettext = translator(config.box.language)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a serial console may know no ✗
    if args.json:
        _print_json(found, gettext)
    elif args.journal:
        _print_journal(found, gettext, config)
    else:
        _print_all(found, gettext, config)
    return 1 if found.wrong else 0


def _print_json(found: Round, gettext: Gettext) -> None:
    from appliance.health.check import check_json

    checks = [check_json(check, gettext, figures=True) for check in found.checks]
    versions = {name: version for _, name, version in found.versions}
    told = {"ok": not found.wrong, "checks": checks, "versions": versions}
    print(json.dumps(told, ensure_ascii=False, indent=2))


def _print_journal(found: Round, gettext: Gettext, config: Config) -> None:
    """The page's copy goes where the hub can read it; when it cannot be written, the journal still has its lines."""
    from appliance.health import notes

    for check in found.wrong:
        print(f"<{ERROR}>{printable(_one_line(check, gettext))}")
    notes.keep(config.box.run, found.checks, found.now)


def _one_line(check: Check, gettext: Gettext) -> str:
    parts = [_line(check, gettext), check.mend.localized(gettext) if check.mend else "", check.figure]
    return " | ".join(" ".join(part.split()) for part in parts if part)


def _line(check: Check, gettext: Gettext) -> str:
    told = {"name": gettext(check.name), "detail": check.detail.localized(gettext)}
    return gettext("%(name)s: %(detail)s") % told


def _print_all(found: Round, gettext: Gettext, config: Config) -> None:
    """Everything, then again what is wrong: the end is what stays on a screen."""
    from appliance.health.check import GROUP_NAMES, grouped

    for group, members in grouped(found.checks):
        print(gettext(GROUP_NAMES[group]))
        for check in members:
            figure = f"  [{check.figure}]" if check.figure else ""
            print(printable(f"  {MARKS[check.state]} {_line(check, gettext)}{figure}"))
    print(gettext("Versions"))
    for name, _id, version in found.versions:
        print(f"    {gettext(name)} {version}")
    print()
    ngettext = plurals(config.box.language)
    count = len(found.wrong)
    print(ngettext("One thing to mend.", "%(num)s things to mend.", count) % {"num": count} if count
          else gettext("Nothing to mend."))  # fmt: skip
    for check in found.wrong:
        print(printable(f"  ✗ {_line(check, gettext)}"))
        if check.mend:
            print(printable(f"    → {check.mend.localized(gettext)}"))
