# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The units as a system would find them: installed below a root of their own, and read as systemd reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "systemd"
SYSTEMS_OWN = Path("/lib/systemd/system")
UNITS = sorted(p.name for p in SOURCE.iterdir() if p.suffix in (".service", ".socket", ".target", ".timer", ".mount"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
UNIT_NAME = re.compile(r"^[\w:.@\\-]+\.(service|target|timer|mount|socket|path|slice)$")

SINCE = {"RestartSteps": 254, "RestartMaxDelaySec": 254}
"""Keys that an older systemd does not know; the one of Debian 12 (252) says so and reads on."""


@dataclass(frozen=True)
class Unit:
    """One unit file with what its drop-ins add; ``values`` keeps every assignment, in order."""

    name: str
    values: tuple[tuple[str, str, str], ...]

    def all(self, section: str, key: str) -> list[str]:
        return [value for s, k, value in self.values if (s, k) == (section, key)]

    def last(self, section: str, key: str) -> str | None:
        return next(reversed(self.all(section, key)), None)


def read(name: str) -> Unit:
    folders = [SOURCE / f"{name}.d"]
    if re.match(r"cartable-.+\.service$", name):
        folders.append(SOURCE / "cartable-.service.d")
    drop_ins = [file for folder in folders for file in folder.glob("*.conf")]
    files = [SOURCE / name, *sorted(drop_ins, key=lambda file: file.name)]
    return Unit(name, tuple(value for file in files for value in _assignments(file)))


def _assignments(file: Path) -> list[tuple[str, str, str]]:
    found, section = [], ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            found.append((section, key, value))
    return found


def budget() -> dict[str, Any]:
    with (SOURCE / "budget.toml").open("rb") as file:
        return tomllib.load(file)


def megabytes(limit: str, board_mb: int) -> int:
    """What a limit of memory (``44%``, ``96M``) comes to on a board."""
    return int(limit[:-1]) * board_mb // 100 if limit.endswith("%") else int(limit.removesuffix("M"))


def programs() -> set[str]:
    """The files that the units run."""
    keys = ("ExecStart", "ExecStartPre", "ExecStartPost", "ExecReload")
    return {
        value.split()[0].lstrip("-+@!:")
        for name in SERVICES
        for key in keys
        for value in read(name).all("Service", key)
    }


def install(root: Path) -> Path:
    """Units, systemd's own beside them, and an empty program for each that is run; returns the folder of units."""
    subprocess.run(["sh", SOURCE / "install.sh", root], check=True)
    units = root / "usr/lib/systemd/system"
    for theirs in SYSTEMS_OWN.iterdir():
        if not (units / theirs.name).exists() and theirs.is_file():
            shutil.copy(theirs, units / theirs.name, follow_symlinks=True)
    for program in programs():
        file = root / program.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n", encoding="ascii")
        file.chmod(0o755)
    for link in ("lib", "bin", "sbin"):
        if not (root / link).exists():
            (root / link).symlink_to(f"usr/{link}")
    return units


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", f"--root={root}", "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def version() -> int:
    out = subprocess.run(["systemd-analyze", "--version"], capture_output=True, text=True, check=True).stdout
    return int(out.split()[1])


def complaints(stderr: str, its_version: int = 0) -> list[str]:
    """What systemd (this machine's, unless said) says of units, but for keys that one of its age cannot know."""
    young = "|".join(key for key, since in SINCE.items() if since > (its_version or version())) or "none"
    known = re.compile(rf"Unknown key( name)? '({young})' in section")
    return [line for line in stderr.splitlines() if not known.search(line)]
