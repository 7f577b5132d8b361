# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One ``.oral`` file carries a sequence from box to box; a hostile one brings nothing along."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from appliance.errors import BadInput, TooLarge
from appliance.formats import oral
from appliance.sequences import package, ready, sounds
from appliance.sequences.reader import read
from appliance.sequences.writer import write
from tests.formats import hostile

MP3 = b"\xff\xf3\x44\xc4" + bytes(60)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
DOCUMENT = write(ready.sequence("cp-sounds"))
STRANGE = DOCUMENT.replace("🚢".encode(), "🛸".encode())
WITH_OWN = DOCUMENT.replace("🚢".encode(), b"our-ship.png", 1)


def taken(files: dict[str, bytes], folder: Path) -> package.Package:
    path = folder / "a.oral"
    path.write_bytes(package.pack(files))
    return package.unpacked(oral.unpack(path), ready.stock())


def test_round_trip(tmp_path: Path) -> None:
    given = package.Package(
        read(WITH_OWN),
        {"ship.mp3": MP3, "ship-slow.mp3": MP3 + b"\0"},
        {"our-ship.png": PNG},
        b"{}",
    )
    files = package.files(given, WITH_OWN, ready.stock())
    assert taken(files, tmp_path) == given
    assert b"OpenMoji" in files["LICENCES.txt"]
    assert b"CC-BY-SA-4.0" in files["LICENCES.txt"]
    assert files["pictures.svg"].startswith(b"<svg")


def test_the_same_sequence_gives_the_same_bytes() -> None:
    files = {"sequence.toml": DOCUMENT, "sounds/ship.mp3": MP3}
    assert package.pack(files) == package.pack(dict(reversed(files.items())))


def test_every_ready_sequence_fits_in_one_file(tmp_path: Path) -> None:
    largest = max(ready.ids(), key=lambda name: sum(f.stat().st_size for f in (ready.FOLDER / name).rglob("*.mp3")))
    folder = ready.FOLDER / largest
    heard = {path.name: path.read_bytes() for path in (folder / "sounds").iterdir()}
    given = package.Package(ready.sequence(largest), heard, {}, (folder / sounds.LIST).read_bytes())
    assert taken(package.files(given, write(given.sequence), ready.stock()), tmp_path) == given


def test_a_zip_of_the_folder_itself_is_as_good(tmp_path: Path) -> None:
    files = {"my ships/sequence.toml": DOCUMENT, "my ships/sounds/ship.mp3": MP3, "__MACOSX/._x": b"x"}
    assert set(taken(files, tmp_path).sounds) == {"ship.mp3"}


def test_what_a_sequence_does_not_need_is_left_out(tmp_path: Path) -> None:
    files = {
        "sequence.toml": DOCUMENT,
        "pictures.svg": b"<svg onload='alert(1)'/>",
        "sounds/dragon.mp3": MP3,
        "pictures/other.png": PNG,
        "index.html": b"<script>",
        "sounds/ship.mp3.exe": b"MZ",
    }
    found = taken(files, tmp_path)
    assert (found.sounds, found.pictures) == ({}, {})


REFUSED = {
    "no document": ({"readme.txt": b""}, "no sequence.toml"),
    "a document that is none": ({"sequence.toml": b"\0\1"}, "Line 1 of sequence.toml"),
    "an own picture is missing": ({"sequence.toml": WITH_OWN}, "“our-ship.png” is missing"),
    "an own picture is a page": ({"sequence.toml": WITH_OWN, "pictures/our-ship.png": b"<html>"}, "not what its name"),
    "a sound is a program": ({"sequence.toml": DOCUMENT, "sounds/ship.mp3": b"MZ\x90"}, "not what its name"),
    "a long sound": ({"sequence.toml": DOCUMENT, "sounds/ship.mp3": MP3 * 5000}, "256 kB at most"),
    "a picture that the box lacks": (
        {"sequence.toml": DOCUMENT.replace("🚢".encode(), "🛸".encode())},
        "no picture “🛸”",
    ),
}


@pytest.mark.parametrize("harm", REFUSED)
def test_it_is_refused_with_a_reason(harm: str, tmp_path: Path) -> None:
    files, reason = REFUSED[harm]
    with pytest.raises(BadInput, match=reason):
        taken(files, tmp_path)


@pytest.mark.parametrize("name", hostile.EVIL_NAMES)
def test_evil_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        oral.unpack(hostile.make_zip_slip(tmp_path / "evil.oral", name))


def test_bombs_and_crowds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        oral.unpack(hostile.make_zip_bomb(tmp_path / "bomb.oral"))
    with zipfile.ZipFile(tmp_path / "large.oral", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("sequence.toml", DOCUMENT)
        out.writestr("sounds/ship.mp3", bytes(oral.MOST_BYTES + 1))
    with pytest.raises(TooLarge):
        oral.unpack(tmp_path / "large.oral")


def test_half_a_file_is_damaged(tmp_path: Path) -> None:
    whole = package.pack({"sequence.toml": DOCUMENT})
    for size in (0, 10, len(whole) // 2, len(whole) - 5):
        (tmp_path / "half.oral").write_bytes(whole[:size])
        with pytest.raises(BadInput):
            oral.unpack(tmp_path / "half.oral")
