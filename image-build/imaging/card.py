# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The card: a FAT partition, a read-only ext4 root, and the table of both. No loop device and no mount is used.

The table is the classic one (MBR), since the boot ROM of a Pi 3 or Zero 2 W reads nothing else. The root's partition is
larger than its file system, so that a later release fits; the image ends where the file system does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from imaging.tools import Tools

MIB = 1 << 20
SECTOR = 512
BOOT_START, BOOT_SIZE = 4 * MIB, 512 * MIB
ROOT_START, ROOT_PARTITION = BOOT_START + BOOT_SIZE, 2048 * MIB
DISK_ID = 0x0CA27AB1
BOOT_LABEL, ROOT_LABEL = "CARTABLE", "cartable-root"
ROOT_UUID = "0ca27ab1-0000-4000-8000-000000000002"
"""The same on every card, as the files are; also the seed of the folders' hashes. Nothing secret hangs on it."""
SLACK = 16 * MIB


def boot_files(payload: Path, here: Path, initrd: bytes, folder: Path) -> None:
    """Lay out what stands on the boot partition: firmware, kernel, device trees, initramfs, settings."""
    folder.mkdir(parents=True)
    firmware = payload / "usr/lib/raspi-firmware"
    for name in ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat"):
        shutil.copy2(firmware / name, folder / name)
    shutil.copy2(only(payload / "boot", "vmlinuz-*"), folder / "vmlinuz")
    trees = only(payload / "usr/lib", "linux-image-*") / "broadcom"
    for tree in trees.glob("bcm2[78]*-rpi-*.dtb"):
        shutil.copy2(tree, folder / tree.name)
    (folder / "initrd").write_bytes(initrd)
    for path in (here / "boot").iterdir():
        shutil.copy2(path, folder / path.name)
    notice = payload / "usr/share/doc/raspi-firmware/copyright"
    if notice.exists():
        shutil.copy2(notice, folder / "LICENCE-firmware.txt")


def only(folder: Path, pattern: str) -> Path:
    """The one path of the folder that matches. :raises SystemExit: none or several do."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{folder}/{pattern}: expected one, found {len(found)}")
    return found[0]


def make_boot(folder: Path, image: Path, size: int, tools: Tools, epoch: int) -> None:
    """A FAT32 file system of ``size`` bytes with the files of ``folder``, the same for the same files."""
    times = {"SOURCE_DATE_EPOCH": str(epoch)}
    with image.open("wb") as file:
        file.truncate(size)
    tools.run(
        "usr/sbin/mkfs.vfat", "-F", "32", "-s", "8", "-n", BOOT_LABEL, "-i", f"{DISK_ID:08x}", image, environment=times
    )
    names = sorted(path.name for path in folder.iterdir())
    for name in names:
        os.utime(folder / name, (epoch, epoch))
        tools.run("usr/bin/mcopy", "-m", "-i", image, folder / name, f"::/{name}", environment=times)


def make_root(folder: Path, image: Path, tools: Tools, epoch: int) -> None:
    """An ext4 file system with the files of ``folder``, as large as they need. It has no journal: it is never written.

    :raises SystemExit: it does not fit the partition.
    """
    content = sum(_blocks(path.lstat()) for path in folder.rglob("*"))
    size = -(-(content + content // 20 + SLACK) // (4 * MIB)) * 4 * MIB
    if size > ROOT_PARTITION:
        raise SystemExit(f"the root needs {size / MIB:.0f} MiB; its partition has {ROOT_PARTITION / MIB:.0f}")
    image.unlink(missing_ok=True)
    tools.run(
        "usr/sbin/mke2fs", "-q", "-t", "ext4", "-O", "^has_journal,metadata_csum", "-L", ROOT_LABEL, "-U", ROOT_UUID,
        "-E", f"hash_seed={ROOT_UUID},nodiscard,root_owner=0:0", "-b", "4096", "-m", "0", "-d", folder, image,
        str(size // 4096), environment={"SOURCE_DATE_EPOCH": str(epoch)},
    )  # fmt: skip


def _blocks(status: os.stat_result) -> int:
    """Room in the file system: data in blocks, and an inode."""
    return -(-status.st_size // 4096) * 4096 + 256


def table() -> str:
    """The partition table, as sfdisk(8) reads it."""
    return (
        f"label: dos\nlabel-id: 0x{DISK_ID:08x}\nunit: sectors\n"
        f"1 : start={BOOT_START // SECTOR}, size={BOOT_SIZE // SECTOR}, type=c, bootable\n"
        f"2 : start={ROOT_START // SECTOR}, size={ROOT_PARTITION // SECTOR}, type=83\n"
    )


def assemble(boot: Path, root: Path, image: Path, tools: Tools) -> None:
    """Join table and file systems into ``image``, sparse. It ends where the root's file system does."""
    with image.open("wb") as file:
        file.truncate(ROOT_START + ROOT_PARTITION)
    tools.run("usr/sbin/sfdisk", "-q", "--no-reread", "--no-tell-kernel", image, text=table())
    with image.open("r+b") as target:
        for source, start in ((boot, BOOT_START), (root, ROOT_START)):
            for offset, data in chunks(source):
                target.seek(start + offset)
                target.write(data)
        target.truncate(ROOT_START + root.stat().st_size)


def chunks(path: Path, size: int = MIB // 4) -> Iterator[tuple[int, bytes]]:
    """The parts of a file that hold more than zeros, with their offsets; each ``size`` bytes, the last perhaps less."""
    zeros = bytes(size)
    with path.open("rb") as file:
        offset = 0
        while data := file.read(size):
            if data != zeros[: len(data)]:
                yield offset, data
            offset += len(data)
