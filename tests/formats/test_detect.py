# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Content decides, whatever the name; a common mistake gets its own sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from appliance.errors import BadInput, Unsupported
from appliance.formats.detect import detect
from tests.formats import hostile, samples
from tests.formats.rig import CORPUS, formats

MISTAKES: list[tuple[str, bytes, str]] = [
    ("empty.zim", b"", "empty"),
    ("zeros.pdf", bytes(5000), "only zeros"),
    ("error.zim", b"<!DOCTYPE html><html><title>404</title>", "single web page"),
    ("error.zip", b"\n<html><body>Sign in", "single web page"),
    ("setup.pdf", b"MZ\x90\0" + bytes(200), "program"),
    ("elf", b"\x7fELF" + bytes(90), "program"),
    ("a.zip", b"Rar!\x1a\x07\x01\0" + bytes(90), "archive is not read"),
    ("a.zip", b"7z\xbc\xaf\x27\x1c" + bytes(90), "archive is not read"),
    ("a.tgz", b"\x1f\x8b\x08" + bytes(90), "archive is not read"),
    ("a.zip", b"PK\x03\x04" + bytes(90), "not complete"),
    ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n", "captions"),
    ("noise.mp4", bytes(range(256)) * 20, "does not take"),
]


@pytest.mark.parametrize(("name", "data", "words"), MISTAKES)
def test_mistakes_are_explained(name: str, data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInput, match=words):
        detect(tmp_path / name, formats())


@pytest.mark.parametrize(
    ("member", "words"),
    [("h5p.json", "H5P"), ("imsmanifest.xml", "SCORM"), ("META-INF/MANIFEST.MF", "program"), ("a.txt", "index.html")],
)
def test_archives_of_other_kinds(member: str, words: str, tmp_path: Path) -> None:
    samples.zipped(tmp_path / "a.zip", {member: "{}"})
    with pytest.raises(Unsupported, match=words):
        detect(tmp_path / "a.zip", formats())


def test_scorm_with_an_index_page_is_not_taken_for_a_web_bundle(tmp_path: Path) -> None:
    samples.web_bundle(tmp_path / "a.zip", more={"imsmanifest.xml": "<manifest/>"})
    with pytest.raises(Unsupported, match="SCORM"):
        detect(tmp_path / "a.zip", formats())


def test_a_truncated_archive(tmp_path: Path) -> None:
    data = samples.web_bundle(tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput, match="not complete"):
        detect(tmp_path / "a.zip", formats())


def test_a_password_is_named(tmp_path: Path) -> None:
    data = samples.zipped(tmp_path / "a.zip", {"lettre.txt": "x"}).read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1"))
    with pytest.raises(Unsupported, match="password"):
        detect(tmp_path / "a.zip", formats())


@pytest.mark.parametrize("name", ["wrong.zip", "no-suffix", "photo.jpg"])
def test_the_name_does_not_matter(name: str, tmp_path: Path) -> None:
    samples.epub(tmp_path / name)
    assert detect(tmp_path / name, formats()).name == "epub"


def test_the_order_of_formats_does_not_matter(tmp_path: Path, zim_file: Path) -> None:
    files = [
        samples.web_bundle(tmp_path / "a"), samples.epub(tmp_path / "b"), samples.docx(tmp_path / "c"),
        samples.odt(tmp_path / "d"), samples.pdf(tmp_path / "e"), zim_file, hostile.make_pixel_bomb(tmp_path / "f"),
    ]  # fmt: skip
    for path in [*files, *(path for path in CORPUS.iterdir() if path.suffix not in (".vtt", ".srt"))]:
        head = path.read_bytes()[:4096]
        assert len([each.name for each in formats() if each.recognises(head, path)]) == 1, path.name


def test_a_missing_end_of_central_directory_is_not_read_past(tmp_path: Path) -> None:
    shutil.copy(samples.web_bundle(tmp_path / "a.zip"), tmp_path / "b.zip")
    (tmp_path / "b.zip").write_bytes((tmp_path / "b.zip").read_bytes()[:-22])
    with pytest.raises(BadInput, match="not complete"):
        detect(tmp_path / "b.zip", formats())
