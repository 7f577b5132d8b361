# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Photos and recordings for tests, made here."""

from __future__ import annotations

import io
import random
import struct
import wave
import zlib

from PIL import Image

PLACE = b"GPS 48.8566 N 2.3522 E"


def photo(size: tuple[int, int] = (640, 480), form: str = "JPEG", *, place: bool = False, noise: bool = False) -> bytes:
    """A picture; ``place``: with a comment and EXIF that say where; ``noise``: that shrinks to little."""
    out = io.BytesIO()
    picture = Image.new("RGB", size, "#3070c0")
    if noise:
        picture = Image.frombytes("RGB", size, random.Random(5).randbytes(size[0] * size[1] * 3))
    told = Image.Exif()
    if place:
        told[0x010E] = PLACE.decode()
        told[0x0112] = 6  # lies on its side
    picture.save(out, form, **({"exif": told, "comment": PLACE} if place else {}))
    return out.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A small PNG of very many pixels."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    made = photo((1, 1), "PNG")
    chunk = b"IHDR" + head
    return made[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + made[33:]


def jpeg_bomb(side: int = 60_000) -> bytes:
    """A small JPEG that says that it has very many pixels."""
    made = photo((16, 16))
    place = made.index(b"\xff\xc0") + 5
    return made[:place] + struct.pack(">HH", side, side) + made[place + 4 :]


def recording(seconds: float = 0.2) -> bytes:
    """A WAV with a label that says where."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(int(8000 * seconds) * 2))
    return out.getvalue() + b"LIST" + struct.pack("<I", len(PLACE)) + PLACE


def box(kind: bytes, body: bytes) -> bytes:
    """Of an MP4."""
    return struct.pack(">I", 8 + len(body)) + kind + body


def m4a() -> bytes:
    """An MP4 that no player plays, with a label that says where."""
    labels = box(b"udta", PLACE)
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", box(b"mvhd", bytes(20)) + labels) + box(b"mdat", b"sound" * 50)


WEBM = b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm" + bytes(200)
OGG = b"OggS" + bytes(200)
MP3 = b"ID3\x04\0\0\0\0\0" + bytes([len(PLACE)]) + PLACE + b"\xff\xfb" + bytes(200)
HTML = b"<!doctype html><script>fetch('/enseignant/accueil')</script>"
SVG = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def form(fields: dict[str, str], body: bytes) -> tuple[bytes, str]:
    """A multipart form (RFC 7578) with the file ``medium``, and its content type."""
    edge = b"--edge\r\nContent-Disposition: form-data; name="
    parts = [edge + f'"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    parts.append(edge + b'"medium"; filename="m"\r\nContent-Type: image/jpeg\r\n\r\n' + body + b"\r\n--edge--\r\n")
    return b"".join(parts), "multipart/form-data; boundary=edge"
