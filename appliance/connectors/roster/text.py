# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Bytes that should be text."""

from __future__ import annotations

import codecs
import unicodedata

from appliance.errors import BadInput

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one (Excel's "Unicode text"), else Windows-1252, else ISO-8859-1.

    Raises :class:`BadInput` for bytes that are no text.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(name)
            except UnicodeError:
                raise not_text() from None  # the error would hold the whole file
    if b"\0" in content:
        raise not_text()
    for name in ("utf-8", "cp1252"):
        try:
            return content.decode(name)
        except UnicodeError:
            continue
    return content.decode("latin-1")


def not_text() -> BadInput:
    """The refusal of a picture, a program, a damaged file."""
    return BadInput("This file is not a class list: export the list as CSV from ONDE, Pronote or your spreadsheet.")


def plain(text: str) -> str:
    """For comparing headers: no accents, no capitals, single spaces, typewriter apostrophes."""
    apart = unicodedata.normalize("NFKD", text.replace("’", "'").replace("\ufeff", ""))
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).casefold().replace("_", " ").split())
