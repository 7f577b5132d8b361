# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/speech/room``: who may lead, what is answered and refused; no studio runs here, and the page is told so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.client import Client
from appliance.errors import NotFound
from appliance.i18n import translator
from appliance.sequences import ready
from appliance.speech.app import create_app
from appliance.speech.conductor import Conductor
from appliance.speech.context import Speech
from appliance.speech.desk import Desk
from appliance.speech.led import Led, Library
from appliance.speech.listener import Listener
from appliance.speech.room_steps import Mode
from appliance.speech.workers import Workers
from tests.rigs.hub_stand_in import hub_stand_in

pytestmark = pytest.mark.system

ROOM = "/api/speech/room"
START = {"do": "start", "sequence": "cp-simon", "activity": "0", "mode": "class"}


class _Library(Library):
    """Reads sequences beside the hub, and has no voice."""

    def led(self, sequence: str, activity: str, mode: str, pupil: str, cookie: str) -> Led:
        return Led(ready.sequence(sequence), int(activity), Mode(mode), pupil)

    def clip(self, sequence: str, slug: str, *, slow: bool) -> bytes:
        return b"RIFF"

    def spoken(self, text: str, language: str) -> bytes:
        raise NotFound("no voice")


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Speech]:
    with hub_stand_in(tmp_path / "hub.sock"):
        hub, listener = Client(tmp_path / "hub.sock"), Listener(Workers(("false",), 1, 1.0))
        library = _Library(hub, "fr")
        conductor = Conductor(Desk(Client(tmp_path / "studio.sock")), listener.judge, library, translator("fr"))
        yield Speech(listener, hub, "fr", library=library, conductor=conductor)
        conductor.stop()
        listener.stop()


def browser(parts: Speech, cookie: str = "teacher") -> FlaskClient:
    client = create_app(parts).test_client()
    client.environ_base["HTTP_X_CARTABLE_ORIGIN"] = "hub"
    client.set_cookie("cartable", cookie)
    return client


def told(client: FlaskClient, **fields: str) -> tuple[int, dict[str, Any]]:
    answer = client.post(ROOM, json=fields)
    return answer.status_code, answer.json or {}


def test_an_activity_is_started_piloted_and_stopped(parts: Speech) -> None:
    client = browser(parts)
    assert client.get(ROOM).json == {"running": False, "sequence": "", "voice_commands": False}
    status, state = told(client, **START)
    assert (status, state["running"], state["step"], state["asked"]) == (200, True, 1, "Walk!")
    assert told(client, **START)[0] == 409, "another one goes on"
    assert parts.conductor
    assert parts.conductor.wait(lambda state: state is not None and state.phase == "away", 10)
    assert "patientez" in (client.get(ROOM).json or {})["trouble"]
    for _ in range(2):
        assert told(client, do="next", step="1")[1]["step"] == 2
    assert told(client, do="overrule", outcome="bravo", step="2")[1]["outcome"] == "bravo"
    assert told(client, do="voice", on="1")[1]["voice_commands"] is True
    status, state = told(client, do="stop", step="1")
    assert (status, state["running"]) == (200, False), "whatever turn the page showed"


def test_nothing_new_is_304(parts: Speech) -> None:
    client = browser(parts)
    tag = client.get(ROOM).headers["ETag"]
    assert client.get(ROOM, headers={"If-None-Match": tag}).status_code == 304
    told(client, **START)
    assert client.get(ROOM, headers={"If-None-Match": tag}).status_code == 200


def test_a_form_goes_back_to_its_page(parts: Speech) -> None:
    answer = browser(parts).post(ROOM, data={**START, "activity": "2"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/enseignant/oral/cp-simon/conduire?activite=3")


def test_only_the_teacher_leads_and_looks(parts: Speech) -> None:
    pupil = browser(parts, "pupil")
    assert pupil.get(ROOM).status_code == 403
    assert told(pupil, **START)[0] == 403
    assert pupil.get("/local/room").status_code == 404
    answer = browser(parts).post(ROOM, json=START, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "fields", [{}, {"do": "dance"}, {"do": "overrule", "outcome": "panne"}, {"do": "overrule"}], ids=str
)
def test_what_makes_no_sense_is_refused(parts: Speech, fields: dict[str, str]) -> None:
    assert told(browser(parts), **fields)[0] == 400
    assert browser(parts).post(ROOM, data=b"[1]", content_type="application/json").status_code == 400
