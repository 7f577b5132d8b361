# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""XML from anyone: no entities, no fetching, bounded text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, fromstring

from appliance.errors import BadInput
from appliance.formats.words import clean


def parse_xml(data: bytes, name: str) -> Element:
    """The root element. Raises :class:`BadInput` when ``data`` (called ``name`` in the message) is not safe XML."""
    try:
        root: Element = fromstring(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadInput("“%(name)s” inside the file is damaged: copy the file again.", name=name[:80]) from error
    return root


def local(tag: object) -> str:
    """The name without its namespace; "" for a comment."""
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def first(root: Element, *names: str) -> str:
    """The cleaned text of the first element with one of the local ``names`` that has any."""
    for name in names:
        for element in root.iter():
            if local(element.tag) == name and (text := clean("".join(element.itertext()), 1000)):
                return text
    return ""


def every(root: Element, name: str) -> list[str]:
    """The cleaned texts of all elements of local ``name``."""
    texts = (clean("".join(element.itertext()), 300) for element in root.iter() if local(element.tag) == name)
    return [text for text in texts if text]


def stream_text(chunks: Iterable[bytes], blocks: Collection[str], limit: int, name: str) -> Iterator[str]:
    """The text of each element whose local name is in ``blocks``, without building a tree: memory stays bounded.

    Stops after ``limit`` characters. Raises :class:`BadInput` like :func:`parse_xml`.
    """
    target = _Blocks(blocks)
    parser = DefusedXMLParser(target=target)
    length = 0
    try:
        for chunk in chunks:
            parser.feed(chunk)
            for text in target.take():
                length += len(text)
                yield text
            if length > limit:
                return
        parser.close()
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput("“%(name)s” inside the file is damaged: copy the file again.", name=name[:80]) from error


class _Blocks:
    """A parser target that keeps the text of blocks (outermost ones)."""

    def __init__(self, blocks: Collection[str]) -> None:
        self._blocks = blocks
        self._inside = 0
        self._parts: list[str] = []
        self._done: list[str] = []

    def take(self) -> list[str]:
        """The blocks ended since the last call."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: object) -> None:
        if self._inside or local(tag) in self._blocks:
            self._inside += 1
            self._parts.append(" " if local(tag) in ("tab", "s", "br", "line-break", "p") else "")

    def data(self, text: str) -> None:
        if self._inside:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        if self._inside:
            self._inside -= 1
            if not self._inside:
                joined = "".join(self._parts)
                if text := clean(joined, len(joined) or 1):
                    self._done.append(text)
                self._parts = []

    def close(self) -> None:
        """Nothing to free."""
