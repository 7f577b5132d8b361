# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/xapi`` behind both edges: programs ask there, so credentials pass and no refusal is a page."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

import pytest

from appliance.http_rules import STREAM_OVER_MB
from appliance.routes import HARMLESS, Origin
from tests.edge.conftest import Running, configuration, dev_edge
from tests.rigs.nginx import nginx

STATEMENTS = "/xapi/statements"
BASIC = {"Authorization": "Basic Y2xlZjpzZWNyZXQ=", "X-Experience-API-Version": "1.0.3", "If-Match": '"1"'}


@pytest.mark.parametrize("origin", list(Origin))
def test_credentials_and_versions_reach_the_hub(edge: Running, origin: Origin) -> None:
    answer, body = edge.ask(STATEMENTS + "?limit=1", BASIC, origin=origin)
    told = {name.lower(): value for name, value in json.loads(body)["headers"]}
    assert answer.status == 200
    assert [told[name.lower()] for name in BASIC] == list(BASIC.values())
    assert told["x-cartable-origin"] == origin.value


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"])
def test_every_method_passes(edge: Running, method: str) -> None:
    answer, body = edge.ask("/xapi/activities/state", method=method, origin=Origin.CONTENT)
    assert answer.status == 200
    assert method == "HEAD" or json.loads(body)["method"] == method


@pytest.mark.parametrize("origin", list(Origin))
def test_nothing_kept_there_runs_as_a_page(edge: Running, origin: Origin) -> None:
    answer, _ = edge.ask(STATEMENTS, origin=origin)
    assert answer.headers.get_all(HARMLESS[0]) == [HARMLESS[1]]
    assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/xapifoo", "/xapi.html"])
def test_only_that_folder_is_reached_from_the_content_origin(edge: Running, path: str) -> None:
    assert edge.ask(path, origin=Origin.CONTENT)[0].status == 404


def test_a_refusal_of_the_service_stays_its_own(edge: Running) -> None:
    answer, body = edge.ask(STATEMENTS + "?refuse=1", origin=Origin.HUB)
    assert (answer.status, body) == (403, b"not signed in")


@pytest.mark.parametrize("origin", list(Origin))
def test_too_large_is_said_in_json(edge: Running, origin: Origin) -> None:
    head = f"POST {STATEMENTS} HTTP/1.1\r\nHost: a\r\nContent-Length: {(64 << 20) + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", edge.port(origin)), 10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
        with contextlib.suppress(TimeoutError):
            connection.settimeout(0.4)
            answer += connection.recv(65536)
    top, _, body = answer.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in top.split(b"\r\n")[1:])
    assert top.startswith(b"HTTP/1.1 413")
    assert fields[b"content-type"].startswith(b"application/json")
    assert fields[b"x-experience-api-version"] == b"1.0.3"
    assert fields[b"access-control-allow-origin"] == b"*"
    assert json.loads(body)["error"]


def test_a_large_body_is_read_whole_first(edge: Running) -> None:
    """A slow sender of a large body costs the hub no thread: nothing arrives there before everything is here."""
    size = (STREAM_OVER_MB + 1) << 20
    head = f"POST {STATEMENTS} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", edge.port(Origin.HUB)), 20) as connection:
        connection.sendall(head.encode())
        connection.sendall(bytes(size - 1))
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(20)
        connection.sendall(b"\0")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert f'"size": {size}'.encode() in answer


@pytest.mark.parametrize("kind", ["dev", "nginx"])
def test_a_service_that_is_away_is_said_in_json(kind: str, tmp_path: Path) -> None:
    config, static = configuration(tmp_path), tmp_path / "static"
    config.box.run.mkdir()
    static.mkdir()
    running = Running(kind, config, static, tmp_path)
    with dev_edge(config, static) if kind == "dev" else nginx(config, tmp_path / "nginx", static):
        for origin in Origin:
            answer, body = running.ask(STATEMENTS, origin=origin)
            assert answer.status == 502
            assert answer.headers.get_content_type() == "application/json"
            assert answer.headers["X-Experience-API-Version"] == "1.0.3"
            assert answer.headers["Retry-After"] == "2"
            assert answer.headers["Cache-Control"] == "no-store"
            assert json.loads(body)["error"]
        assert running.ask("/etagere", origin=Origin.HUB)[0].headers.get_content_type() == "text/html"
