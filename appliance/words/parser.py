# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The command line's own sentences (usage, help, refusals) in the reader's language.

argparse asks :mod:`gettext` for its sentences, in the catalogue of the process and the language of the environment.
"""

from __future__ import annotations

import argparse
import contextlib
import gettext
import os
from collections.abc import Iterator

from appliance.i18n import FOLDER, N_

_LANGUAGE = "LANGUAGE"
_SENTENCES = (
    N_("usage: "),
    N_("options"),
    N_("positional arguments"),
    N_("show this help message and exit"),
    N_("show program's version number and exit"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("invalid %(type)s value: %(value)r"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
    N_("ignored explicit argument %r"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("unknown parser %(parser_name)r (choices: %(choices)s)"),
)
"""Marked for translation: argparse's own."""


class Parser(argparse.ArgumentParser):
    """Its help is marked where it is written and translated here; so is that of the words below it."""

    def format_help(self) -> str:
        """What ``--help`` prints."""
        self.formatter_class = _Formatter
        return super().format_help()


class _Formatter(argparse.HelpFormatter):
    def _get_help_string(self, action: argparse.Action) -> str | None:
        return gettext.gettext(action.help) if action.help else action.help


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """argparse speaks ``language`` inside; the environment is afterwards as it was before."""
    before = os.environ.get(_LANGUAGE)
    gettext.bindtextdomain("messages", str(FOLDER))
    gettext.textdomain("messages")
    os.environ[_LANGUAGE] = language
    try:
        yield
    finally:
        if before is None:
            del os.environ[_LANGUAGE]
        else:
            os.environ[_LANGUAGE] = before
