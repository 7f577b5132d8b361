# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The locked tools of the build machine's architecture, unpacked in a folder and run from there.

They are started through their own dynamic linker (ld.so(8), ``--library-path``), so neither a chroot nor a mount is
needed, and the build machine may be of another release.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/systemd", "usr/lib")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}


class Tools:
    """Programs of an unpacked set of packages."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def command(self, program: str) -> list[str]:
        """What to execute to run ``program`` (a path below the folder, such as ``usr/sbin/mke2fs``)."""
        libraries = ":".join(str(self.root / folder) for folder in LIBRARIES)
        linker = self.root / "usr/lib64/ld-linux-x86-64.so.2"
        return [str(linker), "--library-path", libraries, "--argv0", program, str(self.root / program)]

    def run(
        self, program: str, *words: str | Path, environment: Mapping[str, str] | None = None, text: str | None = None,
        accept: Sequence[int] = (0,), output: Path | None = None,
    ) -> str:  # fmt: skip
        """Run to the end, with nothing of the caller's environment. Returns its output, or writes it to ``output``.

        :raises SystemExit: it left with a status not in ``accept``; its error is told.
        """
        own = {
            "MKE2FS_CONFIG": str(self.root / "etc/mke2fs.conf"),
            "GCONV_PATH": str(self.root / LIBRARIES[0] / "gconv"),
        }
        with (output or Path(os.devnull)).open("wb") as file:
            run = subprocess.run(
                [*self.command(program), *map(str, words)], stdout=file if output else subprocess.PIPE,
                stderr=subprocess.PIPE, input=(text or "").encode(), env={**ENVIRONMENT, **own, **(environment or {})},
            )  # fmt: skip
        said = (run.stdout or b"").decode(errors="replace")
        if run.returncode not in accept:
            said += run.stderr.decode(errors="replace")
            raise SystemExit(f"{program} {' '.join(map(str, words))}: status {run.returncode}\n{said}")
        return said

    def python(self, *words: str | Path, environment: Mapping[str, str] | None = None) -> str:
        """Run the release's own Python, isolated."""
        own = {"PYTHONHOME": str(self.root / "usr"), "PYTHONHASHSEED": "0"}
        return self.run("usr/bin/python3.13", *words, environment={**own, **(environment or {})})


def unpack(packages: Sequence[Path], target: Path) -> None:
    """Unpack the packages' files over one another, running none of their scripts."""
    target.mkdir(parents=True)
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", package, target], check=True)


def require_root() -> None:
    """:raises SystemExit: the files of the image would not belong to whom they must."""
    if os.geteuid() != 0:
        raise SystemExit("make image makes files of several owners: run it as root (sudo make image).")
