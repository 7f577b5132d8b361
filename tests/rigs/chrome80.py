# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Chromium 80, the oldest of the classes: npm's ``chrome-aws-lambda`` 2.1.1 carries it, for x86-64 only.

Its devtools protocol (1.3) is spoken over a WebSocket: ``GET http://127.0.0.1:<port>/json`` lists the pages,
each with its ``webSocketDebuggerUrl``. Playwright cannot drive it: it needs commands that came later.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "chrome-aws-lambda@2.1.1"
SHA256 = "94f8953cd47c3fbd9d0ba8f50d2e5aa4e8136ca52b37e2babcc12e43018ade77"
"""Of the package that npm fetches."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--use-gl=swiftshader",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--mute-audio",
)
DECOMPRESS = (
    "const [from, to] = process.argv.slice(1), fs = require('fs');"
    "require('stream').pipeline(fs.createReadStream(from), require('zlib').createBrotliDecompress(),"
    "fs.createWriteStream(to), error => { if (error) throw error })"
)


def chrome80_binary() -> Path:
    """The browser, fetched with npm once, kept in ``CARTABLE_RIG_CACHE`` or ``~/.cache/cartable-rigs``.

    Raises RuntimeError when the package is not the pinned one, or when the machine lacks a library.
    """
    cache = Path(os.environ.get("CARTABLE_RIG_CACHE") or Path.home() / ".cache" / "cartable-rigs")
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / "chromium-80"
    with (cache / ".lock-chromium-80").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix=".unfinished-") as name:
                _fetch(Path(name), Path(name) / "chromium-80")
                (Path(name) / "chromium-80").rename(folder)
    binary = folder / "chromium"
    linked = subprocess.run(["ldd", binary], check=True, capture_output=True, text=True).stdout
    lacking = [line.split()[0] for line in linked.splitlines() if "not found" in line]
    if lacking:
        raise RuntimeError(f"Chromium 80 lacks {', '.join(lacking)}: apt-get install libnss3 libexpat1")
    return binary


@contextlib.contextmanager
def chrome80(*more: str, seconds: float = 20) -> Iterator[int]:
    """A browser with an empty profile, one blank page open; yields the port of its devtools on 127.0.0.1."""
    binary = chrome80_binary()
    with tempfile.TemporaryDirectory(prefix="cartable-chrome80-", ignore_cleanup_errors=True) as profile:
        own = ("--remote-debugging-port=0", f"--user-data-dir={profile}")
        words = [str(binary), *FLAGS, *own, *more, "about:blank"]
        log = Path(profile) / "cartable.log"
        with log.open("wb") as output:
            process = subprocess.Popen(words, stdout=output, stderr=output)
        try:
            yield _port(process, Path(profile) / "DevToolsActivePort", log, seconds)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(process: subprocess.Popen[bytes], told: Path, log: Path, seconds: float) -> int:
    """The file has two lines: the port, the browser's own path."""
    limit = time.monotonic() + seconds
    while not told.exists() or told.read_text().count("\n") < 1:
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"Chromium 80 did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)
    return int(told.read_text().split("\n", 1)[0])


def _fetch(work: Path, target: Path) -> None:
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=work, check=True, stdout=subprocess.DEVNULL)
    archive = next(work.glob("*.tgz"))
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise RuntimeError(f"{PACKAGE}: sha256 is {found}, {SHA256} expected")
    with tarfile.open(archive) as package:
        package.extractall(work, filter="data")
    target.mkdir()
    _decompress(work / "package/bin/chromium.br", target / "chromium")
    (target / "chromium").chmod(0o755)
    _decompress(work / "package/bin/swiftshader.tar.br", work / "swiftshader.tar")
    with tarfile.open(work / "swiftshader.tar") as libraries:
        libraries.extractall(target / "swiftshader", filter="data")
    shutil.copy(work / "package/LICENSE", target / "LICENSE")


def _decompress(source: Path, target: Path) -> None:
    subprocess.run(["node", "-e", DECOMPRESS, source, target], check=True)
