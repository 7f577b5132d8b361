# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pack a small French encyclopaedia as a ZIM: countries, departments, chemical elements, the sky.

The countries, their flags and maps come from KGeography, the elements from Kalzium, the articles on
astronomy from the KStars handbook (AstroInfo), their French words from the same packages. The sentences
that present them are written here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from common import places
from encyclopedia.book import Book
from encyclopedia.elements import add_elements
from encyclopedia.home import add_home
from encyclopedia.places import add_places
from encyclopedia.sky import add_sky
from encyclopedia.writing import write
from make_videos import RATE, VP9, encode, moon_frames

NAME = "petite-encyclopedie.zim"


def main() -> None:
    """Make the ZIM."""
    where = places(__doc__ or "")
    book = Book()
    add_places(book, where)
    add_elements(book, where)
    add_sky(book, where)
    add_home(book)
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "phases-de-la-lune.webm"
        encode(moon_frames(where.share / "kstars" / "textures"), video, "libvpx-vp9", RATE, VP9)
        write(book, video, where.output / NAME)
    print(len(book.articles), "articles")


if __name__ == "__main__":
    main()
