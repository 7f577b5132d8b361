# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Small and read-only disks for a command, whoever runs the tests.

A mount namespace of the command's own where the kernel gives one (to root, or to anybody through a user namespace);
else the nearest thing that needs no right at all: a limit on the size of files, or the permissions of a folder.
"""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


@functools.cache
def namespace() -> tuple[str, ...]:
    """The command that gives its arguments a mount namespace, or nothing."""
    for prefix in (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount")):
        probe = subprocess.run([*prefix, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
        if probe.returncode == 0:
            return prefix
    return ()


def full(folder: Path, megabytes: int, command: Sequence[str]) -> list[str]:
    """``command`` with ``folder`` on a disk of so many MB."""
    if namespace():
        mount = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"'
        return [*namespace(), "sh", "-c", mount, "sh", f"{megabytes}m", str(folder), *command]
    return ["prlimit", f"--fsize={megabytes << 20}", *command]


def read_only(folder: Path, command: Sequence[str]) -> list[str]:
    """``command`` with ``folder`` read-only."""
    if namespace():
        mount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
        return [*namespace(), "sh", "-c", mount, "sh", str(folder), *command]
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    if os.geteuid() == 0:
        return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *command]
    return list(command)
