# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import dataclasses
import re
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance import box, passphrase
from appliance.config import BoxConfig, Config, DriversConfig, SchoolConfig, TeacherConfig
from appliance.drivers.clock_system import SystemClock
from appliance.hub.app import create_app
from appliance.hub.auth import SIGNED_IN_S
from appliance.hub.context import Hub
from appliance.ports import Now
from appliance.store import lessons, people
from appliance.store.migrations import migrate


def csrf(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found, path
    return found.group(1)


def first_pupil(parts: Hub) -> str:
    lesson = lessons.running(parts.db)
    assert lesson
    return people.pupils(parts.db, lesson.group)[0].id


def enter(client: FlaskClient, parts: Hub) -> str:
    pupil = first_pupil(parts)
    answer = client.post(f"/qui/{pupil}", data={"csrf": csrf(client, f"/qui/{pupil}")})
    assert answer.status_code == 303
    return pupil


def test_a_form_without_its_token_is_refused(tablet: FlaskClient, parts: Hub) -> None:
    pupil = first_pupil(parts)
    tablet.get("/qui")
    for data in ({}, {"csrf": ""}, {"csrf": "é"}, {"csrf": "x" * 40}):
        assert tablet.post(f"/qui/{pupil}", data=data).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://localhost:8081", "http://evil.example", "null", "https://localhost.evil.example"]
)
def test_another_origin_cannot_post_even_with_the_token(tablet: FlaskClient, parts: Hub, origin: str) -> None:
    """The content origin is the same site, so cookies come along: the Origin header must tell."""
    pupil = first_pupil(parts)
    data = {"csrf": csrf(tablet, f"/qui/{pupil}")}
    assert tablet.post(f"/qui/{pupil}", data=data, headers={"Origin": origin}).status_code == 403
    assert tablet.post(f"/qui/{pupil}", data=data, headers={"Origin": "http://localhost"}).status_code == 303


@pytest.mark.parametrize("host", ["evil.example/x", "a b", "x;script-src *", "[::1", "cartable.local:99999999", ""])
def test_a_hostile_host_is_refused_before_it_reaches_a_header(tablet: FlaskClient, host: str) -> None:
    answer = tablet.get("/qui", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.headers.get("Content-Security-Policy", "") or host == ""


@pytest.mark.parametrize(
    "host", ["rebound.example.com", "evil.example:8080", "cartable.local.example.com", "local.com"]
)
def test_a_public_name_that_points_at_the_box_reads_nothing(tablet: FlaskClient, host: str) -> None:
    """DNS rebinding: the page of whoever owns the name would be of the same origin."""
    answer = tablet.get("/qui", headers={"Host": host})
    assert answer.status_code == 421
    assert "<" not in answer.text
    assert host.partition(":")[0] in answer.text


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "cartable", "Cartable.LOCAL:80", "salle3.lan", "box.home.arpa"])
def test_names_that_nobody_can_buy_are_ours(tablet: FlaskClient, host: str) -> None:
    assert tablet.get("/qui", headers={"Host": host}).status_code == 200


def test_a_listed_public_name_is_ours(parts: Hub) -> None:
    settings = dataclasses.replace(
        parts.config, hub=dataclasses.replace(parts.config.hub, hosts="autre.example cartable.ecole.example")
    )
    client = create_app(dataclasses.replace(parts, config=settings)).test_client()
    for host, status in (("cartable.ecole.example", 200), ("ecole.example", 421)):
        assert client.get("/qui", headers={"Host": host, "X-Cartable-Origin": "hub"}).status_code == status


@pytest.mark.parametrize("host", ["cartable.local", "192.168.1.20:8080", "[fe80::1]:8080", "localhost:1"])
def test_the_policy_names_the_content_origin_of_this_host(tablet: FlaskClient, host: str) -> None:
    answer = tablet.get("/qui", headers={"Host": host, "X-Cartable-Content-Port": "8081"})
    assert answer.status_code == 200
    bare = re.sub(r":\d+$", "", host) if not host.endswith("]") else host
    assert f"frame-src http://{bare}:8081" in answer.headers["Content-Security-Policy"]


def test_identity_pages_are_never_kept(tablet: FlaskClient, parts: Hub) -> None:
    enter(tablet, parts)
    for path in ("/qui", "/etagere", "/exercice/fractions", "/enseignant"):
        assert tablet.get(path).headers["Cache-Control"] == "no-store"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(tablet: FlaskClient, parts: Hub) -> None:
    pupil = first_pupil(parts)
    answer = tablet.get(f"/qui/{pupil}")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]


def test_a_pupil_of_another_group_cannot_come_in(tablet: FlaskClient) -> None:
    assert tablet.get(f"/qui/{uuid.uuid4()}").status_code == 404
    assert tablet.get("/qui/..%2f..%2fetc").status_code == 404


@pytest.mark.parametrize(
    "path", ["/enseignant/accueil", "/enseignant/bibliotheque", "/enseignant/bibliotheque/ajouter"]
)
def test_teachers_pages_ask_for_the_code(tablet: FlaskClient, parts: Hub, path: str) -> None:
    assert tablet.get(path).headers["Location"] == "/enseignant"
    token = csrf(tablet, "/enseignant")
    assert tablet.post("/enseignant", data={"csrf": token, "code": "not it"}).status_code == 403
    assert tablet.post("/enseignant", data={"csrf": token, "code": parts.presence.code}).status_code == 303
    assert tablet.get(path).status_code == 200


