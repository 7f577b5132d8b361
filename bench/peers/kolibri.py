# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Kolibri 0.19.5 from PyPI, in an environment of its own; measured for its memory."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import family, private_bytes
from bench.peers import cache, process

VERSION = "0.19.5"
PAGES = ("/fr-fr/auth/", "/fr-fr/learn/", "/fr-fr/user/", "/api/public/info/", "/api/auth/facility/")
"""What a visitor's tablet asks; all answered 200 (redirections followed)."""


def environment() -> Path:
    """The virtual environment."""
    return cache.once(f"kolibri-{VERSION}-py{sys.version_info.major}.{sys.version_info.minor}", _install)


def home() -> Path:
    """A provisioned, empty ``KOLIBRI_HOME``; copy it before use."""
    return cache.once(f"kolibri-{VERSION}-home", _provision)


@contextlib.contextmanager
def start(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start on a fresh copy of the provisioned device, no channel imported; yields when a page is served."""
    with tempfile.TemporaryDirectory(prefix="cartable-kolibri-") as name:
        device = Path(name) / "home"
        shutil.copytree(home(), device)
        ports = (f"--port={port}", f"--zip-port={_free_port()}")
        words = _kolibri("start", "--foreground", "--no-input", *ports)
        with process.running(words, port, path=PAGES[0], seconds=120, environment=_home(device)) as server:
            yield server


def visit(port: int, times: int = 60) -> None:
    """Ask for each of PAGES ``times`` times, following redirections. RuntimeError when one is not a 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for page in PAGES * times:
        path = page
        for _ in range(5):
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            path = answer.headers.get("Location", path)
            if answer.status not in (301, 302):
                break
        if answer.status != 200:
            raise RuntimeError(f"Kolibri answered {answer.status} for {path}")
    connection.close()


def _install(target: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", target], check=True)
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"kolibri=={VERSION}"], check=True)


def _provision(target: Path) -> None:
    target.mkdir()
    words = _kolibri(
        "manage", "provisiondevice", "--facility", "Classe", "--superusername", "enseignant",
        "--superuserpassword", "cartable", "--preset", "nonformal", "--language_id", "fr-fr", "--noinput",
    )  # fmt: skip
    done = subprocess.run(words, env={**os.environ, **_home(target)}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def _kolibri(*words: str) -> list[str]:
    return [str(environment() / "bin" / "python"), "-m", "kolibri", *words]


def _home(device: Path) -> dict[str, str]:
    return {"KOLIBRI_HOME": str(device), "DJANGO_SETTINGS_MODULE": "kolibri.deployment.default.settings.base"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Print private memory at start and after visits."""
    port = _free_port()
    with start(port) as server:
        for label in ("after start", "after visits"):
            megabytes = private_bytes(family(server.pid)) / 2**20
            print(f"Kolibri {VERSION}, private memory {label}: {megabytes:.0f} MB")
            if label == "after start":
                visit(port)


if __name__ == "__main__":
    main()
