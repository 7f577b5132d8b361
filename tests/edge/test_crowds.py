# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Many at once, slow or silent ones, and a service that is not there: neither edge lets the others wait."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from appliance.config import Config
from appliance.http_rules import BARE_POLICY
from appliance.routes import Origin
from tests.edge.conftest import BLOB, ZIM, Running, configuration, dev_edge
from tests.edge.upstream import upstream
from tests.rigs.nginx import nginx


def test_five_hundred_at_once(edge: Running) -> None:
    async def crowd() -> list[int]:
        connector = aiohttp.TCPConnector(limit=500)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as session:
            return await asyncio.gather(*(_one(session, number) for number in range(500)))

    async def _one(session: aiohttp.ClientSession, number: int) -> int:
        if number % 2:
            url = f"http://127.0.0.1:{edge.port(Origin.CONTENT)}/blob/{BLOB}/files/page.html"
        else:
            url = f"http://127.0.0.1:{edge.port(Origin.HUB)}/page/{number}"
        async with session.get(url) as answer:
            await answer.read()
            return answer.status

    assert set(asyncio.run(crowd())) == {200}


def test_slow_readers_hold_nobody_up(edge: Running) -> None:
    slow = []
    try:
        for path, origin in ((f"/blob/{BLOB}/original.mp4", Origin.CONTENT), ("/big/64", Origin.HUB)) * 20:
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(("127.0.0.1", edge.port(origin)))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            slow.append(connection)
        for connection in slow:
            assert connection.recv(12) == b"HTTP/1.1 200"
        begun = time.monotonic()
        for _ in range(20):
            assert edge.ask("/page", origin=Origin.HUB)[0].status == 200
        assert time.monotonic() - begun < 2
    finally:
        for connection in slow:
            connection.close()


def test_half_a_request_holds_nobody_up_and_is_dropped(edge: Running) -> None:
    half = [socket.create_connection(("127.0.0.1", edge.port(Origin.HUB)), 20) for _ in range(200)]
    try:
        for connection in half:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-")
        assert edge.ask("/page", origin=Origin.HUB)[0].status == 200
        begun = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert half[0].recv(1000)[:12] in (b"", b"HTTP/1.1 408")
        assert time.monotonic() - begun < 15
    finally:
        for connection in half:
            connection.close()


@pytest.fixture(params=["dev", "nginx"])
def lonely(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Running, Config]]:
    """An edge whose service is not there."""
    config, static = configuration(tmp_path), tmp_path / "static"
    static.mkdir()
    config.box.run.mkdir()
    started = dev_edge(config, static) if request.param == "dev" else nginx(config, tmp_path / "nginx", static)
    with started:
        yield Running(request.param, config, static, tmp_path), config


def test_a_service_that_restarts(lonely: tuple[Running, Config]) -> None:
    edge, config = lonely
    for origin, path in ((Origin.HUB, "/etagere"), (Origin.CONTENT, ZIM)):
        answer, body = edge.ask(path, origin=origin)
        assert answer.status == 502
        assert "Le service redémarre…" in body.decode()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers.get_all("Content-Security-Policy") == [BARE_POLICY]
        assert answer.headers.get_all("Cache-Control") == ["no-store"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with upstream(config.hub_socket):
        assert edge.ask("/etagere", origin=Origin.HUB)[0].status == 200
    assert edge.ask("/etagere", origin=Origin.HUB)[0].status == 502
    with upstream(config.hub_socket):
        assert edge.ask("/etagere", origin=Origin.HUB)[0].status == 200
