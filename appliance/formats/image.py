# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures: JPEG, PNG, GIF, WebP, SVG.

An SVG keeps its scripts: readers show it in ``<img>``, where none runs, and the file itself is only ever answered
with the sandbox of the content origin.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from appliance.errors import BadInput, TooLarge
from appliance.formats.cover import opened, write_cover
from appliance.formats.words import clean, decode, language, licence
from appliance.formats.xml_text import local, parse_xml
from appliance.model import Card, Imported, Section
from appliance.ports import Limits, Progress, SectionSink

MAX_SVG = 20_000_000
_SVG_HEAD = re.compile(
    r"\s*(?:<\?xml[^>]*>|<!DOCTYPE\s+svg[^>\[]*(?:\[[^\]]*\]\s*)?>|<!--.*?-->|\s)*<(?:\w+:)?svg[\s>]", re.S
)


class ImageFormat:
    """A picture; ``entry`` is the original file."""

    name = "image"
    suffixes: tuple[str, ...] = (".jpg", ".png", ".gif", ".webp", ".svg", ".jpeg")
    media_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/svg+xml")

    def recognises(self, head: bytes, path: Path) -> bool:
        """By the magic of each kind; SVG by its root element."""
        return _kind(head) is not None

    def suffix(self, head: bytes, path: Path) -> str:
        """By content."""
        return _kind(head) or self.suffixes[0]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Size and cover; decodes the whole picture once. See :class:`appliance.ports.ResourceFormat`."""
        with source.open("rb") as file:
            kind = _kind(file.read(4096))
        if kind == ".svg":
            return self._svg(source, directory, sections)
        with opened(source) as image:
            image.load()
            details = {"width": image.width, "height": image.height}
            card = _card(image.info.get("Title") or "", image.info)
        cover = write_cover(source, directory)
        return Imported(self.name, card, source.name, cover, details)

    def _svg(self, source: Path, directory: Path, sections: SectionSink) -> Imported:
        size = source.stat().st_size
        if size > MAX_SVG:
            raise TooLarge("The drawing is larger than %(limit)d MB: make it simpler.", limit=MAX_SVG // 1_000_000)
        root = parse_xml(source.read_bytes(), source.name)
        if local(root.tag) != "svg":
            raise BadInput("The drawing is damaged: copy it again.")
        if text := clean(" ".join(_texts(root))):
            sections.add(Section("", "", text))
        return Imported(self.name, _svg_card(root), source.name, write_cover(source, directory), {})


def _kind(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return ".webp"
    if b"<" not in head[:200]:
        return None
    text = decode(head, cut=True)
    return ".svg" if text and _SVG_HEAD.match(text) else None


def _card(title: object, info: dict[str | tuple[int, int], object]) -> Card:
    """PNG text chunks (PNG 3rd edition §11.3.3.2) carry these keywords; other kinds rarely say anything."""

    def word(key: str) -> str:
        value = info.get(key)
        return clean(value, 1000) if isinstance(value, str) else ""

    return Card(
        title=clean(title, 300) if isinstance(title, str) else "",
        description=word("Description"),
        author=word("Author"),
        licence=licence(word("Copyright")),
        source=word("Source"),
    )


def _texts(root: Element) -> list[str]:
    return ["".join(element.itertext()) for element in root.iter() if local(element.tag) in ("title", "desc", "text")]


def _svg_card(root: Element) -> Card:
    own = {
        local(child.tag): clean("".join(child.itertext()), 1000)
        for child in root
        if local(child.tag) in ("title", "desc")
    }
    lang = root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("lang") or ""
    rights = [value for element in root.iter() if local(element.tag) == "license" for value in element.attrib.values()]
    return Card(
        title=own.get("title", "")[:300],
        description=own.get("desc", ""),
        language=language(lang),
        licence=licence(rights[0]) if rights else "",
    )
