# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""kiwix-serve 3.7.0, from Debian 13 packages run with their own libc, on any Debian."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.peers import cache, debian, process

VERSION = "3.7.0"
SUITE = "trixie"


def root() -> Path:
    """The unpacked packages."""
    return cache.once(f"kiwix-tools-{VERSION}-{SUITE}", _build)


def command() -> list[str]:
    """kiwix-serve, ready for its arguments."""
    return debian.command(root(), "usr/bin/kiwix-serve")


@contextlib.contextmanager
def start(zim_paths: Sequence[Path], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Serve these files on 127.0.0.1, settings as shipped.

    An article is at ``/content/<book_name>/<path>``, a search at
    ``/search?books.name=<book_name>&pattern=…&pageLength=25``.
    """
    words = [*command(), "--address=127.0.0.1", f"--port={port}", *(str(path) for path in zim_paths)]
    with process.running(words, port) as serve:
        yield serve


def book_name(zim_path: Path) -> str:
    """Name of a file in kiwix-serve's addresses."""
    return zim_path.stem.replace(" ", "_").replace("+", "plus")


def _build(target: Path) -> None:
    debian.unpack(SUITE, ["kiwix-tools"], target, depends=True)
    words = [*debian.command(target, "usr/bin/kiwix-serve"), "--version"]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[0]
    if told != f"kiwix-tools {VERSION}":
        raise RuntimeError(f"{SUITE} holds {told}, the benchmarks name {VERSION}")
