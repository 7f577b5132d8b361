# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Our side of a benchmark: a hub as the box runs it, with real nginx in front."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import config as configuration
from appliance.client import Client
from appliance.config import Config
from appliance.hub.assets import STATIC
from bench.measure import family, private_bytes, until
from tests.rigs.nginx import free_port, nginx


@dataclass(frozen=True, slots=True)
class Ours:
    """A running box."""

    config: Config
    hub_pid: int
    nginx_pid: int
    started_in: float
    """Seconds from the start of the hub to its first page."""

    @property
    def pages(self) -> str:
        """Origin of pages and API."""
        return f"http://127.0.0.1:{self.config.edge.port}"

    @property
    def content(self) -> str:
        """Origin of resources."""
        return f"http://127.0.0.1:{self.config.edge.content_port}"

    def hub(self) -> Sequence[int]:
        """The hub and all its children."""
        return family(self.hub_pid)

    def front(self) -> Sequence[int]:
        """nginx."""
        return family(self.nginx_pid)

    def api(self, method: str, path: str, json: Any = None) -> Any:
        """A local request over the hub's socket."""
        return Client(self.config.hub_socket).request(method, path, json=json).json()


def configure(state: Path, demonstration: Path | None = None) -> Config:
    """A configuration on free ports."""
    return configuration.load(
        [],
        {
            "box": {"state": state, "run": state / "run", "demonstration": demonstration},
            "edge": {"address": "127.0.0.1", "port": free_port(), "content_port": free_port()},
            "drivers": {"advert": "simulated"},
        },
    )


@contextlib.contextmanager
def running(config: Config) -> Iterator[Ours]:
    """Migrate, start nginx then the hub, wait for the first page."""
    environment = {**os.environ, **configuration.environment(config)}
    program = [sys.executable, "-m", "appliance"]
    subprocess.run([*program, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    with nginx(config, config.box.state / "nginx", STATIC) as front:
        start = time.monotonic()
        hub = subprocess.Popen([*program, "hub"], env=environment)
        try:
            until(lambda: answers(config.edge.port), 60, "first page")
            yield Ours(config, hub.pid, front.pid, time.monotonic() - start)
        finally:
            hub.terminate()
            hub.wait(20)


@contextlib.contextmanager
def direct(config: Config) -> Iterator[tuple[str, int]]:
    """A second hub's content application alone on TCP, with the settings of ``serve``: (address, process id).

    It reads the same blobs; it opens no database, so the running hub is not disturbed.
    """
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--factory", "bench.boxes:content_only",
        "--port", str(port), "--no-ws", "--http", "1", "--runtime-mode", "st", "--log-level", "warning",
        "--blocking-threads", str(config.hub.threads), "--backpressure", "64",
    ]  # fmt: skip
    server = subprocess.Popen(command, env={**os.environ, **configuration.environment(config)})
    try:
        until(lambda: answers(port, "/.alive"), 30, "content application")
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(20)


def content_only() -> Any:
    """The hub's dispatch with its content application, as :func:`appliance.box.application` makes it."""
    from appliance import box

    content = box.content(configuration.from_environment())

    def alive(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/.alive":
            start_response("200 OK", [])
            return []
        if environ.get("HTTP_X_CARTABLE_ORIGIN") == "content":
            return content(environ, start_response)
        start_response("421 Misdirected Request", [])
        return []

    return alive


def answers(port: int, path: str = "/sante") -> bool:
    """Whether a page is served."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False


def add(box: Ours, path: Path, timeout_s: float = 1200) -> tuple[str, float, int]:
    """Import a file; returns (resource id, seconds, peak private bytes of the hub and its children)."""
    before = time.monotonic()
    job = box.api("POST", "/api/library", {"path": str(path)})["id"]
    peak = 0

    def finished() -> bool:
        nonlocal peak
        peak = max(peak, private_bytes(box.hub()))
        return box.api("GET", f"/api/library/jobs/{job}")["state"] in ("done", "failed")

    until(finished, timeout_s, f"import of {path.name}")
    told = box.api("GET", f"/api/library/jobs/{job}")
    if told["state"] == "failed":
        raise RuntimeError(told)
    return str(told["resource"]), time.monotonic() - before, peak
