# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``packages.lock``: every .deb of the image and of its tools, by version and SHA-256. No I/O but the file itself."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

SETS = ("image", "payload", "tools")
ARCHIVES = ("debian", "debian-security")
HEADER = """\
# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# Written by `make image-lock` from packages.toml; change that instead.
# set package version architecture archive size sha256 path
"""
_LINE = re.compile(
    r"(?P<set>image|payload|tools) (?P<name>[a-z0-9][a-z0-9+.-]+) (?P<version>[A-Za-z0-9.+~:-]+) "
    r"(?P<architecture>all|arm64|amd64) (?P<archive>debian|debian-security) (?P<size>[1-9][0-9]*) "
    r"(?P<sha256>[0-9a-f]{64}) (?P<path>pool/[A-Za-z0-9/_.+~%-]+\.deb)"
)


class LockError(ValueError):
    """A lock file does not say what it must."""


@dataclasses.dataclass(frozen=True, order=True)
class Deb:
    """One binary package. ``path`` is relative to the archive's root; ``size`` in bytes."""

    set: str
    name: str
    version: str
    architecture: str
    archive: str
    size: int
    sha256: str
    path: str

    @property
    def filename(self) -> str:
        """The name in the cache: told apart by content, readable all the same."""
        return f"{self.sha256[:16]}-{self.name}.deb"


@dataclasses.dataclass(frozen=True)
class Lock:
    """All packages, and the moments (UTC, ``YYYYMMDDTHHMMSSZ``) at which the archives stood so."""

    debs: tuple[Deb, ...]
    moments: dict[str, str]

    def of(self, *names: str) -> list[Deb]:
        """The packages of these sets, in the order of the file."""
        return [deb for deb in self.debs if deb.set in names]


def parse(text: str) -> Lock:
    """Read a lock. :raises LockError: a line that is no entry, or twice the same package in a set."""
    debs: list[Deb] = []
    moments: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("# archive "):
            archive, moment = _moment(line, number)
            moments[archive] = moment
        elif line and not line.startswith("#"):
            debs.append(_entry(line, number))
    _once(debs)
    if missing := {deb.archive for deb in debs} - set(moments):
        raise LockError(f"no moment for the archives {sorted(missing)}")
    return Lock(tuple(debs), moments)


def _moment(line: str, number: int) -> tuple[str, str]:
    match = re.fullmatch(r"# archive (debian|debian-security) (\d{8}T\d{6}Z)", line)
    if match is None:
        raise LockError(f"line {number} is no archive's moment: {line!r}")
    return match[1], match[2]


def _entry(line: str, number: int) -> Deb:
    match = _LINE.fullmatch(line)
    if match is None or ".." in line:
        raise LockError(f"line {number} is no package: {line!r}")
    owner, name, version, architecture, archive, size, sha256, path = match.groups()
    return Deb(owner, name, version, architecture, archive, int(size), sha256, path)


def _once(debs: Iterable[Deb]) -> None:
    seen: set[tuple[str, str]] = set()
    for deb in debs:
        if (deb.set, deb.name) in seen:
            raise LockError(f"{deb.name} twice in {deb.set}")
        seen.add((deb.set, deb.name))


def render(lock: Lock) -> str:
    """The text that :func:`parse` reads back, sorted, so that two resolutions differ by what changed."""
    moments = "".join(f"# archive {name} {lock.moments[name]}\n" for name in sorted(lock.moments))
    rows = (
        f"{d.set} {d.name} {d.version} {d.architecture} {d.archive} {d.size} {d.sha256} {d.path}\n"
        for d in sorted(lock.debs)
    )
    return HEADER + moments + "".join(rows)


def load(path: Path) -> Lock:
    """Read the lock file. :raises LockError: see :func:`parse`."""
    return parse(path.read_text())
