# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages as HTML, and the ZIM file."""

from __future__ import annotations

import html
from pathlib import Path

from libzim.writer import Creator, FileProvider, Hint, Item, StringProvider

from encyclopedia.book import Article, Book
from encyclopedia.home import illustration

STYLE = """body{font:1.1rem/1.6 system-ui,sans-serif;max-width:46rem;margin:auto;padding:1rem;color:#1b1b1b;
background:#fff}img,video{max-width:100%;height:auto}h1{line-height:1.2}a{color:#00508f}nav{margin-bottom:1rem}
table{border-collapse:collapse}th,td{border:1px solid #999;padding:.4rem .6rem;text-align:left}
.liste{columns:14rem;padding-left:1.2rem}.liste li{padding:.3rem 0}
pre{overflow:auto;background:#f2f2f2;padding:.5rem}
figure{margin:1rem 0}.drapeau{border:1px solid #999}"""


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
