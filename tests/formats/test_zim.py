# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""ZIM: metadata, articles, media copied out, damage named, memory bounded."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from libzim.reader import Archive

from appliance.errors import BadInput, TooLarge
from appliance.formats.zim_layout import ZimLayout
from appliance.ports import Limits
from tests.formats import hostile, samples
from tests.formats.conftest import Import
from tests.formats.rig import CORPUS, DATA

REAL = sorted({*CORPUS.glob("*.zim"), *DATA.glob("**/*.zim")})


def test_card_cover_and_details(zim_file: Path, take: Import) -> None:
    imported = take(zim_file).imported
    assert (imported.format, imported.entry, imported.cover) == ("zim", "accueil", "cover.jpg")
    card = imported.card
    assert (card.title, card.language, card.author, card.licence) == ("Les animaux", "fr", "Wikimini", "CC-BY-SA-3.0")
    assert imported.details == {"articles": 3, "has_fulltext": False, "media": 1, "date": ""}


def test_front_articles_alone_are_indexed(zim_file: Path, take: Import) -> None:
    found = take(zim_file)
    assert {s.anchor: s.title for s in found.sections} == {
        "accueil": "Accueil",
        "animaux/hibou": "Le hibou",
        "animaux/été: oui?": "L'été",
    }
    assert "chasse la nuit" in found.text
    assert [done for done, _ in found.progress] == sorted(done for done, _ in found.progress)
    assert found.progress[-1][0] == 1.0


def test_media_is_copied_out(zim_file: Path, take: Import) -> None:
    found = take(zim_file)
    assert (found.directory / "files/v/film.webm").read_bytes() == samples.LARGE
    assert sum(path.is_file() for path in (found.directory / "files").rglob("*")) == 1


def test_media_that_cannot_be_a_file_stays_inside(tmp_path: Path, take: Import) -> None:
    pages = [
        samples.Page("accueil", "Accueil", "<html><body>x"),
        samples.Page("../../evil.mp4", "", b"x" * 5000, "video/mp4", front=False),
        samples.Page("a//b.mp4", "", b"y" * 5000, "video/mp4", front=False),
        samples.Page("x" * 300 + ".mp4", "", b"z" * 5000, "video/mp4", front=False),
    ]
    found = take(samples.zim(tmp_path / "a.zim", iter(pages)))
    assert found.imported.details["media"] == 0
    assert not (found.directory / "files").exists()


def test_media_is_bounded(zim_file: Path, take: Import) -> None:
    with pytest.raises(TooLarge, match="films"):
        take(zim_file, limits=Limits(1000, 100, 100))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.9999])
def test_a_truncated_file_says_how_much_is_missing(part: float, zim_file: Path, tmp_path: Path, take: Import) -> None:
    data = zim_file.read_bytes()
    (tmp_path / "cut.zim").write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BadInput, match=rf"not complete \({int(len(data) * part)} of"):
        take(tmp_path / "cut.zim")


def test_a_wrong_byte_is_found_by_the_checksum(zim_file: Path, tmp_path: Path, take: Import) -> None:
    data = bytearray(zim_file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "spoilt.zim").write_bytes(data)
    with pytest.raises(BadInput, match="wrong checksum"):
        take(tmp_path / "spoilt.zim")


def test_a_corrupt_cluster_names_the_article(zim_file: Path, tmp_path: Path, take: Import) -> None:
    """The checksum is right, so the damage is met while reading."""
    with ZimLayout(zim_file) as layout:
        hibou = next(item for item in layout.items() if item.path == "animaux/hibou")
        assert layout.place(hibou.cluster, hibou.blob) is None
        start = int.from_bytes(layout.read(layout._pointers + 8 * hibou.cluster, 8), "little")
    data = bytearray(zim_file.read_bytes())
    data[start + 1 : start + 30] = bytes(29)
    (tmp_path / "spoilt.zim").write_bytes(hostile.rehashed_zim(bytes(data)))
    with pytest.raises(BadInput, match="damaged at “a"):
        take(tmp_path / "spoilt.zim")


def test_the_layout_agrees_with_libzim(zim_file: Path) -> None:
    archive = Archive(zim_file)
    seen = 0
    with ZimLayout(zim_file) as layout:
        for item in layout.items():
            entry = archive._get_entry_by_id(item.index)
            assert entry.path == item.path
            if item.namespace != "C":
                continue
            seen += 1
            assert entry.get_item().mimetype == item.media_type
            place = layout.place_of(item.index)
            assert place is None or layout.read(*place) == bytes(entry.get_item().content)
        assert layout.place_of(10**6) is None
    assert seen == 9


@pytest.mark.parametrize("path", REAL, ids=[path.name for path in REAL])
def test_real_archives(path: Path, take: Import) -> None:
    found = take(path)
    archive = Archive(path)
    if archive.has_main_entry:
        assert found.imported.card.title
        assert archive.has_entry_by_path(found.imported.entry)
    assert len(found.sections) >= archive.article_count > 0 or found.sections
    for section in itertools.islice(found.sections, 50):
        assert archive.has_entry_by_path(section.anchor)
    assert found.imported.cover is None or (found.directory / found.imported.cover).stat().st_size > 100


def test_an_archive_with_old_namespaces(take: Import) -> None:
    found = take(DATA / "zim" / "wikipedia-ray-charles.zim")
    imported = found.imported
    assert (imported.entry, imported.cover, imported.details["articles"]) == ("A/index", "cover.png", 129)
    assert (imported.card.title, imported.card.author, imported.card.language) == ("Ray Charles", "Wikipedia", "en")
    assert all(section.anchor.startswith("A/") for section in found.sections)
    assert "born in Albany" in found.text or "Georgia" in found.text


def test_redirects_in_circles_are_not_followed(take: Import) -> None:
    found = take(DATA / "zim" / "redirect-loops.zim")
    assert found.imported.entry == ""
    assert not [section for section in found.sections if "loop" in section.anchor]


def _large() -> Iterator[samples.Page]:
    """A hundred megabytes, of which ninety are one film."""
    chance = random.Random(4)
    yield samples.Page("accueil", "Accueil", "<html><body>x")
    yield samples.Page("film.mp4", "", chance.randbytes(90_000_000), "video/mp4", front=False)
    for number in range(500):
        page = "<html><body>" + chance.randbytes(16_000).hex()
        yield samples.Page(f"a/{number}", f"Article {number}", page)


_MEASURE = """
import json, re, sys
from pathlib import Path
from tests.formats.rig import LIMITS, formats
from appliance.formats.zim import ZimFormat

class Sink:
    def add(self, section): pass

def private():
    return int(re.search(r"Pss_Anon:\\s+(\\d+)", Path("/proc/self/smaps_rollup").read_text())[1]) / 1024

peak, calls = 0, 0
def progress(done, what):
    global peak, calls
    calls += 1
    peak = max(peak, private()) if calls % 20 == 0 or "film" in what else peak

source = Path(sys.argv[1])
ZimFormat().import_into(source, source.parent, Sink(), LIMITS, progress)
print(json.dumps({"peak": peak, "calls": calls}))
"""


@pytest.mark.system
def test_a_hundred_megabytes_in_less_than_two_hundred_of_memory(tmp_path: Path) -> None:
    source = samples.zim(tmp_path / "original.zim", _large())
    assert source.stat().st_size > 80_000_000
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE, source],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(DATA.parents[1])},
    )  # fmt: skip
    measured = json.loads(run.stdout)
    assert measured["peak"] < 200
    assert measured["calls"] > 100
    assert (tmp_path / "files/film.mp4").stat().st_size == 90_000_000
