# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The two edges under one suite: each test that asks for ``edge`` runs on the development edge and on real nginx."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.config import Config, load
from appliance.edge import Edge
from appliance.routes import Origin
from tests.edge.upstream import upstream
from tests.rigs.nginx import free_port, nginx

BLOB = "ab" * 32
ZIM = f"/zim/{BLOB}/A/page"
UPLOAD = "/enseignant/bibliotheque/ajouter"
SECRET = b"TOP-SECRET-of-another-folder"


@dataclass(frozen=True)
class Running:
    """An edge that answers on this machine."""

    kind: str
    config: Config
    static: Path
    blob: Path

    def port(self, origin: Origin) -> int:
        return self.config.edge.port if origin is Origin.HUB else self.config.edge.content_port

    def ask(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes | None = None,
        origin: Origin = Origin.CONTENT,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port(origin), timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def raw(self, data: bytes, origin: Origin = Origin.HUB, timeout: float = 15) -> bytes:
        """Everything answered to ``data``, until the connection ends or nothing more comes for a moment."""
        with socket.create_connection(("127.0.0.1", self.port(origin)), timeout) as connection:
            connection.sendall(data)
            answer = b""
            try:
                while chunk := connection.recv(65536):
                    answer += chunk
                    connection.settimeout(0.4)
            except (TimeoutError, ConnectionResetError):
                pass
            return answer


def _files(state: Path, static: Path) -> Path:
    blob = state / "library" / "blobs" / BLOB
    (blob / "files" / "A" / "é t").mkdir(parents=True)
    (blob / "original.mp4").write_bytes(bytes(range(256)) * 4096)
    (blob / "files" / "A" / "film.webm").write_bytes(b"0123456789" * 100)
    medium = state / "library" / "exercises" / f"{BLOB}.jpg"
    medium.parent.mkdir(parents=True)
    medium.write_bytes(b"\xff\xd8\xff")
    clip = state / "library" / "sequences" / "mon-zoo" / "sounds" / "sheep-slow.mp3"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"\xff\xf3")
    (clip.parents[1] / "pictures.svg").write_text("<svg/>", encoding="utf-8")
    (clip.parents[1] / "sequence.toml").write_bytes(SECRET)
    (blob / "files" / "A" / "é t" / "sous-titres.vtt").write_text("WEBVTT\n", encoding="utf-8")
    (blob / "files" / "page.html").write_text("<p>page", encoding="utf-8")
    (blob / "files" / "empty.txt").write_bytes(b"")
    (state / "secret.txt").write_bytes(SECRET)
    (state / "library" / "secret.txt").write_bytes(SECRET)
    (blob / "files" / "way-out.txt").symlink_to(state / "secret.txt")
    (blob / "files" / "folder-out").symlink_to(state)
    static.mkdir()
    script = b"console.log('bonjour')\n" * 200
    (static / "app.js").write_bytes(script)
    (static / "app.js.gz").write_bytes(gzip.compress(script, mtime=0))
    (static / "plain.css").write_bytes(b"body{}")
    (static / "only.css.gz").write_bytes(gzip.compress(b"x{}", mtime=0))
    for kind in ("vtt", "mjs", "wasm", "epub", "webmanifest", "opus", "odt", "strange"):
        (static / f"file.{kind}").write_bytes(b"x")
    for path in (blob / "original.mp4", static / "app.js"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return blob


@contextlib.contextmanager
def dev_edge(config: Config, static: Path) -> Iterator[Edge]:
    """The development edge in a thread of its own."""
    loop, edge, ready = asyncio.new_event_loop(), Edge(config, static=static), threading.Event()

    def work() -> None:
        loop.run_until_complete(edge.start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(edge.stop())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=work, name="edge")
    thread.start()
    assert ready.wait(10)
    try:
        yield edge
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def configuration(folder: Path) -> Config:
    """Free ports, everything below ``folder``."""
    ports: dict[str, object] = {"address": "127.0.0.1", "port": free_port(), "content_port": free_port()}
    box: dict[str, object] = {"state": folder / "state", "run": folder / "run"}
    return load([], {"box": box, "edge": ports})


@pytest.fixture(scope="session", params=["dev", "nginx"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Each of the two edges, in front of the same small service and the same files."""
    folder = tmp_path_factory.mktemp(f"edge-{request.param}")
    config, static = configuration(folder), folder / "static"
    config.box.run.mkdir()
    running = Running(request.param, config, static, _files(config.box.state, static))
    with contextlib.ExitStack() as stack:
        stack.enter_context(upstream(config.hub_socket))
        if request.param == "dev":
            stack.enter_context(dev_edge(config, static))
        else:
            stack.enter_context(nginx(config, folder / "nginx", static))
        yield running
