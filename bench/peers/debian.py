# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Debian packages of a named suite, unpacked into a folder: nothing is installed, no root is needed.

apt itself downloads them, from the mirror that the machine already uses, and checks their signatures with
Debian's keyring; its state is kept apart from the machine's.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def unpack(suite: str, packages: Sequence[str], target: Path, *, depends: bool = False) -> None:
    """Unpack ``packages`` of ``suite``, with all that they depend on if ``depends``, libc included.

    ``target/packages.txt`` lists each package and its version. Raises RuntimeError when apt knows no Debian
    mirror or a download fails.
    """
    with tempfile.TemporaryDirectory(prefix="cartable-apt-") as name:
        apt = _Apt(Path(name), suite)
        archives = apt.download(packages, depends=depends)
        target.mkdir(parents=True)
        for archive in archives:
            subprocess.run(["dpkg-deb", "-x", archive, target], check=True)
        (target / "packages.txt").write_text("".join(f"{_name(archive)}\n" for archive in archives))


def command(root: Path, program: str) -> list[str]:
    """How to run ``program`` (``usr/bin/…``) of an unpacked folder with that folder's libc and libraries."""
    loader = next(path for top in ("usr/lib*", "lib*") for path in sorted(root.glob(f"{top}/ld-linux*.so.*")))
    libraries = [str(path) for top in ("usr/lib", "lib") for path in sorted(root.glob(f"{top}/*-linux-gnu*"))]
    return [str(loader), "--library-path", ":".join(libraries), str(root / program)]


def mirror() -> str:
    """Address of the Debian archive in the machine's apt sources."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    if not told.stdout.strip():
        raise RuntimeError("apt knows no Debian archive: on Debian, run `apt-get update` first")
    return told.stdout.split()[0]


def _name(archive: Path) -> str:
    words = ["dpkg-deb", "-W", "--showformat=${Package} ${Version}", str(archive)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class _Apt:
    """apt-get with a state of its own, for one suite."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.archives = folder / "cache" / "archives"
        for path in (folder / "state" / "lists" / "partial", self.archives / "partial", folder / "sources"):
            path.mkdir(parents=True)
        status = folder / "state" / "status"
        status.touch()
        (folder / "sources" / "suite.sources").write_text(
            f"Types: deb\nURIs: {mirror()}\nSuites: {suite}\nComponents: main\nSigned-By: {KEYRING}\n"
        )
        options = {
            "Dir::State": folder / "state",
            "Dir::State::status": status,
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "sources",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Acquire::Languages": "none",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",
            "Debug::NoLocking": "true",
        }
        self.options = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
        self._get("update")

    def download(self, packages: Sequence[str], *, depends: bool) -> list[Path]:
        if depends:
            self._get("install", "--yes", "--download-only", *packages)
        else:
            self._get("download", *packages)
        return sorted(self.archives.glob("*.deb"))

    def _get(self, *words: str) -> None:
        command = ["apt-get", "-qq", *self.options, *words]
        done = subprocess.run(command, cwd=self.archives, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"apt-get {' '.join(words)}: {done.stderr}")
