# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The queue of lines: torn ends, changed bytes, full disks."""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import Conflict, StorageError
from appliance.store.segments import DAMAGED, Segments

LINES = [b"one", b"two \xff\r\x00", b"", b"four" * 40]


@contextlib.contextmanager
def opened(folder: Path, **options: int) -> Iterator[Segments]:
    queue = Segments(folder, **options)
    try:
        yield queue
    finally:
        queue.close()


def taken(queue: Segments) -> list[bytes]:
    found: list[bytes] = []
    while lines := queue.head(2, 1000):
        found += lines
        queue.forget(lines)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with opened(tmp_path / "q") as queue:
        queue.append(LINES[:1])
        queue.append(LINES[1:])
    return tmp_path / "q"


def test_first_in_first_out_across_processes(folder: Path) -> None:
    with opened(folder) as queue:
        queue.append([b"five"])
        assert len(queue) == 5
        assert list(queue.every()) == [*LINES, b"five"]
        assert taken(queue) == [*LINES, b"five"]
        assert len(queue) == 0
        assert not list(folder.glob("*.log"))
        queue.append([b"six"])
        assert taken(queue) == [b"six"]


def test_what_was_forgotten_leaves_the_disk_with_the_next_compaction(folder: Path) -> None:
    with opened(folder) as queue:
        queue.compact()
        queue.append([b"five"])
        queue.forget(queue.head(2, 1000))
        queue.compact()
        assert b"one" not in b"".join(path.read_bytes() for path in folder.iterdir())
        queue.forget(queue.head(2, 1000))
        queue.forget(queue.head(0, 1000))
        queue.append([b"six", b"seven"])
        queue.forget(queue.head(1, 1000))
        queue.compact()
        assert list(queue.every()) == [b"six", b"seven"]
        queue.forget(queue.head(1, 1000))
        queue.compact()
        queue.append([b"eight"])
        assert b"six" not in b"".join(path.read_bytes() for path in folder.iterdir())
    (folder / "00000001.new").write_bytes(b"half of what a death left")
    with opened(folder) as queue:
        assert taken(queue) == [b"seven", b"eight"]
        assert not list(folder.glob("0*"))


def test_what_was_forgotten_in_part_comes_back_after_a_crash(folder: Path) -> None:
    with opened(folder) as queue:
        queue.forget(queue.head(2, 1000))
        assert queue.head(9, 1000) == LINES[2:]
    with opened(folder) as queue:
        assert taken(queue) == LINES


def test_files_stay_short_and_go_one_by_one(tmp_path: Path) -> None:
    with opened(tmp_path / "q", segment_bytes=100) as queue:
        for number in range(20):
            queue.append([b"%020d" % number])
        files = sorted((tmp_path / "q").glob("*.log"))
        assert len(files) == 7
        assert all(file.stat().st_size <= 100 for file in files)
        queue.forget(queue.head(3, 1000))
        assert sorted((tmp_path / "q").glob("*.log")) == files[1:]
        assert [int(line) for line in taken(queue)] == list(range(3, 20))


def test_a_torn_end_is_no_line(folder: Path) -> None:
    [file] = folder.glob("*.log")
    whole = file.read_bytes()
    ends = [number for number, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole)):
        file.write_bytes(whole[:cut])
        with opened(folder) as queue:
            assert list(queue.every()) == LINES[: sum(end < cut for end in ends)], cut
        if not file.exists():
            file.touch()
    assert not (folder / DAMAGED).exists()


@pytest.mark.parametrize("tail", [b"\0" * 40, b"0000", b"deadbeef {"])
def test_what_a_power_cut_leaves_behind_the_last_line_is_no_line(folder: Path, tail: bytes) -> None:
    with next(folder.glob("*.log")).open("ab") as out:
        out.write(tail)
    with opened(folder) as queue:
        queue.append([b"next"])
        assert taken(queue) == [*LINES, b"next"]


def test_a_changed_line_is_set_aside_and_stops_no_other(folder: Path) -> None:
    [file] = folder.glob("*.log")
    file.write_bytes(file.read_bytes().replace(b"two", b"TWO"))
    with opened(folder) as queue:
        assert len(queue) == 3
        assert taken(queue) == [LINES[0], *LINES[2:]]
    assert b" TWO \xff\r" in (folder / DAMAGED / file.name).read_bytes()


@contextlib.contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_loses_nothing_and_tears_nothing(tmp_path: Path) -> None:
    with opened(tmp_path / "q") as queue:
        queue.append([b"kept"])
        with files_of_at_most(20), pytest.raises(StorageError):
            queue.append([b"x" * 30, b"y"])
        assert len(queue) == 1
        queue.append([b"later"])
        assert list(queue.every()) == [b"kept", b"later"]
    with opened(tmp_path / "q") as queue:
        assert taken(queue) == [b"kept", b"later"]


def test_a_disk_full_from_the_first_line_on(tmp_path: Path) -> None:
    with opened(tmp_path / "q") as queue:
        for _ in range(3):
            with files_of_at_most(5), pytest.raises(StorageError):
                queue.append([b"x" * 30])
        assert len(queue) == 0
        assert queue.head(5, 5) == []
        queue.append([b"later"])
        assert taken(queue) == [b"later"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        Segments(tmp_path / "file" / "q")


def test_one_process_at_a_time_and_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    with opened(tmp_path / "q") as queue:
        queue.append([b"x"])
        with pytest.raises(Conflict):
            Segments(tmp_path / "q")
    queue.close()
    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_many_threads_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "q", segment_bytes=500) as queue:

        def write(name: int) -> None:
            for number in range(30):
                queue.append([b"%d %d" % (name, number)])

        threads = [threading.Thread(target=write, args=(name,)) for name in range(6)]
        for thread in threads:
            thread.start()
        found: list[bytes] = []
        while any(thread.is_alive() for thread in threads) or len(queue):
            if lines := queue.head(7, 1000):
                found += lines
                queue.forget(lines)
        for thread in threads:
            thread.join()
    assert len(found) == len(set(found)) == 180
    for name in range(6):
        own = [line for line in found if line.startswith(b"%d " % name)]
        assert own == [b"%d %d" % (name, number) for number in range(30)]
