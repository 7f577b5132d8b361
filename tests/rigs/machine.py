# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Machines written down in ``tests/data/machine``, laid out as the files that the Linux driver reads."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from appliance.drivers.machine_linux import LinuxMachine

DATA = Path(__file__).parents[1] / "data" / "machine"
NAMES = sorted(path.stem for path in DATA.glob("*.toml"))
STATE = Path("/var/lib/cartable")
SECRET = "5ec2e75a"
"""Every serial number and address of these machines holds it, so that its appearance anywhere is noticed."""


def described(name: str) -> dict[str, Any]:
    """The file of one machine: ``files``, ``folders`` (where a file cannot be read), ``changed``, ``expected``."""
    return tomllib.loads((DATA / f"{name}.toml").read_text())


def lay_out(name: str, root: Path) -> Path:
    """Its tree below ``root``."""
    tree = described(name)
    root.mkdir(parents=True, exist_ok=True)
    for path, text in tree["files"].items():
        put(root, path, text)
    for path in tree.get("folders", {}):
        (root / path).mkdir(parents=True, exist_ok=True)
    for path, moment in tree.get("changed", {}).items():
        os.utime(root / path, (moment, moment))
    return root


def put(root: Path, path: str, text: str) -> None:
    """One file."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text.removeprefix("\n"))


def machine(name: str, root: Path) -> LinuxMachine:
    """The driver on that tree; the room on the disk is this computer's."""
    lay_out(name, root)
    return LinuxMachine(root=root, usage=lambda state: os.statvfs(root))
