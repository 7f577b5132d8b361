# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The words of the command line. Each lives in ``appliance/words/<word>.py`` with ``register`` and ``run``; one that
has ``unconfigured`` too works when the configuration cannot be used."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance import config as configuration
from appliance.errors import CartableError, ConfigError
from appliance.i18n import N_, translator
from appliance.words.parser import Parser, speaking
from appliance.words.terminal import printable

WORDS = ("console", "dev", "doctor", "hub", "library", "migrate", "nginx", "provision", "records", "speech", "studio")


def main(arguments: Sequence[str]) -> int:
    """Parse, load the configuration, run the word. Errors become one sentence on stderr and exit code 1."""
    language = _language(arguments)
    with speaking(language):
        args = _parser(_named(arguments)).parse_args(arguments)
    try:
        try:
            config = _configuration(args)
        except ConfigError as error:
            if args.unconfigured is None:
                raise
            return int(args.unconfigured(args, configuration.load([], _overrides(args)), error))
        language = config.box.language
        return int(args.run(args, config) or 0)
    except CartableError as error:
        print(printable(f"cartable: {error.localized(translator(language))}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _language(arguments: Sequence[str]) -> str:
    """The one of the configuration, as far as it can be known before the command line is understood."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    early.add_argument("--config", action="append", type=Path)
    try:
        found = early.parse_known_args(arguments)[0].config
        return configuration.load(found or configuration.SYSTEM_FILES).box.language
    except (argparse.ArgumentError, CartableError):
        return configuration.BoxConfig().language


def _named(arguments: Sequence[str]) -> Sequence[str]:
    """The words that have to be known to understand the command line: one, when it comes first. Each costs a start."""
    return arguments[:1] if arguments and arguments[0] in WORDS else WORDS


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version  # slow to load

        parser.exit(message=f"cartable {version('cartable')}\n")


def _parser(names: Sequence[str] = WORDS) -> argparse.ArgumentParser:
    parser = Parser(prog="cartable", description="La classe dans une boîte.")
    parser.add_argument("--version", action=_Version, nargs=0, help=N_("show program's version number and exit"))
    parser.add_argument(
        "--config", action="append", type=Path, metavar="FILE", help=N_("TOML file instead of the system's")
    )
    parser.add_argument("--state", type=Path, metavar="FOLDER", help=N_("keep state (and sockets) in this folder"))
    words = parser.add_subparsers(required=True, metavar="WORD")
    for name in names:
        module: Any = importlib.import_module(f"appliance.words.{name}")
        word = module.register(words)
        word.set_defaults(run=module.run, unconfigured=getattr(module, "unconfigured", None))
    return parser


def _overrides(args: argparse.Namespace) -> dict[str, dict[str, object]]:
    if args.state is None:
        return {}
    return {"box": {"state": args.state.absolute(), "run": args.state.absolute() / "run"}}


def _configuration(args: argparse.Namespace) -> configuration.Config:
    overrides = _overrides(args)
    if args.config:
        return configuration.load(args.config, overrides)
    if overrides:
        return configuration.load(configuration.SYSTEM_FILES, overrides)
    return configuration.from_environment()
