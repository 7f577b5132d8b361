# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Running the image's own arm64 programs in a chroot, while its packages are configured.

The kernel starts foreign programs by binfmt_misc (kernel documentation, admin-guide/binfmt-misc.rst). An entry that is
there already is used; otherwise one is registered, with the flag F (the emulator is opened once, so the chroot need not
hold it), and taken away at the end.
"""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

BINFMT = Path("/proc/sys/fs/binfmt_misc")
ENTRY = "cartable-aarch64"
MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
"""Beginning of a little-endian 64-bit ELF program of machine 183 (AArch64), elf(5)."""
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive", "DEBCONF_NONINTERACTIVE_SEEN": "true", "SYSTEMD_OFFLINE": "1",
}  # fmt: skip
DEVICES = {"null": (1, 3), "zero": (1, 5), "random": (1, 8), "urandom": (1, 9)}


@contextlib.contextmanager
def arm64(emulator: Path) -> Iterator[None]:
    """While open, arm64 programs run on this machine."""
    if platform.machine() == "aarch64" or _registered():
        yield
        return
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "none", BINFMT], check=True)
    if not _registered():
        (BINFMT / "register").write_text(f":{ENTRY}:M::{MAGIC}:{MASK}:{emulator}:F")
    try:
        yield
    finally:
        if (BINFMT / ENTRY).exists():
            (BINFMT / ENTRY).write_text("-1")


def _registered() -> bool:
    entries = (BINFMT / name for name in (ENTRY, "qemu-aarch64"))
    return any(entry.exists() and "enabled" in entry.read_text() for entry in entries)


@contextlib.contextmanager
def devices(root: Path) -> Iterator[None]:
    """While open, the root has the few device files that installation scripts write to."""
    for name, (major, minor) in DEVICES.items():
        os.mknod(root / "dev" / name, 0o20666, os.makedev(major, minor))
    try:
        yield
    finally:
        for name in DEVICES:
            (root / "dev" / name).unlink()


def run(root: Path, *command: str, epoch: int) -> str:
    """Run one of the image's programs in it; dates it writes are ``epoch``, if it knows SOURCE_DATE_EPOCH.

    :raises SystemExit: it failed; what it said is told.
    """
    environment = {**ENVIRONMENT, "SOURCE_DATE_EPOCH": str(epoch)}
    ran = subprocess.run(
        ["chroot", str(root), *command], capture_output=True, text=True, env=environment, errors="replace"
    )
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)} in the image: status {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout + ran.stderr
