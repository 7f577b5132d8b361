# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What both edges do with a request for a service: who it says it comes from, what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json

import aiohttp
import pytest

from appliance.routes import ROUTES, UNTRUSTED, Origin
from tests.edge.conftest import BLOB, UPLOAD, ZIM, Running
from tests.edge.upstream import upstream


def _told(body: bytes) -> dict[str, list[str]]:
    """Headers that reached the service, by lower-case name."""
    told: dict[str, list[str]] = {}
    for name, value in json.loads(body)["headers"]:
        told.setdefault(name.lower(), []).append(value)
    return told


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
    answer = edge.raw(b"GET /x HTTP/1.1\r\nHost: a\r\nX-Cartable-Origin: local\r\nX-Cartable-Origin: hub\r\n\r\n")
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
             "records": "/xapi/about", "class-list": "/enseignant/classes/apercu",
             "exercise-media": f"/medias/{BLOB}.jpg",
             "speech": "/api/speech/room", "studio": "/api/studio/now",
             "sequence-pictures": "/sequences/mon-zoo/pictures.svg",
             "sequence-media": "/sequences/mon-zoo/sounds/sheep-slow.mp3",
             "sequence-medium": "/enseignant/oral/mon-zoo/modifier",
             "exercise-medium": "/enseignant/exercices/x/medias", "answer-media": "/api/media"}  # fmt: skip
    with contextlib.ExitStack() as stack:
        if name in ("speech", "studio"):
            stack.enter_context(upstream(edge.config.box.run / f"{name}.sock"))
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


def test_websocket(edge: Running) -> None:
    async def talk() -> tuple[str, bytes, str | None]:
        url = f"http://127.0.0.1:{edge.port(Origin.HUB)}/ws"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, protocols=["cartable"]) as joined:
            await joined.send_str("bonjour")
            text = await joined.receive_str(timeout=5)
            await joined.send_bytes(bytes(100_000))
            return text, await joined.receive_bytes(timeout=5), joined.protocol

    assert asyncio.run(talk()) == ("hub: bonjour", bytes(100_000), "cartable")
