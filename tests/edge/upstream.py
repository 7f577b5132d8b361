# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A small real service on a Unix socket, that tells what reached it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

from aiohttp import WSMsgType, web


async def _echo(request: web.Request) -> web.StreamResponse:
    if "refuse" in request.query:
        return web.Response(status=403, text="not signed in")
    digest, size = hashlib.sha256(), 0
    async for chunk in request.content.iter_any():
        digest.update(chunk)
        size += len(chunk)
    if request.headers.get("X-Cartable-Origin") == "hub" and request.path.startswith(("/zim/", "/blob/")):
        return web.Response(status=404, text="not here")
    told = {
        "method": request.method,
        "target": request.raw_path,
        "headers": [[name, value] for name, value in request.headers.items()],
        "size": size,
        "sha256": digest.hexdigest(),
    }
    return web.json_response(told, headers={"Content-Security-Policy": "default-src 'self'", "Set-Cookie": "a=1"})


async def _status(request: web.Request) -> web.StreamResponse:
    status = int(request.match_info["code"])
    return web.Response(status=status, headers={"Cache-Control": "max-age=5", "Location": "/elsewhere"})


async def _big(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):  # the edge cuts what its browser no longer wants
        for _ in range(int(request.match_info["mebibytes"])):
            await response.write(bytes(1 << 20))
    return response


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"x" * 10)
    assert request.transport is not None
    request.transport.close()
    return response


MORE = web.AppKey("more", asyncio.Event)


async def _drip(request: web.Request) -> web.StreamResponse:
    """One event, and the second when somebody asks for more."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: 1\n")
    await request.app[MORE].wait()
    await response.write(b"data: 2\n")
    return response


async def _more(request: web.Request) -> web.StreamResponse:
    request.app[MORE].set()
    return web.Response(status=204)


async def _socket(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=["cartable"])
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(f"{request.headers['X-Cartable-Origin']}: {message.data}")
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


def _application() -> web.Application:
    application = web.Application(client_max_size=1 << 40)
    application[MORE] = asyncio.Event()
    application.router.add_get("/ws", _socket)
    application.router.add_get("/api/studio/drip", _drip)
    application.router.add_get("/api/studio/more", _more)
    application.router.add_route("*", "/status/{code}", _status)
    application.router.add_get("/big/{mebibytes}", _big)
    application.router.add_get("/cut", _cut)
    application.router.add_route("*", "/{rest:.*}", _echo)
    return application


@contextlib.contextmanager
def upstream(socket: Path) -> Iterator[None]:
    """The service, answering on ``socket`` while the block runs."""
    loop = asyncio.new_event_loop()
    ready, runner = threading.Event(), web.AppRunner(_application(), access_log=None, shutdown_timeout=1)

    async def start() -> None:
        await runner.setup()
        await web.UnixSite(runner, str(socket), backlog=1024).start()
        ready.set()

    def work() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work, name="upstream")
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        socket.unlink(missing_ok=True)
