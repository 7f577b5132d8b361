# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Browsers that leave in the middle of an answer: an everyday thing, so nothing is written in the terminal."""

from __future__ import annotations

import logging
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.routes import Origin
from tests.edge.conftest import BLOB, Running, configuration, dev_edge
from tests.edge.upstream import upstream

MEBIBYTES = 64
"""More than the buffers between two sockets hold."""
FILE = f"/blob/{BLOB}/original.pdf"


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Running]:
    """A development edge with a large file and a service that answers at length."""
    config = configuration(tmp_path)
    config.box.run.mkdir()
    blob = config.box.state / "library" / "blobs" / BLOB
    blob.mkdir(parents=True)
    (blob / "original.pdf").touch()
    os.truncate(blob / "original.pdf", MEBIBYTES << 20)
    with upstream(config.hub_socket), dev_edge(config, tmp_path):
        yield Running("dev", config, tmp_path, blob)


def leave(edge: Running, origin: Origin, head: str, *, reset: bool) -> None:
    """Read the beginning of the answer, then close."""
    with socket.socket() as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        browser.settimeout(10)
        browser.connect(("127.0.0.1", edge.port(origin)))
        browser.sendall(f"{head}\r\nHost: box\r\n\r\n".encode())
        assert browser.recv(9) == b"HTTP/1.1 "
        if reset:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    ("origin", "head"),
    [
        (Origin.CONTENT, f"GET {FILE} HTTP/1.1"),
        (Origin.CONTENT, f"GET {FILE} HTTP/1.1\r\nRange: bytes=100-"),
        (Origin.HUB, f"GET /big/{MEBIBYTES} HTTP/1.1"),
    ],
    ids=["file", "range", "page"],
)
def test_a_browser_that_leaves_is_not_an_error(
    busy: Running, caplog: pytest.LogCaptureFixture, origin: Origin, head: str, reset: bool
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(40):
            leave(busy, origin, head, reset=reset)
        answer, body = busy.ask(FILE, {"Range": "bytes=0-9"})
    assert (answer.status, len(body)) == (206, 10)
    assert caplog.text == ""


def test_a_service_cut_in_the_middle_is_still_told(busy: Running, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", busy.port(Origin.HUB)), 10) as browser:
        browser.sendall(b"GET /cut HTTP/1.1\r\nHost: box\r\n\r\n")
        answer = b""
        while chunk := browser.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200")
    assert "Error handling request" in caplog.text
