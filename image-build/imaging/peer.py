# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Bare Debian to compare with: the same packages, kernel and initramfs, nginx with its own page, and nothing of ours.

Its root is written, as Debian's is; systemd starts what Debian enables.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from imaging import card
from imaging.build import Build
from imaging.tools import Tools


def make(build: Build, tools: Tools, folder: Path) -> Path:
    """The card of bare Debian, from the stages of the last build. Returns its image."""
    root, image = folder / "root", folder / "debian.img"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    debian = card.only(build.stages.folder, "debian-*") / "tree"
    subprocess.run(["cp", "-a", debian, root], check=True)
    modules = build.folder / "work/root/usr/lib/modules"
    subprocess.run(["cp", "-a", modules, root / "usr/lib/modules"], check=True)
    for name, text in (
        ("etc/fstab", f"LABEL={card.ROOT_LABEL} / ext4 rw 0 1\n"), ("etc/hostname", "debian\n"), ("etc/machine-id", "")
    ):  # fmt: skip
        (root / name).unlink(missing_ok=True)
        (root / name).write_text(text)
    (root / "var/log/nginx").mkdir(parents=True, exist_ok=True)
    card.make_boot(build.folder / "work/boot", folder / "boot.fat", card.BOOT_SIZE, tools, build.epoch)
    card.make_root(root, folder / "root.ext4", tools, build.epoch)
    card.assemble(folder / "boot.fat", folder / "root.ext4", image, tools)
    return image
