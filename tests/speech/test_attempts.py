# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/speech/attempts``: real workers, a real socket to a stand-in of the hub, every way it may go."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from werkzeug.test import TestResponse

from appliance.client import Client
from appliance.speech import workers as pool
from appliance.speech.app import MOST_BYTES, create_app
from appliance.speech.context import Speech
from appliance.speech.listener import Listener
from appliance.speech.workers import Workers
from tests.rigs.hub_stand_in import WRONG, HubStandIn, hub_stand_in
from tests.rigs.recordings import recorded

pytestmark = pytest.mark.system

ID = "0b6a2f2e-64f5-4f0e-9d0a-5f4f3c2b1a00"
JSON = {"Accept": "application/json"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubStandIn]:
    with hub_stand_in(tmp_path / "hub.sock") as found:
        yield found


class Service:
    """The application around workers of one mode."""

    def __init__(self, socket: Path, mode: str, limit_s: float) -> None:
        command = (sys.executable, "-m", "tests.rigs.listener", mode, "300", str(limit_s))
        self.workers = Workers(command, 1, limit_s)
        self.parts = Speech(Listener(self.workers), Client(socket), "fr")
        self.app = create_app(self.parts)

    def send(
        self, item: str = "three", sound: bytes | None = None, *, headers: dict[str, str] = JSON,
        fields: Mapping[str, str] = MappingProxyType({}),
    ) -> TestResponse:  # fmt: skip
        form: dict[str, object] = {"id": ID, "token": "signed", "activity": "0", "item": item, **fields}
        if sound != b"":
            form["sound"] = (io.BytesIO(sound or recorded("webm")), "voice.webm")
        client = self.app.test_client()
        client.environ_base["HTTP_X_CARTABLE_ORIGIN"] = "hub"
        client.set_cookie("cartable", "of-the-tablet")
        return client.post("/api/speech/attempts", data=form, headers=headers)


Make = Callable[..., Service]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Service] = []

    def started(mode: str = "fine", limit_s: float = 10.0) -> Service:
        made.append(Service(tmp_path / "hub.sock", mode, limit_s))
        return made[-1]

    yield started
    for each in made:
        each.parts.listener.stop()


def test_a_voice_in_a_verdict_out_and_a_statement(make: Make, hub: HubStandIn) -> None:
    answer = make().send("It’s a 🐱")
    told = answer.get_json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (told["outcome"], told["heard"], told["kept"]) == ("bravo", "It’s a 🐱", True)
    assert (told["page"], told["say"]) == ("/oral/x/0?v=bravo", [])
    assert told["level_db"] > 60_000, "the whole sound arrived"
    (kept,) = hub.kept
    assert (kept["id"], kept["token"], kept["activity"], kept["item"]) == (ID, "signed", "0", "It’s a 🐱")
    assert kept["verdict"]["outcome"] == "bravo"
    assert 0 <= kept["age_ms"] < 60_000
    assert hub.cookies == {"cartable=of-the-tablet"}


