# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the index holds changes whole or not at all."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import Busy, Damaged, StorageError
from appliance.model import Section
from appliance.store.search_index import IndexWriterSession, create, open_index
from appliance.store.search_query import CANDIDATES, SearchIndex
from tests.search.library import resource, section


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_a_missing_folder_is_an_empty_index(folder: Path) -> None:
    assert SearchIndex(folder).search("cheval") == []
    assert SearchIndex(folder).resources() == frozenset()


def test_a_reader_sees_what_was_committed_since(folder: Path) -> None:
    index = SearchIndex(folder)
    with IndexWriterSession(folder) as session:
        assert session.write(resource("a", "Le cheval"), [section("Crinière", "longue")]) == 1
    assert [hit.anchor for hit in index.search("criniere")] == ["1"]
    assert index.resources() == {"a"}


def test_writing_again_replaces(folder: Path) -> None:
    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [section("Crinière", "longue")])
        session.write(resource("a", "Le cheval"), [section("Sabots", "durs")])
    index = SearchIndex(folder)
    assert index.search("criniere") == []
    assert len(index.search("sabot")) == 1


def test_an_edited_card_keeps_the_sections(folder: Path) -> None:
    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [section("Crinière", "longue")])
        session.write(resource("ab", "Autre"), [])
        session.write_card(resource("a", "L'âne", levels=("ce1",)))
    index = SearchIndex(folder)
    assert index.search("cheval") == []
    assert [hit.title for hit in index.search("ane")] == ["L'âne"]
    assert index.search("criniere CE1")[0].title == "Crinière"
    assert index.resources() == {"a", "ab"}


def test_forgetting(folder: Path) -> None:
    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [section("Crinière", "longue")])
        session.write(resource("b", "Le cheval de bois"), [])
        session.forget(["a", "never seen"])
    index = SearchIndex(folder)
    assert index.resources() == {"b"}
    assert [hit.resource for hit in index.search("cheval")] == ["b"]
    assert index.search("criniere") == []


def test_a_failing_source_leaves_the_resource_as_it_was(folder: Path) -> None:
    def failing() -> Iterator[Section]:
        yield section("Sabots", "durs")
        raise LookupError

    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [section("Crinière", "longue")])
        with pytest.raises(LookupError):
            session.write(resource("a", "Le cheval"), failing())
        session.write(resource("b", "Autre"), [])
    index = SearchIndex(folder)
    assert index.search("sabot") == []
    assert len(index.search("criniere")) == 1
    assert index.resources() == {"a", "b"}


def test_a_huge_resource_does_not_hide_a_small_one(folder: Path) -> None:
    many = [section("Cheval", f"Le cheval numéro {n}.", str(n)) for n in range(2 * CANDIDATES)]
    with IndexWriterSession(folder) as session:
        session.write(resource("big", "Encyclopédie"), many)
        long = "Une page qui parle de tout autre chose, et une fois d'un cheval. " + "Et puis du reste. " * 200
        session.write(resource("small", "Feuille du maître"), [section("Page 1", long)])
    hits = SearchIndex(folder).search("cheval")
    assert len(hits) == 25
    assert {hit.resource for hit in hits} == {"big", "small"}
    assert [hit.resource for hit in SearchIndex(folder).search("cheval", ["small"])] == ["small"]


def test_odd_texts_are_indexed(folder: Path) -> None:
    odd = "\ud800 a\0b \xad" + "x" * 100_000 + " été " + "\U0001f438"
    with IndexWriterSession(folder) as session:
        session.write(resource("a", odd[:300], author="\udfff"), [Section("\ud800\0", odd[:300], odd)])
    (hit,) = [hit for hit in SearchIndex(folder).search("ete") if hit.anchor]
    assert hit.anchor == "? "


@pytest.mark.parametrize("damage", ["schema", "version", "meta", "nothing", "file"])
def test_a_damaged_index_says_so_and_can_be_made_anew(folder: Path, damage: str) -> None:
    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [])
    match damage:
        case "schema":
            (folder / "cartable-schema").write_text("0")
        case "version":
            (folder / "cartable-schema").unlink()
        case "meta":
            (folder / "meta.json").write_bytes(b"{\xff")
        case "nothing":
            (folder / "meta.json").unlink()
        case "file":
            for path in folder.glob("*.term"):
                path.write_bytes(b"")
    with pytest.raises(Damaged):
        SearchIndex(folder)
    create(folder)
    assert SearchIndex(folder).search("cheval") == []


