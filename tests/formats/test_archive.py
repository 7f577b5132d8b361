# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Hostile archives leave nothing outside their folder, and say why they are refused."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.formats.archive import Archive, create, safe_name
from appliance.ports import Limits
from tests.formats import hostile, samples
from tests.formats.conftest import Import
from tests.formats.rig import LIMITS


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", hostile.EVIL_NAMES)
def test_evil_names_are_refused_before_anything_is_written(name: str, tmp_path: Path, take: Import) -> None:
    path = hostile.make_zip_slip(tmp_path / "slip.zip", name)
    before = everything_in(tmp_path)
    with pytest.raises(BadInput):
        take(path)
    assert everything_in(tmp_path) - before == {"blob0", "blob0/original.zip"}


HARMS: list[tuple[Callable[[Path], Path], type[BadInput], str]] = [
    (hostile.make_zip_nul, BadInput, "control characters"),
    (hostile.make_zip_symlink, BadInput, "link or a device"),
    (hostile.make_zip_bomb, TooLarge, "grows more than"),
    (hostile.make_zip_lying_bomb, BadInput, "damaged"),
    (hostile.make_zip_overlap, BadInput, "overlap"),
    (hostile.make_zip_duplicates, BadInput, "twice"),
    (hostile.make_zip_file_as_folder, BadInput, "both a file and a folder|twice"),
    (hostile.make_zip_crowd, TooLarge, "more than 2000 files"),
    (hostile.make_zip_encrypted, Unsupported, "password"),
    (hostile.make_zip_rare_compression, Unsupported, "rare compression"),
]


@pytest.mark.parametrize(("build", "error", "words"), HARMS, ids=[harm[0].__name__ for harm in HARMS])
def test_harm_is_named(
    build: Callable[[Path], Path], error: type[BadInput], words: str, tmp_path: Path, take: Import
) -> None:
    with pytest.raises(error, match=words):
        take(build(tmp_path / "evil.zip"))


def test_total_size_is_bounded(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("index.html", bytes(2000))
    with pytest.raises(TooLarge, match="limit"):
        Archive(tmp_path / "a.zip", Limits(1000, 100, 100))


def test_a_folder_in_the_way_is_never_overwritten(tmp_path: Path) -> None:
    samples.zipped(tmp_path / "a.zip", {"a.txt": "new"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").symlink_to(tmp_path / "victim")
    (tmp_path / "victim").write_text("old")
    with Archive(tmp_path / "a.zip", LIMITS) as archive, pytest.raises(BadInput, match="twice"):
        archive.extract(tmp_path / "out", lambda done, what: None)
    assert (tmp_path / "victim").read_text() == "old"


def test_names_in_utf8_without_the_flag(tmp_path: Path) -> None:
    """What macOS and Info-ZIP write; a page that links to ``été.html`` must find it."""
    data = samples.zipped(tmp_path / "a.zip", {"index.html": "x", "ete0.html": "y"}).read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"ete0.html", "été.html".encode()[:9].ljust(9, b"l")[:9]))
    with Archive(tmp_path / "a.zip", LIMITS) as archive:
        assert "été.htm" in archive.members


@pytest.mark.skipif(shutil.which("zip") is None, reason="the zip program is not installed")
def test_an_archive_made_by_info_zip(tmp_path: Path, take: Import) -> None:
    (tmp_path / "index.html").write_text("<title>Zippé</title>")
    (tmp_path / "dossier").mkdir()
    (tmp_path / "dossier" / "été.html").write_text("x")
    subprocess.run(["zip", "-qr", "a.zip", "index.html", "dossier"], cwd=tmp_path, check=True)
    assert (take(tmp_path / "a.zip").directory / "files/dossier/été.html").is_file()


def test_litter_is_left_out(tmp_path: Path) -> None:
    samples.zipped(tmp_path / "a.zip", {"a.txt": "x", "__MACOSX/._a.txt": "y", "d/.DS_Store": "z"})
    with Archive(tmp_path / "a.zip", LIMITS) as archive:
        assert archive.members == {"a.txt": 1}
        with pytest.raises(BadInput, match="missing"):
            archive.read("b.txt")


@pytest.mark.parametrize("name", ["a", "a/b.html", "./a", "été/🦊.png", "...", "a..b/c"])
def test_ordinary_names_pass(name: str, tmp_path: Path) -> None:
    target = create(tmp_path, safe_name(name))
    target.touch()
    assert target.resolve().is_relative_to(tmp_path)


def test_a_surrogate_is_no_name() -> None:
    with pytest.raises(BadInput, match="not text"):
        safe_name("a\ud800")


def test_words_that_only_the_head_of_a_page_says_are_found(tmp_path: Path, take: Import) -> None:
    """A page that a script draws has no text of its own."""
    page = '<meta name="keywords" content="baleine, éléphant"><script>draw()</script>'
    taken = take(samples.zipped(tmp_path / "a.zip", {"index.html": page}))
    assert [section.text for section in taken.sections] == ["baleine, éléphant"]
