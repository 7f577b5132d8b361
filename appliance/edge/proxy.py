# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Passing requests to a service's Unix socket, both ways as a stream."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from appliance.edge.answers import to_browser
from appliance.http_rules import (
    BODY_TIMEOUT_S,
    READ_TIMEOUT_S,
    STREAM_OVER_MB,
    UPLOAD_TIMEOUT_S,
    UPSTREAM_IDLE_S,
)
from appliance.routes import Proxy, Service

_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade", "expect")
)  # fmt: skip
_OURS = frozenset(
    ("x-cartable-origin", "x-cartable-content-port", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
     "x-forwarded-port", "x-forwarded-prefix", "x-real-ip", "forwarded")
)  # fmt: skip
_OWN_RESPONSE = frozenset(("date", "server"))


class TooBig(Exception):
    """The body is over the route's limit."""


class Upstreams:
    """Connections to the services, kept open between requests."""

    def __init__(self, run: Path) -> None:
        self._sessions = {service: _session(run / f"{service}.sock") for service in Service}

    def session(self, service: Service) -> aiohttp.ClientSession:
        """The pool of connections to ``service``."""
        return self._sessions[service]

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()


def _session(socket: Path) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(str(socket), limit=128, keepalive_timeout=UPSTREAM_IDLE_S),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=(hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE),
    )


def forwarded(request: web.BaseRequest, facts: dict[str, str]) -> CIMultiDict[str]:
    """The request's headers as a service may believe them: nothing hop by hop, nothing that only we may say.

    Names with an underscore are dropped, as nginx does: WSGI could not tell ``X_Cartable_Origin`` from ours.
    """
    named = {
        token.strip().lower() for value in request.headers.getall(hdrs.CONNECTION, ()) for token in value.split(",")
    }
    drop = _HOP_BY_HOP | _OURS | named
    kept = ((name, value) for name, value in request.headers.items() if name.lower() not in drop and "_" not in name)
    headers = CIMultiDict(kept)
    headers.update(facts)
    return headers


def answered(upstream: aiohttp.ClientResponse, own: CIMultiDict[str]) -> CIMultiDict[str]:
    """The service's headers, with ``own`` in place of its values of the same names."""
    drop = _HOP_BY_HOP | _OWN_RESPONSE | {name.lower() for name in own}
    headers = CIMultiDict((name, value) for name, value in upstream.headers.items() if name.lower() not in drop)
    headers.extend(own)
    return headers


async def _body(request: web.BaseRequest, limit: int) -> AsyncIterator[bytes]:
    taken = 0
    while True:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            chunk = await request.content.readany()
        if not chunk:
            return
        taken += len(chunk)
        if taken > limit:
            raise TooBig
        yield chunk


async def body_for(request: web.BaseRequest, target: Proxy) -> io.BytesIO | AsyncIterator[bytes] | None:
    """What to send on as the body. Raises :class:`TooBig`, and TimeoutError when the browser stops sending."""
    limit = target.max_body_mb << 20
    if not request.can_read_body:
        return None
    if (request.content_length or 0) > limit:
        raise TooBig
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    if _streamed(target):
        return _body(request, limit)
    return io.BytesIO(b"".join([chunk async for chunk in _body(request, limit)]))


def _streamed(target: Proxy) -> bool:
    return target.max_body_mb > STREAM_OVER_MB and not target.held


def timeout_for(target: Proxy) -> aiohttp.ClientTimeout:
    """How patient to be with the service behind ``target``."""
    silence = UPLOAD_TIMEOUT_S if _streamed(target) else READ_TIMEOUT_S
    return aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=silence)


def target_url(request: web.BaseRequest) -> URL:
    """The path and query exactly as the browser wrote them."""
    return URL(f"http://service{request.raw_path}", encoded=True)


async def relay(
    request: web.BaseRequest, upstream: aiohttp.ClientResponse, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Pass the service's answer on while it arrives. Raises :class:`appliance.edge.answers.Gone`."""
    response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=headers)
    bodiless = request.method == hdrs.METH_HEAD or upstream.status in (204, 304)
    if not bodiless and hdrs.CONTENT_LENGTH not in headers and request.version >= (1, 1):
        response.enable_chunked_encoding()
    with to_browser():
        await response.prepare(request)
    if not bodiless:
        async for chunk in upstream.content.iter_any():
            with to_browser():
                await response.write(chunk)
    with to_browser():
        await response.write_eof()
    return response


def is_websocket(request: web.BaseRequest) -> bool:
    """Whether the browser asks for a WebSocket."""
    upgrade = request.headers.get(hdrs.UPGRADE, "").lower()
    return upgrade == "websocket" and "upgrade" in request.headers.get(hdrs.CONNECTION, "").lower()


async def websocket(
    request: web.BaseRequest, session: aiohttp.ClientSession, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Join the browser's WebSocket to the service's; when one side closes, so does the other."""
    offered = [item.strip() for item in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",") if item.strip()]
    for name in [name for name in headers if name.lower().startswith("sec-websocket-")]:
        headers.popall(name, None)
    async with session.ws_connect(target_url(request), headers=headers, protocols=offered, autoping=False) as service:
        protocols = [service.protocol] if service.protocol else []
        browser = web.WebSocketResponse(protocols=protocols, autoping=False)
        await browser.prepare(request)
        pumps = {asyncio.ensure_future(_pump(service, browser)), asyncio.ensure_future(_pump(browser, service))}
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            await browser.close(code=service.close_code or 1000)
        return browser


_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: _Socket, sink: _Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.PING:
            await sink.ping(message.data)
        elif message.type is aiohttp.WSMsgType.PONG:
            await sink.pong(message.data)
