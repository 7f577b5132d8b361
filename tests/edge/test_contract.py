# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What both edges do with a request for a service: who it says it comes from, what comes back, what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from appliance.config import Config
from appliance.http_rules import BARE_POLICY
from appliance.routes import ROUTES, UNTRUSTED, Origin
from tests.edge.conftest import BLOB, Running, configuration, dev_edge
from tests.edge.upstream import upstream
from tests.rigs.nginx import nginx

ZIM = f"/zim/{BLOB}/A/page"
UPLOAD = "/enseignant/bibliotheque/ajouter"


def _told(body: bytes) -> dict[str, list[str]]:
    """Headers that reached the service, by lower-case name."""
    told: dict[str, list[str]] = {}
    for name, value in json.loads(body)["headers"]:
        told.setdefault(name.lower(), []).append(value)
    return told


def _raw(edge: Running, data: bytes, origin: Origin = Origin.HUB, timeout: float = 15) -> bytes:
    """Everything answered to ``data``, until the connection ends or nothing more comes for a moment."""
    with socket.create_connection(("127.0.0.1", edge.port(origin)), timeout) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
                connection.settimeout(0.4)
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


@pytest.mark.parametrize("origin", list(Origin))
def test_the_service_learns_where_a_request_came_in(edge: Running, origin: Origin) -> None:
    spoofed = {
        "X-Cartable-Origin": "local",
        "x-cartable-origin ".strip(): "local",
        "X_Cartable_Origin": "local",
        "X-Cartable-Content-Port": "1",
        "X-Forwarded-For": "10.9.9.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil",
        "X-Real-IP": "10.9.9.9",
        "Forwarded": "for=10.9.9.9",
        "Host": "cartable.local:8080",
        "Cookie": "session=1",
        "Accept-Language": "fr",
    }
    answer, body = edge.ask(ZIM if origin is Origin.CONTENT else "/etagere?q=%C3%A9", spoofed, origin=origin)
    told = _told(body)
    assert answer.status == 200
    assert told["x-cartable-origin"] == [origin.value]
    assert told["x-cartable-content-port"] == [str(edge.config.edge.content_port)]
    assert told["x-forwarded-for"] == ["127.0.0.1"]
    assert told["x-forwarded-proto"] == ["http"]
    assert told["host"] == ["cartable.local:8080"]
    assert told["cookie"] == ["session=1"]
    assert told["accept-language"] == ["fr"]
    assert not told.keys() & {"x_cartable_origin", "x-forwarded-host", "x-real-ip", "forwarded"}


def test_two_spoofed_origins(edge: Running) -> None:
    answer = _raw(edge, b"GET /x HTTP/1.1\r\nHost: a\r\nX-Cartable-Origin: local\r\nX-Cartable-Origin: hub\r\n\r\n")
    assert _told(answer.partition(b"\r\n\r\n")[2].partition(b"}\r\n0")[0].lstrip(b"0123456789abcdef\r\n"))[
        "x-cartable-origin"
    ] == ["hub"]


def test_hop_by_hop_headers_stay_here(edge: Running) -> None:
    _, body = edge.ask("/x", {"Connection": "keep-alive", "Keep-Alive": "5", "TE": "trailers"}, origin=Origin.HUB)
    assert not _told(body).keys() & {"keep-alive", "te"}


@pytest.mark.parametrize("target", ["/a%2Fb?x=%20&y", "/caf%C3%A9", "/a//b", "/x?a=/../b", "/'\"<>"])
def test_the_target_arrives_as_written(edge: Running, target: str) -> None:
    assert json.loads(edge.ask(target, origin=Origin.HUB)[1])["target"] == target


@pytest.mark.parametrize("path", [f"/zim/{BLOB}/A/x", f"/blob/{BLOB}/original.mp4", f"/zim/{BLOB}/A/film.webm"])
def test_the_hub_origin_never_serves_resources(edge: Running, path: str) -> None:
    assert edge.ask(path, origin=Origin.HUB)[0].status == 404


@pytest.mark.parametrize(
    "path", ["/", "/etagere", "/api/x", "/enseignant", UPLOAD, "/zim/", "/zim/abc/x", "/blob/", "/ws"]
)
def test_the_content_origin_never_reaches_pages(edge: Running, path: str) -> None:
    for method in ("GET", "POST"):
        answer, body = edge.ask(path, origin=Origin.CONTENT, method=method)
        assert answer.status == 404
        assert b"headers" not in body


