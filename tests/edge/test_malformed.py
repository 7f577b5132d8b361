# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Requests that break HTTP, hide another, or are too large in the head: both edges refuse them."""

from __future__ import annotations

import pytest

from tests.edge.conftest import Running

POST = b"POST /x HTTP/1.1\r\nHost: a\r\n"
BAD = {
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    "negative length": POST + b"Content-Length: -5\r\n\r\n",
    "strange length": POST + b"Content-Length: 5x\r\n\r\nabcde",
    "listed length": POST + b"Content-Length: 5, 5\r\n\r\nabcde",
    "two hosts": b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET /x HTTP/1.1\r\n\r\n",
    "no version": b"GARBAGE\r\n\r\n",
    "binary": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "NUL in a header": b"GET /x HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "not a path": b"GET x HTTP/1.1\r\nHost: a\r\n\r\n",
    "dots between backslashes": b"GET /static\\..\\app.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "dots before a backslash": b"GET /static/..%5Capp.js HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "dots at the end": b"GET /static%5c.. HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("shape", list(BAD))
def test_a_malformed_request_is_refused(edge: Running, shape: str) -> None:
    answer = edge.raw(BAD[shape])
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400", b"<html>\r\n<head><title>400")), answer[:200]
    assert answer.count(b"HTTP/1.") <= 1


@pytest.mark.parametrize("shape", ["xchunked", "chunked, identity", "identity", "\x0bchunked"])
def test_no_request_hides_in_another(edge: Running, shape: str) -> None:
    hidden = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    head = f"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {shape}\r\nContent-Length: {len(hidden)}\r\n\r\n"
    answer = edge.raw(head.encode("latin-1") + hidden)
    assert b"/hidden" not in answer
    assert answer.split()[1] in (b"400", b"501"), answer[:100]


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"a" * 40_000,
        b"\r\n".join(b"X-%d: %s" % (number, b"a" * 1000) for number in range(80)),
        b"Cookie: " + b"a" * 1_000_000,
    ],
)
def test_huge_headers_are_refused(edge: Running, head: bytes) -> None:
    answer = edge.raw(b"GET /x HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n")
    assert answer == b"" or answer.split()[1] in (b"400", b"431", b"414"), answer[:100]


def test_a_huge_address_is_refused(edge: Running) -> None:
    answer = edge.raw(b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.split()[1] in (b"400", b"414")


def test_pipelined_requests_are_answered_in_order(edge: Running) -> None:
    one = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = edge.raw(b"".join(one % number for number in range(5)))
    places = [answer.index(b'"target": "/%d"' % number) for number in range(5)]
    assert places == sorted(places)
