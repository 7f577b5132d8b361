# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The partition table in the first sector of a card (MBR): read, changed, written whole. Pure.

Format, in common use since the IBM PC: boot code in bytes 0 to 445; four entries of 16 bytes (state, first CHS, type,
last CHS, first sector, number of sectors, little-endian); 55 AA in the last two. Sectors are of 512 bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SECTOR = 512
FAT32 = (0x0B, 0x0C)
LINUX = 0x83
RAW = 0xDA
"""No file system: what the data partition is called until it is formatted."""
GPT = 0xEE
"""The single entry that stands before a GPT, to protect it."""
LAST_SECTOR = 2**32 - 1
_ENTRIES, _ENTRY, _SIGNATURE = 446, struct.Struct("<B3sB3sII"), b"\x55\xaa"
_NO_CHS = b"\xfe\xff\xff"
"""Out of reach of cylinders: read the sector numbers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One partition; all zero when there is none."""

    type: int = 0
    start: int = 0
    """In sectors."""
    size: int = 0
    """In sectors."""

    @property
    def end(self) -> int:
        """The first sector behind it."""
        return self.start + self.size


Table = tuple[Entry, Entry, Entry, Entry]


def read(sector: bytes) -> Table | None:
    """The table in the 512 bytes ``sector``; None when they hold none."""
    if len(sector) != SECTOR or sector[-2:] != _SIGNATURE:
        return None
    entries = [Entry(kind, start, size)
               for _, _, kind, _, start, size in _ENTRY.iter_unpack(sector[_ENTRIES:-2])]  # fmt: skip
    return entries[0], entries[1], entries[2], entries[3]


def written(sector: bytes, table: Table) -> bytes:
    """``sector`` with the entries of ``table`` where they differ; boot code and untouched entries keep their bytes."""
    changed, known = bytearray(sector), read(sector)
    for number, entry in enumerate(table):
        if known is None or known[number] != entry:
            _ENTRY.pack_into(changed, _ENTRIES + number * _ENTRY.size,
                             0, _NO_CHS, entry.type, _NO_CHS, entry.start, entry.size)  # fmt: skip
    changed[-2:] = _SIGNATURE
    return bytes(changed)
