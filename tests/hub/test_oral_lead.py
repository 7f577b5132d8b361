# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The page that leads an activity with the box, while the speech service is away; what the hub gives to that one."""

from __future__ import annotations

import contextlib
import json
import re
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from flask.testing import FlaskClient

from appliance.drivers.sound_decoder import decode
from appliance.hub import oral_delivery
from appliance.sequences import ready
from appliance.sequences.reader import read
from tests.hub import site as rig
from tests.hub.site import Site

BASE = "/enseignant/oral/cp-simon/conduire"
LOCAL = {"HTTP_X_CARTABLE_ORIGIN": "local"}


@pytest.fixture
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with rig.quiet(tmp_path_factory.mktemp("lead") / "state") as opened:
        rig.demonstration_class(opened)  # its lesson, about everything, goes on
        opened.sign_in()
        yield opened


@pytest.fixture
def service(teacher: Site) -> FlaskClient:
    """A process of the box."""
    client = teacher.app.test_client()
    client.environ_base.update(LOCAL)
    return client


@contextlib.contextmanager
def speech(site: Site, state: dict[str, object]) -> Iterator[None]:
    """Something that says so on the service's socket."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(state).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nowhere."""

    path = site.hub.config.speech_socket
    path.parent.mkdir(parents=True, exist_ok=True)
    with socketserver.UnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()
    path.unlink()


def test_every_activity_can_be_started_even_before_the_service_runs(teacher: Site) -> None:
    for number, activity in enumerate(ready.sequence("cp-simon").activities, 1):
        page = teacher.text(f"{BASE}?activite={number}")
        assert f'name="activity" value="{number - 1}"' in page
        assert 'action="/api/speech/room"' in page
        assert 'class="notice warn"' in page, "the service does not answer, and the page says so"
        assert re.search(r"\?activite=\d+\" aria-current", page), activity
    assert 'name="activity" value="3"' in teacher.text(f"{BASE}?activite=99")
    assert 'name="activity" value="0"' in teacher.text(f"{BASE}?activite=x")
    assert teacher.get("/enseignant/oral/none/conduire").status_code == 404


def test_while_the_service_does_not_answer_nothing_is_taken_for_over(teacher: Site) -> None:
    assert f'hx-get="{BASE}/etat?attend=1"' in teacher.text(BASE)
    unknown = teacher.get(f"{BASE}/etat", headers={"HX-Request": "true"})
    assert (unknown.status_code, unknown.data) == (204, b"")
    assert "HX-Refresh" not in unknown.headers


@pytest.mark.parametrize(("running", "asks"), [(False, ""), (False, "?attend=1"), (True, "?attend=1")])
def test_the_page_is_loaded_again_when_it_shows_another_state(teacher: Site, running: bool, asks: str) -> None:
    with speech(teacher, {"running": running, "sequence": "other", "activity": 0}):
        told = teacher.get(f"{BASE}/etat{asks}", headers={"HX-Request": "true"})
        assert told.headers["HX-Refresh"] == "true"


def test_the_fragment_says_when_it_did_not_change(teacher: Site) -> None:
    with speech(teacher, {"running": True, "sequence": "other", "activity": 0}):
        first = teacher.get(f"{BASE}/etat", headers={"HX-Request": "true"})
        assert (first.status_code, first.headers.get("HX-Refresh")) == (200, None)
        asked = {"HX-Request": "true", "If-None-Match": first.headers["ETag"]}
        assert teacher.get(f"{BASE}/etat", headers=asked).status_code == 304


def test_pupils_of_the_lesson_can_be_chosen_and_their_token_is_given_to_the_service(
    teacher: Site, service: FlaskClient
) -> None:
    teacher.post("/enseignant/seance/cloche", "/enseignant/accueil")
    assert 'name="pupil"' not in teacher.text(BASE), "no lesson: nothing can be kept"
    teacher.post("/enseignant/seance/ouvrir", plan="oral:cp-simon", classe="g", animaux="28")
    page = teacher.text(BASE)
    assert '<option value="p1">Renard' in page
    assert 'name="pupil"' not in teacher.text("/enseignant/oral/cp-hello/conduire"), "the lesson is about another one"
    told = service.get("/api/oral/sequences/cp-simon?pupil=p1").json
    assert told
    assert read(told["document"].encode()) == ready.sequence("cp-simon")
    with teacher.app.test_request_context():
        turn = oral_delivery.turn({"token": told["token"], "activity": "0", "item": "walk"})
    assert (turn.pupils, turn.item.text) == (("p1",), "Walk!")
    assert service.get("/api/oral/sequences/cp-simon?pupil=other").status_code == 404
    assert (service.get("/api/oral/sequences/cp-hello?pupil=p1").json or {})["token"] == ""
    assert (service.get("/api/oral/sequences/cp-simon").json or {})["token"] == ""


def test_the_service_is_given_sounds(service: FlaskClient) -> None:
    normal = service.get("/api/oral/sequences/cp-simon/clips/stand-up")
    slow = service.get("/api/oral/sequences/cp-simon/clips/stand-up?slow=1")
    assert len(decode(slow.data)) > len(decode(normal.data)) > 10_000
    for path in ("sequences/cp-simon/clips/none", "sequences/none/clips/stand-up", "sequences/none", "voice",
                 "voice?text=Bonjour&language=xx", f"voice?text={'x' * 5000}&language=fr"):  # fmt: skip
        assert service.get(f"/api/oral/{path}").status_code == 404, path


@pytest.mark.parametrize(
    "path", ["sequences/cp-simon", "sequences/cp-simon/clips/stand-up", "voice?text=a&language=fr"]
)
def test_nobody_else_is(teacher: Site, path: str) -> None:
    assert teacher.get(f"/api/oral/{path}").status_code == 403
