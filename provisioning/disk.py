# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The card's third and fourth partition, at first boot (``docs/explanation/image.md``).

The table is one sector, hence old or new. The data partition is entered with the type ``da``, formatted, flushed, and
only then called ``83``. Whatever finds ``da`` formats again; ``83`` is never formatted, whatever it holds.
"""

from __future__ import annotations

import enum
import fcntl
import os
from pathlib import Path

from appliance.errors import BadInput, Conflict, NotFound, StorageError, reason
from appliance.power_cut import step
from provisioning import mbr, partitions
from provisioning.mbr import Entry, Table

ALIGNMENT = (4 << 20) // mbr.SECTOR
"""Sectors: erase blocks of cards are powers of two up to 4 MiB."""
LEAST_DATA = (512 << 20) // mbr.SECTOR
DATA = 4
"""The number of the data partition."""


class Next(enum.Enum):
    """What a table asks for."""

    ENTER = "enter root B and the data partition"
    FORMAT = "format the data partition, then call it one"
    DONE = "nothing"


def provision(disk: Path) -> bool:
    """Bring ``disk`` (a block device or a file) to its four partitions; whether anything had to be written.

    Raises :class:`BadInput` when it does not hold the image, :class:`Conflict` when a partition is somebody else's,
    :class:`StorageError` when the card is too small or fails. Nothing was changed then that was in use.
    """
    writable = False
    try:
        with disk.open("rb", buffering=0) as card:
            if plan(_table(card.fileno(), disk), _sectors(card.fileno()), disk) is Next.DONE:
                return False
        with disk.open("r+b", buffering=0) as card:
            writable = True
            fcntl.flock(card, fcntl.LOCK_EX)  # udev keeps off what is locked
            _work(card.fileno(), disk)
    except FileNotFoundError as error:
        raise NotFound("There is no file %(path)s.", path=disk) from error
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        if not writable:
            raise BadInput("%(path)s cannot be read: %(why)s", path=disk, why=reason(error)) from error
        raise StorageError("The card %(disk)s cannot be written: %(why)s. Try another card.",
                           disk=disk, why=reason(error)) from error  # fmt: skip
    partitions.announce(disk, DATA)
    return True


def plan(table: Table | None, sectors: int, disk: Path) -> Next:
    """What comes next on a card of so many ``sectors`` (``disk`` is for messages). Raises as :func:`provision`."""
    if table is None:
        raise BadInput("%(disk)s holds no partition table: write the image to the card again.", disk=disk)
    if any(entry.type == mbr.GPT for entry in table):
        raise BadInput("%(disk)s has a partition table of another kind (GPT): write the image to the card again.",
                       disk=disk)  # fmt: skip
    boot, root, _, data = table
    if boot.type not in mbr.FAT32 or root.type != mbr.LINUX or not boot.size or not root.size:
        raise BadInput("%(disk)s does not hold Cartable's image: write it to the card again.", disk=disk)
    if data.type == mbr.LINUX:
        return Next.DONE
    wanted = entered(table, sectors)
    for number in (3, 4):
        entry = table[number - 1]
        if entry != Entry() and entry != wanted[number - 1]:
            raise Conflict("Partition %(number)s of %(disk)s was not made by Cartable: nothing was changed. Save what "
                           "it holds, then write the image to the card again.",
                           number=number, disk=disk)  # fmt: skip
    return Next.FORMAT if table == wanted else Next.ENTER


def entered(table: Table, sectors: int) -> Table:
    """``table`` with root B (as large as root A) and a data partition over the rest of the card, still ``da``.

    Raises :class:`StorageError` when the card is too small.
    """
    boot, root, _, _ = table
    second = Entry(mbr.LINUX, _aligned(max(boot.end, root.end)), root.size)
    start = _aligned(second.end)
    end = min(sectors, mbr.LAST_SECTOR) // ALIGNMENT * ALIGNMENT
    if end - start < LEAST_DATA:
        raise StorageError("The card is too small: %(missing)s MB are missing. Write the image to a larger one "
                           "(8 GB or more).",
                           missing=((start + LEAST_DATA - end) * mbr.SECTOR >> 20) + 1)  # fmt: skip
    return boot, root, second, Entry(mbr.RAW, start, end - start)


def _aligned(sector: int) -> int:
    return -(-sector // ALIGNMENT) * ALIGNMENT


def _work(card: int, disk: Path) -> None:
    sectors = _sectors(card)
    if plan(_table(card, disk), sectors, disk) is Next.ENTER:
        table = _table(card, disk)
        assert table is not None
        _write(card, entered(table, sectors))
    if plan(table := _table(card, disk), sectors, disk) is Next.FORMAT:
        assert table is not None
        boot, root, second, data = table
        for number, entry in ((3, second), (DATA, data)):
            partitions.make_known(card, disk, number, entry)
        partitions.make_data(disk, DATA, data)
        _write(card, (boot, root, second, Entry(mbr.LINUX, data.start, data.size)))


def _table(card: int, disk: Path) -> Table | None:
    return mbr.read(os.pread(card, mbr.SECTOR, 0))


def _sectors(card: int) -> int:
    return os.lseek(card, 0, os.SEEK_END) // mbr.SECTOR


def _write(card: int, table: Table) -> None:
    """One sector, once; durable when this returns."""
    sector = mbr.written(os.pread(card, mbr.SECTOR, 0), table)
    step("write the partition table")
    os.pwrite(card, sector, 0)
    step("flush the partition table")
    os.fsync(card)
    step("partition table written")
