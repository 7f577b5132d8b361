# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The text of a Rich Text Format file (RTF 1.9.1), well enough to be searched."""

from __future__ import annotations

import re

_TOKEN = re.compile(rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\")
_HIDDEN = {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"themedata"}
_BREAKS = {b"par", b"line", b"tab", b"cell", b"row", b"page", b"sect"}


def rtf_text(data: bytes) -> str:
    """The visible text, paragraphs on lines. Never raises; deep or unbalanced groups only lose text."""
    out: list[str] = []
    hidden_from: int | None = None
    depth = 0
    skip = 0
    for match in _TOKEN.finditer(data):
        word, number, code, symbol, brace, plain = match.groups()
        if brace:
            depth += 1 if brace == b"{" else -1
            if hidden_from is not None and depth < hidden_from:
                hidden_from = None
        elif hidden_from is not None:
            continue
        elif word in _HIDDEN or symbol == b"*":
            hidden_from = depth
        elif word in _BREAKS:
            out.append("\n")
        elif word == b"u" and number:
            out.append(chr(int(number) & 0xFFFF))
            skip = 1
        elif code:
            out.append("" if skip else bytes.fromhex(code.decode()).decode("cp1252", "replace"))
            skip = 0
        elif plain:
            out.append(plain[skip:].decode("cp1252", "replace"))
            skip = 0
        elif symbol in (b"\\", b"{", b"}"):
            out.append(symbol.decode())
    return "".join(out)
