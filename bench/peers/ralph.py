# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Ralph 5.1.0, the learning record store of France Université Numérique, from PyPI, on its ``fs`` backend.

``fs`` is its only backend that needs no database. As shipped it writes once (its default operation creates the file),
so the application is wrapped to append; nothing else is changed. It does not flush to the disk before it answers.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.peers import cache, process

VERSION = "5.1.0"
USER, PASSWORD = "cartable", "mesure"
STATEMENTS = "/xAPI/statements"
WRAPPED = """\
from ralph.backends.data.base import BaseOperationType
from ralph.backends.lrs.fs import FSLRSBackend

FSLRSBackend.default_operation_type = BaseOperationType.APPEND
from ralph.api import app
"""


def environment() -> Path:
    """The virtual environment."""
    return cache.once(f"ralph-{VERSION}-py{sys.version_info.major}.{sys.version_info.minor}", _install)


@contextlib.contextmanager
def start() -> Iterator[Path]:
    """A fresh, empty store; yields the Unix socket that uvicorn answers on."""
    with tempfile.TemporaryDirectory(prefix="cartable-ralph-") as name:
        folder = Path(name)
        settings = prepare(folder)
        socket = folder / "ralph.sock"
        command = [*_python(), "-m", "uvicorn", "appending:app", "--log-level", "warning", "--uds", str(socket)]
        with (folder / "output").open("wb") as output:
            server = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **settings}, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
            try:
                _wait(server, socket, folder / "output")
                yield socket
            finally:
                process.stop(server)


def prepare(folder: Path) -> dict[str, str]:
    """An account and an empty store below ``folder``; returns the settings that use them."""
    (folder / "store").mkdir()
    (folder / "appending.py").write_text(WRAPPED, encoding="utf-8")
    settings = {
        "RALPH_APP_DIR": str(folder),
        "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(folder / "store"),
    }
    account = ["auth", "-u", USER, "-p", PASSWORD, "-s", "all", "-M", "mailto:bench@example.org", "-w"]
    done = subprocess.run(
        [*_python(), "-m", "ralph", *account], cwd=folder, env={**os.environ, **settings},
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return settings


def _wait(server: subprocess.Popen[bytes], socket: Path, output: Path) -> None:
    limit = time.monotonic() + 60
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"Ralph did not start: {output.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _install(target: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", target], check=True)
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"ralph-malph[full]=={VERSION}"], check=True)


def _python() -> list[str]:
    return [str(environment() / "bin" / "python")]
