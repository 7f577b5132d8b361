# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Articles on astronomy from the handbook of KStars, and the page of the video."""

from __future__ import annotations

from common import Places
from docbook import Converter, parse

from encyclopedia.book import Article, Book, listing

ASTRO = [
    "skycoords",
    "cequator",
    "cpoles",
    "csphere",
    "ecliptic",
    "equinox",
    "geocoords",
    "greatcircle",
    "horizon",
    "hourangle",
    "meridian",
    "precession",
    "zenith",
    "julianday",
    "leapyear",
    "sidereal",
    "timezones",
    "utime",
    "blackbody",
    "colorandtemp",
    "cosmicdist",
    "darkmatter",
    "ellipticalgalaxies",
    "flux",
    "luminosity",
    "magnitude",
    "parallax",
    "retrograde",
    "spiralgalaxies",
    "stars",
    "epoch",
]


def add_sky(book: Book, where: Places) -> None:
    """Add the articles on astronomy and the video of the phases of the Moon."""
    folder = where.share / "doc/HTML/fr/kstars"
    sections = {}
    for name in ASTRO:
        root = parse((folder / f"{name}.docbook").read_text("utf-8"))
        sections[name] = next(iter(root))
    addresses = {section.get("id", ""): f"../ciel/{name}" for name, section in sections.items()}
    links = []
    for name, section in sections.items():
        page = Converter(addresses).page(section)
        body = page.body
        for picture in page.pictures:
            source = folder / picture
            if source.exists():
                book.files[f"ciel/{picture}"] = (f"image/{source.suffix[1:]}", source.read_bytes())
            else:
                body = body.replace(f'<img src="{picture}" alt="">', "")
        book.articles.append(Article(f"ciel/{name}", page.title, body))
        links.append((f"ciel/{name}", page.title))
    book.articles.append(
        Article(
            "ciel/phases-de-la-lune",
            "Les phases de la Lune (vidéo)",
            (
                '<video controls preload="metadata" width="640" height="360" '
                'src="../videos/phases-de-la-lune.webm">'
                "</video><p>La Lune tourne autour de la Terre en un mois environ. Le Soleil éclaire "
                "toujours une moitié de "
                "la Lune, mais nous n’en voyons qu’une partie, qui change chaque nuit : c’est la phase. À "
                "la nouvelle Lune, "
                "sa face éclairée nous tourne le dos. Viennent ensuite le premier croissant, le premier "
                "quartier, la Lune "
                "gibbeuse, puis la pleine Lune. La partie éclairée diminue alors jusqu’au dernier "
                "quartier et au dernier "
                "croissant.</p>"
            ),
        )
    )
    links.append(("ciel/phases-de-la-lune", "Les phases de la Lune (vidéo)"))
    book.articles.append(
        Article(
            "ciel/liste",
            "Astronomie : le ciel, les étoiles, le temps",
            f"<p>Articles pour le collège et le lycée.</p>{listing(links, '../')}",
        )
    )
