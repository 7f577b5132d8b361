# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/records``: for processes of the box only; malformed requests change nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance import box as wiring
from appliance.config import BoxConfig, Config
from appliance.hub.app import create_app
from tests.records.boxes import Box, SetClock, body_of, fill, lines_of
from tests.records.erased import ZOE, class_of, found_in

LOCAL = {"X-Cartable-Origin": "local"}
ROUTES = [
    ("GET", ""), ("GET", "/keys"), ("POST", "/keys"), ("POST", "/keys/revoke"), ("GET", "/export"), ("POST", "/import"),
    ("POST", "/rebuild"), ("GET", "/rebuild"), ("POST", "/erasures/preview"), ("POST", "/erasures"),
    ("GET", "/erasures"), ("GET", "/quarantine"), ("GET", "/quarantine/7"), ("DELETE", "/quarantine/7"),
]  # fmt: skip


@contextlib.contextmanager
def hub_in(folder: Path) -> Iterator[FlaskClient]:
    """A started hub on a box with records."""
    config = Config(box=BoxConfig(state=folder / "state", run=folder / "run", language="en"))
    before = Box(config.box.state)
    class_of(before, ZOE, "ali-2")
    fill(before)
    before.close()
    with wiring.hub(config) as parts:
        yield create_app(parts).test_client()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Leave it as it was."""
    with hub_in(tmp_path_factory.mktemp("api")) as found:
        yield found


@pytest.fixture
def own(tmp_path: Path) -> Iterator[FlaskClient]:
    with hub_in(tmp_path) as found:
        yield found


def ask(client: FlaskClient, method: str, path: str, json: object = None, **more: Any) -> Any:
    headers = {"Accept-Language": "en", **more.pop("headers", LOCAL)}
    return client.open(f"/api/records{path}", method=method, json=json, headers=headers, **more)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_browser_may_not(client: FlaskClient, method: str, path: str) -> None:
    body = {"name": "x", "key": "x", "who": ZOE, "final": True}
    for origin in ({"X-Cartable-Origin": "hub"}, {"X-Cartable-Origin": "content"}, {}):
        answer = ask(client, method, path, body if method == "POST" else None, headers=origin)
        assert answer.status_code == 403
        assert set(answer.get_json()) == {"error"}
    assert ask(client, "GET", "/keys").get_json() == {"keys": []}
    assert ask(client, "GET", "/erasures").get_json() == {"tombstones": [], "unfinished": None}


def test_every_route_is_tried(client: FlaskClient) -> None:
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith("/api/records")]
    known = {(method, "/api/records" + path) for method, path in ROUTES}
    assert {
        (m, rule.rule.replace("<int:number>", "7"))
        for rule in rules
        for m in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    } == known


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/keys", None), ("/keys", []), ("/keys", {}), ("/keys", {"name": 3}), ("/keys", {"name": ""}),
        ("/keys", {"name": "x", "scopes": "all"}), ("/keys", {"name": "x", "scopes": [1]}),
        ("/keys", {"name": "x", "scopes": ["other"]}), ("/keys", {"name": "\n"}), ("/keys", {"name": "x" * 101}),
        ("/keys/revoke", {}), ("/keys/revoke", {"key": 1}), ("/erasures", {}), ("/erasures", {"who": ZOE}),
        ("/erasures", {"who": ZOE, "final": 1}), ("/erasures", {"who": {}, "final": True}),
        ("/erasures/preview", {"who": ""}), ("/erasures/preview", {"who": "{}"}), ("/erasures/preview", {"who": "{"}),
        ("/erasures/preview", {"who": '{"mbox":"\ud800"}'}), ("/erasures/preview", {"who": "[" * 5000}),
        ("/erasures/preview", {"who": "{" * 5000}),
    ],
)  # fmt: skip
def test_malformed_requests_are_explained(client: FlaskClient, path: str, body: object) -> None:
    answer = ask(client, "POST", path, body)
    assert answer.status_code in (400, 404), answer.text
    assert answer.get_json()["error"]
    assert ask(client, "GET", "/keys").get_json() == {"keys": []}
    assert ask(client, "GET", "/erasures").get_json() == {"tombstones": [], "unfinished": None}


@pytest.mark.parametrize("body", [b"", b"\n", b"{}\n", b"\xff\n\xff", b"[" * 100_000, b"\0" * 1000, b"\r\n\r\n"])
def test_what_is_no_export_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = ask(client, "POST", "/import?first=2", data=body)
    assert answer.status_code == 400
    assert "not an export" in answer.get_json()["error"]


def test_a_key_an_export_an_import_a_rebuild_an_erasure(own: FlaskClient, tmp_path: Path) -> None:
    made = ask(own, "POST", "/keys", {"name": "Moodle", "scopes": ["state"]})
    assert (made.status_code, set(made.get_json())) == (201, {"id", "secret"})
    [key] = ask(own, "GET", "/keys").get_json()["keys"]
    assert (key["id"], key["scopes"], key["revoked_at"]) == (made.get_json()["id"], ["state"], None)
    assert ask(own, "POST", "/keys/revoke", {"key": "Moodle"}).get_json()["revoked_at"]
    exported = ask(own, "GET", "/export")
    assert exported.content_type == "application/jsonl"
    other = Box(tmp_path / "other", SetClock(time.time()))
    other.take(exported.data)
    assert body_of(other.export()) == body_of(exported.data)
    other.add(other.answer("new-1"))
    lines = other.export().splitlines(keepends=True)
    other.close()
    report = ask(own, "POST", "/import?first=2", data=b"".join(lines)).get_json()
    assert (report["taken"]["statements"], report["damaged"], report["known"]) == (1, [], 20)
    state = ask(own, "POST", "/rebuild", {})
    assert state.status_code == 202
    deadline = time.monotonic() + 30
    while not (found := ask(own, "GET", "/rebuild").get_json())["over"]:
        assert time.monotonic() < deadline
    assert (found["progress"], found["error"]) == (1.0, "")
    seen = ask(own, "POST", "/erasures/preview", {"who": "Zoe"}).get_json()
    done = ask(own, "POST", "/erasures", {"who": "Zoe", "final": True})
    assert done.status_code == 200, done.text
    assert done.get_json() == seen
    assert (seen["statements"], seen["shared"], seen["documents"], seen["pupil"]) == (6, 2, 2, True)
    assert found_in(tmp_path / "state", ZOE) == []
    assert len(ask(own, "GET", "/erasures").get_json()["tombstones"]) == 3
    assert ask(own, "GET", "/quarantine").get_json() == {"statements": []}
    assert ask(own, "GET", "").get_json() == {"statements": 14}
    end = list(lines_of(ask(own, "GET", "/export").data, "end"))
    assert end[0]["end"]["statements"] == 14


def test_damaged_lines_are_told_in_the_reader_s_language(client: FlaskClient) -> None:
    header = ask(client, "GET", "/export").data.partition(b"\n")[0]
    report = ask(client, "POST", "/import?first=7", data=header + b'\n{"statement":1}\n{"x":1}\n').get_json()
    assert [(item["line"], item["why"]) for item in report["damaged"]] == [
        (7, "body is missing or is not of the right kind."), (8, "The line is none of an export."),
    ]  # fmt: skip
    assert report["damaged_lines"] == 2
