# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A card that can be unplugged, and one that is nearly full, for a process of the record store.

The card is an ext4 file system in a file, mounted in the process's own mount namespace: with the process it goes away,
whatever happens to the tests. A power cut: freeze the process, copy the file as it is, mount the copy. What ext4 or
SQLite had not flushed is not in the copy, as on a real card.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.faults import disks

MEGABYTES = 32
MOUNT = 'mount -o loop,commit=300 "$1" "$2" && shift 2 && exec "$@"'
"""commit=300: the file system flushes nothing by itself meanwhile."""
COPY_OUT = 'mount -o loop "$1" "$2" && cp -a "$2/." "$3"'
SMALL = 'mount -t tmpfs -o "size=$1" none "$2" && cp -a "$3/." "$2" && fallocate -l "$4" "$2/ballast"; out=$5; ' \
        'from=$2; shift 5; "$@"; status=$?; cp -a "$from/." "$out"; rm -f "$out/ballast"; exit $status'  # fmt: skip


@functools.cache
def can_mount() -> bool:
    """Whether this user may mount a file system that stands in a file."""
    with tempfile.TemporaryDirectory() as name:
        image = Path(name) / "image"
        try:
            make_image(image, None, 4)
        except (OSError, subprocess.CalledProcessError):
            return False
        (Path(name) / "at").mkdir()
        done = subprocess.run(mounted(image, Path(name) / "at", ["true"]), capture_output=True, check=False)
        return done.returncode == 0


def make_image(image: Path, content: Path | None, megabytes: int = MEGABYTES) -> None:
    """An ext4 file system in a file that takes no room where it is empty."""
    with image.open("wb") as out:
        out.truncate(megabytes << 20)
    options = ["-d", str(content)] if content else []
    command = ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", *options, str(image)]
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PATH": path})


def mounted(image: Path, at: Path, command: Sequence[str]) -> list[str]:
    """``command`` with the file system of ``image`` at ``at``, seen by it alone."""
    return ["unshare", "--mount", "sh", "-c", MOUNT, "sh", str(image), str(at), *command]


def freeze(pid: int, seconds: float = 30) -> None:
    """Stop every thread of a process where it is; what a thread asked of the disk is done first."""
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + seconds
    while any(_state(task) not in "TtXZ" for task in Path(f"/proc/{pid}/task").iterdir()):
        assert time.monotonic() < end, "the process does not stop"


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


def unplug(image: Path, state: Path, scratch: Path) -> None:
    """What is on the card of a frozen process, after the journal's recovery, copied into ``state``."""
    cut, here = scratch / "cut.img", scratch / "cut"
    subprocess.run(["cp", "--sparse=always", image, cut], check=True)
    here.mkdir()
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    words = ["unshare", "--mount", "sh", "-c", COPY_OUT, "sh", str(cut), str(here), str(state)]
    subprocess.run(words, check=True, capture_output=True)
    cut.unlink()


def unplug_without_mount(at: Path, state: Path, torn: bytes) -> None:
    """The nearest thing that needs no right: the files of a frozen process, without what lives in memory only (the
    index of the write-ahead log), and with a torn write at the end of that log. It cannot show a missing flush."""
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(at, state, ignore=shutil.ignore_patterns("*-shm", "run"))
    for log in state.glob("*-wal"):
        with log.open("ab") as out:
            out.write(torn)


def nearly_full(at: Path, content: Path, room: int, ballast: int, out: Path, command: Sequence[str]) -> list[str]:
    """``command`` with a copy of ``content`` at ``at``, with ``room`` bytes left and ``at/ballast`` of so many more.

    What is there at the end is copied to ``out``. Without the right to mount: a limit on the size of each file, on
    ``content`` itself; ``ballast`` then frees nothing.
    """
    out.mkdir(exist_ok=True)
    used = sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in content.rglob("*") if path.is_file())
    if disks.namespace():
        size = str(used + room + ballast)
        words = [size, str(at), str(content), str(ballast), str(out)]
        return [*disks.namespace(), "sh", "-c", SMALL, "sh", *words, *command]
    shutil.copytree(content, at, dirs_exist_ok=True)
    copy = 'from=$1; out=$2; shift 2; "$@"; status=$?; cp -a "$from/." "$out"; exit $status'
    return ["sh", "-c", copy, "sh", str(at), str(out), "prlimit", f"--fsize={used + room}", *command]
