# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Recordings made to harm, or merely broken: from a seed, the same ones each time.

Containers: Matroska (RFC 9559, EBML RFC 8794), ISO base media (ISO/IEC 14496-12), RIFF WAVE (RFC 2361), ID3v2.4, Ogg
(RFC 3533).
"""

from __future__ import annotations

import functools
import random
import struct
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.rigs.recordings import CONTAINERS, recorded
from tests.rigs.speech_sounds import forward_wav, wav

MOST = 4 << 20
"""Bytes that the edge lets through."""
ROOM = MOST - 4096
"""Of a recording, beside the form."""

Make = Callable[[random.Random], bytes]


def good(dice: random.Random) -> bytes:
    """A real recording: the service still works."""
    del dice
    return forward_wav()


def empty(dice: random.Random) -> bytes:
    """Nothing at all."""
    del dice
    return b""


def truncated(dice: random.Random) -> bytes:
    """The Wi-Fi broke, or the recorder."""
    data = recorded(dice.choice(list(CONTAINERS)))
    return data[: dice.randrange(1, len(data))]


def headless(dice: random.Random) -> bytes:
    """The beginning is lost."""
    data = recorded(dice.choice(list(CONTAINERS)))
    return data[dice.randrange(1, len(data)) :]


def flipped(dice: random.Random) -> bytes:
    """Some bits are others."""
    data = bytearray(recorded(dice.choice(list(CONTAINERS))))
    for _ in range(dice.choice((1, 5, 50, 500))):
        data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)


def shuffled(dice: random.Random) -> bytes:
    """Pieces twice, or elsewhere, or of another recording."""
    data, other = (recorded(dice.choice(list(CONTAINERS))) for _ in range(2))
    cuts = sorted(dice.randrange(len(data)) for _ in range(2))
    pieces = [data[: cuts[0]], data[cuts[0] : cuts[1]] * dice.randrange(1, 4), other[dice.randrange(len(other)) :]]
    return b"".join(pieces)[:ROOM]


def wrong_type(dice: random.Random) -> bytes:
    """What is no sound, by its first bytes."""
    heads = (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"%PDF-1.7\n", b"SQLite format 3\0", b"<html>",
             b"GIF89a", b"\x7fELF", b"#!/bin/sh\n", b"\x1f\x8b\x08", b"MZ", b"{}", b"\0" * 16)  # fmt: skip
    return dice.choice(heads) + dice.randbytes(dice.randrange(5000))


def script(dice: random.Random) -> bytes:
    """What would have FFmpeg open other files or addresses."""
    lines = (
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\na={}\n",
        "[playlist]\nFile1={}\n",
    )
    return dice.choice(lines).format(dice.choice(("/etc/passwd", "http://127.0.0.1:9/", "concat:a|b"))).encode()


def nonsense(dice: random.Random) -> bytes:
    """The right first bytes, then anything."""
    heads = (
        b"\x1aE\xdf\xa3", b"OggS", b"fLaC", b"caff\0\1\0\0", b"#!AMR\n", b"#!AMR-WB\n", b"ID3\4\0\0", b"\xff\xfb\x90",
        b"\xff\xf1P", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"\0\0\0\x18ftypisom",
    )  # fmt: skip
    return dice.choice(heads) + dice.randbytes(dice.choice((0, 10, 1000, 100_000)))


def hours(dice: random.Random) -> bytes:
    """An hour or more: short frames, again and again."""
    container = dice.choice(("mp3", "adts"))
    once = recorded(container)
    return once * (ROOM // len(once))


@functools.cache
def _silence() -> bytes:
    return recorded("flac", 600.0, 0.0)


def silence(dice: random.Random) -> bytes:
    """Much silence in few bytes: ten minutes in some kilobytes."""
    data = _silence()
    return data[: len(data) - dice.randrange(100)]


def long_wav(dice: random.Random) -> bytes:
    """More samples than the box listens to, of any width and rate."""
    width, rate = dice.choice(((8, 8000), (16, 16_000), (8, 1), (24, 192_000)))
    return _riff(1, 1, rate, width, bytes(dice.choice((0, 128)) for _ in range(64)) * (ROOM // 80), ROOM)


def strange_wav(dice: random.Random) -> bytes:
    """Any codec of RIFF, any number of channels, any rate, lengths that lie."""
    tag = dice.choice((dice.randrange(0x10000), 1, 2, 3, 6, 17, 0x31, 0x55, 0x161, 0xFFFE))
    channels, rate = dice.choice((0, 1, 2, 8, 255, 65535)), dice.choice((0, 1, 16_000, 2**31, 2**32 - 1))
    lie = dice.choice((0, 44, 2**31, 2**32 - 1))
    return _riff(tag, channels, rate, dice.choice((0, 1, 4, 8, 16, 64, 65535)), dice.randbytes(20_000), lie)


def _riff(tag: int, channels: int, rate: int, bits: int, data: bytes, length: int) -> bytes:
    align = max(1, channels * bits // 8) & 0xFFFF
    shape = struct.pack("<HHIIHH", tag, channels, rate & 0xFFFFFFFF, (rate * align) & 0xFFFFFFFF, align, bits)
    head = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape + b"data" + struct.pack("<I", length & 0xFFFFFFFF)
    return b"RIFF" + struct.pack("<I", (len(head) + length) & 0xFFFFFFFF) + head + data


def boxes(dice: random.Random) -> bytes:
    """An MP4 whose tables or boxes say that they are huge."""
    data = bytearray(recorded("mp4"))
    for _ in range(dice.randrange(1, 4)):
        name = dice.choice((b"stsz", b"stco", b"stsc", b"stts", b"mdhd", b"mvhd", b"moov", b"trak", b"esds", b"mp4a"))
        place = data.find(name)
        if place > 4:
            at = place + dice.choice((-4, 4, 8, 12, 16))
            data[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1"))
    return bytes(data)


def tagged(dice: random.Random) -> bytes:
    """An ID3 tag of megabytes, or that says so, before a sound."""
    size = dice.choice((ROOM - 100_000, 1000, 2**28 - 1))
    shown = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\4\0\0" + shown + bytes(min(size, ROOM - 100_000)) + recorded("mp3")[:90_000]


def ebml(name: bytes, payload: bytes, size: int | None = None) -> bytes:
    """An element; ``size``: what it says of itself."""
    return name + (1 << 56 | (len(payload) if size is None else size)).to_bytes(8, "big") + payload


def headers(dice: random.Random) -> bytes:
    """A WebM of nothing but headers: nested, long, or said to be."""
    kind = dice.randrange(4)
    head = ebml(b"\x1aE\xdf\xa3", ebml(b"\x42\x82", b"webm"))
    if kind == 0:  # tags of megabytes
        return head + ebml(b"\x18\x53\x80\x67", ebml(b"\x12\x54\xc3\x67", bytes(ROOM - 1000)))
    if kind == 1:  # larger than any memory
        return head + ebml(b"\x18\x53\x80\x67", ebml(b"\x16\x54\xae\x6b", b"", (1 << 55) - 1), (1 << 55) - 1)
    if kind == 2:  # thousands of levels
        nested = b""
        for _ in range(dice.choice((10, 1000, 20_000))):
            nested = b"\x45\xb6" + (1 << 56 | len(nested)).to_bytes(8, "big") + nested
        return head + ebml(b"\x18\x53\x80\x67", ebml(b"\x10\x43\xa7\x70", nested))[: ROOM - 100]
    return head + ebml(b"\x18\x53\x80\x67", _track(b"A_OPUS", dice.randbytes(ROOM // 2)))


def packed(dice: random.Random) -> bytes:
    """A WebM whose frames are compressed: gigabytes of silence in a block (ContentCompAlgo 0, zlib)."""
    encoding = ebml(b"\x6d\x80", ebml(b"\x62\x40", ebml(b"\x50\x34", ebml(b"\x42\x54", b"\0"))))
    block = b"\x81\0\0\x80" + _zeros(dice.choice((1, 30, 120)))
    cluster = ebml(b"\x1f\x43\xb6\x75", ebml(b"\xe7", b"\0") + ebml(b"\xa3", block))
    head = ebml(b"\x1aE\xdf\xa3", ebml(b"\x42\x82", b"matroska"))
    return head + ebml(b"\x18\x53\x80\x67", _track(b"A_PCM/INT/LIT", b"", encoding) + cluster)


@functools.cache
def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def _track(codec: bytes, private: bytes, more: bytes = b"") -> bytes:
    sound = ebml(
        b"\xe1", ebml(b"\xb5", struct.pack(">d", 16_000.0)) + ebml(b"\x9f", b"\1") + ebml(b"\x62\x64", b"\x10")
    )
    entry = ebml(b"\xd7", b"\1") + ebml(b"\x73\xc5", b"\1") + ebml(b"\x83", b"\2") + ebml(b"\x86", codec) + more + sound
    return ebml(b"\x16\x54\xae\x6b", ebml(b"\xae", entry + (ebml(b"\x63\xa2", private) if private else b"")))


def noise(dice: random.Random) -> bytes:
    """Seconds of anything at all, well packed."""
    return wav(dice.randbytes(2 * 16_000 * dice.choice((1, 6, 29))))


def too_long(dice: random.Random) -> bytes:
    """Over what the edge lets through."""
    return bytes(MOST + dice.randrange(1, 100_000))


KINDS: Mapping[str, Make] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            good, empty, truncated, headless, flipped, shuffled, wrong_type, script, nonsense, hours, silence, long_wav,
            strange_wav, boxes, tagged, headers, packed, noise, too_long,
        )
    }
)  # fmt: skip


def upload(number: int) -> tuple[str, bytes]:
    """The kind and bytes of upload ``number``."""
    dice = random.Random(number)
    kind = list(KINDS)[number % len(KINDS)]
    return kind, KINDS[kind](dice)
