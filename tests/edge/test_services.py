# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Speech and studio behind both edges: each by its own socket, a voice in no file, events as they come."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from appliance.config import Config
from appliance.nginx import render
from appliance.routes import Origin
from tests.edge.conftest import Running
from tests.edge.upstream import upstream
from tests.rigs.speech_service import wait_until

pytestmark = pytest.mark.system


@pytest.fixture
def services(edge: Running) -> Iterator[Running]:
    with contextlib.ExitStack() as stack:
        for each in (edge.config.speech_socket, edge.config.studio_socket):
            stack.enter_context(upstream(each))
        yield edge


@pytest.mark.parametrize("path", ["/api/speech/attempts", "/api/studio/now"])
def test_what_is_asked_arrives_with_our_word_for_where_it_came_from(services: Running, path: str) -> None:
    forged = {"X-Cartable-Origin": "local", "Cookie": "cartable=a"}
    answer, body = services.ask(path, forged, method="POST", body=b"voice", origin=Origin.HUB)
    told = json.loads(body)
    headers = dict(told["headers"])
    assert (answer.status, told["target"], told["size"]) == (200, path, 5)
    assert (headers["X-Cartable-Origin"], headers["Cookie"]) == ("hub", "cartable=a")


@pytest.mark.parametrize("path", ["/local/listen", "/api/speech", "/api/studios/now"])
def test_no_other_path_leads_there(services: Running, path: str) -> None:
    """They are the hub's, which knows nothing of them."""
    services.config.speech_socket.unlink()
    services.config.studio_socket.unlink()
    assert services.ask(path, origin=Origin.HUB)[0].status == 200


def test_a_voice_up_to_four_megabytes(services: Running) -> None:
    most = 4 << 20
    _, body = services.ask("/api/speech/attempts", method="POST", body=bytes(most), origin=Origin.HUB)
    assert json.loads(body)["size"] == most
    answer, body = services.ask("/api/speech/attempts", method="POST", body=bytes(most + 1), origin=Origin.HUB)
    assert (answer.status, json.loads(body)) == (413, {"error": "This is too large for the box."})


def test_nginx_keeps_a_voice_out_of_its_files() -> None:
    """It is passed on as it comes (ngx_http_proxy_module, proxy_request_buffering)."""
    text = render(Config())
    place = text[text.index('location ~ "^/api/speech/"') :].partition("\n        }")[0]
    assert "client_max_body_size 4m;" in place
    assert "proxy_request_buffering off;" in place
    assert "proxy_max_temp_file_size 0;" in text


def test_one_tablet_takes_not_all_places_of_a_service(services: Running) -> None:
    """nginx hands a voice on as it comes (so ngx_http_limit_conn_module); the other edge, once it is whole."""

    def ask() -> tuple[int, bytes]:
        answer, body = services.ask("/api/speech/now", origin=Origin.HUB)
        return answer.status, body

    head = b"POST /api/speech/attempts HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nslow"
    with contextlib.ExitStack() as slow:
        for _ in range(4):  # half of its threads
            address = ("127.0.0.1", services.port(Origin.HUB))
            slow.enter_context(socket.create_connection(address, 10)).sendall(head)
        if services.kind == "dev":
            assert ask()[0] == 200
        else:
            wait_until(lambda: ask()[0] == 503, "all of them are let in")
            assert json.loads(ask()[1]) == {"error": "Too many at once from here: try in a moment."}
            assert services.ask("/page", origin=Origin.HUB)[0].status == 200
    wait_until(lambda: ask()[0] == 200, "nobody is let in again")


def test_a_service_that_is_away_is_said_in_json(edge: Running) -> None:
    for path in ("/api/speech/now", "/api/studio/now"):
        answer, body = edge.ask(path, origin=Origin.HUB)
        assert answer.status == 502
        assert "try in a moment" in json.loads(body)["error"]


def test_events_come_one_by_one(services: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", services.port(Origin.HUB), timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/api/studio/drip")
        answer = connection.getresponse()
        assert answer.readline() == b"data: 1\n"
        services.ask("/api/studio/more", origin=Origin.HUB)
        assert answer.read() == b"data: 2\n"
