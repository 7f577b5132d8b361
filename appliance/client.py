# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""HTTP/1.1 to a service of the box over its Unix socket."""

from __future__ import annotations

import contextlib
import http.client
import json as jsonlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import Unreachable

TIMEOUT_S = 30.0
BLOCK = 1 << 16
"""Bytes of a long answer read at a time."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; a repeated one joined by a comma."""
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is none."""
        return jsonlib.loads(self.body)

    def refusal(self) -> str:
        """The sentence for people in an error of a service, in their language already; empty when there is none."""
        return refusal(self.body)


def refusal(body: bytes) -> str:
    """See :meth:`Response.refusal`."""
    try:
        return str(jsonlib.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("local", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)  # close() closes it, connected or not
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))

    def request(self, *args: Any, **kwargs: Any) -> None:
        """A service may answer and close before it has taken the body: its answer is there to be read all the same
        (RFC 9112 section 9.5)."""
        with contextlib.suppress(BrokenPipeError):
            super().request(*args, **kwargs)


class Client:
    """Talks to the service behind ``socket``, with the trust that the socket's permissions give. Thread-safe."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def request(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT_S,
    ) -> Response:
        """Ask once; ``json`` is sent as the body unless None. Any status is an answer.

        Raises :class:`appliance.errors.Unreachable` when the service is not there, or goes away or stays silent for
        ``timeout`` seconds before it has answered.
        """
        fields = {**(headers or {}), "X-Cartable-Origin": "local"}
        if json is not None:
            body = jsonlib.dumps(json).encode()
            fields["Content-Type"] = "application/json"
        connection = _Connection(self._socket, timeout)
        with contextlib.closing(connection), self._translated():
            connection.request(method, path, body, fields)
            return _whole(connection.getresponse())

    @contextlib.contextmanager
    def lines(self, path: str, *, timeout: float = TIMEOUT_S) -> Iterator[tuple[int, Iterator[bytes]]]:
        """GET an answer of any length: its status, and its lines as they come, each with its line feed.

        Raises :class:`appliance.errors.Unreachable`, also while the lines are read: then some are missing.
        """
        connection = _Connection(self._socket, timeout)
        with contextlib.closing(connection):
            with self._translated():
                connection.request("GET", path, headers={"X-Cartable-Origin": "local"})
                answer = connection.getresponse()
            yield answer.status, self._each(answer)

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, body: bytes | None = None, *, timeout: float = TIMEOUT_S
    ) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Ask for an answer that goes on: its status, and its bytes as they come, in pieces of any length, until the
        block is left. ``timeout``: of silence.

        Raises :class:`appliance.errors.Unreachable`, also while pieces are read: then the answer broke off.
        """
        connection = _Connection(self._socket, timeout)
        with contextlib.closing(connection):
            with self._translated():
                connection.request(method, path, body, {"X-Cartable-Origin": "local"})
                answer = connection.getresponse()
            yield answer.status, self._pieces(answer)

    def _pieces(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        while True:
            with self._translated():
                block = answer.read1(BLOCK)
            if not block:
                return
            yield block

    def _each(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        begun: list[bytes] = []
        while True:
            with self._translated():  # not readline(): it takes an answer that was cut short for a whole one
                block = answer.read1(BLOCK)
            *whole, last = block.split(b"\n")
            for line in whole:
                yield b"".join([*begun, line, b"\n"])
                begun = []
            begun.append(last)
            if not block:
                break
        if any(begun):
            yield b"".join(begun)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                "The service behind %(socket)s does not answer (%(why)s): is it running?",
                socket=self._socket,
                why=str(error) or type(error).__name__,
            ) from error


def _whole(answer: http.client.HTTPResponse) -> Response:
    headers: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return Response(answer.status, headers, answer.read())
