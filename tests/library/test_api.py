# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.drivers.clock_system import SystemClock
from appliance.drivers.machine_simulated import SimulatedMachine
from appliance.hub.app import create_app
from appliance.hub.context import Hub
from appliance.hub.search import Search
from appliance.hub.trail import Trail
from appliance.hub.vaults import Vaults
from appliance.store import settings
from appliance.store.records import Records
from tests.library.shelf import Shelf

LOCAL = {"X-Cartable-Origin": "local"}
BROWSER = {"X-Cartable-Origin": "hub"}


@pytest.fixture
def app(shelf: Shelf) -> Iterator[Flask]:
    from appliance.hub import presence

    search, clock = Search(shelf.config), SystemClock()
    records = Records(shelf.db, clock, settings.box_id(shelf.db), shelf.config.box.state)
    code = presence.PresenceCode()
    yield create_app(
        Hub(
            shelf.config,
            shelf.db,
            shelf.library,
            search,
            clock,
            code,
            b"k" * 32,
            records,
            SimulatedMachine(),
            Vaults(shelf.db, shelf.config.vault, clock),
            Trail(records.commit, clock),
        )
    )
    search.stop()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask(client: FlaskClient, method: str, path: str, body: object = None, headers: dict[str, str] = LOCAL) -> Any:
    return client.open(f"/api/library{path}", method=method, json=body, headers=headers)


def finished(client: FlaskClient, job: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while True:
        found: dict[str, Any] = ask(client, "GET", f"/jobs/{job}").get_json()
        if found["state"] in ("done", "failed"):
            return found
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_resource_from_its_path_to_its_removal(client: FlaskClient, shelf: Shelf) -> None:
    path = shelf.file("Les volcans", "volcans.text")
    answer = ask(client, "POST", "", {"path": str(path), "card": {"subject": "sciences"}})
    assert answer.status_code == 202
    job = finished(client, answer.get_json()["id"])
    assert (job["state"], job["progress"], job["error"], job["existing"]) == ("done", 1.0, "", False)
    (resource,) = ask(client, "GET", "").get_json()["resources"]
    assert resource["id"] == job["resource"]
    assert (resource["card"]["title"], resource["card"]["subject"], resource["state"]) == (
        "Les volcans", "sciences", "ready",
    )  # fmt: skip
    written = ask(client, "POST", f"/{resource['id']}/export", {"folder": str(shelf.incoming)})
    assert written.get_json()["path"] == str(shelf.incoming / "volcans (2).text")
    assert ask(client, "DELETE", f"/{resource['id']}").status_code == 204
    assert ask(client, "GET", "").get_json() == {"resources": []}
    assert [j["id"] for j in ask(client, "GET", "/jobs").get_json()["jobs"]] == [job["id"]]


def test_a_failure_is_told_in_the_reader_s_language(client: FlaskClient, shelf: Shelf) -> None:
    job = ask(client, "POST", "", {"path": str(shelf.file("x", order="refuse"))}).get_json()["id"]
    assert finished(client, job)["error"] == "Page 7 is damaged."


def test_a_check_is_followed_to_its_end(client: FlaskClient, shelf: Shelf) -> None:
    resource = shelf.added("Un texte")
    (shelf.config.library_folder / "blobs" / str(shelf.library.get(resource).blob) / "intruder").touch()
    state = ask(client, "POST", "/verify", {})
    assert state.status_code == 202
    deadline = time.monotonic() + 30
    while not (found := ask(client, "GET", "/verify").get_json())["over"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [(d["resource"], d["path"], d["harm"]) for d in found["damage"]] == [(resource, "intruder", "extra")]
    assert (found["progress"], found["error"]) == (1.0, "")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("POST", ""), ("DELETE", "/abc"), ("POST", "/abc/export"), ("POST", "/verify"), ("GET", "/verify"),
        ("GET", "/jobs"), ("GET", "/jobs/x"),
    ],
)  # fmt: skip
def test_a_browser_may_not(client: FlaskClient, method: str, path: str) -> None:
    for headers in (BROWSER, {**BROWSER, "X-Forwarded-For": "127.0.0.1"}, {}):
        answer = ask(client, method, path, {"path": "/etc/passwd"}, headers)
        assert answer.status_code == 403
        assert set(answer.get_json()) == {"error"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 400), ([], 400), ({}, 400), ({"path": 3}, 400), ({"path": "relative"}, 400), ({"path": "/a\0b"}, 400),
        ({"path": "/absent"}, 404), ({"path": "/etc"}, 400), ({"path": "/etc/passwd", "card": 3}, 400),
        ({"path": "/etc/passwd", "card": {"x": 1}}, 400), ({"path": "/etc/passwd", "captions": "x"}, 400),
        ({"path": "/etc/passwd", "captions": ["/etc/passwd"]}, 400), ({"url": "javascript:1"}, 400), ({"url": 1}, 400),
    ],
)  # fmt: skip
def test_malformed_requests_are_explained(client: FlaskClient, shelf: Shelf, body: object, status: int) -> None:
    answer = ask(client, "POST", "", body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.get_json()["error"]
    assert (shelf.library.jobs(), shelf.library.list(), shelf.leftovers()) == ([], [], [])


def test_what_does_not_exist_is_said(client: FlaskClient) -> None:
    for method, path, body in [
        ("GET", "/jobs/x", None),
        ("DELETE", "/x", None),
        ("POST", "/x/export", {"folder": "/"}),
    ]:
        answer = ask(client, method, path, body)
        assert answer.status_code == 404
        assert json.loads(answer.data)["error"]


def test_a_link(client: FlaskClient) -> None:
    answer = ask(client, "POST", "", {"url": "https://exemple.fr/", "card": {"title": "Exemple"}})
    assert answer.status_code == 201
    assert answer.get_json()["resource"]["url"] == "https://exemple.fr/"
