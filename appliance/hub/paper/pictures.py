# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Animals as vectors (OpenMoji's sheet, one ``<symbol>`` for each), and QR codes as squares."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

import segno

from appliance.hub.assets import STATIC, vendored

SYMBOL = re.compile(r'<symbol id="([0-9A-F-]+)" viewBox="([\d ]+)">(.*?)</symbol>', re.S)
QUIET = 4
"""Empty modules around a QR code (ISO/IEC 18004, 6.3.8)."""


@functools.cache
def animals() -> dict[str, bytes]:
    """Hexcode -> a whole SVG document."""
    sheet = (STATIC / vendored("openmoji", "animals.svg")).read_text(encoding="utf-8")
    return {code: _document(box, drawing) for code, box, drawing in SYMBOL.findall(sheet)}


def documents(stock: Mapping[str, str]) -> dict[str, bytes]:
    """Code -> a whole SVG document, of ``<symbol>`` by code (:func:`appliance.sequences.pictures.symbols`)."""
    return {code: _document(*found.groups()[1:]) for code, text in stock.items() if (found := SYMBOL.match(text))}


def _document(box: str, drawing: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{drawing}</svg>'.encode()


def qr_runs(text: str) -> tuple[int, list[tuple[int, int, int]]]:
    """Modules of a side, quiet zone included, and the dark runs: row, first column, length."""
    matrix = segno.make(text, micro=False, error="m", boost_error=False).matrix
    runs = [(row + QUIET, start + QUIET, length) for row, line in enumerate(matrix) for start, length in _runs(line)]
    return len(matrix) + 2 * QUIET, runs


def _runs(line: bytearray) -> Iterator[tuple[int, int]]:
    for found in re.finditer(rb"[^\0]+", bytes(line)):
        yield found.start(), found.end() - found.start()
