# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A durable queue of short lines in a folder, gentle to an SD card: appended, flushed once a batch, removed by file.

``<folder>/<number>.log`` holds lines ``<crc32, 8 hex digits> <payload>\\n``; only the newest is written to, and only by
the process that made it, so that a line torn by a power cut stands at the end of a file and nowhere else. That a line
was forgotten is not written down: after a crash it is there again, and whoever reads must not mind.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import Conflict
from appliance.store.durable import disk_errors, step, sync_folder

SEGMENT_BYTES = 1 << 20
DAMAGED = "damaged"
"""Folder of the lines whose sum is wrong though they were whole once: kept for a person to look at."""
_FRAME = 10
"""Bytes of a line beside its payload: sum, space, line feed."""


@dataclass(slots=True)
class _Segment:
    path: Path
    size: int = 0
    """Bytes of whole lines."""
    lines: int = 0
    read: int = 0
    """Bytes at the start that are forgotten."""


class Segments:
    """The queue. Thread-safe; one process at a time."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Open the queue in ``folder``, made when it is not there.

        Raises :class:`appliance.errors.Conflict` when another process has it, :class:`StorageError`.
        """
        self._folder = folder
        self._limit = segment_bytes
        self._lock = threading.Lock()
        self._writing: int | None = None
        with disk_errors(folder), contextlib.ExitStack() as failed:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = _hold(folder)
            failed.callback(os.close, self._held)
            for half in folder.glob("[0-9]" * 8 + ".new"):  # a death in the middle of :func:`_replace`
                half.unlink()
            self._segments = [_read(path) for path in sorted(folder.glob("[0-9]" * 8 + ".log"))]
            failed.pop_all()
        self._last = max((int(s.path.stem) for s in self._segments), default=0)
        for empty in [s for s in self._segments if not s.lines]:
            self._remove(empty)

    def __len__(self) -> int:
        """Lines not yet forgotten."""
        with self._lock:
            return sum(segment.lines for segment in self._segments)

    def append(self, payloads: Sequence[bytes]) -> None:
        """Add lines (without line feeds); they survive a pulled plug once this returns.

        Raises :class:`appliance.errors.StorageError`: none of them was added then.
        """
        data = b"".join(b"%08x %b\n" % (zlib.crc32(payload), payload) for payload in payloads)
        with self._lock, disk_errors(self._folder):
            segment, descriptor = self._newest(len(data))
            try:
                step("queue write")
                _write_all(descriptor, data)
                step("queue sync")
                os.fsync(descriptor)
            except OSError:
                self._undo(segment, descriptor)
                raise
            segment.size += len(data)
            segment.lines += len(payloads)

    def head(self, most: int, most_bytes: int) -> list[bytes]:
        """The oldest lines: at least one if there is any, at most ``most``, together at most about ``most_bytes``."""
        with self._lock, disk_errors(self._folder):
            if not self._segments:
                return []
            segment, found, size = self._segments[0], list[bytes](), 0
            with segment.path.open("rb") as lines:
                lines.seek(segment.read)
                while len(found) < min(most, segment.lines):
                    line = lines.readline()
                    if found and size + len(line) > most_bytes:
                        break
                    found.append(line[_FRAME - 1 : -1])
                    size += len(line)
            return found

    def forget(self, payloads: Sequence[bytes]) -> None:
        """The first lines of :meth:`head` are no longer wanted."""
        with self._lock:
            segment = self._segments[0]
            segment.read += sum(map(len, payloads)) + _FRAME * len(payloads)
            segment.lines -= len(payloads)
            if not segment.lines:
                self._remove(segment)

    def compact(self) -> None:
        """Write the oldest segment again without what is forgotten of it, so that no file holds that any more.

        Raises :class:`appliance.errors.StorageError`: then it is as it was.
        """
        with self._lock, disk_errors(self._folder):
            segment = self._segments[0] if self._segments else None
            if segment is None or not segment.read:
                return
            if segment is self._segments[-1]:
                self._seal()
            with segment.path.open("rb") as lines:
                lines.seek(segment.read)
                left = lines.read(segment.size - segment.read)
            _replace(segment.path, left)
            segment.size, segment.read = len(left), 0

    def every(self) -> Iterator[bytes]:
        """All lines, oldest first, while nobody appends or forgets."""
        for segment in self._segments:
            with disk_errors(segment.path), segment.path.open("rb") as lines:
                lines.seek(segment.read)
                for _ in range(segment.lines):
                    yield lines.readline()[_FRAME - 1 : -1]

    def close(self) -> None:
        """Let another process have the folder; of no use afterwards."""
        with self._lock:
            self._seal()
            if self._held >= 0:
                os.close(self._held)
            self._held = -1

    def _newest(self, needed: int) -> tuple[_Segment, int]:
        """The segment that is written to: another one when it would grow too long."""
        if self._writing is not None and self._segments[-1].size + needed > self._limit:
            self._seal()
        if self._writing is None:
            path = self._folder / f"{self._last + 1:08}.log"
            step("queue create")
            self._writing = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._last += 1
            self._segments.append(_Segment(path))
            try:
                step("queue sync folder")
                sync_folder(self._folder)
            except OSError:
                self._remove(self._segments[-1])
                raise
        return self._segments[-1], self._writing

    def _undo(self, segment: _Segment, descriptor: int) -> None:
        """After a failed write or flush nobody knows what the disk holds: cut it off, and leave that file alone."""
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, segment.size)
            os.fsync(descriptor)
        if segment.lines:
            self._seal()
        else:
            self._remove(segment)

    def _seal(self) -> None:
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None

    def _remove(self, segment: _Segment) -> None:
        """Not flushed: a file that comes back after a power cut is read again."""
        if segment is self._segments[-1]:
            self._seal()
        self._segments.remove(segment)
        step("queue remove")
        with contextlib.suppress(OSError):
            segment.path.unlink()


def _hold(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise Conflict("Another process already uses %(folder)s: stop it first.", folder=folder) from error
        raise
    return descriptor


def _read(path: Path) -> _Segment:
    """Count the lines of a file that an earlier process left; lines that changed on the disk are set aside."""
    segment, bad = _Segment(path), list[bytes]()
    with path.open("rb") as lines:
        for line in lines:
            if _intact(line):
                segment.lines += 1
                segment.size += len(line)
            elif line.endswith(b"\n"):
                bad.append(line)
    return _without(segment, bad) if bad else segment


def _intact(line: bytes) -> bool:
    return line.endswith(b"\n") and line[: _FRAME - 1] == b"%08x " % zlib.crc32(line[_FRAME - 1 : -1])


def _without(segment: _Segment, bad: list[bytes]) -> _Segment:
    """Write the file again without its bad lines, which go to :data:`DAMAGED` first."""
    aside = segment.path.parent / DAMAGED
    aside.mkdir(exist_ok=True)
    _replace(aside / segment.path.name, b"".join(bad))
    with segment.path.open("rb") as lines:
        good = b"".join(line for line in lines if _intact(line))
    _replace(segment.path, good)
    return segment


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as out:
        out.write(data)
        out.flush()
        step("queue sync " + fresh.name)
        os.fsync(out.fileno())
    step("queue rename " + path.name)
    fresh.rename(path)
    sync_folder(path.parent)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