@pytest.mark.parametrize("suffix", ["term", "idx", "store", "fast", "fieldnorm", "pos"])
def test_flipped_bits_never_kill(folder: Path, suffix: str) -> None:
    """Either an answer or Damaged: never another error, never a crash of the process."""
    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [section("Crinière", f"longue {n}", str(n)) for n in range(300)])
    (path,) = folder.glob(f"*.{suffix}")
    body = bytearray(path.read_bytes())
    for place in range(0, len(body), max(1, len(body) // 64)):
        body[place] ^= 0xFF
    path.write_bytes(body)
    with contextlib.suppress(Damaged):
        SearchIndex(folder).search("la longue crinière du cheval 7")


def test_many_processes_may_find_it_missing(folder: Path) -> None:
    """None of them undoes what another has written meanwhile."""
    code = "import sys, pathlib, appliance.store.search_index as x; x.open_index(pathlib.Path(sys.argv[1]))"
    others = [subprocess.Popen([sys.executable, "-c", code, str(folder)]) for _ in range(4)]
    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [])
    assert [other.wait() for other in others] == [0] * 4
    assert SearchIndex(folder).resources() == {"a"}
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_one_writer_at_a_time(folder: Path) -> None:
    with IndexWriterSession(folder), pytest.raises(Busy):
        IndexWriterSession(folder, patience_s=0.1)
    with IndexWriterSession(folder, patience_s=0.1) as session:
        session.write(resource("a", "Le cheval"), [])


@pytest.mark.skipif(os.getuid() != 0, reason="a small file system needs root")
def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", small], check=True)
    try:
        with IndexWriterSession(small / "index") as session:
            session.write(resource("a", "Le cheval"), [section("Crinière", "longue")])
        many = (section(f"Article {n}", os.urandom(2000).hex(" "), str(n)) for n in range(3000))
        with pytest.raises(StorageError), IndexWriterSession(small / "index") as session:
            session.write(resource("b", "Trop gros"), many)
        index = SearchIndex(small / "index")
        assert index.resources() == {"a"}
        assert len(index.search("criniere")) == 1
    finally:
        subprocess.run(["umount", "-l", small], check=True)


WRITER = """
import sys
from pathlib import Path
from appliance.store.search_index import IndexWriterSession
from tests.search.library import resource, section
with IndexWriterSession(Path(sys.argv[1])) as session:
    def sections():
        for n in range(int(sys.argv[2])):
            if n == int(sys.argv[2]) // 2:
                print("half", flush=True)
            yield section(f"Article {n}", "mot " * 50 + f"unique{n}", str(n))
    for turn in range(1000):
        session.write(resource("big", f"Encyclopedie {turn}"), sections())
        print("committed", flush=True)
"""


@pytest.mark.parametrize(("word", "skipped"), [("half", 0), ("half", 1), ("committed", 0), ("committed", 2)])
def test_kill_9_while_writing(folder: Path, word: str, skipped: int) -> None:
    """Whatever the moment, the resource is there whole or not at all, and the next writer gets in."""
    with IndexWriterSession(folder) as session:
        session.write(resource("a", "Le cheval"), [section("Crinière", "longue")])
    reader = SearchIndex(folder)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder), "400"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        seen = 0
        for line in child.stdout:
            seen += line.decode().strip() == word
            if seen > skipped:
                break
        child.send_signal(signal.SIGKILL)
    for index in (reader, SearchIndex(folder)):
        held = index.resources()
        assert "a" in held
        found = len({hit.anchor for hit in index.search("mot", limit=500) if hit.anchor})
        assert found == (min(CANDIDATES, 400) if "big" in held else 0)
        assert bool(index.search("unique399")) is ("big" in held)
    with IndexWriterSession(folder, patience_s=0.5) as session:
        session.write(resource("b", "La chèvre"), [])
    assert {"a", "b"} <= reader.resources()
    open_index(folder)
