# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Debian's part of the root: packages unpacked by the build machine's dpkg, configured by their own under emulation.

Only the maintainer scripts are emulated: unpacking, the kernel's module index and the initramfs are made natively.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from imaging import emulation, tools

FORCE = ("architecture", "depends", "unsafe-io", "not-root", "bad-path")
FIRST = ("base-passwd", "base-files")
"""What others suppose without saying so (Debian Policy 3.8: essential packages)."""
STRIPPED = (
    "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/bash-completion",
    "usr/share/zsh", "usr/share/bug", "var/cache/debconf", "var/log",
)  # fmt: skip


def build(packages: Sequence[Path], root: Path, emulator: Path, epoch: int) -> str:
    """Make ``root`` from the packages; dates in it are ``epoch``. Returns what the scripts said."""
    tools.unpack(packages, root)
    _prepare(root)
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    with emulation.arm64(emulator), emulation.devices(root):
        said = _unpack(packages, root)
        said += emulation.run(root, "dpkg", "--force-depends", "--configure", *FIRST, epoch=epoch)
        said += emulation.run(root, "dpkg", "--configure", "-a", epoch=epoch)
    (root / "usr/sbin/policy-rc.d").unlink()
    return said


def _prepare(root: Path) -> None:
    for name in ("info", "updates", "triggers", "parts"):
        (root / "var/lib/dpkg" / name).mkdir(parents=True, exist_ok=True)
    for name in ("status", "available"):
        (root / "var/lib/dpkg" / name).touch()
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    # mawk's own script makes it; scripts configured before already use awk.
    (root / "usr/bin/awk").symlink_to("mawk")


def _unpack(packages: Sequence[Path], root: Path) -> str:
    """dpkg(1) ``--unpack``: files again, now with the database; preinst scripts run emulated."""
    force = [f"--force-{word}" for word in FORCE]
    ran = subprocess.run(
        ["dpkg", f"--root={root}", *force, "--no-triggers", "--unpack", *packages],
        capture_output=True, text=True, env=emulation.ENVIRONMENT, errors="replace",
    )  # fmt: skip
    if ran.returncode:
        raise SystemExit(f"dpkg --unpack: status {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout + ran.stderr


def strip(root: Path) -> None:
    """Remove what no one reads on the card: manuals, translations, documents but licences, logs of the making."""
    for name in STRIPPED:
        shutil.rmtree(root / name, ignore_errors=True)
    for path in sorted((root / "usr/share/doc").rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.name != "copyright":
            path.unlink()