@pytest.mark.parametrize("wall", [0.0, 60.0, 2_240_000_000.0, -1.0])
def test_a_clock_that_jumps_throws_nobody_out(
    app: Flask, parts: Hub, monkeypatch: pytest.MonkeyPatch, wall: float
) -> None:
    """A box without a clock starts in 1970 and is set right, or wrong, while a class works. -1: a second back."""
    teacher, pupil = (app.test_client() for _ in range(2))
    for client in (teacher, pupil):
        client.environ_base["HTTP_X_CARTABLE_ORIGIN"] = "hub"
    assert teacher.post("/enseignant", data={"csrf": csrf(teacher, "/enseignant"), "code": parts.presence.code})
    enter(pupil, parts)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + wall if wall < 0 else wall)
    assert teacher.get("/enseignant/accueil").status_code == 200
    assert pupil.get("/exercice/fractions").status_code == 200
    token = csrf(pupil, "/qui/" + first_pupil(parts))
    assert pupil.post("/au-revoir", data={"csrf": token}).status_code == 303


class _Reset:
    """The clock of a box that was started again, or that went on for a while."""

    def __init__(self, boot: str, later_s: float) -> None:
        self._boot, self._later_s = boot, later_s

    def now(self) -> Now:
        now = SystemClock().now()
        return Now(now.wall, now.trusted, now.monotonic + self._later_s, self._boot or now.boot)


@pytest.mark.parametrize("clock", [_Reset("another", 0), _Reset("", SIGNED_IN_S + 60)])
def test_the_teacher_is_signed_out_by_a_new_start_and_after_half_a_day(parts: Hub, clock: _Reset) -> None:
    """Whatever the wall clock says, which stands still here."""
    before, after = (create_app(dataclasses.replace(parts, clock=each)) for each in (parts.clock, clock))
    teacher = before.test_client()
    teacher.environ_base["HTTP_X_CARTABLE_ORIGIN"] = "hub"
    teacher.post("/enseignant", data={"csrf": csrf(teacher, "/enseignant"), "code": parts.presence.code})
    assert teacher.get("/enseignant/accueil").status_code == 200
    teacher.application = after
    assert teacher.get("/enseignant/accueil").status_code == 302


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/presence-code"), ("GET", "/api/library"), ("POST", "/api/library"), ("DELETE", "/api/library/x")],
)
def test_what_is_for_the_box_itself_is_refused_to_browsers(tablet: FlaskClient, method: str, path: str) -> None:
    assert tablet.open(path, method=method).status_code == 403


def test_an_answer_needs_the_boxs_signature(tablet: FlaskClient) -> None:
    forged: list[Any] = [
        {"id": str(uuid.uuid4()), "token": token, "question": "denominateur", "choice": "b"}
        for token in ("", "x", "WyJhIiwiYiIsImMiXQ.forged", None, 5, ["a"])
    ]
    told = tablet.post("/api/answers", json=forged).json
    assert told is not None
    assert told["accepted"] == []
    assert len(told["refused"]) == len(forged)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"a": 1}', b'"x"', b"null", b"[" * 5000, b"\xff\xfe"])
def test_nonsense_answers_are_told_so(tablet: FlaskClient, body: bytes) -> None:
    answer = tablet.post("/api/answers", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json
    assert answer.json["error"]


def test_a_requests_origin_decides_which_application_answers(parts: Hub) -> None:
    """Without the edge's word nothing answers; the hub's pages never come out of the content origin."""
    dispatch = box.application(parts.config, parts)
    statuses: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        statuses.append(status)

    for origin in (None, "", "HUB", "content", "evil"):
        environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/qui", "SERVER_NAME": "x", "SERVER_PORT": "1"}
        if origin is not None:
            environ["HTTP_X_CARTABLE_ORIGIN"] = origin
        list(dispatch(environ, start))
    assert [status[:3] for status in statuses] == ["421", "421", "421", "404", "421"]


def test_the_teacher_may_type_the_passphrase_where_one_was_set(tmp_path: Path) -> None:
    config = Config(
        BoxConfig(state=tmp_path, run=tmp_path / "run"),
        school=SchoolConfig("École <Ferry>"),
        teacher=TeacherConfig(passphrase.hashed("école cheval agrafe batterie")),
        drivers=DriversConfig(advert="simulated"),
    )
    migrate(config.database)
    with box.hub(config) as parts:
        teacher = create_app(parts).test_client()
        teacher.environ_base["HTTP_X_CARTABLE_ORIGIN"] = "hub"
        page = teacher.get("/enseignant").text
        assert 'type="password"' in page
        assert "École &lt;Ferry&gt;" in page
        wrong = teacher.post("/enseignant", data={"csrf": csrf(teacher, "/enseignant"), "code": "un deux trois quatre"})
        assert (wrong.status_code, "ni la phrase de passe" in wrong.text) == (403, True)
        given = {"csrf": csrf(teacher, "/enseignant"), "code": "École cheval agrafe batterie"}
        assert teacher.post("/enseignant", data=given).status_code == 303
        assert teacher.get("/enseignant/accueil").status_code == 200
