# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Captions: WebVTT and SubRip, in the encodings that schools have."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput, TooLarge
from appliance.formats.captions import MAX_BYTES, parse
from tests.formats import samples
from tests.formats.conftest import Import

VTT = """WEBVTT

NOTE rien

1
00:01.000 --> 00:02.500 align:start
<v Zoé>Où est
le <i>hibou</i> ?

01:00:30.000 --> 01:00:31.000
Ici.
"""
SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\nÀ l’été\r\n\r\n2\r\n00:00:40,000 --> 00:00:41,000\r\nFin\r\n"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return samples.film(tmp_path / "film.mp4")


def test_webvtt_is_kept_and_indexed_by_seconds(tmp_path: Path, film: Path, take: Import) -> None:
    path = tmp_path / "film.fr.vtt"
    path.write_text(VTT)
    found = take(film, path)
    assert found.imported.details["captions"] == [{"language": "fr", "path": "captions/film.fr.vtt"}]
    assert [(s.anchor, s.title, s.text) for s in found.sections] == [
        ("1", "0:01", "Où est le hibou ?"),
        ("3630", "1:00:30", "Ici."),
    ]
    assert (found.directory / "captions/film.fr.vtt").read_text() == VTT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_subrip_becomes_webvtt_in_utf8(encoding: str, tmp_path: Path, film: Path, take: Import) -> None:
    path = tmp_path / "br.srt"
    path.write_bytes(SRT.encode(encoding))
    found = take(film, path)
    assert found.imported.details["captions"] == [{"language": "br", "path": "captions/br.vtt"}]
    text = (found.directory / "captions/br.vtt").read_bytes().decode()
    assert text == "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nÀ l’été\n\n00:00:40.000 --> 00:00:41.000\nFin\n"
    assert not (found.directory / "captions/br.srt").exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "WEBVTT"),
        (b"00:01.000 --> 00:02.000\nx\n", "do not begin with the word WEBVTT"),
        (b"WEBVTTX\n\n00:01.000 --> 00:02.000\nx\n", "do not begin"),
        (b"WEBVTT\n", "no timed text"),
        (b"WEBVTT\n\n00:61.000 --> 00:62.000\nx\n", "wrong time on line 3"),
        (b"WEBVTT\n\n00:03.000 --> 00:02.000\nx\n", "wrong time on line 3"),
        (b"WEBVTT\n\nsoon --> later\nx\n", "wrong time on line 3"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n\0\x01\n", "not text"),
    ],
)
def test_wrong_captions_are_refused(data: bytes, words: str, tmp_path: Path, film: Path, take: Import) -> None:
    (tmp_path / "fr.vtt").write_bytes(data)
    with pytest.raises(BadInput, match=words):
        take(film, tmp_path / "fr.vtt")


def test_other_files_and_huge_ones_are_refused(tmp_path: Path, film: Path, take: Import) -> None:
    (tmp_path / "fr.ass").write_text("[Script Info]")
    with pytest.raises(BadInput, match="WebVTT"):
        take(film, tmp_path / "fr.ass")
    (tmp_path / "fr.vtt").write_bytes(b"WEBVTT\n" + bytes(MAX_BYTES))
    with pytest.raises(TooLarge):
        take(film, tmp_path / "fr.vtt")


def test_sound_has_captions_too(tmp_path: Path, take: Import) -> None:
    (tmp_path / "fr.vtt").write_text(VTT)
    found = take(samples.recording(tmp_path / "a.mp3", "libmp3lame"), tmp_path / "fr.vtt")
    assert found.imported.details["captions"] == [{"language": "fr", "path": "captions/fr.vtt"}]


def test_cues_without_hours_and_with_one_digit() -> None:
    assert [(c.start, c.end) for c in parse("0:00:01.000 --> 100:00:02.000\nx", "x")] == [(1.0, 360_002.0)]
