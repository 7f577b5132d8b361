# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A whole box on free ports of this machine: the real ``cartable dev``, its own state folder, no advert."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from appliance.client import Client
from appliance.errors import Unreachable
from tests.rigs.nginx import free_port

ROOT = Path(__file__).parents[2]
DEMONSTRATION = ROOT / "demonstration"
MARK = "CARTABLE_TEST_BOX"
START_S, IMPORT_S, STOP_S = 40.0, 240.0, 15.0


def until(condition: Callable[[], Any], what: str, deadline_s: float) -> Any:
    """Poll until ``condition`` gives something true; that is returned. AssertionError with ``what`` after a while."""
    end = time.monotonic() + deadline_s
    while True:
        if found := condition():
            return found
        assert time.monotonic() < end, what
        time.sleep(0.05)


@dataclasses.dataclass
class Box:
    """A running box."""

    state: Path
    port: int
    content_port: int
    mark: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def base(self) -> str:
        """Pages and API: ``http://127.0.0.1:<port>``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def content(self) -> str:
        """The second origin."""
        return f"http://127.0.0.1:{self.content_port}"

    @property
    def client(self) -> Client:
        """Speaks with the hub over its socket, as a process of the box."""
        return Client(self.state / "run" / "hub.sock")

    def api(self, path: str) -> Any:
        """JSON of ``GET path`` over the socket."""
        answer = self.client.request("GET", path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:300]!r}"
        return answer.json()

    @property
    def code(self) -> str:
        """The presence code of this moment (a new one after each start of the hub)."""
        return str(self.api("/api/presence-code")["code"])

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Read the database beside the hub, read-only."""
        with contextlib.closing(sqlite3.connect(f"file:{self.state}/cartable.sqlite?mode=ro", uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            conn.execute("PRAGMA busy_timeout = 10000")
            return conn.execute(sql, values).fetchall()

    def resources(self, kind: str = "") -> list[dict[str, Any]]:
        """Rows of the library (``card`` and ``details`` decoded), perhaps of one format only."""
        rows = [dict(row) for row in self.rows("SELECT * FROM resource WHERE state = 'ready' ORDER BY filename")]
        for row in rows:
            row["card"] = json.loads(row["card"]) | json.loads(row["edits"])
            row["details"] = json.loads(row["details"])
        return [row for row in rows if not kind or row["format"] == kind]

    def resource(self, filename: str) -> dict[str, Any]:
        """The row of the resource that came as ``filename``."""
        return next(row for row in self.resources() if row["filename"] == filename)

    def answers(self) -> bool:
        """Whether the hub answers over its socket."""
        try:
            return self.client.request("GET", "/.alive", timeout=3).status == 204
        except Unreachable:
            return False

    def hub_pids(self) -> list[int]:
        """The hub's own process and all below it (worker, search, imports), parents first."""
        return [pid for pid in marked(self.mark) if pid != self.process.pid and _has_ancestor_hub(pid, self.mark)]

    def kill_hub(self, *, wait: bool = True) -> None:
        """kill -9 the hub and everything it started; ``wait``: until the supervisor's new one answers."""
        pids = self.hub_pids()
        assert pids, "there is no hub to kill"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if wait:
            until(self.answers, "the supervisor did not bring the hub back", START_S)

    def wait_for_imports(self) -> None:
        """Until no import waits or runs; AssertionError when one failed."""

        def over() -> bool:
            assert self.process.poll() is None, self.told()
            states = [row["state"] for row in self.rows("SELECT state FROM import_job")]
            return bool(states) and not {"queued", "running"} & set(states)

        until(over, "the imports did not end", IMPORT_S)
        failed = self.rows("SELECT filename, message, params FROM import_job WHERE state = 'failed'")
        assert not failed, [tuple(row) for row in failed]
        until(self._indexed, "the search index did not end", IMPORT_S)

    def _indexed(self) -> bool:
        return not self.rows("SELECT 1 FROM resource WHERE blob IS NOT NULL AND indexed = 0")

    def told(self) -> str:
        """The end of what the box wrote."""
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """Ctrl-C; then whatever is left is killed, and AssertionError says what it was."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_S)
        finally:
            left = marked(self.mark)
            names = [command_of(pid) for pid in left]
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait(5)
        assert not left, f"still alive after Ctrl-C: {names}"


def start(state: Path, *options: str, demonstration: Path | None = DEMONSTRATION, config: Path | None = None) -> Box:
    """Start a box on ``state``, configured by ``config``, and wait for its first page; the caller stops it."""
    subprocess.run([sys.executable, ROOT / "tools" / "compress_static.py"], check=True)
    state.mkdir(parents=True, exist_ok=True)
    port, content_port, mark = free_port(), free_port(), uuid.uuid4().hex
    command = [sys.executable, "-m", "appliance", "--state", str(state)]
    command += ["--config", str(config)] if config else []
    command += ["dev", "--no-advert"]
    command += ["--port", str(port), "--content-port", str(content_port), *options]
    command += ["--demonstration", str(demonstration)] if demonstration else []
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "SIGTERM", *command]  # nothing outlives a killed test run
    log = state.parent / f"{state.name}.log"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CARTABLE_")} | {MARK: mark}
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, env=environ)
    box = Box(state, port, content_port, mark, process, log)
    with contextlib.ExitStack() as failed:
        failed.callback(box.stop)
        failed.callback(lambda: print(box.told()))
        until(lambda: _first_page(box), "no first page", START_S)
        failed.pop_all()
    return box


@contextlib.contextmanager
def running(state: Path, *options: str, demonstration: Path | None = DEMONSTRATION) -> Iterator[Box]:
    """A box for the length of a block, its imports done."""
    box = start(state, *options, demonstration=demonstration)
    try:
        box.wait_for_imports()
        yield box
    finally:
        box.stop()


def _first_page(box: Box) -> bool:
    assert box.process.poll() is None, f"cartable dev ended: {box.told()}"
    try:
        with urllib.request.urlopen(box.base + "/", timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:
        return False


def marked(mark: str) -> list[int]:
    """Processes that inherited ``mark`` in their environment, oldest first."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0") and _state(int(entry.name)) != "Z":
                    found.append(int(entry.name))
    return sorted(found)


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _state(pid: int) -> str:
    return _stat(pid)[0]


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return "?"


def _is_hub(pid: int) -> bool:
    words = command_of(pid).split()
    return "hub" in words and "dev" not in words


def _has_ancestor_hub(pid: int, mark: str) -> bool:
    with contextlib.suppress(OSError):
        while pid > 1:
            if _is_hub(pid):
                return True
            pid = int(_stat(pid)[1])
    return False
