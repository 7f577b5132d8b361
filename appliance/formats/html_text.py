# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a reader sees of an HTML page, as plain text."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from appliance.formats.words import clean, decode, language

MAX_HTML = 4_000_000
"""Bytes of one page that are read."""

DEEP = 3000
"""Nested elements at most: parsing takes the square of it, and no page that people write comes near."""

_TAG = re.compile(rb"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_FLAT_NAMES = (
    b"p li br img hr input meta link td th tr dt dd option source col wbr area base embed param track tbody thead"
)
_FLAT = frozenset(_FLAT_NAMES.split())
"""Elements without an end tag, or whose end tag may be left out."""
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_-]{2,20})""")
_UNSEEN = ["script", "style", "noscript", "template", "svg", "math > annotation", "title", "head"]


@dataclass(frozen=True, slots=True)
class HtmlText:
    """``text`` is whole and not cleaned of its length; the rest fits a card. Empty: the page does not say."""

    title: str = ""
    text: str = ""
    language: str = ""
    description: str = ""
    image: str = ""
    """``og:image`` as written."""
    keywords: str = ""
    """What the page's author says it is about, beside its text: the only words of a page that a script draws."""


def read_html(data: bytes) -> HtmlText:
    """The title, visible text, language and description of a page. Never raises: the worst page has no text."""
    try:
        tree = LexborHTMLParser(_text(data[: _shallow(data[:MAX_HTML])]))
        title = _content(tree, "title") or _content(tree, "h1")
        root = tree.css_first("html")
        lang = (root.attributes.get("lang") or root.attributes.get("xml:lang") or "") if root else ""
        description = _meta(tree, 'meta[name="description" i]') or _meta(tree, 'meta[property="og:description"]')
        image = _meta(tree, 'meta[property="og:image"]')
        keywords = _meta(tree, 'meta[name="keywords" i]')
        tree.strip_tags(_UNSEEN)
        body = tree.body
        text = body.text(separator=" ") if body else ""
    except (SelectolaxError, UnicodeError, ValueError, RuntimeError):
        return HtmlText()
    return HtmlText(
        clean(title, 300),
        clean(text, max(len(text), 1)),
        language(lang),
        clean(description, 1000),
        image.strip()[:500],
        clean(keywords, 4000),
    )


def _shallow(data: bytes) -> int:
    """Where nesting passes :data:`DEEP`; the length of ``data`` when it never does."""
    if data.count(b"<") <= DEEP:
        return len(data)
    open_now: Counter[bytes] = Counter()
    depth = 0
    for tag in _TAG.finditer(data):
        name = tag[2].lower()
        if name in _FLAT:
            continue
        if not tag[1]:
            open_now[name] += 1
            depth += 1
        elif open_now[name]:
            open_now[name] -= 1
            depth -= 1
        if depth > DEEP:
            return tag.start()
    return len(data)


def _text(data: bytes) -> str:
    declared = _CHARSET.search(data[:2048])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(declared[1].decode("ascii"), "replace")
        except (LookupError, UnicodeError):
            pass
    return decode(data, cut=True) or data.decode("utf-8", "replace")


def _content(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return node.text(separator=" ") if node else ""


def _meta(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return (node.attributes.get("content") or "") if node else ""