@pytest.mark.parametrize(
    "path",
    [ZIM, f"/zim/{BLOB}/A/film.webm", f"/blob/{BLOB}/original.mp4", f"/blob/{BLOB}/none", f"/zim/{BLOB}/A/no.mp4"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_untrusted_pages_are_sandboxed_exactly_once(edge: Running, path: str, method: str) -> None:
    answer, _ = edge.ask(path, method=method)
    assert answer.headers.get_all("Content-Security-Policy") == [UNTRUSTED[1]]
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert len(answer.headers.get_all("Cache-Control") or []) == 1


@pytest.mark.parametrize("name", [route.name for route in ROUTES])
def test_every_route_states_its_headers(edge: Running, name: str) -> None:
    route = next(route for route in ROUTES if route.name == name)
    paths = {"static": "/static/app.js", "reader": "/static/app.js", "upload": UPLOAD, "hub": "/",
             "zim-media": f"/zim/{BLOB}/A/film.webm", "zim": ZIM, "blob": f"/blob/{BLOB}/original.mp4",
             "download": f"/download/{BLOB}/mp4/Mon%20film.mp4", "xapi": "/xapi/about",
             "records": "/xapi/about"}  # fmt: skip
    answer, _ = edge.ask(paths[name], origin=route.origin)
    assert answer.status == 200
    for header, value in route.headers:
        assert answer.headers.get_all(header) == [value]


def test_a_hub_page_keeps_its_own_policy_and_cookie(edge: Running) -> None:
    answer, _ = edge.ask("/etagere", origin=Origin.HUB)
    assert answer.headers.get_all("Content-Security-Policy") == ["default-src 'self'"]
    assert answer.headers["Set-Cookie"] == "a=1"
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers.get_all("Referrer-Policy") == ["same-origin"]
    assert "Python" not in answer.headers.get("Server", "")


@pytest.mark.parametrize("code", [204, 302, 304, 401, 404, 500, 503])
def test_a_status_of_the_hub_is_passed_on(edge: Running, code: int) -> None:
    answer, _ = edge.ask(f"/status/{code}", origin=Origin.HUB)
    assert answer.status == code
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Location"] == "/elsewhere"
    assert answer.headers["Cache-Control"] == "max-age=5"


def test_no_error_is_kept_as_if_it_were_the_file(edge: Running) -> None:
    for path in (f"/blob/{BLOB}/none", "/static/none.js"):
        answer, _ = edge.ask(path)
        assert answer.status == 404
        assert answer.headers.get_all("Cache-Control") == ["no-store"]
    assert edge.ask("/nowhere")[0].headers["X-Content-Type-Options"] == "nosniff"


def test_head_of_a_page(edge: Running) -> None:
    answer, body = edge.ask("/etagere", method="HEAD", origin=Origin.HUB)
    assert (answer.status, body) == (200, b"")


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
    answer = _raw(edge, BAD[shape])
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400", b"<html>\r\n<head><title>400")), answer[:200]
    assert answer.count(b"HTTP/1.") <= 1


@pytest.mark.parametrize("shape", ["xchunked", "chunked, identity", "identity", "\x0bchunked"])
def test_no_request_hides_in_another(edge: Running, shape: str) -> None:
    hidden = b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    head = f"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {shape}\r\nContent-Length: {len(hidden)}\r\n\r\n"
    answer = _raw(edge, head.encode("latin-1") + hidden)
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
    answer = _raw(edge, b"GET /x HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n")
    assert answer == b"" or answer.split()[1] in (b"400", b"431", b"414"), answer[:100]


def test_a_huge_address_is_refused(edge: Running) -> None:
    answer = _raw(edge, b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.split()[1] in (b"400", b"414")


def test_pipelined_requests_are_answered_in_order(edge: Running) -> None:
    one = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = _raw(edge, b"".join(one % number for number in range(5)))
    places = [answer.index(b'"target": "/%d"' % number) for number in range(5)]
    assert places == sorted(places)


def test_a_body_over_the_limit(edge: Running) -> None:
    answer, _ = edge.ask("/api/x", method="POST", body=bytes((1 << 20) + 1), origin=Origin.HUB)
    assert answer.status == 413
    answer, body = edge.ask("/api/x", method="POST", body=bytes(1 << 20), origin=Origin.HUB)
    assert json.loads(body)["size"] == 1 << 20


def test_a_chunked_body_over_the_limit(edge: Running) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    head = b"POST /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = _raw(edge, head + chunk * 17 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")


def test_an_upload_over_the_limit_is_refused_before_it_is_sent(edge: Running) -> None:
    head = f"POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nContent-Length: {5 << 30}\r\n\r\n".encode()
    assert _raw(edge, head).startswith(b"HTTP/1.1 413")


def test_a_large_upload_passes(edge: Running) -> None:
    data = bytes(range(256)) * (64 << 12)
    answer, body = edge.ask(UPLOAD, method="POST", body=data, origin=Origin.HUB)
    assert answer.status == 200
    assert json.loads(body)["sha256"] == hashlib.sha256(data).hexdigest()


def test_an_upload_refused_in_the_middle(edge: Running) -> None:
    head = f"POST {UPLOAD}?refuse=1 HTTP/1.1\r\nHost: a\r\nContent-Length: {50 << 20}\r\n\r\n".encode()
    assert _raw(edge, head + bytes(1 << 20)).startswith(b"HTTP/1.1 403")


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
        connection.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
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


def test_websocket(edge: Running) -> None:
    async def talk() -> tuple[str, bytes, str | None]:
        url = f"http://127.0.0.1:{edge.port(Origin.HUB)}/ws"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, protocols=["cartable"]) as joined:
            await joined.send_str("bonjour")
            text = await joined.receive_str(timeout=5)
            await joined.send_bytes(bytes(100_000))
            return text, await joined.receive_bytes(timeout=5), joined.protocol

    assert asyncio.run(talk()) == ("hub: bonjour", bytes(100_000), "cartable")


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
