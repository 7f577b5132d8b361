# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An EPUB's own description of itself: container, package document, navigation (EPUB 3.3; OPF 2.0.1 for EPUB 2)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from appliance.errors import BadInput
from appliance.formats.archive import Archive
from appliance.formats.html_text import read_html
from appliance.formats.words import clean, language, licence
from appliance.formats.xml_text import every, first, local, parse_xml
from appliance.model import Card

CONTAINER = "META-INF/container.xml"
_MAX_DEPTH = 20
_OPS = "{http://www.idpf.org/2007/ops}type"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table of contents. ``href`` is below the archive's root, with its fragment."""

    title: str
    href: str
    level: int


@dataclass(frozen=True, slots=True)
class Package:
    """Paths are below the archive's root."""

    path: str
    version: str
    card: Card
    spine: tuple[str, ...]
    """Reading order, linear items only; at least one."""
    toc: tuple[Line, ...]
    cover: str | None


def read_package(archive: Archive) -> Package:
    """Raises :class:`BadInput` when the book does not say what to read."""
    container = parse_xml(archive.read(CONTAINER), CONTAINER)
    path = next((e.get("full-path", "") for e in container.iter() if local(e.tag) == "rootfile"), "")
    opf = parse_xml(archive.read(path), path)
    manifest = {e.get("id", ""): e for e in opf.iter() if local(e.tag) == "item"}
    spine = tuple(_spine(opf, manifest, path))
    if not spine:
        raise BadInput("The book lists no chapter: it is damaged.")
    return Package(
        path, opf.get("version", ""), _card(opf), spine, tuple(_toc(archive, opf, manifest, path)),
        _cover(archive, opf, manifest, path),
    )  # fmt: skip


def _resolved(base: str, href: str) -> str:
    """``href`` of a file at ``base`` as a path below the root (fragment kept); "" when it leaves it."""
    target, mark, fragment = href.partition("#")
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(target))) if target else base
    return "" if joined.startswith(("..", "/")) or "\0" in joined else joined + mark + fragment


def _spine(opf: Element, manifest: dict[str, Element], path: str) -> Iterator[str]:
    for ref in opf.iter():
        if local(ref.tag) != "itemref" or ref.get("linear") == "no":
            continue
        item = manifest.get(ref.get("idref", ""))
        if item is not None and (href := _resolved(path, item.get("href", "").partition("#")[0])):
            yield href


def _card(opf: Element) -> Card:
    metadata = next((e for e in opf if local(e.tag) == "metadata"), opf)
    return Card(
        title=first(metadata, "title")[:300],
        description=clean(read_html(first(metadata, "description").encode()).text, 1000),
        language=language(first(metadata, "language")),
        licence=licence(first(metadata, "rights")),
        author=", ".join(every(metadata, "creator"))[:300],
        source=first(metadata, "publisher")[:300],
    )


def _cover(archive: Archive, opf: Element, manifest: dict[str, Element], path: str) -> str | None:
    """EPUB 3's ``cover-image`` property, EPUB 2's ``<meta name="cover">``, else an image called cover."""
    named = next((e.get("content", "") for e in opf.iter() if local(e.tag) == "meta" and e.get("name") == "cover"), "")
    images = [e for e in manifest.values() if e.get("media-type", "").startswith("image/")]
    found = [e for e in images if "cover-image" in e.get("properties", "").split()]
    found += [manifest[named]] if named in manifest else []
    found += [e for e in images if "cover" in e.get("href", "").lower()]
    hrefs = (_resolved(path, e.get("href", "")) for e in found)
    return next((href for href in hrefs if href in archive.members), None)


def _toc(archive: Archive, opf: Element, manifest: dict[str, Element], path: str) -> Iterator[Line]:
    """The navigation document, else the NCX; a broken one is no reason to refuse a book."""
    nav = next((e for e in manifest.values() if "nav" in e.get("properties", "").split()), None)
    ncx = next((e for e in manifest.values() if e.get("media-type") == "application/x-dtbncx+xml"), None)
    for item, read in ((nav, _nav), (ncx, _ncx)):
        if item is None:
            continue
        base = _resolved(path, item.get("href", ""))
        try:
            lines = list(read(parse_xml(archive.read(base), base), base))
        except BadInput:
            continue
        if lines:
            yield from lines
            return


def _nav(root: Element, base: str) -> Iterator[Line]:
    navs = [e for e in root.iter() if local(e.tag) == "nav"]
    toc = next((e for e in navs if "toc" in e.get(_OPS, "").split()), navs[0] if navs else None)
    if toc is not None:
        yield from _list(toc, base, -1)


def _list(parent: Element, base: str, level: int) -> Iterator[Line]:
    if level > _MAX_DEPTH:
        return
    for child in parent:
        name = local(child.tag)
        if name == "a" and child.get("href"):
            yield Line(clean("".join(child.itertext()), 300), _resolved(base, child.get("href", "")), max(level, 0))
        else:
            yield from _list(child, base, level + (name == "ol"))


def _ncx(root: Element, base: str) -> Iterator[Line]:
    nav_map = next((e for e in root.iter() if local(e.tag) == "navMap"), None)
    if nav_map is not None:
        yield from _points(nav_map, base, 0)


def _points(parent: Element, base: str, level: int) -> Iterator[Line]:
    for point in parent:
        if local(point.tag) != "navPoint" or level > _MAX_DEPTH:
            continue
        src = next((e.get("src", "") for e in point if local(e.tag) == "content"), "")
        if src:
            label = next((e for e in point if local(e.tag) == "navLabel"), None)
            yield Line(clean("".join(label.itertext()) if label is not None else "", 300), _resolved(base, src), level)
        yield from _points(point, base, level + 1)
