# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Countries and French departments, with flags and maps, from KGeography."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from common import Places, read_xml
from PIL import Image, ImageDraw

from encyclopedia.book import Article, Book, listing, slug, translations

CONTINENTS = {
    "africa": ("Afrique", "d’Afrique"),
    "asia": ("Asie", "d’Asie"),
    "europe": ("Europe", "d’Europe"),
    "ncamerica": ("Amérique du Nord et centrale", "d’Amérique du Nord et centrale"),
    "southamerica": ("Amérique du Sud", "d’Amérique du Sud"),
    "oceania": ("Océanie", "d’Océanie"),
}
LAND, SEA, EDGE = (232, 226, 205), (200, 222, 240), (150, 150, 150)
TARGET, OTHER = (206, 32, 41), (240, 240, 240)


@dataclass
class Division:
    """A country or a department of a KGeography map."""

    name: str
    capital: str
    flag: str
    colour: tuple[int, int, int]


def divisions(map_file: Path) -> Iterator[Division]:
    """Read the divisions of a KGeography map that are places."""
    for node in read_xml(map_file).iter("division"):
        if node.findtext("ignore") or not node.findtext("capital"):
            continue
        red, green, blue = (int(node.findtext(f"color/{part}") or 0) for part in ("red", "green", "blue"))
        yield Division(
            node.findtext("name") or "",
            node.findtext("capital") or "",
            node.findtext("flag") or "",
            (red, green, blue),
        )


def locator(picture: Image.Image, source: Path, place: Division) -> bytes:
    """Return the map of a place: itself in red, the other land in sand colour."""
    kinds = {place.colour: 1}
    for node in read_xml(source).iter("division"):
        if node.findtext("ignore"):
            red, green, blue = (int(node.findtext(f"color/{part}") or 0) for part in ("red", "green", "blue"))
            name = (node.findtext("name") or "").lower()
            water = any(word in name for word in ("water", "ocean", "sea", "lake"))
            kinds[red, green, blue] = 2 if name == "frontier" else 3 if water else 4
    flat = picture.getpalette("RGB") or []
    colours = list(zip(flat[::3], flat[1::3], flat[2::3], strict=True))
    table = [kinds.get(colour, 0) for colour in colours]
    out = picture.point(table + [0] * (256 - len(table)))
    out.putpalette([*LAND, *TARGET, *EDGE, *SEA, *OTHER])
    place_box = Image.frombytes("L", out.size, out.tobytes()).point([value == 1 for value in range(256)]).getbbox()
    if place_box and max(place_box[2] - place_box[0], place_box[3] - place_box[1]) < 14:
        x, y = (place_box[0] + place_box[2]) // 2, (place_box[1] + place_box[3]) // 2
        ImageDraw.Draw(out).ellipse((x - 14, y - 14, x + 14, y + 14), outline=1, width=3)
    buffer = io.BytesIO()
    out.save(buffer, "PNG", optimize=True, bits=4)
    return buffer.getvalue()


def add_places(book: Book, where: Places) -> None:
    """Add the countries of the world and the French departments."""
    folder = where.share / "kgeography"
    french = translations(where, "kgeography")
    seen: set[str] = set()
    for key, (continent, of_continent) in CONTINENTS.items():
        source = folder / f"{key}.kgm"
        if not source.exists():
            continue
        picture = Image.open(folder / (read_xml(source).findtext("mapFile") or ""))
        links = []
        for place in divisions(source):
            name, capital = french(source.name, place.name), french(source.name, place.capital)
            path = f"pays/{slug(name)}"
            if path in seen or not place.flag:
                continue
            seen.add(path)
            book.files[f"cartes/{slug(name)}.png"] = ("image/png", locator(picture, source, place))
            flag = folder / "flags" / place.flag
            drawing = ""
            if flag.exists():
                book.files[f"drapeaux/{slug(name)}.png"] = ("image/png", flag.read_bytes())
                drawing = (
                    f'<p><img class="drapeau" src="../drapeaux/{slug(name)}.png" '
                    f'alt="Drapeau : {html.escape(name)}"></p>'
                )
            book.articles.append(
                Article(
                    path,
                    name,
                    (
                        f"<p><strong>{html.escape(name)}</strong> : pays {of_continent}, dont la capitale "
                        "est "
                        f"<strong>{html.escape(capital)}</strong>.</p>{drawing}"
                        f'<figure><img src="../cartes/{slug(name)}.png" alt="Carte : {html.escape(name)} '
                        "en rouge, "
                        f'{continent}"><figcaption>En rouge sur la carte : {html.escape(name)} ({continent}).'
                        f'</figcaption></figure><p><a href="../continents/{slug(continent)}">Les pays '
                        f"{of_continent}"
                        "</a></p>"
                    ),
                )
            )
            links.append((path, f"{name} ({capital})"))
        book.articles.append(
            Article(
                f"continents/{slug(continent)}",
                f"Pays {of_continent} et leurs capitales",
                f"<p>{len(links)} pays, chacun avec sa capitale, son drapeau et sa carte.</p>{listing(links, '../')}",
            )
        )
    add_departments(book, folder, french)


def add_departments(book: Book, folder: Path, french: Callable[[str, str], str]) -> None:
    """Add the French departments."""
    source, links = folder / "france.kgm", []
    picture = Image.open(folder / "france.png")
    for place in divisions(source):
        name, town = french("france.kgm", place.name), french("france.kgm", place.capital)
        path = f"departements/{slug(name)}"
        book.files[f"cartes/departement-{slug(name)}.png"] = ("image/png", locator(picture, source, place))
        book.articles.append(
            Article(
                path,
                f"{name} (département)",
                (
                    f"<p><strong>{html.escape(name)}</strong> : département français dont le chef-lieu (la "
                    "préfecture) "
                    f"est <strong>{html.escape(town)}</strong>.</p><figure>"
                    f'<img src="../cartes/departement-{slug(name)}.png" alt="Carte de France : '
                    f"{html.escape(name)} en "
                    f'rouge"><figcaption>En rouge sur la carte de France : '
                    f"{html.escape(name)}.</figcaption></figure>"
                    '<p><a href="../departements/liste">Tous les départements</a></p>'
                ),
            )
        )
        links.append((path, f"{name} ({town})"))
    book.articles.append(
        Article(
            "departements/liste",
            "Départements français et leurs préfectures",
            f"<p>{len(links)} départements avec leur chef-lieu.</p>{listing(links, '../')}",
        )
    )
