# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Bodies through both edges: limits, uploads that pass and are not kept, what ends in the middle."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

from appliance.routes import Origin
from tests.edge.conftest import UPLOAD, Running


def test_a_body_over_the_limit(edge: Running) -> None:
    answer, _ = edge.ask("/api/x", method="POST", body=bytes((1 << 20) + 1), origin=Origin.HUB)
    assert answer.status == 413
    answer, body = edge.ask("/api/x", method="POST", body=bytes(1 << 20), origin=Origin.HUB)
    assert json.loads(body)["size"] == 1 << 20


def test_a_chunked_body_over_the_limit(edge: Running) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    head = b"POST /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = edge.raw(head + chunk * 17 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")


def test_an_upload_over_the_limit_is_refused_before_it_is_sent(edge: Running) -> None:
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nContent-Length: {5 << 30}\r\n\r\n".encode()
    assert edge.raw(head).startswith(b"HTTP/1.1 413")


def test_a_large_upload_passes(edge: Running) -> None:
    data = bytes(range(256)) * (64 << 12)
    answer, body = edge.ask(UPLOAD, method="POST", body=data, origin=Origin.HUB)
    assert answer.status == 200
    assert json.loads(body)["sha256"] == hashlib.sha256(data).hexdigest()


def test_an_upload_refused_in_the_middle(edge: Running) -> None:
    head = f"POST {UPLOAD}?refuse=1 HTTP/1.1\r\nHost: a\r\nContent-Length: {50 << 20}\r\n\r\n".encode()
    assert edge.raw(head + bytes(1 << 20)).startswith(b"HTTP/1.1 403")


def test_an_upload_given_up_in_the_middle(edge: Running) -> None:
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nContent-Length: {50 << 20}\r\n\r\n".encode()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", edge.port(Origin.HUB)), 10) as connection:
            connection.sendall(head + bytes(1 << 20))
    assert edge.ask("/page", origin=Origin.HUB)[0].status == 200


def test_an_upload_passes_through_and_is_not_kept(edge: Running) -> None:
    before = _private_mb()  # of this process: the development edge; nginx must let it through all the same
    size, peak = 400 << 20, 0.0

    def body() -> Iterator[bytes]:
        nonlocal peak
        for sent in range(size >> 20):
            if sent % 50 == 0:
                peak = max(peak, _private_mb())
            yield bytes(1 << 20)

    connection = http.client.HTTPConnection("127.0.0.1", edge.port(Origin.HUB), timeout=60)
    connection.request("POST", UPLOAD, body(), {"Content-Length": str(size)})
    assert json.loads(connection.getresponse().read())["size"] == size
    connection.close()
    assert peak - before < 40


def _private_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss_Anon:"))


def test_expect_continue(edge: Running) -> None:
    with socket.create_connection(("127.0.0.1", edge.port(Origin.HUB)), 10) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b"ok")
        answer = b""
        while b'"size": 2' not in answer:
            chunk = connection.recv(65536)
            assert chunk, answer
            answer += chunk


def test_an_answer_cut_short_does_not_look_whole(edge: Running) -> None:
    with socket.create_connection(("127.0.0.1", edge.port(Origin.HUB)), 10) as connection:
        connection.sendall(b"GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert not answer.partition(b"\r\n\r\n")[2].strip(b"x"), "only the bytes that came, then the end"
