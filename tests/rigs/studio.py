# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The studio on its socket with simulated devices, beside a hub that knows one teacher and one pupil."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from appliance.box_studio import can_caption
from appliance.client import Client, Response
from appliance.config import Config, environment, load
from appliance.drivers.loudspeaker_simulated import SimulatedLoudspeaker
from appliance.drivers.microphone_simulated import SimulatedMicrophone
from appliance.drivers.sound_decoder import decode
from appliance.studio.app import create_app
from appliance.studio.captions import Captions
from appliance.studio.parts import Studio
from appliance.studio.player import Player
from appliance.studio.source import Source

PATIENCE_S = 10.0
WRITES = load([], {"drivers": {"captions": "simulated"}})
WORKER = (sys.executable, "-m", "appliance", "captions-worker")
TEACHER = {"Cookie": "cartable=teacher"}
PUPIL = {"Cookie": "cartable=pupil"}


def until(true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for it."""
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@dataclass
class StudioRig:
    """``client`` speaks as a process of the box; :meth:`ask` as a browser behind nginx."""

    folder: Path
    microphone: SimulatedMicrophone
    loudspeaker: SimulatedLoudspeaker
    parts: Studio
    lesson: list[str] = field(default_factory=lambda: ["l.1"])

    @property
    def path(self) -> Path:
        return self.folder / "studio.sock"

    @property
    def client(self) -> Client:
        return Client(self.path)

    def now(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.request("GET", "/api/studio/now").json()
        return told

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Response:
        status, told, content = self.raw(method, path, {"X-Cartable-Origin": "hub", **(headers or {})}, body)
        return Response(status, told, content)

    def raw(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self.opened(method, path, headers, body) as stream:
            return _answer(stream.makefile("rb").read())

    @contextlib.contextmanager
    def opened(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Iterator[socket.socket]:
        """A connection on which this was asked, to be read by hand."""
        lines = [f"{method} {path} HTTP/1.0", "Host: box", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(PATIENCE_S)
            stream.connect(str(self.path))
            stream.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            yield stream

    def events(self, path: str, headers: dict[str, str], count: int) -> list[dict[str, Any]]:
        """The first events of a stream."""
        found: list[dict[str, Any]] = []
        with self.opened("GET", path, {"X-Cartable-Origin": "hub", **headers}) as stream:
            for line in stream.makefile("rb"):
                if line.startswith(b"data: "):
                    found.append(json.loads(line[6:]))
                if len(found) == count:
                    break
        return found


def _answer(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in rest), body


@contextlib.contextmanager
def studio_rig(
    folder: Path,
    microphone: SimulatedMicrophone,
    speed: str = "20",
    config: Config | None = None,
    unread_s: float = 60.0,
) -> Iterator[StudioRig]:
    """While the block runs."""
    loudspeaker = SimulatedLoudspeaker(speed)
    source = Source(microphone)
    command = ("env", *(f"{key}={value}" for key, value in environment(config or WRITES).items()), *WORKER)
    captions = Captions(source, command, lambda: can_caption(config or WRITES), unread_s)
    parts = Studio(source, Player(loudspeaker, decode), captions, Client(folder / "hub.sock"), "en")
    rig = StudioRig(folder, microphone, loudspeaker, parts)
    ready: queue.Queue[Callable[[], object]] = queue.Queue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(rig, ready)), name="studio-rig")
    thread.start()
    stop = ready.get(timeout=PATIENCE_S)
    try:
        yield rig
    finally:
        stop()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


async def _serve(rig: StudioRig, ready: queue.Queue[Callable[[], object]]) -> None:
    """``ready`` gets what ends it."""

    async def who(request: web.Request) -> web.Response:
        name = request.cookies.get("cartable", "")
        return web.json_response(
            {"teacher": name == "teacher", "pupil": name == "pupil" and bool(rig.lesson), "language": "en",
             "lesson": rig.lesson[0] if rig.lesson else ""}
        )  # fmt: skip

    hub = web.Application()
    hub.router.add_get("/api/who", who)
    runners = [web.AppRunner(app, shutdown_timeout=0.1) for app in (hub, create_app(rig.parts))]
    for runner, name in zip(runners, ("hub.sock", "studio.sock"), strict=True):
        await runner.setup()
        await web.UnixSite(runner, str(rig.folder / name)).start()
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    ready.put(lambda: loop.call_soon_threadsafe(stop.set))
    await stop.wait()
    for runner in reversed(runners):
        await runner.cleanup()
    while rig.parts.source.open:
        await asyncio.sleep(0.01)
    for _ in range(5):  # connections that were cut off are closed in the loop's next turns
        await asyncio.sleep(0)
