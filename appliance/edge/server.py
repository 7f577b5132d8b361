# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Listeners, dispatch by the routing table, and the limits that keep a strange client from hurting the others."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import socket
from pathlib import Path
from urllib.parse import unquote_to_bytes

import aiohttp
from aiohttp import StreamReader, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from appliance.config import Config
from appliance.edge import answers, files, proxy
from appliance.errors import Conflict, Refused, reason
from appliance.routes import Files, Origin, Proxy, Root, Route, find

HEADER_TIMEOUT_S = 10.0
"""How long a client may take to write its first request."""
KEEPALIVE_S = 65.0
MAX_HEADERS = 32 << 10
"""Bytes of all headers of a request together, as nginx has it; a single line: a quarter."""

STATIC = Path(__file__).parents[1] / "hub" / "static"

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")


class BadPath(ValueError):
    """A path that no browser writes: a dot segment, NUL, a broken escape."""


def decoded(raw_path: str) -> str:
    """The path of a request target, percent-decoded once.

    Raises :class:`BadPath` for what a browser would have resolved or never sends.
    """
    path = raw_path.partition("?")[0]
    if not path.startswith("/") or _BAD_ESCAPE.search(path):
        raise BadPath(path)
    text = unquote_to_bytes(path).decode("utf-8", "surrogateescape")
    if any(part in (".", "..") for part in re.split(r"[/\\]", text)):
        raise BadPath(path)
    return text


class Edge:
    """Serves both origins of one box. ``ports`` is known once started (0 in the configuration: any free one)."""

    def __init__(self, config: Config, *, static: Path = STATIC) -> None:
        self._config = config
        self._roots = {Root.LIBRARY: config.library_folder, Root.STATIC: static}
        self._upstreams: proxy.Upstreams | None = None
        self._servers: list[tuple[web.Server, asyncio.Server]] = []
        self.ports: dict[Origin, int] = {}

    async def start(self) -> None:
        """Listen. Raises :class:`Conflict` or :class:`Refused` naming the port that cannot be had."""
        edge = self._config.edge
        wanted = {Origin.HUB: edge.port, Origin.CONTENT: edge.content_port}
        with contextlib.ExitStack() as opened:  # both ports, or none
            sockets = {o: opened.enter_context(_listen(edge.address, port)) for o, port in wanted.items()}
            opened.pop_all()
        self.ports = {origin: held.getsockname()[1] for origin, held in sockets.items()}
        self._upstreams = proxy.Upstreams(self._config.box.run)
        for origin, held in sockets.items():
            await self._serve(origin, held)

    async def _serve(self, origin: Origin, held: socket.socket) -> None:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            return await self._answer(origin, request)

        server = _Server(
            handler,
            request_factory=_request,
            handler_cancellation=True,
            keepalive_timeout=KEEPALIVE_S,
            max_line_size=8190,
            max_field_size=8190,
            max_headers=100,
            lingering_time=2,
            auto_decompress=False,
            access_log=None,
        )
        loop = asyncio.get_running_loop()
        self._servers.append((server, await loop.create_server(server, sock=held, backlog=1024)))

    async def stop(self) -> None:
        """Close listeners and connections, at most a second for answers on their way."""
        for _, listener in self._servers:
            listener.close()
        await asyncio.gather(*(server.shutdown(1.0) for server, _ in self._servers))
        self._servers.clear()
        if self._upstreams is not None:
            await self._upstreams.close()

    async def _answer(self, origin: Origin, request: web.BaseRequest) -> web.StreamResponse:
        if isinstance(request.protocol, _Connection):
            request.protocol.heard()
        refused = _strange(request)
        if refused:
            return answers.refusal(None, refused)
        try:
            path = decoded(request.raw_path)
        except BadPath:
            return answers.refusal(None, 400)
        found = find(origin, path)
        if found is None:
            return answers.refusal(None, 404)
        route, match = found
        if isinstance(route.target, Files):
            return await self._file(origin, request, route, route.target, match)
        return await self._pass(origin, request, route, route.target)

    async def _file(
        self, origin: Origin, request: web.BaseRequest, route: Route, target: Files, match: re.Match[str]
    ) -> web.StreamResponse:
        relative = target.path.format(**match.groupdict())
        gzip_taken = files.takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        reading = request.method in (hdrs.METH_GET, hdrs.METH_HEAD)
        file = await asyncio.to_thread(
            files.open_file,
            self._roots[target.root],
            relative,
            precompressed=target.precompressed,
            gzip_taken=gzip_taken,
        )
        if file is None and target.fallback is not None:
            return await self._pass(origin, request, route, Proxy(target.fallback))
        if file is None:
            return answers.refusal(route, 404)
        if not reading:
            file.file.close()
            return answers.refusal(route, 405)
        return await files.send(request, file, answers.headers_for(route, 200))

    async def _pass(self, origin: Origin, request: web.BaseRequest, route: Route, target: Proxy) -> web.StreamResponse:
        assert self._upstreams is not None
        session = self._upstreams.session(target.service)
        headers = proxy.forwarded(request, self._facts(origin, request))
        try:
            if proxy.is_websocket(request):
                return await proxy.websocket(request, session, headers)
            body = await proxy.body_for(request, target)
            if body is not None and not isinstance(body, io.BytesIO) and request.content_length is None:
                headers.popall(hdrs.CONTENT_LENGTH, None)
            async with session.request(
                request.method,
                proxy.target_url(request),
                headers=headers,
                data=body,
                allow_redirects=False,
                timeout=proxy.timeout_for(target),
            ) as upstream:
                own = answers.headers_for(route, upstream.status)
                return await proxy.relay(request, upstream, proxy.answered(upstream, own))
        except answers.Gone:
            raise
        except proxy.TooBig:
            return answers.refusal(route, 413)
        except TimeoutError:
            return answers.refusal(route, 504)
        except aiohttp.WSServerHandshakeError as error:
            return answers.refusal(route, error.status)
        except (aiohttp.ClientError, OSError) as error:
            return _lost(request, route, error)

    def _facts(self, origin: Origin, request: web.BaseRequest) -> dict[str, str]:
        return {
            "X-Cartable-Origin": origin.value,
            "X-Cartable-Content-Port": str(self.ports[Origin.CONTENT]),
            "X-Forwarded-For": request.remote or "",
            "X-Forwarded-Proto": "http",
        }


