# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the ZIM will hold, and the words and links that all its pages are made of."""

from __future__ import annotations

import gettext
import html
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from common import Places


@dataclass
class Article:
    """A page of the ZIM."""

    path: str
    title: str
    body: str


@dataclass
class Book:
    """What the ZIM will hold."""

    articles: list[Article] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


def slug(text: str) -> str:
    """Return an address made of letters, digits and hyphens."""
    ascii_text = unicodedata.normalize("NFKD", text.replace("œ", "oe")).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in ascii_text.lower()).split())


def listing(links: list[tuple[str, str]], prefix: str) -> str:
    """Return a list of links."""
    items = "".join(f'<li><a href="{prefix}{path}">{html.escape(text)}</a></li>' for path, text in links)
    return f'<ul class="liste">{items}</ul>'


def translations(where: Places, domain: str) -> Callable[[str, str], str]:
    """Return a function that gives the French of an English word of a package, in a context."""
    catalogue = gettext.GNUTranslations((where.share / f"locale/fr/LC_MESSAGES/{domain}.mo").open("rb"))

    def french(context: str, text: str) -> str:
        found = catalogue.pgettext(context, text)
        return found if found != text else catalogue.gettext(text)

    return french
