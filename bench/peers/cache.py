# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One folder for what the benchmarks download or build; each thing is made once, whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def folder() -> Path:
    """``CARTABLE_BENCH_CACHE``, or ``~/.cache/cartable-bench``; created."""
    path = Path(os.environ.get("CARTABLE_BENCH_CACHE") or Path.home() / ".cache" / "cartable-bench").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def once(name: str, build: Callable[[Path], None]) -> Path:
    """``name`` in the cache; ``build(target)`` makes it, file or folder, the first time.

    ``build`` writes elsewhere and the result is renamed, so that an interrupted build leaves nothing that
    looks finished. A second process waits for the first. Calls may nest with different names.
    """
    target = folder() / name
    if target.exists():
        return target
    unfinished = target.with_name(f".unfinished-{target.name}")
    with target.with_name(f".lock-{target.name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            remove(unfinished)
            build(unfinished)
            unfinished.rename(target)
    return target


def remove(path: Path) -> None:
    """A file or a whole folder; nothing when it is absent."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
