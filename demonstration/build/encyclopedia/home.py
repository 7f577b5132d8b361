# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first page, and the picture that lists show."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from encyclopedia.book import Article, Book, listing, slug
from encyclopedia.places import CONTINENTS


def add_home(book: Book) -> None:
    """Add the first page."""
    continents = listing([(f"continents/{slug(name)}", f"Pays {of}") for name, of in CONTINENTS.values()], "")
    book.articles.append(
        Article(
            "index",
            "Petite encyclopédie de la classe",
            (
                f"<h2>Géographie</h2>{continents}<ul><li><a href='departements/liste'>Départements "
                "français</a></li></ul>"
                "<h2>Sciences</h2><ul><li><a href='elements/liste'>Éléments chimiques</a></li>"
                "<li><a href='ciel/liste'>Astronomie</a></li>"
                "<li><a href='ciel/phases-de-la-lune'>Vidéo : les phases de la Lune</a></li></ul>"
                "<h2>Sources et licences</h2><p>Cartes et drapeaux : KGeography (GPL, version 2 ou "
                "suivante). Éléments : "
                "Blue Obelisk et Kalzium (MIT et GPL, version 2 ou suivante). Articles d’astronomie : "
                "manuel de KStars, "
                "« AstroInfo », © 2001-2007 Jason Harris et ses coauteurs (GNU FDL, version 1.2 ou "
                "suivante, sans section "
                "invariante). Photographies de la Lune : KStars (GPL, version 2 ou suivante).</p>"
            ),
        )
    )


def illustration() -> bytes:
    """Draw the 48 by 48 picture that lists show."""
    picture = Image.new("RGB", (48, 48), "#00508f")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((8, 8, 40, 40), fill="#8fd0ff", outline="white", width=2)
    draw.polygon((14, 20, 24, 14, 30, 22, 22, 32), fill="#3f9b4b")
    draw.polygon((31, 26, 37, 24, 34, 34), fill="#3f9b4b")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
