# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Steps of the build, timed; the slow ones kept until one of their inputs changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def digest(*inputs: object) -> str:
    """A short hash of inputs: a path stands for its content, a folder for all its files', the rest for its ``repr``."""
    total = hashlib.sha256()
    for item in inputs:
        for name, data in _contents(item):
            total.update(f"{name}\0{len(data)}\0".encode() + data)
    return total.hexdigest()[:16]


def _contents(item: object) -> Iterator[tuple[str, bytes]]:
    if isinstance(item, Path) and item.is_dir():
        for path in sorted(p for p in item.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            yield f"{path.relative_to(item)} {path.stat().st_mode & 0o100}", path.read_bytes()
    elif isinstance(item, Path):
        yield item.name, item.read_bytes()
    else:
        yield "", repr(item).encode()


class Stages:
    """Runs the steps of one build below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.times: list[dict[str, object]] = []
        self.said = ""

    @contextlib.contextmanager
    def step(self, name: str, note: str = "") -> Iterator[None]:
        """Time a step: seconds on the clock, and of the processors."""
        print(f"{name}…", flush=True)
        clock, processor = time.monotonic(), _processor()
        yield
        seconds, cpu = time.monotonic() - clock, _processor() - processor
        self.times.append({"step": name, "seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "note": note})
        print(f"  {name}: {seconds:.1f} s, {cpu:.1f} s of processor {note}".rstrip(), flush=True)

    def kept(self, name: str, key: str, make: Callable[[Path], str | None]) -> Path:
        """The folder that ``make`` fills, made anew only when ``key`` is another than that of the last time."""
        target = self.folder / f"{name}-{key}"
        if (target / "done").exists():
            with self.step(name, "(kept)"):
                return target / "tree"
        with self.step(name):
            for old in self.folder.glob(f"{name}-*"):
                shutil.rmtree(old)
            target.mkdir(parents=True)
            said = make(target / "tree") or ""
            (target / "log").write_text(said)
            (target / "done").touch()
        return target / "tree"

    def write(self, path: Path) -> None:
        """The times, as JSON."""
        path.write_text(json.dumps(self.times, indent=1) + "\n")


def _processor() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
