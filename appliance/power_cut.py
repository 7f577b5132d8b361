# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Small files that a pulled plug leaves whole: the old one or the new one. For the store and for provisioning alike."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def step(name: str) -> None:
    """Called before each side effect that a death may cut off. Does nothing unless the fault tests ask for a death.

    ``CARTABLE_FAIL_AT=<n>:<file>``: each call, from whichever process, adds a line to ``<file>``; the one that writes
    line *n* ends its process at once, as ``kill -9`` would. 0 only counts.
    """
    asked = os.environ.get("CARTABLE_FAIL_AT")
    if not asked:
        return
    number, _, path = asked.partition(":")
    with Path(path).open("a+b") as counter:
        counter.write(name.encode() + b"\n")
        counter.flush()
        counter.seek(0)
        lines = sum(1 for _ in counter)
    if lines == int(number):
        os._exit(137)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, data: bytes, *, mode: int | None = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Put ``data`` at ``path``, durably: a death leaves what was there before, or all of it.

    ``owner``: user and group id (only root can give a file away). ``mode``: None where files have none (FAT).
    A symbolic link at ``path`` is replaced, never followed. Raises :class:`OSError`.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    step(f"create {path.name}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            if owner is not None:
                os.fchown(out.fileno(), *owner)
            if mode is not None:
                os.fchmod(out.fileno(), mode)
            step(f"flush {path.name}")
            os.fsync(out.fileno())
        step(f"rename {path.name}")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    step(f"flush the name {path.name}")
    sync_folder(path.parent)


def small(path: Path, limit: int = 1 << 20) -> bytes:
    """The first ``limit`` bytes of a file that another user may have put there: a FIFO is empty, nobody waits for it.

    Raises :class:`OSError`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit) or b""


def sweep(folder: Path) -> None:
    """Remove what deaths inside :func:`replace` left in ``folder``. Folders of such a name are not ours."""
    for leftover in folder.glob(".*.part"):
        if leftover.is_dir() and not leftover.is_symlink():
            continue
        step(f"remove {leftover.name}")
        leftover.unlink(missing_ok=True)
