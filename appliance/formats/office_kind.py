# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Which office format some bytes are."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.formats.archive import names
from appliance.formats.words import decode

MEDIA_TYPES = {
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".rtf": "application/rtf",
    ".csv": "text/csv",
    ".txt": "text/plain",
}
ZIPPED = frozenset((".odt", ".ods", ".odp", ".docx", ".xlsx", ".pptx"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_OOXML = (("word/document.xml", ".docx"), ("xl/workbook.xml", ".xlsx"), ("ppt/presentation.xml", ".pptx"))
_OLE = (("WordDocument", ".doc"), ("Workbook", ".xls"), ("Book", ".xls"), ("PowerPoint Document", ".ppt"))
_MARKUP = re.compile(r"\s*(<!doctype|<html|<\?xml|<head|<body|<svg|<!--|%PDF|WEBVTT)", re.IGNORECASE)


def kind(head: bytes, path: Path) -> str | None:
    """The suffix that the content (first 4 KiB given) deserves, or None when it is no office file."""
    if head.startswith(b"PK\x03\x04"):
        return _odf(head) or _ooxml(path)
    if head.startswith(OLE):
        streams = ole_streams(path)
        return next((suffix for name, suffix in _OLE if name in streams), None)
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    return _text(head)


def ole_streams(path: Path) -> frozenset[str]:
    """The names of streams of an OLE2 file ([MS-CFB] §2.6), looked for anywhere in its first 64 MB."""
    wanted = [name for name, _ in _OLE] + ["EncryptedPackage"]
    marks = {name: (name + "\0").encode("utf-16-le") for name in wanted}
    found: set[str] = set()
    tail = b""
    with path.open("rb") as file:
        for _ in range(64):
            piece = file.read(1 << 20)
            if not piece:
                break
            data = tail + piece
            found.update(name for name, mark in marks.items() if mark in data)
            tail = piece[-64:]
    return frozenset(found)


def _odf(head: bytes) -> str | None:
    """The ``mimetype`` member stands first, stored (OpenDocument 1.3 part 2 §3.3)."""
    if head[30:38] != b"mimetype":
        return None
    start = 38 + int.from_bytes(head[28:30], "little")
    for suffix in (".odt", ".ods", ".odp"):
        if head[start:].startswith(MEDIA_TYPES[suffix].encode()):
            return suffix
    return None


def _ooxml(path: Path) -> str | None:
    inside = names(path)
    if "[Content_Types].xml" not in inside:
        return None
    return next((suffix for part, suffix in _OOXML if part in inside), None)


def _text(head: bytes) -> str | None:
    text = decode(head, cut=True)
    if not text or _MARKUP.match(text) or not text.strip():
        return None
    lines = [line for line in text.splitlines()[:-1] if line.strip()][:20]
    for separator in ";\t,":
        counts = {line.count(separator) for line in lines}
        if len(lines) >= 2 and len(counts) == 1 and counts != {0}:
            return ".csv"
    return ".txt"
