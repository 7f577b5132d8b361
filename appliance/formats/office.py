# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Office files, offered as downloads: their kind told by content, text and metadata read where the format is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.errors import BadInput
from appliance.formats import office_kind
from appliance.formats.archive import Archive
from appliance.formats.cover import write_cover
from appliance.formats.office_kind import kind
from appliance.formats.rtf import rtf_text
from appliance.formats.words import PIECE, decode, language, licence, pieces
from appliance.formats.xml_text import first, parse_xml, stream_text
from appliance.i18n import N_
from appliance.model import Card, Imported, Section
from appliance.ports import Limits, Progress, SectionSink

MAX_TEXT = 5_000_000
"""Characters of one file that are indexed."""

_ODF_BLOCKS = ("p", "h")
_OOXML = {
    ".docx": ("word/document.xml", ("p",)),
    ".xlsx": ("xl/sharedStrings.xml", ("si",)),
    ".pptx": ("ppt/slides/slide", ("p",)),
}


class OfficeFormat:
    """A file that tablets and computers open with their own program; ``entry`` is the original file."""

    name = "office"
    suffixes: tuple[str, ...] = (
        ".odt",
        ".ods",
        ".odp",
        ".docx",
        ".xlsx",
        ".pptx",
        ".doc",
        ".xls",
        ".ppt",
        ".rtf",
        ".csv",
        ".txt",
    )
    media_types: tuple[str, ...] = tuple(office_kind.MEDIA_TYPES.values())

    def recognises(self, head: bytes, path: Path) -> bool:
        """ODF, OOXML, OLE2 documents, RTF, and plain text that is no markup."""
        return kind(head, path) is not None

    def suffix(self, head: bytes, path: Path) -> str:
        """By content."""
        return kind(head, path) or self.suffixes[-1]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Text (bounded), core properties, thumbnail. See :class:`appliance.ports.ResourceFormat`."""
        with source.open("rb") as file:
            suffix = kind(file.read(4096), source)
        if suffix is None:
            raise BadInput("The document is damaged: copy or download it again.")
        details: dict[str, object] = {"media_type": office_kind.MEDIA_TYPES[suffix]}
        card, cover, length = Card(), None, 0
        if suffix in office_kind.ZIPPED:
            with Archive(source, limits) as archive:
                card = _properties(archive)
                cover = _thumbnail(archive, directory)
                details["macros"] = any(name.endswith("vbaProject.bin") for name in archive.members)
                length = _index(_zip_text(archive, suffix), sections, progress)
        elif suffix in (".rtf", ".txt", ".csv"):
            length = _index(_plain_text(source, suffix), sections, progress)
        details["text_length"] = length
        return Imported(self.name, card, source.name, cover, details)


def _index(texts: Iterator[str], sections: SectionSink, progress: Progress) -> int:
    """Add ``texts`` in sections of about :data:`PIECE` characters; returns how many characters there are."""
    length, batch, size = 0, [], 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= PIECE:
            length += _flush(batch, sections)
            batch, size = [], 0
            progress(min(length / MAX_TEXT, 1.0), N_("Reading text"))
    return length + _flush(batch, sections)


def _flush(batch: list[str], sections: SectionSink) -> int:
    length = 0
    for piece in pieces(" ".join(batch)):
        sections.add(Section("", "", piece))
        length += len(piece)
    return length


def _properties(archive: Archive) -> Card:
    """``meta.xml`` (OpenDocument 1.3 part 2 §4.3) or ``docProps/core.xml`` (ECMA-376 part 2 §11)."""
    name = next((name for name in ("meta.xml", "docProps/core.xml") if name in archive.members), None)
    if name is None:
        return Card()
    root = parse_xml(archive.read(name), name)
    return Card(
        title=first(root, "title")[:300],
        description=first(root, "description", "subject"),
        language=language(first(root, "language")),
        author=first(root, "initial-creator", "creator")[:300],
        licence=licence(first(root, "rights")),
    )


def _thumbnail(archive: Archive, directory: Path) -> str | None:
    for name in ("Thumbnails/thumbnail.png", "docProps/thumbnail.jpeg"):
        if name in archive.members:
            return write_cover(archive.read(name), directory)
    return None


def _zip_text(archive: Archive, suffix: str) -> Iterator[str]:
    part, blocks = _OOXML.get(suffix, ("content.xml", _ODF_BLOCKS))
    found = [name for name in archive.members if name == part or (suffix == ".pptx" and name.startswith(part))]
    if not found and suffix != ".xlsx":
        raise BadInput("“%(name)s” is missing from the document: it is damaged.", name=part)
    for name in sorted(found, key=lambda name: (len(name), name)):
        yield from stream_text(archive.stream(name), blocks, MAX_TEXT, name)


def _plain_text(source: Path, suffix: str) -> Iterator[str]:
    with source.open("rb") as file:
        data = file.read(MAX_TEXT)
    text = rtf_text(data) if suffix == ".rtf" else decode(data, cut=True)
    if text is None:
        raise BadInput("The text holds bytes that are no text: save it again as UTF-8.")
    yield from text.splitlines()
