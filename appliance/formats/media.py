# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What video and audio share: containers told apart by content, opened by FFmpeg (PyAV) as that container only."""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError

from appliance.errors import BadInput
from appliance.formats.words import clean, language, licence
from appliance.model import Card

_AAC = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
_MP3 = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x00-\xef]")


def container(head: bytes) -> str | None:
    """FFmpeg's name of the container that ``head`` (4 KiB) begins: mov, matroska, ogg, mp3, flac, wav; else None."""
    if head[4:8] == b"ftyp" or (head[4:8] in (b"moov", b"mdat", b"wide") and b"\0" in head[:4]):
        return "mov"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    marks = ((b"OggS", "ogg"), (b"fLaC", "flac"), (b"ID3", "mp3"))
    return next((name for mark, name in marks if head.startswith(mark)), "mp3" if _MP3.match(head) else None)


def kinds(head: bytes, path: Path) -> set[str]:
    """The kinds of streams inside: ``video`` (moving, not cover art), ``audio``; empty when it is no media at all.

    A damaged file counts as what its container most often holds, so that the import can say what is wrong.
    """
    name = container(head)
    if name is None:
        return set()
    if name in ("mp3", "flac", "wav"):
        return {"audio"}
    if name == "ogg":
        return {"video"} if b"\x80theora" in head else {"audio"}
    if head[8:12] in (b"M4A ", b"M4B "):
        return {"audio"}
    if head[8:12] in (b"heic", b"avif", b"mif1", b"crx "):
        return set()
    try:
        with media(path, name) as file:
            return {
                kind for kind in ("video", "audio") if any(_moving(stream) for stream in getattr(file.streams, kind))
            }
    except BadInput:
        return {"video"}


def _moving(stream: av.stream.Stream) -> bool:
    return not (stream.disposition & av.stream.Disposition.attached_pic)


@contextlib.contextmanager
def media(path: Path, name: str) -> Iterator[InputContainer]:
    """``path`` opened as container ``name`` and nothing else. In the block, FFmpeg errors become :class:`BadInput`."""
    try:
        with av.open(str(path), "r", format=name, options={"protocol_whitelist": "file"}) as file:
            yield file
    except (FFmpegError, UnicodeError, OverflowError, IndexError, MemoryError) as error:
        raise BadInput("The recording is damaged or not complete: copy or download it again.") from error
    except ValueError as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput("The recording is damaged or not complete: copy or download it again.") from error


def check_complete(path: Path, name: str) -> None:
    """Raise :class:`BadInput` when the container's own sizes say that the end of the file is missing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        ends = {"mov": _mov_end, "matroska": _matroska_end, "wav": _riff_end}
        need = ends[name](file, size) if name in ends else 0
    if need > size:
        raise BadInput(
            "The recording is not complete (%(have)d of %(need)d bytes): copy or download it again.",
            have=size,
            need=need,
        )


def _mov_end(file: BinaryIO, size: int) -> int:
    """Where the last top-level box ends (ISO/IEC 14496-12 §4.2)."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length = struct.unpack_from(">I", header)[0]
        if length == 1 and len(header) == 16:
            length = struct.unpack_from(">Q", header, 8)[0]
        if length == 0:
            return size
        if length < 8:
            return at
        at += length
    return at


def _matroska_end(file: BinaryIO, size: int) -> int:
    """Where the Segment says it ends (RFC 8794 §5, RFC 9559 §5.1); 0 when it does not say."""
    at = 0
    for _ in range(2):
        file.seek(at)
        head = file.read(16)
        id_length = _vint_length(head, 4)
        length = _vint_length(head[id_length:], 8) if id_length else 0
        if not length or len(head) < id_length + length:
            return 0
        value = int.from_bytes(head[id_length : id_length + length]) & ((1 << 7 * length) - 1)
        if value == (1 << 7 * length) - 1:
            return 0
        at += id_length + length + value
        if head.startswith(b"\x18S\x80g"):
            return at
    return 0


def _riff_end(file: BinaryIO, size: int) -> int:
    """Where the RIFF chunk ends; recorders that were switched off leave 0 or all ones there."""
    file.seek(4)
    length = int.from_bytes(file.read(4), "little")
    return 0 if length in (0, 0xFFFFFFFF, 0x7FFFFFFF) else length + 8


def _vint_length(data: bytes, most: int) -> int:
    length = 9 - data[0].bit_length() if data and data[0] else 0
    return length if length <= most else 0


def seconds(file: InputContainer) -> float:
    """Duration, 0.0 when the file does not say."""
    if file.duration and file.duration > 0:
        return round(file.duration / av.time_base, 3)
    spans = [float(s.duration * s.time_base) for s in file.streams if s.duration and s.time_base]
    return round(max(spans, default=0.0), 3)


def card_of(file: InputContainer) -> Card:
    """The card that the media tags fill."""
    tags: dict[str, str] = {}
    sources: list[Mapping[str, str]] = [file.metadata, *(stream.metadata for stream in file.streams)]
    for source in sources:
        for key, value in source.items():
            tags.setdefault(key.lower(), value)
    total = seconds(file)
    return Card(
        title=clean(tags.get("title", ""), 300),
        description=clean(tags.get("description") or tags.get("comment") or tags.get("synopsis") or "", 1000),
        language=language(tags.get("language", "")),
        author=clean(tags.get("artist") or tags.get("album_artist") or tags.get("author") or "", 300),
        licence=licence(tags.get("license") or tags.get("copyright") or ""),
        duration_minutes=max(1, round(total / 60)) if total else None,
    )
