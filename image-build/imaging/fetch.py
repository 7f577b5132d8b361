# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Locked packages, fetched once into a cache by hash.

apt's own downloader is used (apt-helper, part of the package apt), so that the machine's proxy settings hold. Debian's
pool drops a version some weeks after its successor came; snapshot.debian.org keeps every one, by the moment at which
the archive held it (https://snapshot.debian.org/, "Usage").
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from imaging.lock import Deb, Lock
from imaging.resolve import mirror

SNAPSHOT = "https://snapshot.debian.org/archive"
HELPER = "/usr/lib/apt/apt-helper"
TOGETHER = 40
"""Packages asked for in one call, whose command line stays short."""


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def debs(lock: Lock, wanted: Sequence[Deb], cache: Path) -> dict[Deb, Path]:
    """The files of ``wanted``, from the cache or the archive.

    :raises SystemExit: a package that neither the mirror nor the snapshot service gives with the right SHA-256.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for place in (mirror, lambda archive: f"{SNAPSHOT}/{archive}/{lock.moments[archive]}"):
        missing = [deb for deb in wanted if not _held(deb, cache)]
        for start in range(0, len(missing), TOGETHER):
            _download([(f"{place(d.archive)}/{d.path}", d) for d in missing[start : start + TOGETHER]], cache)
    lost = [f"{deb.name} {deb.version}" for deb in wanted if not _held(deb, cache)]
    if lost:
        raise SystemExit(f"not found with the right SHA-256: {', '.join(lost)}. Run `make image-lock` for newer ones.")
    return {deb: cache / deb.filename for deb in wanted}


def _held(deb: Deb, cache: Path) -> bool:
    path = cache / deb.filename
    if not path.exists() or path.stat().st_size != deb.size:
        return False
    if sha256(path) == deb.sha256:
        return True
    path.unlink()
    return False


def _download(wanted: list[tuple[str, Deb]], cache: Path) -> None:
    words = [word for url, deb in wanted for word in (url, str(cache / deb.filename), f"SHA256:{deb.sha256}")]
    subprocess.run([HELPER, "-o", "APT::Sandbox::User=root", "download-file", *words], stdout=subprocess.DEVNULL)
