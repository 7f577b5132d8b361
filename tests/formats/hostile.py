# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Files made to harm. Each builder writes one at ``path`` and returns it; all have an index page, so that only the
harm can be the reason of a refusal."""

from __future__ import annotations

import hashlib
import random
import stat
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

INDEX = "<!doctype html><title>x</title>"
EVIL_NAMES = (
    "../evil.html", "a/../../evil.html", "/etc/evil", "C:/evil.html", "c:evil.html", "..\\evil.html", "a\\b.html",
    "\\\\server\\share\\evil", "a/../evil.html", "..", "a//b.html", "nul.html", "sub/COM1.txt", "x" * 256 + ".html",
    "é" * 128 + ".html", "d/" * 600 + "f.html", "line\nbreak.html", "bell\x07.html",
)  # fmt: skip


def make_zip_slip(path: Path, name: str = "../evil.html") -> Path:
    """A member called ``name``."""
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("index.html", INDEX)
        out.writestr(zipfile.ZipInfo(name), "evil")
    return path


def make_zip_nul(path: Path) -> Path:
    """A member ``good.html\\0/../../evil``: naive readers stop at the NUL."""
    make_zip_slip(path, "good.htmlX/../../evil")
    path.write_bytes(path.read_bytes().replace(b"good.htmlX", b"good.html\0"))
    return path


def make_zip_symlink(path: Path, target: str = "/etc/passwd") -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("index.html", INDEX)
        link = zipfile.ZipInfo("link.html")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(link, target)
    return path


def make_zip_bomb(path: Path, megabytes: int = 200) -> Path:
    """About a thousand times smaller than what it holds."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        out.writestr("index.html", INDEX)
        with out.open("zeros.html", "w") as member:
            for _ in range(megabytes):
                member.write(bytes(1_000_000))
    return path


def make_zip_lying_bomb(path: Path, megabytes: int = 20) -> Path:
    """A bomb whose directory says that each member holds ten bytes."""
    make_zip_bomb(path, megabytes)
    data = bytearray(path.read_bytes())
    real = struct.pack("<I", megabytes * 1_000_000)
    while (at := data.find(real)) >= 0:
        data[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    return path


def make_zip_overlap(path: Path, copies: int = 50) -> Path:
    """Many directory entries over the same compressed bytes (the idea of D. Fifield's bomb)."""
    body = zlib.compress(bytes(100_000), 9)[2:-4]
    crc = zlib.crc32(bytes(100_000))
    local = (
        struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0x21, crc, len(body), 100_000, 10, 0) + b"index.html" + body
    )
    directory = b""
    for number in range(copies):
        name = b"index.html" if not number else f"p{number:04}.html".encode()
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0x21, crc, len(body), 100_000, len(name), 0, 0, 0, 0, 0, 0
        ) + name  # fmt: skip
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, copies, copies, len(directory), len(local), 0)
    path.write_bytes(local + directory + end)
    return path


def make_zip_duplicates(path: Path) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as out:
        warnings.simplefilter("ignore")
        out.writestr("index.html", INDEX)
        out.writestr("index.html", "<script>other</script>")
    return path


def make_zip_file_as_folder(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("index.html", INDEX)
        out.writestr("a", "file")
        out.writestr("a/b.html", "below a file")
    return path


def make_zip_crowd(path: Path, files: int = 3000) -> Path:
    """More members than the tests' limit."""
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("index.html", INDEX)
        for number in range(files):
            out.writestr(f"{number}.html", "")
    return path


def make_zip_encrypted(path: Path) -> Path:
    """The flag of a password on every member."""
    make_zip_slip(path, "fine.html")
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = -1
        while (start := data.find(mark, start + 1)) >= 0:
            data[start + at] |= 1
    path.write_bytes(data)
    return path


def make_zip_rare_compression(path: Path) -> Path:
    """LZMA may ask for a dictionary of 4 GB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as out:
        out.writestr("index.html", INDEX * 100)
    return path


def make_pixel_bomb(path: Path, side: int = 30_000) -> Path:
    """A PNG header that promises ``side`` squared pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
    return path


def make_xml_bomb(path: Path) -> Path:
    """An SVG of a billion laughs."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    path.write_text(f'<!DOCTYPE svg [<!ENTITY l0 "ha">{entities}]><svg xmlns="http://www.w3.org/2000/svg">&l9;</svg>')
    return path


def make_xml_reader(path: Path, target: str = "file:///etc/passwd") -> Path:
    """An SVG that asks for a file of the box."""
    path.write_text(f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{target}">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>')
    return path


def truncated(data: bytes, seed: int) -> bytes:
    """``data`` cut at a place chosen by ``seed``."""
    return data[: random.Random(seed).randrange(len(data))]


def flipped(data: bytes, seed: int) -> bytes:
    """``data`` with 1 to 16 wrong bytes; every third seed strikes only the first kilobyte, every third the last."""
    chance = random.Random(seed)
    low, high = ((0, len(data)), (0, min(1024, len(data))), (max(len(data) - 1024, 0), len(data)))[seed % 3]
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 16)):
        spoilt[chance.randrange(low, high)] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def rehashed_zim(data: bytes) -> bytes:
    """``data`` with a right checksum again, so that damage reaches what lies behind it."""
    if len(data) < 80:
        return data
    at = struct.unpack_from("<Q", data, 72)[0]
    if not 80 <= at <= len(data) - 16:
        return data
    return data[:at] + hashlib.md5(data[:at], usedforsecurity=False).digest() + data[at + 16 :]
