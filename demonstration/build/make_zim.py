# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pack a small French encyclopaedia as a ZIM: countries, departments, chemical elements, the sky.

The countries, their flags and maps come from KGeography, the elements from Kalzium, the articles on
astronomy from the KStars handbook (AstroInfo), their French words from the same packages. The sentences
that present them are written here.
"""

from __future__ import annotations

import gettext
import html
import io
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from common import Places, places, read_xml
from docbook import Converter, parse
from libzim.writer import Creator, FileProvider, Hint, Item, StringProvider
from make_videos import RATE, VP9, encode, moon_frames
from PIL import Image, ImageDraw

NAME = "petite-encyclopedie.zim"
STYLE = """body{font:1.1rem/1.6 system-ui,sans-serif;max-width:46rem;margin:auto;padding:1rem;color:#1b1b1b;
background:#fff}img,video{max-width:100%;height:auto}h1{line-height:1.2}a{color:#00508f}nav{margin-bottom:1rem}
table{border-collapse:collapse}th,td{border:1px solid #999;padding:.4rem .6rem;text-align:left}
.liste{columns:14rem;padding-left:1.2rem}.liste li{padding:.3rem 0}
pre{overflow:auto;background:#f2f2f2;padding:.5rem}
figure{margin:1rem 0}.drapeau{border:1px solid #999}"""
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
CONTINENTS = {
    "africa": ("Afrique", "d’Afrique"),
    "asia": ("Asie", "d’Asie"),
    "europe": ("Europe", "d’Europe"),
    "ncamerica": ("Amérique du Nord et centrale", "d’Amérique du Nord et centrale"),
    "southamerica": ("Amérique du Sud", "d’Amérique du Sud"),
    "oceania": ("Océanie", "d’Océanie"),
}
FAMILIES = {
    "Non-Metal": "non-métal",
    "Noblegas": "gaz noble",
    "Alkali_Earth": "métal alcalino-terreux",
    "Alkaline_Earth": "métal alcalino-terreux",
    "Alkali_Metals": "métal alcalin",
    "Metalloids": "métalloïde",
    "Halogene": "halogène",
    "Halogens": "halogène",
    "Transition": "métal de transition",
    "Other_Metal": "métal pauvre",
    "Rare_Earth": "terre rare",
    "Lanthanides": "lanthanide",
    "Actinides": "actinide",
}
LAND, SEA, EDGE = (232, 226, 205), (200, 222, 240), (150, 150, 150)
TARGET, OTHER = (206, 32, 41), (240, 240, 240)


@dataclass
class Article:
    """A page of the ZIM."""

    path: str
    title: str
    body: str


@dataclass
class Division:
    """A country or a department of a KGeography map."""

    name: str
    capital: str
    flag: str
    colour: tuple[int, int, int]


@dataclass
class Book:
    """What the ZIM will hold."""

    articles: list[Article] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


class Page(Item):
    """A ZIM item whose content is in memory or in a file."""

    def __init__(self, path: str, title: str, kind: str, content: bytes | Path, front: bool = False) -> None:
        super().__init__()
        self.path, self.title, self.kind, self.content, self.front = path, title, kind, content, front

    def get_path(self) -> str:
        """Return the address of the item."""
        return self.path

    def get_title(self) -> str:
        """Return the title of the item."""
        return self.title

    def get_mimetype(self) -> str:
        """Return the media type of the item."""
        return self.kind

    def get_contentprovider(self) -> StringProvider | FileProvider:
        """Return what gives the content."""
        if isinstance(self.content, Path):
            return FileProvider(str(self.content))
        return StringProvider(self.content)

    def get_hints(self) -> dict[Hint, int]:
        """Say whether the page is an article, and whether compressing is worth it."""
        return {Hint.FRONT_ARTICLE: self.front, Hint.COMPRESS: self.kind in {"text/html", "text/css"}}


def slug(text: str) -> str:
    """Return an address made of letters, digits and hyphens."""
    ascii_text = unicodedata.normalize("NFKD", text.replace("œ", "oe")).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in ascii_text.lower()).split())


def document(article: Article) -> bytes:
    """Return the HTML of an article."""
    home = "" if article.path == "index" else f'<nav><a href="{up(article.path)}index">Accueil</a></nav>'
    return (
        f'<!DOCTYPE html><html lang="fr"><head><meta '
        f'charset="utf-8"><title>{html.escape(article.title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{up(article.path)}style.css"></head><body>{home}'
        f"<h1>{html.escape(article.title)}</h1>{article.body}</body></html>"
    ).encode()


def up(path: str) -> str:
    """Return the way from an article to the root of the ZIM."""
    return "../" * path.count("/")


def translations(where: Places, domain: str) -> Callable[[str, str], str]:
    """Return a function that gives the French of an English word of a package, in a context."""
    catalogue = gettext.GNUTranslations((where.share / f"locale/fr/LC_MESSAGES/{domain}.mo").open("rb"))

    def french(context: str, text: str) -> str:
        found = catalogue.pgettext(context, text)
        return found if found != text else catalogue.gettext(text)

    return french


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


def add_elements(book: Book, where: Places) -> None:
    """Add the chemical elements."""
    french = translations(where, "kalzium")
    space = "{http://www.xml-cml.org/schema}"
    root = read_xml(where.share / "libkdeedu/data/elements.xml")
    links = []
    for atom in root.iter(f"{space}atom"):
        facts = {node.get("dictRef"): (node.text or node.get("value") or "").strip() for node in atom}
        number = int(facts["bo:atomicNumber"])
        if number == 0:
            continue
        name, symbol = french("", facts["bo:name"]).lower(), facts["bo:symbol"]
        rows = [
            ("Symbole", symbol),
            ("Numéro atomique", str(number)),
            ("Masse atomique", f"{comma(facts.get('bo:mass', '?'))} u"),
        ]
        family = FAMILIES.get(facts.get("bo:family", ""), "")
        rows += [("Famille", family)] if family else []
        for key, label in (("bo:meltingpoint", "Point de fusion"), ("bo:boilingpoint", "Point d’ébullition")):
            if facts.get(key):
                kelvin = float(facts[key])
                rows.append((label, f"{comma(f'{kelvin - 273.15:.1f}')} °C ({comma(f'{kelvin:.1f}')} K)"))
        if facts.get("bo:electronegativityPauling", "0") not in {"", "0", "0.0"}:
            rows.append(("Électronégativité (Pauling)", comma(facts["bo:electronegativityPauling"])))
        if facts.get("bo:electronicConfiguration"):
            rows.append(("Configuration électronique", facts["bo:electronicConfiguration"]))
        if facts.get("bo:discoveryDate", "0") not in {"", "0"}:
            rows.append(("Année de la découverte", facts["bo:discoveryDate"]))
        if facts.get("bo:discoverers"):
            rows.append(("Découverte par", facts["bo:discoverers"].replace(";", ", ")))
        origin = french("", facts.get("bo:nameOrigin", ""))
        if facts.get("bo:nameOrigin") and origin != facts["bo:nameOrigin"]:
            rows.append(("Origine du nom", origin))
        table = "".join(f"<tr><th scope='row'>{a}</th><td>{html.escape(b)}</td></tr>" for a, b in rows)
        kind = f" de la famille « {family} »" if family else ""
        path = f"elements/{slug(name)}"
        book.articles.append(
            Article(
                path,
                f"{name.capitalize()} ({symbol})",
                (
                    f"<p><strong>{name.capitalize()}</strong> : élément chimique{kind}, de symbole "
                    f"<strong>{symbol}"
                    f"</strong>. Son noyau contient {number} "
                    f"proton{'s' * (number > 1)}.</p><table>{table}</table>"
                    '<p><a href="../elements/liste">Tous les éléments</a></p>'
                ),
            )
        )
        links.append((path, f"{number}. {name} ({symbol})"))
    book.articles.append(
        Article(
            "elements/liste",
            "Éléments chimiques du tableau périodique",
            f"<p>{len(links)} éléments, du plus léger au plus lourd.</p>{listing(links, '../')}",
        )
    )


def comma(number: str) -> str:
    """Write a number with the French decimal comma."""
    return number.replace(".", ",").replace("-", "−")


def listing(links: list[tuple[str, str]], prefix: str) -> str:
    """Return a list of links."""
    items = "".join(f'<li><a href="{prefix}{path}">{html.escape(text)}</a></li>' for path, text in links)
    return f'<ul class="liste">{items}</ul>'


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


def write(book: Book, video: Path, target: Path) -> None:
    """Write the ZIM."""
    target.unlink(missing_ok=True)
    with Creator(target).config_indexing(True, "fra").set_mainpath("index") as creator:
        creator.add_illustration(48, illustration())
        for article in book.articles:
            creator.add_item(Page(article.path, article.title, "text/html", document(article), front=True))
        for path, (kind, content) in book.files.items():
            creator.add_item(Page(path, "", kind, content))
        creator.add_item(Page("style.css", "", "text/css", STYLE.encode()))
        creator.add_item(Page("videos/phases-de-la-lune.webm", "", "video/webm", video))
        for name, value in {
            "Name": "cartable_fr_petite-encyclopedie",
            "Title": "Petite encyclopédie",
            "Description": "Pays, départements, éléments chimiques, astronomie",
            "Language": "fra",
            "LongDescription": "Les pays et leurs capitales, les départements français, les éléments "
            "chimiques et trente articles d’astronomie, avec cartes, drapeaux et une vidéo.",
            "Creator": "KGeography, Kalzium, KStars",
            "Publisher": "Cartable",
            "Date": "2026-01-01",
            "License": "GPL-2.0-or-later AND GFDL-1.2-no-invariants-or-later AND MIT",
            "Tags": "geographie;chimie;astronomie;_ftindex:yes;_pictures:yes;_videos:yes",
        }.items():
            creator.add_metadata(name, value)


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
