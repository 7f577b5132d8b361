# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures and sounds of exercises are told by their content, bounded, and made anew."""

from __future__ import annotations

import io
import wave
from typing import cast

import av
import pytest
from av.audio.stream import AudioStream
from PIL import Image

from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.formats import quiz_medium

PLACE = "Lyon, rue des Lilas"


def photo(kind: str = "JPEG", size: tuple[int, int] = (1600, 900), mode: str = "RGB") -> bytes:
    """A picture that says more than its pixels."""
    picture, out = Image.new(mode, size), io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLACE
    picture.save(out, kind, exif=exif, **({"comment": PLACE} if kind == "JPEG" else {}))
    return out.getvalue()


def tone(seconds: float, rate: int = 8000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"\0\x20\0\xe0" * int(seconds * rate / 2))
    return out.getvalue()


def encoded(container: str, codec: str) -> bytes:
    """A second of sound, titled."""
    out = io.BytesIO()
    with av.open(io.BytesIO(tone(1.0, 48000)), "r") as source, av.open(out, "w", format=container) as target:
        target.metadata["title"] = PLACE
        stream = cast(AudioStream, target.add_stream(codec, rate=48000))
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"),
     ("PNG", "I;16"), ("WEBP", "RGB"), ("WEBP", "RGBA")],
)  # fmt: skip
def test_a_picture_of_any_kind_becomes_a_small_jpeg(kind: str, mode: str) -> None:
    body, about = quiz_medium.picture(photo(kind, mode=mode))
    assert about == {"width": 1200, "height": 675}
    made = Image.open(io.BytesIO(body))
    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (1200, 675))
    assert not made.getexif()
    assert PLACE.encode() not in body


def test_a_small_picture_stays_small_and_what_is_clear_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(out, "PNG")
    body, about = quiz_medium.picture(out.getvalue())
    assert about == {"width": 40, "height": 30}
    assert Image.open(io.BytesIO(body)).getpixel((20, 15)) == (255, 255, 255)


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("ipod", "aac"),
                                                  ("ogg", "libopus"), ("wav", "pcm_s16le")])  # fmt: skip
def test_a_sound_of_any_kind_becomes_a_bare_mp3(container: str, codec: str) -> None:
    data = encoded(container, codec)
    body, about = quiz_medium.sound(data)
    assert about["seconds"] == pytest.approx(1.0, abs=0.1)
    assert PLACE.encode() not in body
    with av.open(io.BytesIO(body)) as made:
        assert (made.format.name, made.streams.audio[0].codec_context.layout.name) == ("mp3", "mono")
        assert not made.metadata


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        ("picture", b"\0\0\0\x18ftypheic" + bytes(90), Unsupported),
        ("picture", b"\0\0\0\x1cftypavif" + bytes(90), Unsupported),
        ("picture", b"GIF89a" + bytes(40), Unsupported),
        ("picture", b"", Unsupported),
        ("picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", Unsupported),
        ("picture", photo()[:400], BadInput),
        ("picture", b"\x89PNG\r\n\x1a\n" + bytes(60), BadInput),
        ("sound", b"#!/bin/sh\nreboot\n" * 20, Unsupported),
        ("sound", photo(), Unsupported),
        ("sound", b"fLaC" + bytes(60), Unsupported),
        ("sound", b"ID3\x04" + bytes(300), BadInput),
        ("sound", b"OggS" + b"x" * 300, BadInput),
        ("sound", b"\0\0\0\x18ftypisom" + bytes(200), BadInput),
        ("sound", tone(0), BadInput),
    ],
    ids=["heic", "avif", "gif", "nothing", "svg", "half", "png", "script", "photo", "flac", "mp3", "ogg", "mov",
         "silence"],
)  # fmt: skip
def test_what_is_refused(kind: str, data: bytes, error: type[BadInput]) -> None:
    with pytest.raises(error):
        getattr(quiz_medium, kind)(data)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = io.BytesIO()
    Image.new("1", (8000, 8000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(TooLarge):
        quiz_medium.picture(bomb.getvalue())


def test_a_sound_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiz_medium, "SECONDS", 2)
    with pytest.raises(TooLarge):
        quiz_medium.sound(tone(3))