def test_the_page_without_script_is_sent_back_to_itself(make: Make, hub: HubStandIn) -> None:
    answer = make().send(headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/oral/x/0?v=bravo")


@pytest.mark.parametrize("trouble", ["crash", "hang", "grow"])
def test_a_worker_that_fails_is_no_fault_of_the_pupil(make: Make, hub: HubStandIn, trouble: str) -> None:
    service = make(limit_s=1.5)
    told = service.send(trouble).get_json()
    assert (told["outcome"], told["kept"]) == ("panne", False)
    assert "pas ta faute" in told["sentence"]
    assert service.send().get_json()["outcome"] == "bravo", "the next one is judged"


def test_without_any_engine_pupils_compare(make: Make, hub: HubStandIn) -> None:
    service = make("no-model")
    for _ in range(2):
        answer = service.send()
        assert answer.status_code == 200
        assert answer.get_json() == {"outcome": "compare", "kept": False, "page": "/oral/x/0?v=compare", "say": []}
    assert [each["verdict"] for each in hub.kept] == [{"outcome": "compare"}] * 2
    assert service.send(headers={}).headers["Location"] == "/oral/x/0?v=compare"


def test_too_many_at_once(make: Make, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAIT_S", 0.1)
    service = make(limit_s=3.0)
    service.send()
    thread = threading.Thread(target=lambda: service.send("hang"))
    thread.start()
    answer = service.send()
    while answer.status_code == 200:  # before the other took the only place
        answer = service.send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "nombreux" in answer.get_json()["error"]
    thread.join()


def test_what_the_hub_refuses_is_said_in_its_words(make: Make, hub: HubStandIn) -> None:
    answer = make().send(fields={"token": WRONG})
    assert (answer.status_code, answer.get_json()) == (403, {"error": "Ce n’est pas ta leçon."})
    assert hub.kept == []


def test_without_the_hub_the_voice_waits_on_the_tablet(make: Make) -> None:
    answer = make().send()
    assert answer.status_code == 503
    assert "envoie-la de nouveau" in answer.get_json()["error"]


def test_a_verdict_that_cannot_be_kept_is_told_all_the_same(make: Make, hub: HubStandIn) -> None:
    hub.keeps = False
    service = make()
    told = service.send().get_json()
    assert (told["outcome"], told["kept"], told["why"]) == ("bravo", False, "Le disque est plein.")
    page = service.send(headers={"Referer": "http://localhost/oral/x/0?n=2"})
    assert page.status_code == 200
    assert "Le disque est plein." in page.text
    assert 'href="/oral/x/0"' in page.text


@pytest.mark.parametrize(
    "fields", [{"id": "1"}, {"id": ""}, {"token": ""}, {"token": "t" * 5000}, {"activity": ""}, {"item": ""}]
)
def test_half_a_form(make: Make, hub: HubStandIn, fields: dict[str, str]) -> None:
    answer = make().send(fields=fields)
    assert answer.status_code == 400
    assert "ouvre de nouveau" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("sound", "status", "words"),
    [
        (recorded("flac", 40.0), 413, "30 secondes"),
        (b"", 400, "vide"),
        (b"nonsense", 415, "WebM"),
        (recorded("mp4")[:200], 400, "ne peut pas être lu"),
    ],
    ids=["long", "empty", "nonsense", "cut"],
)
def test_what_is_no_recording(make: Make, hub: HubStandIn, sound: bytes, status: int, words: str) -> None:
    service = make()
    answer = service.send(sound=sound)
    assert (answer.status_code, words in answer.get_json()["error"]) == (status, True), answer.text
    page = service.send(sound=sound, headers={})
    assert (page.status_code, words in page.text) == (status, True)
    assert "<form" not in page.text
    assert hub.kept == []


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://localhost:8081"}],
)  # fmt: skip
def test_another_page_may_not_speak_for_a_pupil(make: Make, hub: HubStandIn, headers: dict[str, str]) -> None:
    assert make().send(headers={**JSON, **headers}).status_code == 403
    assert hub.cookies == set()


def test_a_page_of_ours_may(make: Make, hub: HubStandIn) -> None:
    headers = {**JSON, "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert make().send(headers=headers).status_code == 200


def test_more_than_the_box_takes(make: Make, hub: HubStandIn) -> None:
    client = make().app.test_client()  # as plain bytes: Werkzeug's own client makes a file of a long form
    answer = client.post(
        "/api/speech/attempts", data=bytes(MOST_BYTES + 1), content_type="multipart/form-data; boundary=b",
        headers={**JSON, "X-Cartable-Origin": "hub"},
    )  # fmt: skip
    assert (answer.status_code, "trop" in answer.get_json()["error"]) == (413, True)


@pytest.mark.parametrize(("origin", "status"), [("content", 421), ("hub", 404), ("local", 404)])
def test_paths_of_the_box_itself_are_not_of_the_network(make: Make, origin: str, status: int) -> None:
    client = make().app.test_client()
    assert client.get("/local/x", headers={"X-Cartable-Origin": origin}).status_code == status


def test_now_wakes_an_engine(make: Make) -> None:
    service = make()
    client = service.app.test_client()
    headers = {"X-Cartable-Origin": "hub"}
    told = {client.get("/api/speech/now", headers=headers).get_json()["listening"]}
    while "yes" not in told:
        told.add(client.get("/api/speech/now", headers=headers).get_json()["listening"])
    assert told <= {"unknown", "yes"}
    service.parts.listener.rest(-1.0)
    assert service.parts.listener.listening == "unknown"


def test_now_without_an_engine(make: Make) -> None:
    client = make("no-model").app.test_client()
    headers = {"X-Cartable-Origin": "hub"}
    while client.get("/api/speech/now", headers=headers).get_json()["listening"] == "unknown":
        pass
    assert client.get("/api/speech/now", headers=headers).get_json()["listening"] == "no"
