# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Films, recordings and pictures."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from appliance.errors import BadInput, TooLarge, Unsupported
from tests.formats import hostile, samples
from tests.formats.conftest import Import
from tests.formats.rig import CORPUS, import_file

FILMS = [
    ("a.mp4", "libx264", "aac", "h264"),
    ("a.webm", "libvpx", "libopus", "vp8"),
    ("b.webm", "libvpx-vp9", None, "vp9"),
]
SOUNDS = [
    ("a.mp3", "libmp3lame", ".mp3"), ("a.m4a", "aac", ".m4a"), ("a.opus", "libopus", ".opus"),
    ("a.wav", "pcm_s16le", ".wav"), ("a.flac", "flac", ".flac"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "codec", "sound", "said"), FILMS)
def test_film(name: str, codec: str, sound: str | None, said: str, tmp_path: Path, take: Import) -> None:
    found = take(samples.film(tmp_path / name, codec, sound, title="La lune"))
    details = found.imported.details
    assert found.imported.card.title == "La lune"
    assert (details["width"], details["height"]) == (64, 48)
    assert 1.9 < float(str(details["seconds"])) < 2.2
    codecs = details["codecs"]
    assert isinstance(codecs, list)
    assert codecs[0] == said
    with Image.open(found.directory / "cover.jpg") as cover:
        assert cover.size == (64, 48)


@pytest.mark.parametrize(("name", "codec", "suffix"), SOUNDS)
def test_recording(name: str, codec: str, suffix: str, tmp_path: Path, take: Import) -> None:
    samples.recording(tmp_path / name, codec, title="Le hibou", artist="Mme Diop")
    (tmp_path / name).rename(tmp_path / "nameless")
    found = take(tmp_path / "nameless")
    assert (found.format, found.imported.entry) == ("audio", f"original{suffix}")
    assert (found.imported.card.title, found.imported.card.author) == ("Le hibou", "Mme Diop")
    assert 1.9 < float(str(found.imported.details["seconds"])) < 2.2


def id3(*frames: bytes) -> bytes:
    """An ID3v2.3 tag of (name, data) pairs."""
    pairs = zip(frames[::2], frames[1::2], strict=True)
    body = b"".join(name + struct.pack(">IH", len(data), 0) + data for name, data in pairs)
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + body


def test_embedded_art_is_the_cover(tmp_path: Path, take: Import) -> None:
    path = samples.recording(tmp_path / "a.mp3", "libmp3lame")
    path.write_bytes(
        id3(b"TIT2", b"\0Avec image", b"APIC", b"\0image/png\0\3\0" + samples.picture()) + path.read_bytes()
    )
    found = take(path)
    assert (found.format, found.imported.cover, found.imported.card.title) == ("audio", "cover.jpg", "Avec image")


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
@pytest.mark.parametrize("part", [0.3, 0.8, 0.99])
def test_a_cut_film_is_refused(name: str, part: float, tmp_path: Path, take: Import) -> None:
    data = samples.film(tmp_path / name, "libx264" if name == "a.mp4" else "libvpx", None).read_bytes()
    (tmp_path / "cut").write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BadInput, match="not complete"):
        take(tmp_path / "cut")


def test_a_codec_of_no_browser_is_refused(tmp_path: Path, take: Import) -> None:
    with pytest.raises(Unsupported, match="mpeg4"):
        take(samples.film(tmp_path / "a.mp4", "mpeg4"))


def test_a_film_that_is_a_playlist_opens_nothing_else(tmp_path: Path, take: Import) -> None:
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    assert take(tmp_path / "a.mp4").format == "office"
    (tmp_path / "b.mp4").write_text("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\nfile:///etc/passwd\n")
    assert take(tmp_path / "b.mp4").format == "office"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_picture(kind: str, tmp_path: Path, take: Import) -> None:
    (tmp_path / "x").write_bytes(samples.picture(kind, (1000, 500)))
    found = take(tmp_path / "x")
    assert found.imported.details == {"width": 1000, "height": 500}
    with Image.open(found.directory / str(found.imported.cover)) as cover:
        assert cover.size == (480, 240)


def test_transparency_stays(tmp_path: Path, take: Import) -> None:
    (tmp_path / "a.png").write_bytes(samples.picture(mode="RGBA"))
    assert take(tmp_path / "a.png").imported.cover == "cover.png"


def test_covers_stand_upright(tmp_path: Path, take: Import) -> None:
    """EXIF orientation 6: the telephone was held upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (200, 100)).save(out, "JPEG", exif=exif)
    (tmp_path / "a.jpg").write_bytes(out.getvalue())
    found = take(tmp_path / "a.jpg")
    with Image.open(found.directory / "cover.jpg") as cover:
        assert cover.size == (100, 200)


@pytest.mark.parametrize("side", [7000, 30_000])
def test_pixel_bombs(side: int, tmp_path: Path, take: Import) -> None:
    with pytest.raises(TooLarge, match="megapixels"):
        take(hostile.make_pixel_bomb(tmp_path / "a.png", side))


def test_a_cut_picture(tmp_path: Path, take: Import) -> None:
    data = samples.picture("JPEG", (800, 800))
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput, match="picture is damaged"):
        take(tmp_path / "a.jpg")


def test_svg_keeps_its_scripts_and_says_its_title(tmp_path: Path, take: Import) -> None:
    body = "<title>Carte</title><script>x()</script><text>Paris</text>"
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" lang="fr">{body}</svg>'
    (tmp_path / "a").write_text(drawing)
    found = take(tmp_path / "a")
    assert (found.imported.entry, found.imported.cover) == ("original.svg", "cover.svg")
    assert (found.imported.card.title, found.imported.card.language, found.text) == ("Carte", "fr", "Carte Paris")
    assert (found.directory / "original.svg").read_text() == drawing


@pytest.mark.parametrize("build", [hostile.make_xml_bomb, hostile.make_xml_reader])
def test_xml_entities_are_never_expanded(build: object, tmp_path: Path, take: Import) -> None:
    assert callable(build)
    with pytest.raises(BadInput, match="damaged"):
        take(build(tmp_path / "a.svg"))


def test_a_wav_without_its_end(tmp_path: Path, take: Import) -> None:
    data = samples.recording(tmp_path / "a.wav", "pcm_s16le").read_bytes()
    (tmp_path / "b.wav").write_bytes(data[:-1000])
    with pytest.raises(BadInput, match="not complete"):
        take(tmp_path / "b.wav")
    (tmp_path / "c.wav").write_bytes(data[:4] + struct.pack("<I", 0) + data[8:])
    assert take(tmp_path / "c.wav").format == "audio"


REAL = sorted(
    path
    for path in CORPUS.iterdir()
    if path.suffix in (".mp4", ".webm", ".ogv", ".mp3", ".ogg", ".png", ".jpg", ".svg")
)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_media(path: Path, tmp_path: Path) -> None:
    captions = tuple(path.parent.glob(f"{path.stem}.*.vtt"))
    found = import_file(path, tmp_path / "blob", captions)
    kind = {".mp4": "video", ".webm": "video", ".ogv": "video", ".mp3": "audio", ".ogg": "audio"}.get(
        path.suffix, "image"
    )
    assert found.format == kind
    assert found.imported.entry == f"original{path.suffix}"
    if kind == "video":
        assert found.imported.cover == "cover.jpg"
        assert bool(found.imported.details["captions"]) == bool(captions)
    if kind != "image":
        assert float(str(found.imported.details["seconds"])) > 1
