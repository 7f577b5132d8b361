# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The card that holds the state folder, from mountinfo, ``/sys/block`` and ``/sys/fs/ext4``.

Formats: proc(5) (``/proc/pid/mountinfo``); kernel documentation ``block/stat.rst``,
``driver-api/mmc/mmc-dev-attrs.rst``, ``ABI/testing/sysfs-fs-ext4``. Codes of ``life_time`` and ``pre_eol_info``:
JESD84-B51, 7.4 (EXT_CSD 267 to 269).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.drivers.machine_tree import Tree, number
from appliance.facts import Card, Partition

SECTOR = 512
"""What the kernel counts in, whatever the disk's own sectors."""
Usage = Callable[[Path], os.statvfs_result]

_MAKERS = {
    0x02: "Kioxia", 0x03: "SanDisk", 0x13: "Micron", 0x15: "Samsung", 0x1B: "Samsung", 0x1D: "ADATA", 0x27: "Phison",
    0x28: "Lexar", 0x31: "Silicon Power", 0x41: "Kingston", 0x45: "SanDisk", 0x70: "Kingston", 0x74: "Transcend",
    0x82: "Sony", 0x90: "SK hynix", 0x9F: "Kingston", 0xFE: "Micron",
}  # fmt: skip
"""Manufacturer ids (CID register) seen on cards; no list is published."""


@dataclass(frozen=True, slots=True)
class _Mount:
    device: str
    """``major:minor``."""
    point: str
    options: frozenset[str]
    """Of this mount: a sandbox may make it read-only for one process."""
    whole: frozenset[str]
    """Of the file system, for everybody."""
    kind: str
    source: str


def storage(tree: Tree, state: Path, usage: Usage) -> tuple[Card | None, Partition]:
    """The card and the file system below ``state``; never raises."""
    mount = _mount(tree, state)
    block = _block(tree, mount) if mount else None
    sizes = _usage(usage, state)
    if mount is None or block is None:
        return None, _partition(tree, mount, "", "", sizes)
    disk, part = block
    return _card(tree, disk), _partition(tree, mount, disk, part, sizes)


def _mount(tree: Tree, state: Path) -> _Mount | None:
    """The mount that ``state`` is in: the longest mount point above it, the latest of equals."""
    best: _Mount | None = None
    for line in (tree.text("proc/self/mountinfo") or "").splitlines():
        found = _parsed(line)
        if found and state.is_relative_to(found.point) and (best is None or len(found.point) >= len(best.point)):
            best = found
    return best


def _parsed(line: str) -> _Mount | None:
    left, _, right = line.partition(" - ")
    head, tail = left.split(), right.split()
    if len(head) < 6 or len(tail) < 2:
        return None
    options, whole = (frozenset(text.split(",")) for text in (head[5], "".join(tail[2:3])))
    return _Mount(head[2], _unescaped(head[4]), options, whole, tail[0], _unescaped(tail[1]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-3][0-7]{2})", lambda code: chr(int(code[1], 8)), text)


def _block(tree: Tree, mount: _Mount) -> tuple[str, str] | None:
    """(disk, partition) by the kernel's names; the disk twice where it has no partitions."""
    name = mount.source.rpartition("/")[2]
    for disk in tree.names("sys/block") or []:
        for part in (disk, *_parts(tree, disk)):
            place = f"sys/block/{disk}" if part == disk else f"sys/block/{disk}/{part}"
            if tree.text(f"{place}/dev") == mount.device or (mount.device.startswith("0:") and part == name):
                return disk, part
    return None


def _parts(tree: Tree, disk: str) -> list[str]:
    found = tree.names(f"sys/block/{disk}") or []
    return [name for name in found if name.startswith(disk) and tree.there(f"sys/block/{disk}/{name}/partition")]


def _usage(usage: Usage, state: Path) -> os.statvfs_result | None:
    try:
        return usage(state)
    except OSError:
        return None


def _partition(tree: Tree, mount: _Mount | None, disk: str, part: str, sizes: os.statvfs_result | None) -> Partition:
    limited = sizes is not None and sizes.f_files > 0
    return Partition(
        kind=mount.kind if mount else "",
        read_only="ro" in mount.whole if mount else None,
        sheltered="ro" in mount.options - mount.whole if mount else None,
        errors=tree.number(f"sys/fs/ext4/{part}/errors_count") if part else None,
        own=mount.point != "/" if mount else None,
        total=sizes.f_blocks * sizes.f_frsize if sizes else None,
        free=sizes.f_bavail * sizes.f_frsize if sizes else None,
        inodes=sizes.f_files if sizes and limited else None,
        inodes_free=sizes.f_favail if sizes and limited else None,
        unused=_unused(tree, disk) if disk else None,
    )


def _unused(tree: Tree, disk: str) -> int | None:
    """What lies behind the last partition."""
    size, ends = tree.number(f"sys/block/{disk}/size"), []
    for part in _parts(tree, disk):
        start, length = (tree.number(f"sys/block/{disk}/{part}/{name}") for name in ("start", "size"))
        if start is None or length is None:
            return None
        ends.append(start + length)
    return max(0, size - max(ends)) * SECTOR if size is not None and ends else None


def _card(tree: Tree, disk: str) -> Card:
    device = f"sys/block/{disk}/device"
    size = tree.number(f"sys/block/{disk}/size")
    kind = tree.text(f"{device}/type") or ""
    kind = kind if kind in ("SD", "MMC") else ""
    maker = _MAKERS.get(tree.number(f"{device}/manfid", 16) or 0, "") if kind else tree.text(f"{device}/vendor")
    return Card(
        device=disk,
        kind=kind,
        maker=_plain(maker),
        name=_plain(tree.text(f"{device}/name") if kind else tree.text(f"{device}/model")),
        made=_month(tree.text(f"{device}/date")),
        size=size * SECTOR if size is not None and size >= 0 else None,
        life_used=_life(tree.text(f"{device}/life_time")),
        spare={1: 1, 2: 2, 3: 3}.get(tree.number(f"{device}/pre_eol_info", 16) or 0),
        locked=tree.flag(f"sys/block/{disk}/ro"),
        io_errors=tree.number(f"{device}/ioerr_cnt", 16),
        written=_written(tree.text(f"sys/block/{disk}/stat")),
    )


def _plain(text: str | None) -> str:
    """A product's name, which a counterfeit card may fill with anything; virtual disks give a number instead."""
    return "" if (text or "").startswith("0x") else re.sub(r"[^\w .+-]", "", text or "").strip()[:32]


def _month(text: str | None) -> str:
    """``MM/YYYY`` of the CID register."""
    return text if text and re.fullmatch(r"(0[1-9]|1[0-2])/(19|20)\d\d", text) else ""


def _life(text: str | None) -> int | None:
    """``0x01 0x02``: tenths of the life of the two kinds of cells, the worse counts; 0 says nothing, 0x0B: over."""
    try:
        tenths = max(int(word, 16) for word in (text or "").split())
    except ValueError:
        return None
    return tenths * 10 if 1 <= tenths <= 11 else None


def _written(stat: str | None) -> int | None:
    """The seventh field: sectors written."""
    sectors = number("".join((stat or "").split()[6:7]))
    return sectors * SECTOR if sectors is not None and sectors >= 0 else None
