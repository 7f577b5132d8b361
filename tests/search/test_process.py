# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The search process may be slow, stuck, killed or given a ruined index: the hub goes on, and says so in a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.config import Config, load
from appliance.errors import BadInput, Busy, Damaged, StorageError
from appliance.hub.search import Search
from appliance.model import Hit
from tests.search.library import SHELF, resource, section, written

pytestmark = pytest.mark.system


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load([], {"box": {"state": tmp_path}, "search": {"time_limit_s": 1.0}})


@pytest.fixture
def search(config: Config, tmp_path: Path) -> Iterator[Search]:
    made = Search(config)
    made.index(resource("a", "Le cheval"), written(tmp_path / "s.gz", [section("Crinière", "longue", "12")]))
    made.start()
    yield made
    made.stop()


def soon(ask: Callable[[], list[Hit]], seconds: float = 15.0) -> list[Hit]:
    """The answer once the search process is there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except Busy:
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)


def worker(search: Search) -> int:
    assert search._child is not None
    return search._child.process.pid


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def anon_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon")) / 1024


def test_a_search_there_and_back(search: Search) -> None:
    (hit,) = soon(lambda: search.search("criniere", None))
    assert (hit.resource, hit.anchor, hit.title, hit.snippet) == ("a", "12", "Crinière", "longue")
    assert search.suggest("le ch") == ["Le cheval"]
    assert search.search("criniere", []) == []
    assert search.search("criniere", [resource("b", "")]) == []
    assert len(search.search("criniere", [resource("a", "")])) == 1
    assert search.search(" ", None) == []
    assert search.suggest("") == []


def test_changes_are_found_at_once(search: Search) -> None:
    assert soon(lambda: search.search("ane", None)) == []
    search.index_card(resource("a", "L'âne"))
    assert [hit.title for hit in search.search("ane", None)] == ["L'âne"]
    search.index(resource("b", "Âne et mulet"), None)
    assert search.held() == {"a", "b"}
    search.forget("a")
    assert [hit.resource for hit in search.search("ane", None)] == ["b"]


@pytest.mark.parametrize("typed", ["x" * 10_000, "'\"\0\ud800🐸", "AND OR NOT", "(" * 300, "a " * 5000])
def test_hostile_queries_cross_the_socket(search: Search, typed: str) -> None:
    soon(lambda: search.search("cheval", None))
    pid = worker(search)
    assert search.search(typed, None) == []
    assert search.suggest(typed) == []
    assert worker(search) == pid


def test_a_stuck_process_is_killed_and_replaced(search: Search) -> None:
    soon(lambda: search.search("cheval", None))
    stuck = worker(search)
    os.kill(stuck, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(Busy, match="too long"):
        search.search("cheval", None)
    assert 0.9 < time.monotonic() - begun < 2.5
    assert not alive(stuck)
    assert len(soon(lambda: search.search("cheval", None))) == 1


def test_the_time_limit_of_a_slow_start(search: Search) -> None:
    """A process stopped before it is ready holds nobody for longer than the limit."""
    soon(lambda: search.search("cheval", None))
    os.kill(worker(search), signal.SIGKILL)
    with pytest.raises(Busy):
        search.search("cheval", None)
    os.kill(worker(search), signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(Busy):
        search.search("cheval", None)
    assert time.monotonic() - begun < 2
    os.kill(worker(search), signal.SIGCONT)
    assert len(soon(lambda: search.search("cheval", None))) == 1


def test_pages_keep_their_threads_while_a_search_is_stuck(search: Search) -> None:
    """Of eight callers one is held for the limit; the others are told to come back within half a second."""
    soon(lambda: search.search("cheval", None))
    os.kill(worker(search), signal.SIGSTOP)
    waited: list[float] = []
    gate = threading.Barrier(8)

    def call() -> None:
        gate.wait()
        begun = time.monotonic()
        with pytest.raises(Busy):
            search.search("cheval", None)
        waited.append(time.monotonic() - begun)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waited) == 8
    assert sum(wait > 0.6 for wait in waited) == 1


def test_many_threads_get_their_own_answers(search: Search, tmp_path: Path) -> None:
    words = ["alpaga", "bison", "caribou", "dromadaire"]
    animals = [section(word.title(), f"Le {word}.", word) for word in words]
    search.index(resource("zoo", "Le zoo"), written(tmp_path / "zoo.gz", animals))
    soon(lambda: search.search("zoo", None))
    wrong: list[object] = []

    def call(word: str) -> None:
        for _ in range(50):
            anchors = [hit.anchor for hit in search.search(word, None)]
            if anchors != [word]:
                wrong.append(anchors)

    threads = [threading.Thread(target=call, args=(word,)) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_crash_is_one_busy_then_back_off(search: Search) -> None:
    soon(lambda: search.search("cheval", None))
    for _ in range(3):
        os.kill(worker(search), signal.SIGKILL)
        with pytest.raises(Busy):
            search.search("cheval", None)
        assert len(soon(lambda: search.search("cheval", None))) == 1


def test_a_process_that_cannot_start_is_not_hammered(search: Search, config: Config) -> None:
    soon(lambda: search.search("cheval", None))
    config.library_folder.rename(config.box.state / "elsewhere")
    config.library_folder.write_text("not a folder")
    os.kill(worker(search), signal.SIGKILL)
    begun = time.monotonic()
    starts = set()
    while time.monotonic() - begun < 1.5:
        with pytest.raises((Busy, StorageError)):
            search.search("cheval", None)
        if search._child:
            starts.add(search._child.process.pid)
        threading.Event().wait(0.01)
    assert len(starts) <= 5


def test_a_stopped_search_is_busy(search: Search) -> None:
    pid = worker(search)
    search.stop()
    assert not alive(pid)
    with pytest.raises(Busy):
        search.search("cheval", None)


def test_a_ruined_index_is_renewed_and_told(search: Search, config: Config) -> None:
    told: list[bool] = []
    search.on_damaged = lambda: told.append(True)
    soon(lambda: search.search("cheval", None))
    (config.library_folder / "index" / "meta.json").write_text("{")
    with pytest.raises(Busy, match="built again"):
        search.search("cheval", None)
    assert told == [True]
    search.index(resource("a", "Le cheval"), None)
    assert len(soon(lambda: search.search("cheval", None))) == 1


def test_writing_to_a_ruined_index_renews_it(search: Search, config: Config) -> None:
    (config.library_folder / "index" / "cartable-schema").write_text("0")
    with pytest.raises(Damaged):
        search.index(resource("b", "Âne"), None)
    assert search.held() == frozenset()
    search.index(resource("b", "Âne"), None)
    assert search.held() == {"b"}


def test_an_unreadable_sections_file_ruins_nothing(search: Search, tmp_path: Path) -> None:
    path = written(tmp_path / "bad.gz", [section("x", "y " * 1000)])
    for body in (path.read_bytes()[:-20], b"not gzip", b""):
        path.write_bytes(body)
        if body:
            with pytest.raises(BadInput, match=r"bad\.gz"):
                search.index(resource("a", "Autre"), path)
    with pytest.raises(BadInput):
        search.index(resource("a", "Autre"), tmp_path / "missing.gz")
    assert len(soon(lambda: search.search("criniere", None))) == 1


HUB = """
import sys, time
from appliance.config import load
from appliance.hub.search import Search
search = Search(load([], {"box": {"state": sys.argv[1]}}))
search.start()
print(search._child.process.pid, flush=True)
time.sleep(60)
"""


def test_the_process_dies_with_the_hub(search: Search, config: Config) -> None:
    with subprocess.Popen([sys.executable, "-c", HUB, str(config.box.state)], stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        pid = int(hub.stdout.readline())
        hub.kill()
    deadline = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def test_memory_and_imports_stay_small(config: Config, tmp_path: Path) -> None:
    search = Search(config)
    for number, (each, sections) in enumerate(SHELF):
        search.index(each, written(tmp_path / f"{number}.gz", sections))
    many = [section(f"Le cheval {n}", "Le cheval vit dans l'eau. " * 40, str(n)) for n in range(2000)]
    search.index(resource("zim", "Encyclopédie"), written(tmp_path / "zim.gz", many))
    search.start()
    soon(lambda: search.search("cheval", None))
    before = _ticks(worker(search))
    for turn in range(500):
        assert len(search.search(["cheval", "eau cheval", "fractions", "grenouile", "le volc"][turn % 5], None)) >= 1
    assert anon_mb(worker(search)) < 25
    assert (_ticks(worker(search)) - before) / os.sysconf("SC_CLK_TCK") < 5
    mapped = Path(f"/proc/{worker(search)}/maps").read_text()
    assert "libzim" not in mapped
    search.stop()


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