def _strange(request: web.BaseRequest) -> int | None:
    """The status for headers that no browser sends, or None."""
    hosts = request.headers.getall(hdrs.HOST, ())
    if len(hosts) > 1 or (not hosts and request.version >= (1, 1)) or "," in "".join(hosts):
        return 400
    total = sum(len(name) + len(value) for name, value in request.raw_headers)
    return 431 if total > MAX_HEADERS else None


def _lost(request: web.BaseRequest, route: Route, error: Exception) -> web.StreamResponse:
    """One side went away. Too late to say so in a started answer: the connection is cut, so the length tells."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, proxy.TooBig):
            return answers.refusal(route, 413)
        if isinstance(cause, TimeoutError):
            return answers.refusal(route, 504)
        cause = cause.__cause__ or cause.__context__
    if request.transport is None or request.transport.is_closing():
        raise answers.Gone from error
    if request.writer.output_size:
        raise ConnectionResetError from error
    return answers.restarting(route)


class _Request(web.BaseRequest):
    """Completes whatever is answered to it, the parser's own refusals included."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        answers.add_defaults(response.headers)
        response.headers.popall(hdrs.SERVER, None)


class _Connection(web.RequestHandler):
    """Closes a connection whose first request does not arrive in time (the keep-alive timer covers later ones)."""

    __slots__ = ("_deadline",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            HEADER_TIMEOUT_S, transport.close
        )

    def heard(self) -> None:
        """A whole request arrived."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer without repeating what was sent; only our own mistakes are logged. Raises ``exc`` when it is Gone."""
        if isinstance(exc, answers.Gone):
            raise exc
        if status < 500:
            return answers.refusal(None, status)
        return super().handle_error(request, status, exc, message)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.heard()
        super().connection_lost(exc)


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return _Request(message, payload, protocol, writer, task, asyncio.get_running_loop())


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((address, port))
        held.listen(1024)
    except PermissionError as error:
        held.close()
        raise Refused(
            "Port %(port)s needs administrator rights: choose one over 1023 with --port or --content-port.", port=port
        ) from error
    except OSError as error:
        held.close()
        raise Conflict(
            "Port %(port)s of %(address)s cannot be used (%(why)s): stop the program that holds it, or choose another "
            "with --port or --content-port.",
            port=port,
            address=address,
            why=reason(error),
        ) from error
    return held
