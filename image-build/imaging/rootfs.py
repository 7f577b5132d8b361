# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The root file system: Debian's part, kernel modules, our units and program, and what makes it fit to be read-only."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

from appliance.store import released
from imaging import wheels
from imaging.tools import Tools

VENV = "/usr/lib/cartable/venv"
STATIC = "/usr/share/cartable/static"
"""Where nginx takes the front-end files (``appliance/nginx.py``)."""
MASKED = (
    "systemd-random-seed.service",  # a seed in a root that all boxes share is no secret; the Pi has a generator
    "systemd-logind.service",  # nobody logs in
    "systemd-rfkill.service",
    "systemd-rfkill.socket",
    "systemd-boot-random-seed.service",
    "systemd-machine-id-commit.service",
    # Nothing of the box uses them, and each start would wait for them:
    "dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    "sys-kernel-config.mount", "sys-fs-fuse-connections.mount", "proc-sys-fs-binfmt_misc.automount",
    "systemd-binfmt.service", "systemd-user-sessions.service",
    "systemd-remount-fs.service",  # the root is as the initramfs mounted it
    "systemd-journal-flush.service",  # the journal stays in memory
)  # fmt: skip
"""Units that Debian starts by other ways than [Install], and that would write, or cost time and nothing else."""
LEFTOVERS = (
    "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-", "etc/.pwd.lock",
    "var/lib/dpkg/status-old", "var/lib/dpkg/available-old", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend",
    "var/lib/dpkg/diversions-old", "var/lib/dpkg/statoverride-old", "var/lib/dpkg/triggers/Lock",
    "var/cache/ldconfig/aux-cache", "var/lib/systemd/random-seed",
)  # fmt: skip
"""What the making left, and its times."""


def kernel(payload: Path, root: Path) -> None:
    """Modules, Wi-Fi settings and notices of the packages that are unpacked, not installed."""
    shutil.copytree(payload / "usr/lib/modules", root / "usr/lib/modules", symlinks=True)
    shutil.copytree(payload / "usr/lib/firmware", root / "usr/lib/firmware", symlinks=True, dirs_exist_ok=True)
    for notice in (payload / "usr/share/doc").glob("*/copyright"):
        target = root / "usr/share/doc" / notice.parent.name
        target.mkdir(exist_ok=True)
        shutil.copy2(notice, target)


def units(checkout: Path, here: Path, root: Path, tools: Tools, epoch: int) -> None:
    """Our units and settings, our users, and which units start."""
    subprocess.run(["sh", checkout / "systemd/install.sh", root], check=True)
    shutil.copytree(here / "overlay", root, dirs_exist_ok=True, copy_function=_copy)
    tools.run("usr/bin/systemd-sysusers", f"--root={root}", environment={"SOURCE_DATE_EPOCH": str(epoch)})
    for name in _preset(root):
        tools.run("usr/bin/systemctl", f"--root={root}", "preset", name)
    for name in MASKED:
        (root / "etc/systemd/system" / name).unlink(missing_ok=True)
        (root / "etc/systemd/system" / name).symlink_to("/dev/null")


def _copy(source: str, target: str) -> str:
    """Modes are ours, not the checkout's umask: a program may be run, everything may be read."""
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    return target


def _preset(root: Path) -> list[str]:
    """Units that our presets name and that are there."""
    names = []
    for preset in sorted((root / "usr/lib/systemd/system-preset").glob("*cartable*.preset")):
        names += re.findall(r"(?m)^(?:enable|disable) (\S+)$", preset.read_text())
    return [n for n in names if (root / "usr/lib/systemd/system" / n).exists()]


def read_only(root: Path, version: str) -> None:
    """What a root that is never written, and that every box has, must hold or not hold."""
    for name in LEFTOVERS:
        (root / name).unlink(missing_ok=True)
    for name, text in (("etc/machine-id", ""), ("etc/hostname", "cartable\n"), ("usr/lib/clock-epoch", "")):
        (root / name).unlink(missing_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o644)
    for name, target in (
        ("etc/resolv.conf", "/run/NetworkManager/resolv.conf"),
        ("var/lib/dbus/machine-id", "/etc/machine-id"),
        ("etc/mtab", "../proc/self/mounts"),
        ("etc/localtime", "/var/lib/cartable/localtime"),
    ):
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)
    for name in ("boot/firmware", "var/lib/cartable", "var/lib/systemd/timesync", "var/lib/NetworkManager", "var/log"):
        (root / name).mkdir(parents=True, exist_ok=True)
    release = (root / "usr/lib/os-release").read_text()
    (root / "usr/lib/os-release").write_text(f"{release}IMAGE_ID=cartable\nIMAGE_VERSION={version}\n")


def unprivileged(root: Path) -> list[str]:
    """Take away the set-user-ID and set-group-ID bits of programs: nobody logs in, and no service may gain rights.
    Returns their names."""
    found = []
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_mode & (stat.S_ISUID | stat.S_ISGID):
            path.chmod(stat.S_IMODE(status.st_mode) & ~(stat.S_ISUID | stat.S_ISGID))
            found.append(path.relative_to(root).as_posix())
    return found


def named(root: Path, release: str) -> None:
    """What the looks before Python compare with: the name of what this root is made of (``systemd/provision``), the
    number of its database schema, byte for byte in hexadecimal (the same)."""
    folder = root / "usr/lib/cartable"
    (folder / "release").write_text(f"{release}\n")
    (folder / "schema").write_text(f"{released.VERSION.to_bytes(4, 'big').hex(' ')}\n")


def program(venv: Path, root: Path, tools: Tools) -> None:
    """Our program, and the compiled form of Python's own modules."""
    target = root / VENV.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(venv, target, symlinks=True)
    static = root / STATIC.lstrip("/")
    static.parent.mkdir(parents=True, exist_ok=True)
    static.symlink_to(f"{VENV}/lib/python3.13/site-packages/appliance/hub/static")
    wheels.compile_all(root / "usr/lib/python3.13", "/usr/lib/python3.13", tools)


def settle(root: Path, moment: int, epoch: int) -> None:
    """What the making wrote, hence is younger than the packages' ``moment`` (seconds), gets the time of the release.

    To be called last: reading a file changes its time of access, which is in the image too.
    """
    for folder, names, files in os.walk(root):
        for name in [*names, *files]:
            path = os.path.join(folder, name)  # noqa: PTH118 - a hundred thousand of them
            time = int(os.lstat(path).st_mtime)
            time = epoch if time > moment else time
            os.utime(path, (time, time), follow_symlinks=False)
    os.utime(root, (epoch, epoch))
