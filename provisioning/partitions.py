# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Partitions as the kernel and mke2fs(8) know them. On a disk that is a file, they are offsets in it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from appliance.errors import NotFound, StorageError
from appliance.power_cut import step
from provisioning import mbr
from provisioning.mbr import Entry

LABEL = "cartable-data"
BLOCK = 4096
MOST_INODES = 1 << 20
"""Their tables (256 bytes each) are zeroed in the background once: at most 256 MB, however large the card."""
BYTES_PER_INODE = 16384
JOURNAL_MB = 32
_BLKPG, _ADD = 0x1269, 1
"""linux/blkpg.h: the ioctl that tells the kernel of one partition while others of the same disk are mounted."""


class _Partition(ctypes.Structure):
    _fields_ = (
        ("start", ctypes.c_longlong),
        ("length", ctypes.c_longlong),
        ("number", ctypes.c_int),
        ("device", ctypes.c_char * 64),
        ("volume", ctypes.c_char * 64),
    )


class _Request(ctypes.Structure):
    _fields_ = (
        ("operation", ctypes.c_int),
        ("flags", ctypes.c_int),
        ("length", ctypes.c_int),
        ("data", ctypes.c_void_p),
    )


def root_disk(root: Path = Path("/")) -> Path:
    """The disk that holds the file system at ``root``. Raises :class:`NotFound` when that is no partition."""
    device = root.stat().st_dev
    entry = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if not (entry / "partition").exists():
        raise NotFound("The system does not run from a partition of a card: name the card with --disk.")
    return Path("/dev") / entry.resolve().parent.name


def node(disk: Path, number: int) -> Path:
    """The device of a partition: ``/dev/sda4``, ``/dev/mmcblk0p4``."""
    name = disk.resolve().name
    return Path("/dev") / f"{name}{'p' if name[-1].isdigit() else ''}{number}"


def make_known(card: int, disk: Path, number: int, entry: Entry) -> None:
    """Let the kernel know the partition, if ``disk`` (open as ``card``) is a device and it does not yet."""
    if not disk.is_block_device() or node(disk, number).exists():
        return
    partition = _Partition(entry.start * mbr.SECTOR, entry.size * mbr.SECTOR, number)
    request = _Request(_ADD, 0, ctypes.sizeof(partition), ctypes.addressof(partition))
    step(f"tell the kernel of partition {number}")
    try:
        fcntl.ioctl(card, _BLKPG, bytes(request))
    except OSError as error:
        if error.errno != errno.EBUSY:  # known already
            raise


def make_data(disk: Path, number: int, entry: Entry) -> None:
    """An empty ext4 in the partition, flushed. Raises :class:`StorageError` with what mke2fs says."""
    inodes = min(MOST_INODES, entry.size * mbr.SECTOR // BYTES_PER_INODE)
    extended = "lazy_itable_init=1,lazy_journal_init=0"
    target = node(disk, number) if disk.is_block_device() else disk
    if target is not disk:
        _check_known(target, entry)
    else:
        extended += f",nodiscard,offset={entry.start * mbr.SECTOR}"
    step("format the data partition")
    try:
        run = subprocess.run(
            [_tool("mke2fs"), "-q", "-F", "-t", "ext4", "-O", "metadata_csum", "-L", LABEL, "-b", str(BLOCK),
             "-m", "1", "-N", str(inodes), "-J", f"size={JOURNAL_MB}", "-E", extended,
             str(target), str(entry.size * mbr.SECTOR // BLOCK)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NotFound("The program %(name)s is missing: install the package %(package)s.",
                       name="mke2fs", package="e2fsprogs") from error  # fmt: skip
    if run.returncode:
        raise StorageError("The data partition of %(disk)s could not be formatted: %(why)s. Try another card.",
                           disk=disk, why=(run.stderr.strip() or str(run.returncode)).splitlines()[-1])  # fmt: skip
    step("flush the data partition")
    with target.open("r+b", buffering=0) as formatted:
        os.fsync(formatted.fileno())


def _check_known(device: Path, entry: Entry) -> None:
    """The kernel may still hold the partitions of an image that was on the card before."""
    known = Path("/sys/class/block") / device.name
    found = [int((known / name).read_text()) if known.exists() else 0 for name in ("start", "size")]
    if found != [entry.start, entry.size]:
        raise StorageError("The system knows other partitions than the card %(disk)s has: restart the box.",
                           disk=device)  # fmt: skip


def announce(disk: Path, number: int) -> None:
    """Have udev look at the new file system, so that it can be mounted by its label; who mounts it waits for that."""
    if disk.is_block_device():
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(["udevadm", "trigger", "--action=change", str(node(disk, number))],
                           capture_output=True, check=False)  # fmt: skip


def _tool(name: str) -> str:
    """Its path, also where ``PATH`` leaves out the administrator's programs."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or name
