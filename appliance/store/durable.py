# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Bytes that are still there after the plug is pulled: write, flush the file, flush the folder, only then go on."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from appliance.errors import BadInput, CartableError, NotFound, StorageError, TooLarge, reason
from appliance.power_cut import step as step
from appliance.power_cut import sync_folder as sync_folder
from appliance.store.db import disk_error

BLOCK = 1 << 20
"""Bytes read at a time, everywhere here: what a copy or a check keeps in memory."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file as it was written."""

    size: int
    sha256: str


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the OSErrors of writing below ``path`` into the house's errors."""
    try:
        yield
    except CartableError:
        raise
    except OSError as error:
        raise disk_error(error, path) from error


def sync_tree(folder: Path) -> None:
    """Make everything below ``folder`` durable: one ``syncfs(2)``, since 1,000 small fsyncs take minutes on a card."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


def open_regular(path: Path) -> BinaryIO:
    """Open a file given by a person for reading; raises a clear error for anything but a readable regular file."""
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise BadInput("%(path)s is not a valid file name.", path=repr(str(path))) from error
    except FileNotFoundError as error:
        raise NotFound("There is no file %(path)s.", path=path) from error
    except OSError as error:
        raise BadInput("%(path)s cannot be read: %(why)s", path=path, why=reason(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadInput("%(path)s is not a file.", path=path)
    return os.fdopen(descriptor, "rb")


def copy(source: BinaryIO, target: Path, *, limit: int, check_room: Callable[[int], None]) -> Spooled:
    """Copy ``source`` to the new file ``target``, durably; the name is durable once its folder is synced.

    ``check_room(bytes)`` is asked every 64 MiB. Raises :class:`TooLarge` past ``limit`` bytes and
    :class:`StorageError` when the disk cannot take it; the caller removes the folder of ``target``.
    """
    digest, size, room = hashlib.sha256(), 0, 0
    step("create " + target.name)
    with disk_errors(target), target.open("xb", buffering=0) as out:
        while block := _read(source):
            size += len(block)
            if size > limit:
                raise too_large(limit)
            if size > room:
                check_room(len(block))
                room = size + 64 * BLOCK
            digest.update(block)
            _write_all(out, block)
        step("sync " + target.name)
        os.fsync(out.fileno())
    return Spooled(size, digest.hexdigest())


def too_large(limit: int) -> TooLarge:
    """The refusal of a file over ``limit`` bytes."""
    return TooLarge("The file is larger than %(limit)s MB.", limit=limit >> 20)


def _read(source: BinaryIO) -> bytes:
    try:
        return source.read(BLOCK)
    except OSError as error:  # a dying stick: not the box's own disk, so not a StorageError
        raise BadInput("%(path)s cannot be read: %(why)s", path=source.name, why=reason(error)) from error


def _write_all(out: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[out.write(view) :]


def write(path: Path, data: bytes) -> None:
    """Write a small file durably, then its folder."""
    with disk_errors(path):
        with path.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a file, read in bounded memory, without leaving it in the page cache."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as source:
        while block := source.read(BLOCK):
            digest.update(block)
        os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for the same bytes where the filesystem has hard links, else a copy. Neither is synced."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES):
            raise
        shutil.copyfile(source, target)


def check_free(folder: Path, needed: int, keep: int) -> None:
    """Raise :class:`StorageError` unless ``needed`` bytes fit and leave ``keep`` free."""
    with disk_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < needed + keep:
        raise StorageError(
            "The disk is too full: %(needed)s MB more are needed. Remove a resource, then try again.",
            needed=max(1, (needed + keep - free) >> 20),
        )


def discard(path: Path, trash: Path) -> None:
    """Remove a folder so that a death half-way leaves nothing visible: rename it into ``trash``, then delete it."""
    hidden = trash / f"{path.name}-{secrets.token_hex(4)}"
    with disk_errors(path):
        step("rename to trash " + path.name)
        try:
            path.rename(hidden)
        except FileNotFoundError:
            return
        sync_folder(path.parent)
        empty(trash)


def empty(trash: Path) -> None:
    """Delete everything in ``trash``. What cannot go now goes at the next start."""
    for leftover in trash.iterdir():
        step("delete from trash")
        shutil.rmtree(leftover, ignore_errors=True)
