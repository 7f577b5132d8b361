# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a kill, a full disk or a locked card do to the library. ``make soak SUITE=library`` tries every point."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from appliance.model import ResourceState
from appliance.store.import_jobs import JobState
from tests.faults import disks
from tests.library.shelf import Shelf

SOAK = os.environ.get("CARTABLE_SOAK") == "1"
SAMPLE = 6
TEXT = "Les volcans\n\nLa lave coule."


def inside(state: Path, order: str, *paths: Path) -> list[str]:
    return [sys.executable, "-m", "tests.faults.inside", str(state), order, *map(str, paths)]


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=100, check=False
    )


def prepared(tmp_path: Path, text: str = TEXT, order: str = "") -> tuple[Shelf, Path]:
    """A shelf not yet started, with one resource of an earlier day, and a file to add."""
    tmp_path.mkdir(exist_ok=True)
    shelf = Shelf(tmp_path / "state")
    shelf.start()
    shelf.added("Un texte d'hier", "hier.text")
    shelf.stop()
    return shelf, shelf.file(text, "neuf.text", order)


def points(tmp_path: Path, order: str) -> list[str]:
    """The names of all side effects of ``order``, in turn."""
    shelf, path = prepared(tmp_path / "count")
    log = tmp_path / "count.log"
    done = run(inside(shelf.config.box.state, order, path), CARTABLE_FAIL_AT=f"0:{log}")
    assert done.returncode == 0, done.stderr
    return log.read_text(encoding="utf-8").splitlines()


@pytest.mark.system
@pytest.mark.timeout(3600 if SOAK else 120)
@pytest.mark.parametrize("order", ["add", "move", "remove", "export"])
def test_a_kill_at_any_side_effect_leaves_all_or_nothing(tmp_path: Path, order: str) -> None:
    names = points(tmp_path, order)
    assert len(names) > 15
    every = range(1, len(names) + 1)
    chosen = every if SOAK else sorted(random.Random(order).sample(every, SAMPLE))
    for n in chosen:
        _kill_at(tmp_path / f"{order}{n}", order, n, f"{order} {n}/{len(names)}: {names[n - 1]}")


def _kill_at(folder: Path, order: str, n: int, where: str) -> None:
    shelf, path = prepared(folder)
    content = path.read_bytes()
    run(inside(shelf.config.box.state, order, path), CARTABLE_FAIL_AT=f"{n}:{folder / 'log'}")
    assert len((folder / "log").read_text(encoding="utf-8").splitlines()) >= n, where
    library = shelf.start()
    try:
        for job in library.jobs():
            shelf.wait(job.id)
        assert shelf.leftovers() == [], where
        assert library.verify(lambda done, what: None) == [], where
        found = [r for r in library.list(include_damaged=True) if r.filename == "neuf.text"]
        assert len(found) <= 1, where
        assert all(r.state is ResourceState.READY for r in library.list(include_damaged=True)), where
        assert len(library.list()) == 1 + len(found), where
        assert sum(job.filename == "neuf.text" for job in library.jobs()) <= 1, where
        if found:
            exported = library.export(found[0].id, folder)
            assert exported.read_bytes() == content, where
        failed = [job for job in library.jobs() if job.state is JobState.FAILED]
        assert all("could not be read" in str(job.error) for job in failed), where  # the worker was the one that died
        # Nothing is lost: what is not in the library is still where it was, and can be added. A file given up
        # (an upload) whose reading failed is gone, and its job says so.
        if not found and order != "remove" and not (order == "move" and failed):
            assert path.read_bytes() == content, where
            assert shelf.wait(library.submit(path, filename="neuf.text")).state is JobState.DONE, where
    finally:
        shelf.stop()


@pytest.mark.system
def test_a_real_kill_of_the_hub_takes_the_worker_along(tmp_path: Path) -> None:
    shelf, path = prepared(tmp_path, order="wait")
    process = subprocess.Popen(inside(shelf.config.box.state, "add", path), stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{process.pid}/task")
    try:
        deadline = time.monotonic() + 30
        while not (worker := _children(children)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(random.Random().uniform(0, 0.3))  # the worker is anywhere between its birth and its work
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in worker):
        assert time.monotonic() < deadline, "the worker outlived the hub"
        time.sleep(0.02)
    library = shelf.start()
    (job, _) = library.jobs()
    assert not job.over
    assert [r.filename for r in library.list()] == ["hier.text"]
    shelf.stop()


def _children(tasks: Path) -> list[int]:
    try:
        return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
    except OSError:
        return []


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


@pytest.mark.system
@pytest.mark.parametrize(("megabytes", "at"), [(1, "the copy"), (4, "the worker")])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, megabytes: int, at: str) -> None:
    shelf, path = prepared(tmp_path, text="x" * 3_000_000)
    small = shelf.config.library_folder
    listing = '"$2" -m tests.faults.inside "$3" add "$4"; cd "$1"; echo "left: $(ls -A staging trash blobs | xargs)"'
    watched = ["sh", "-c", listing, "sh", str(small), sys.executable, str(shelf.config.box.state), str(path)]
    done = run(disks.full(small, megabytes, watched))
    assert re.search("disk is (too )?full", done.stdout), (done.stdout, done.stderr)
    assert done.stdout.endswith("left: blobs: staging: trash:\n"), done.stdout
    library = shelf.start()
    assert [r.filename for r in library.list()] == ["hier.text"]
    assert shelf.leftovers() == []
    assert shelf.wait(library.submit(path, filename="neuf.text")).state is JobState.DONE
    shelf.stop()


@pytest.mark.system
def test_a_read_only_disk_is_said_and_still_read(tmp_path: Path) -> None:
    shelf, path = prepared(tmp_path)
    done = run(disks.read_only(shelf.config.library_folder, inside(shelf.config.box.state, "add", path)))
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "cannot be written: check that the card is not locked or worn out" in done.stdout
    assert "Traceback" not in done.stderr
    for folder in [shelf.config.library_folder, *shelf.config.library_folder.rglob("*")]:
        folder.chmod(0o755)
    assert [r.filename for r in shelf.start().list()] == ["hier.text"]
    shelf.stop()


@pytest.mark.system
@pytest.mark.timeout(1800)
def test_a_thousand_small_files_in_bounded_memory(tmp_path: Path) -> None:
    count = 1000 if SOAK else 40
    shelf = Shelf(tmp_path / "state")
    paths = [shelf.file(f"Texte {n}", f"{n}.text") for n in range(count)]
    done = 0
    command = inside(shelf.config.box.state, "add", *paths)
    log = tmp_path / "errors"
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        watch = _MemoryWatch(process)
        for line in process.stdout:
            assert line.startswith("done"), line + log.read_text(encoding="utf-8")[-2000:]
            done += 1
    watch.join()
    assert process.returncode == 0
    assert done == count
    assert 10_000 < watch.most_kb <= 200_000, f"{watch.most_kb} KB"


class _MemoryWatch(threading.Thread):
    """The most private memory that a process and its workers had together."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__()
        self.most_kb = 0
        self._process = process
        self.start()

    def run(self) -> None:
        while self._process.poll() is None:
            workers = _children(Path(f"/proc/{self._process.pid}/task"))
            self.most_kb = max(self.most_kb, sum(map(_private_kb, [self._process.pid, *workers])))
            time.sleep(0.02)


def _private_kb(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return sum(int(kb) for kb in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", rollup, re.MULTILINE))
