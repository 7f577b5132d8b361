# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Cards as they come out of the flashing program: sparse files, their tables written and read by sfdisk(8)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MB = 1 << 20
IMAGE = "label: dos\nlabel-id: 0x43415254\n2048,256M,c,*\n,1200M,83\n"
"""sfdisk(8): FAT and root A of an image of 1.5 GB."""
TOOLS = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "LC_ALL": "C"}


def run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, env=TOOLS, **options)


def card(path: Path, megabytes: int, table: str = IMAGE) -> Path:
    """Its two partitions hold bytes that nobody may change."""
    with path.open("xb") as file:
        file.truncate(megabytes * MB)
    if table:
        run("sfdisk", "-q", path, input=table, check=True)
        for offset in (2048 * 512, 257 * MB, 1456 * MB):
            mark(path, offset)
    return path


def mark(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"image" * 100)


def table(path: Path) -> list[dict[str, Any]]:
    """What sfdisk reads."""
    found = json.loads(run("sfdisk", "--json", path, check=True).stdout)
    return list(found["partitiontable"]["partitions"])


def provision(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``cartable provision disk`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "appliance", "provision", "disk", "--disk", str(path)],
        capture_output=True, text=True, env={**os.environ, **environment}, check=False, timeout=60,
    )  # fmt: skip


def image_sum(path: Path) -> str:
    """Boot code, disk id, the first two entries and the two partitions of the image."""
    return held(path, 0, 446 + 32) + held(path, 512, (257 + 1200) * MB)


def data_sum(path: Path) -> str:
    """Everything in the data partition."""
    data = table(path)[3]
    return held(path, data["start"] * 512, (data["start"] + data["size"]) * 512)


def held(path: Path, position: int, end: int) -> str:
    """A digest of the bytes from ``position`` to ``end``; holes, and pages of zeros, count for nothing."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while position < end:
            try:
                position = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:  # a hole up to the end
                break
            file.seek(position)
            block = file.read(min(4096 - position % 4096, max(0, end - position)))
            if block.strip(b"\0"):
                digest.update(b"%d " % position + block)
            position += len(block) or 1
    return digest.hexdigest()


@contextlib.contextmanager
def loop(path: Path) -> Iterator[Path]:
    """The card as a block device."""
    device = Path(run("losetup", "--find", "--show", path, check=True).stdout.strip())
    try:
        yield device
    finally:
        run("partx", "--delete", "--nr", "1:4", device, check=False)
        run("losetup", "--detach", device, check=True)


def check(path: Path) -> None:
    """A clean ext4 of the right name stands in the data partition."""
    data = f"{path}?offset={table(path)[3]['start'] * 512}"
    clean = run("e2fsck", "-fn", data, check=False)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "cartable-data" in run("dumpe2fs", "-h", data, check=True).stdout
