# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whoever sends a voice drop by drop keeps no place of the service."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from appliance.speech import serving
from tests.rigs import wsgi

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
GONE_S = 10.0


def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(str(len(body)))))])
    return [str(len(body)).encode()]


def answered(connection: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\r\n\r\n1000") and (more := connection.recv(1000)):
        got += more
    return got


def until_it_is_closed(path: str) -> None:
    """Send a byte each 50 ms. Raises AssertionError when that goes on."""
    end = time.monotonic() + GONE_S
    with socket.socket(socket.AF_UNIX) as drip:
        drip.connect(path)
        drip.sendall(HEAD)
        drip.settimeout(0.05)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() < end:
                drip.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    if not drip.recv(100):
                        return
            raise AssertionError("it goes on")


def test_a_trickle_is_dropped_and_a_request_on_an_old_connection_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "BODY_S", 0.3)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen(8)
        server = serving.made(answer, listening)
        with wsgi.running(server), socket.socket(socket.AF_UNIX) as honest:
            honest.settimeout(GONE_S)
            honest.connect(str(tmp_path / "s"))
            honest.sendall(HEAD + bytes(1000))
            assert answered(honest).endswith(b"\r\n\r\n1000")
            until_it_is_closed(str(tmp_path / "s"))  # longer than BODY_S
            honest.sendall(HEAD)
            honest.sendall(bytes(1000))
            assert answered(honest).endswith(b"\r\n\r\n1000")
