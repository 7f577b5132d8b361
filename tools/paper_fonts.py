# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Unpack the vendored fonts of the printed sheets: a PDF takes TrueType, pages have WOFF2.

Needs the packages fonttools and brotli; run again after `make vendor` brought another version.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.ttLib import TTFont

HUB = Path(__file__).parents[1] / "appliance/hub"
FAMILY = "atkinson-hyperlegible"
FACES = ("latin-400", "latin-700", "latin-ext-400", "latin-ext-700")


def main() -> int:
    """One TrueType file for each face."""
    source = max((HUB / "static/vendor").glob(f"{FAMILY}-[0-9]*"))
    for face in FACES:
        font = TTFont(source / f"{face}.woff2", recalcTimestamp=False)
        font.flavor = None
        font.save(HUB / "paper/fonts" / f"{face}.ttf")
    return 0


if __name__ == "__main__":
    sys.exit(main())
