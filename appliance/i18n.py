# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Messages for people outside the web pages (command line, logs read by a technician): gettext, French first."""

from __future__ import annotations

import functools
import gettext
from collections.abc import Callable
from pathlib import Path

Plurals = Callable[[str, str, int], str]
"""The ngettext of a language: singular and plural message ids, the number; the form for that number."""

FOLDER = Path(__file__).with_name("translations")
LANGUAGES = ("fr", "en")
"""Message ids are English, so ``en`` needs no catalogue."""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a message id for extraction; it is translated where it is shown."""
    return message


def translator(language: str) -> Callable[[str], str]:
    """The gettext of ``language``; an unknown or not yet compiled one speaks English."""
    return _catalogue(language).gettext


def plurals(language: str) -> Plurals:
    """The ngettext of ``language``, as :func:`translator`."""
    return _catalogue(language).ngettext


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", FOLDER, [language], fallback=True)
