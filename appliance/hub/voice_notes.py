# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A recorded voice as the box keeps it: of a kind that browsers play, told by its first bytes, without its labels.

It is not decoded here: what a browser or a telephone recorded stays as it is, but for the places where recorders write
where and when (MP4 ``udta``, ``meta``, ``uuid``: ISO/IEC 14496-12; ID3v2; RIFF ``LIST``), which are blanked.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.errors import BadInput, TooLarge, Unsupported

MOST_BYTES = 2 << 20
"""About two minutes, which is where the page's own recorder stops."""
_LABELS = (b"udta", b"meta", b"uuid")
_HOLDERS = (b"moov", b"trak")
_NO_SOUND = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
"""Brands of pictures in the same container."""
_MP3 = (0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2)
"""Second byte of a frame of MPEG layer III."""
_DEEPEST = 4


def cleaned(body: bytes) -> tuple[str, bytes]:
    """(media type, bytes to keep). Raises :class:`TooLarge`, :class:`BadInput`, :class:`Unsupported`."""
    if len(body) > MOST_BYTES:
        raise TooLarge("This recording is too long: two minutes at most.")
    if not body:
        raise BadInput("This recording is empty: record it again.")
    kind = _kind(body)
    if not kind:
        raise Unsupported("This is no recording that the box can keep: record it with the tablet.")
    return kind, _CLEANERS.get(kind, bytes)(body)


def _kind(body: bytes) -> str:
    if body.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in body[:64]:
        return "audio/webm"
    if body.startswith(b"OggS"):
        return "audio/ogg"
    if body.startswith(b"RIFF") and body[8:12] == b"WAVE":
        return "audio/wav"
    if body[4:8] == b"ftyp" and body[8:12] not in _NO_SOUND:
        return "audio/mp4"
    if body.startswith(b"ID3") or (len(body) > 3 and body[0] == 0xFF and body[1] in _MP3):
        return "audio/mpeg"
    return ""


def _without_id3(body: bytes) -> bytes:
    """ID3v2.4, section 3.1: the size has seven bits to a byte; ID3v1 is the last 128 bytes."""
    if body.startswith(b"ID3") and len(body) > 10:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(body[6:10], (21, 14, 7, 0), strict=True))
        body = body[10 + size :]
    return body[:-128] if body[-128:-125] == b"TAG" else body


def _without_boxes(body: bytes) -> bytes:
    """Boxes of labels become ``free``, in their place: offsets to the sound stay true."""
    cleaned_body = bytearray(body)
    _blank(cleaned_body, 0, len(body), _DEEPEST)
    return bytes(cleaned_body)


def _blank(body: bytearray, start: int, end: int, depth: int) -> None:
    for kind, place, head, over in _boxes(body, start, end):
        if kind in _LABELS:
            body[place + 4 : place + 8] = b"free"
            body[place + head : over] = bytes(over - place - head)
        elif kind in _HOLDERS and depth:
            _blank(body, place + head, over, depth - 1)


def _boxes(body: bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """(type, where it begins, bytes of its head, where it ends)."""
    while start + 8 <= end:
        size, head = int.from_bytes(body[start : start + 4]), 8
        if size == 1:
            size, head = int.from_bytes(body[start + 8 : start + 16]), 16
        over = end if size == 0 else start + size
        if over > end or over < start + head:
            return
        yield bytes(body[start + 4 : start + 8]), start, head, over
        start = over


def _without_list(body: bytes) -> bytes:
    """Chunks of labels of a RIFF file become ``JUNK``."""
    cleaned_body, place = bytearray(body), 12
    while place + 8 <= len(body):
        over = min(place + 8 + int.from_bytes(body[place + 4 : place + 8], "little"), len(body))
        if body[place : place + 4] not in (b"fmt ", b"data", b"fact"):
            cleaned_body[place : place + 4] = b"JUNK"
            cleaned_body[place + 8 : over] = bytes(over - place - 8)
        place = over + over % 2
    return bytes(cleaned_body)


_CLEANERS = {"audio/mpeg": _without_id3, "audio/mp4": _without_boxes, "audio/wav": _without_list}
