# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Files that people give instead of a list, and what to do then."""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliance.connectors.roster.text import not_text
from appliance.errors import Unsupported
from appliance.i18n import N_

SAVE_AS_CSV = N_("This is a spreadsheet: open it, choose “Save as”, then “CSV (separated by semicolons)”, and give "
                 "that file.")  # fmt: skip
PRINTED = N_("This is a printed page or a document: go back to where it came from, and export the list as CSV.")
NO_PAGE = N_("This is a web page, perhaps one that asks for a password: sign in there, then download the list.")

_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"\x7fELF", b"MZ\x90", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b")


def refuse_others(content: bytes) -> None:
    """Raises :class:`Unsupported` for an old spreadsheet, a PDF, a web page; :class:`BadInput` for pictures."""
    head = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unsupported(SAVE_AS_CSV)
    if head.startswith((b"%PDF", b"{\\rtf")):
        raise Unsupported(PRINTED)
    if re.match(rb"<!doctype\s+html", head, re.I) or head[:5].lower() in (b"<html", b"<head", b"<body"):
        raise Unsupported(NO_PAGE)
    if content.startswith(_PICTURES):
        raise not_text()


def refuse_office(names: Iterable[str]) -> None:
    """Raises :class:`Unsupported` when a ZIP with these members is a document."""
    members = set(names)
    if any(name.startswith("xl/") for name in members):
        raise Unsupported(SAVE_AS_CSV)
    if any(name.startswith(("word/", "ppt/")) for name in members):
        raise Unsupported(PRINTED)
    if {"mimetype", "content.xml"} <= members:  # OpenDocument: Calc, rather than Writer
        raise Unsupported(SAVE_AS_CSV)
