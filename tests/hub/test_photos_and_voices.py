# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a photo and a recording become before they are kept, and what is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.hub import photos, voice_notes
from tests import media


def opened(body: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(body), formats=("JPEG",))
    found.load()
    return found


@pytest.mark.parametrize("form", photos.FORMATS)
def test_a_photo_is_a_small_jpeg(form: str) -> None:
    kept = opened(photos.cleaned(media.photo((3000, 1000), form)))
    assert kept.size == (1600, 533)


def test_a_photo_is_turned_upright_and_says_no_more_where_it_was_taken() -> None:
    came = media.photo((640, 480), place=True)
    assert media.PLACE in came
    kept = photos.cleaned(came)
    assert media.PLACE not in kept
    assert opened(kept).size == (480, 640)
    assert not opened(kept).getexif()
    assert "comment" not in opened(kept).info


def test_what_shrinks_badly_fits_all_the_same() -> None:
    came = media.photo((1600, 1600), noise=True)
    assert len(came) <= photos.MOST_BYTES
    assert len(photos.cleaned(came)) <= photos.KEPT_BYTES


def test_a_second_file_behind_the_photo_is_lost() -> None:
    for tail in (media.HTML, b"PK\x03\x04 archive", media.SVG):
        assert tail[:16] not in photos.cleaned(media.photo() + tail)


@pytest.mark.parametrize("body", [
    b"x", media.HTML, media.SVG, media.photo()[:300], b"\xff\xd8\xff\xe0", b"GIF89a" + bytes(99), media.recording(),
    b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n" + bytes(40), b"RIFF\x10\0\0\0WEBPVP8 ", b"%!PS-Adobe-3.0 EPSF-3.0\n",
])  # fmt: skip
def test_what_is_no_photo_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        photos.cleaned(body)


@pytest.mark.parametrize("side", [5_000, 30_000, 65_000])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(TooLarge, match="pixels"):
        photos.cleaned(media.bomb(side))


def test_a_jpeg_that_says_too_much_of_itself_is_refused() -> None:
    for side in (9_000, 60_000):
        assert not photos.is_light(media.jpeg_bomb(side))
        with pytest.raises(TooLarge, match="pixels"):
            photos.cleaned(media.jpeg_bomb(side))


def test_a_progressive_jpeg_has_the_smaller_limit() -> None:
    out = io.BytesIO()
    Image.new("L", (5000, 4000)).save(out, "JPEG", progressive=True)
    with pytest.raises(TooLarge, match="pixels"):
        photos.cleaned(out.getvalue())
    out = io.BytesIO()
    Image.new("L", (5000, 4000)).save(out, "JPEG")
    assert opened(photos.cleaned(out.getvalue())).size == (1600, 1280)


def test_a_photo_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge, match="MB"):
        photos.cleaned(bytes(photos.MOST_BYTES + 1))


@pytest.mark.parametrize(("body", "kind"), [
    (media.recording(), "audio/wav"), (media.m4a(), "audio/mp4"), (media.WEBM, "audio/webm"), (media.OGG, "audio/ogg"),
    (media.MP3, "audio/mpeg"), (b"\xff\xfb\x90\x00" + bytes(99), "audio/mpeg"),
])  # fmt: skip
def test_a_recording_is_known_by_its_bytes_and_loses_its_labels(body: bytes, kind: str) -> None:
    told, kept = voice_notes.cleaned(body)
    assert told == kind
    assert media.PLACE not in kept
    assert len(kept) <= len(body)


def test_the_sound_stays_where_it_was() -> None:
    came, (_, kept) = media.m4a(), voice_notes.cleaned(media.m4a())
    assert (len(kept), kept.index(b"mdat"), kept[-250:]) == (len(came), came.index(b"mdat"), came[-250:])
    assert voice_notes.cleaned(media.recording())[1][:400] == media.recording()[:400]


@pytest.mark.parametrize("body", [
    b"x", media.HTML, media.SVG, media.photo(), b"\xff\xfe<\0h\0t\0m\0l\0", b"RIFF\0\0\0\0AVI ",
    b"\0\0\0\x18ftypheic" + bytes(99), b"\x1a\x45\xdf\xa3matroska" + bytes(99), b"#!AMR\n", b"MZ" + bytes(99),
])  # fmt: skip
def test_what_is_no_recording_is_refused(body: bytes) -> None:
    with pytest.raises(Unsupported):
        voice_notes.cleaned(body)


@pytest.mark.parametrize("body", [
    b"\0\0\0\x01ftypM4A " + b"\xff" * 16, media.box(b"ftyp", b"M4A ") + b"\0\0\0\0moov" + b"\0\0\0\x05udta",
    media.box(b"ftyp", b"M4A ") + media.box(b"moov", b"") * 50, b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xffabc",
    b"ID3\x04\0\0\x7f\x7f\x7f\x7fabc", b"ID3", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x08moov",
])  # fmt: skip
def test_damaged_recordings_harm_nothing(body: bytes) -> None:
    assert len(voice_notes.cleaned(body)[1]) <= len(body)


def test_the_size_of_a_recording() -> None:
    with pytest.raises(BadInput, match="empty"):
        voice_notes.cleaned(b"")
    with pytest.raises(TooLarge, match="two minutes"):
        voice_notes.cleaned(media.OGG + bytes(voice_notes.MOST_BYTES))
