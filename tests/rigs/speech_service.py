# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The real speech service, a process with its workers, and what a tablet sends it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import config as configuration
from appliance.client import Client, Response
from appliance.config import Config
from appliance.errors import Unreachable

HANDED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""As systemd starts a service whose socket it holds."""


def wait_until(condition: Callable[[], Any], what: str, deadline_s: float = 30.0) -> Any:
    """What ``condition`` gives once it is true; AssertionError with ``what`` after a while."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


@dataclass
class Service:
    """One that runs."""

    config: Config
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def client(self) -> Client:
        """Over its socket."""
        return Client(self.config.speech_socket)

    def answers(self) -> bool:
        """Whether it does; no engine is woken by the question."""
        try:
            return self.client.request("GET", "/", timeout=5).status == 404
        except Unreachable:
            return False

    def send(self, sound: bytes, item: str = "three", name: str = "", accept: str = "application/json") -> Response:
        """An attempt, as a tablet makes it."""
        fields = {"id": name or str(uuid.uuid4()), "token": "signed", "activity": "0", "item": item}
        kind, body = multipart(fields, sound)
        headers = {"Content-Type": kind, "Accept": accept}
        return self.client.request("POST", "/api/speech/attempts", body=body, headers=headers, timeout=60)

    def woken(self) -> list[int]:
        """The workers that start where somebody asks whether the box listens."""
        assert self.client.request("GET", "/api/speech/now").status == 200
        found: list[int] = wait_until(self.workers, "no worker starts")
        return found

    def workers(self) -> list[int]:
        """Its processes that listen."""
        with contextlib.suppress(FileNotFoundError):
            children = [
                child
                for task in Path(f"/proc/{self.process.pid}/task").iterdir()
                for child in (task / "children").read_text().split()
            ]
            return [int(child) for child in children]
        return []


def multipart(fields: dict[str, str], sound: bytes) -> tuple[str, bytes]:
    """Content type and body of the form (RFC 7578)."""
    mark = "----cartable" + "0" * 16
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="sound"; filename="v.webm"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return f"multipart/form-data; boundary={mark}", "".join(parts).encode() + sound + f"\r\n--{mark}--\r\n".encode()


@contextlib.contextmanager
def service(folder: Path, *, handed: socket.socket | None = None, **environ: Any) -> Iterator[Service]:
    """``python -m appliance speech serve`` on the state folder ``folder``; ``environ``: tables of the configuration.

    ``handed``: the socket that it is given. Killed with its workers at the end.
    """
    config = configuration.load([], {"box": {"state": folder, "run": folder / "run"}, **environ})
    config.box.run.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "appliance", "speech", "serve"]
    if handed is not None:
        command = [sys.executable, "-c", HANDED, str(handed.fileno()), *command]
    log = folder / "speech.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **configuration.environment(config)}, stdout=out, stderr=out,
            pass_fds=(handed.fileno(),) if handed else (),
        )  # fmt: skip
    found = Service(config, process, log)
    try:
        wait_until(found.answers, "the service does not answer")
        yield found
    finally:
        left = found.workers()
        process.kill()
        process.wait()
        wait_until(lambda: not any(alive(pid) for pid in left), "a worker outlived the service")


def alive(pid: int) -> bool:
    """Whether there is such a process, and not its remains only."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def private_kb(pid: int) -> int:
    """Memory that nobody else has, and its share of what several have."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
