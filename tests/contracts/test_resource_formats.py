# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The contract of ``ports.ResourceFormat``, held by every registered format on real and on made files."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import BadInput
from appliance.formats.detect import HEAD, detect
from appliance.ports import Limits, ResourceFormat
from tests.formats import samples
from tests.formats.rig import CORPUS, LIMITS, Found, import_file

GROUP = "appliance.resource_formats"
NAMES = {"zim", "epub", "pdf", "web_bundle", "video", "audio", "image", "office"}

MADE: dict[str, Callable[[Path], object]] = {
    "zim": samples.zim,
    "epub": samples.epub,
    "pdf": samples.pdf,
    "web_bundle": samples.web_bundle,
    "video": lambda path: samples.film(path.with_suffix(".mp4")).rename(path),
    "audio": lambda path: samples.recording(path.with_suffix(".mp3"), "libmp3lame").rename(path),
    "image": lambda path: path.write_bytes(samples.picture()),
    "office": samples.docx,
}
REAL = sorted(path for path in CORPUS.iterdir() if path.suffix not in (".vtt", ".srt"))
SOURCES = [*MADE, *REAL]


def registered() -> dict[str, ResourceFormat]:
    return {entry.name: entry.load()() for entry in importlib.metadata.entry_points(group=GROUP)}


@pytest.fixture(params=SOURCES, ids=lambda source: source if isinstance(source, str) else source.name)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if isinstance(request.param, Path):
        return request.param
    path = tmp_path / f"made-{request.param}"
    MADE[request.param](path)
    return path


@pytest.fixture
def found(source: Path, tmp_path: Path) -> Found:
    return import_file(source, tmp_path / "library" / "blob")


def test_all_are_registered_under_their_own_names() -> None:
    formats = registered()
    assert set(formats) >= NAMES
    assert all(each.name == name for name, each in formats.items())
    for each in formats.values():
        assert each.suffixes
        assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in each.suffixes)
        assert all(media_type.count("/") == 1 for media_type in each.media_types)


def test_exactly_one_recognises_a_file(source: Path) -> None:
    head = source.read_bytes()[:HEAD]
    assert [name for name, each in registered().items() if each.recognises(head, source)] == [found_name(source)]


def found_name(source: Path) -> str:
    return detect(source, list(registered().values())).name


def test_the_suffix_is_one_of_its_own(source: Path) -> None:
    chosen = registered()[found_name(source)]
    suffix = chosen.suffix(source.read_bytes()[:HEAD], source)
    assert suffix in chosen.suffixes
    if source in REAL:
        assert suffix == source.suffix


def test_entry_and_cover_stand_in_the_blob(found: Found) -> None:
    imported = found.imported
    assert imported.format == found.format
    if found.format != "zim":
        assert (found.directory / imported.entry).is_file()
    if imported.cover is not None:
        cover = found.directory / imported.cover
        assert cover.name in ("cover.jpg", "cover.png", "cover.svg")
        assert cover.stat().st_size < 500_000


def test_the_original_is_left_as_it_was(source: Path, found: Found) -> None:
    originals = list(found.directory.glob("original*"))
    assert len(originals) == 1
    assert originals[0].read_bytes() == source.read_bytes()


def test_nothing_is_written_elsewhere(found: Found) -> None:
    assert [path.name for path in found.directory.parent.iterdir()] == ["blob"]
    known = {
        "files",
        "captions",
        "cover.jpg",
        "cover.png",
        "cover.svg",
        *(p.name for p in found.directory.glob("original*")),
    }
    assert {path.name for path in found.directory.iterdir()} <= known
    assert not [path for path in found.directory.rglob("*") if path.is_symlink()]


def test_facts_are_json_and_text_is_unicode(found: Found) -> None:
    json.dumps(dict(found.imported.details))
    for section in found.sections:
        assert section.text
        assert len(section.text) <= 20_000
        f"{section.anchor}{section.title}{section.text}".encode()
    card = found.imported.card
    assert all("\n" not in text for text in (card.title, card.description, card.author))
    assert len(card.title) <= 300


def test_progress_grows_within_bounds(found: Found) -> None:
    done = [value for value, _ in found.progress]
    assert done == sorted(done)
    assert all(0 <= value <= 1 for value in done)


def test_importing_again_gives_the_same(source: Path, found: Found, tmp_path: Path) -> None:
    again = import_file(source, tmp_path / "again" / "blob")
    assert again.imported == found.imported
    assert again.sections == found.sections
    assert files(again.directory) == files(found.directory)


def files(directory: Path) -> dict[str, bytes]:
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", ["zim", "epub", "web_bundle"])
def test_what_extracts_obeys_the_limits(name: str, tmp_path: Path) -> None:
    MADE[name](tmp_path / "x")
    with pytest.raises(BadInput):
        import_file(tmp_path / "x", tmp_path / "blob", limits=Limits(100, LIMITS.max_files, LIMITS.max_ratio))


@pytest.mark.parametrize("name", MADE)
def test_half_a_file_is_refused_or_read(name: str, tmp_path: Path) -> None:
    MADE[name](tmp_path / "x")
    data = (tmp_path / "x").read_bytes()
    (tmp_path / "half").write_bytes(data[: len(data) // 2])
    if name == "audio":  # an MP3 has no end to miss
        import_file(tmp_path / "half", tmp_path / "blob")
        return
    with pytest.raises(BadInput):
        import_file(tmp_path / "half", tmp_path / "blob")
