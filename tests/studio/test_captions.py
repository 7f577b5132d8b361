# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Live captions: a real worker process, started by the teacher, read by the class, gone when nobody reads."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.client import Client
from appliance.config import load
from appliance.drivers.microphone_simulated import SimulatedMicrophone
from appliance.ports import RATE
from tests.rigs import alsa
from tests.rigs.speech_sounds import hiss
from tests.rigs.studio import PUPIL, TEACHER, StudioRig, studio_rig, until

START = json.dumps({"do": "start"}).encode()
STOP = json.dumps({"do": "stop"}).encode()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATH = "/api/studio/captions"


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Two seconds of sound, then a pause."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    (folder / "a.wav").write_bytes(alsa.wav(hiss(2.0, 5000)))
    return folder


@pytest.fixture
def rig(tmp_path: Path, sounds: Path) -> Iterator[StudioRig]:
    with studio_rig(tmp_path, SimulatedMicrophone(str(sounds), pace=0.05)) as rig:
        yield rig


def told(rig: StudioRig) -> dict[str, Any]:
    found: dict[str, Any] = rig.client.request("GET", "/local/captions").json()
    return found


def test_started_read_and_stopped(rig: StudioRig) -> None:
    before = alsa.children("python")
    assert told(rig) == {
        "running": False, "can": True, "ready": False, "lines": [], "partial": "", "behind": False, "cpu": 0.0,
        "trouble": "",
    }  # fmt: skip
    answer = rig.ask("POST", PATH, TEACHER, START)
    assert (answer.status, answer.json()["running"]) == (200, True)
    events = rig.events(PATH, PUPIL, 4)
    assert events[-1]["running"]
    until(lambda: len(told(rig)["lines"]) >= 2, "no line")
    assert all(line.startswith("Un") for line in told(rig)["lines"])
    assert rig.now()["microphone"]["open"]
    assert rig.ask("POST", PATH, TEACHER, STOP).json()["running"] is False
    assert told(rig)["lines"] == []
    until(lambda: not rig.now()["microphone"]["open"], "the microphone stays open")
    assert alsa.children("python") == before


def test_the_phrase_that_is_being_said_is_shown(rig: StudioRig) -> None:
    rig.ask("POST", PATH, TEACHER, START)
    partials = {event["partial"] for event in rig.events(PATH, TEACHER, 12)}
    assert any(text.startswith("Un") for text in partials)


def test_a_form_goes_back_to_its_page(rig: StudioRig) -> None:
    answer = rig.ask("POST", PATH, {**TEACHER, **FORM}, b"do=start")
    assert (answer.status, answer.headers["location"]) == (303, "/enseignant/sous-titres")
    assert told(rig)["running"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"start"', b"{}", b'{"do": 1}', b'{"do": "dance"}', b"\xff"])
def test_what_is_no_order_is_refused(rig: StudioRig, body: bytes) -> None:
    for headers in (TEACHER, {**TEACHER, **FORM}):
        assert rig.ask("POST", PATH, headers, body).status == 400
    assert not told(rig)["running"]


def test_who_may_start_and_who_may_read(rig: StudioRig) -> None:
    for who in ({}, PUPIL):
        assert rig.ask("POST", PATH, who, START).status == 403
    other = {**TEACHER, "Origin": "http://box:8081"}
    assert rig.ask("POST", PATH, other, START).status == 403
    assert rig.ask("GET", PATH).status == 403
    rig.lesson.clear()
    assert rig.ask("GET", PATH, PUPIL).status == 403
    assert not told(rig)["running"]


def test_reading_ends_with_the_lesson(rig: StudioRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.studio.events.ASKS_AGAIN_S", 0.2)
    rig.ask("POST", PATH, TEACHER, START)
    with rig.opened("GET", PATH, {"X-Cartable-Origin": "hub", **PUPIL}) as stream:
        lines = stream.makefile("rb")
        assert any(line.startswith(b"data: ") for line in lines)
        rig.lesson.clear()
        assert lines.read() is not None  # to its end


def test_nobody_reads_and_they_end(tmp_path: Path, sounds: Path) -> None:
    with studio_rig(tmp_path, SimulatedMicrophone(str(sounds), pace=0.05), unread_s=0.5) as rig:
        rig.ask("POST", PATH, TEACHER, START)
        until(lambda: not rig.parts.captions.running, "they go on for nobody")
        assert told(rig)["lines"] == []
        until(lambda: not rig.now()["microphone"]["open"], "the microphone stays open")


def test_a_pulled_microphone_is_said_and_comes_back(rig: StudioRig) -> None:
    rig.ask("POST", PATH, TEACHER, START)
    until(lambda: told(rig)["lines"], "no line")
    rig.microphone.unplug()
    until(lambda: "plug a USB microphone" in told(rig)["trouble"], "nobody says it")
    rig.microphone.plug()
    until(lambda: told(rig)["trouble"] == "", "it does not come back")
    assert told(rig)["running"]


def test_a_worker_that_dies_harms_nobody(rig: StudioRig) -> None:
    rig.ask("POST", PATH, TEACHER, START)
    until(lambda: told(rig)["ready"], "it does not start")
    for pid in alsa.children("python") or alsa.children("python3"):
        os.kill(pid, signal.SIGKILL)
    until(lambda: "start them again" in told(rig)["trouble"], "nobody says it")
    rig.ask("POST", PATH, TEACHER, START)
    until(lambda: told(rig)["lines"], "they do not start again")


def test_without_a_model_they_do_not_start(tmp_path: Path, sounds: Path) -> None:
    config = load([], {"box": {"state": tmp_path / "state"}})
    with studio_rig(tmp_path, SimulatedMicrophone(str(sounds), pace=0.05), config=config) as rig:
        assert not told(rig)["can"]
        answer = rig.ask("POST", PATH, TEACHER, START)
        assert (answer.status, "No French speech model" in answer.json()["error"]) == (502, True)
        assert rig.ask("POST", PATH, {**TEACHER, **FORM}, b"do=start").status == 303
        assert not told(rig)["running"]


def test_a_model_that_is_none_is_said(tmp_path: Path, sounds: Path) -> None:
    (tmp_path / "state/models/fr/vosk-model-x/am").mkdir(parents=True)
    config = load([], {"box": {"state": tmp_path / "state"}})
    with studio_rig(tmp_path, SimulatedMicrophone(str(sounds), pace=0.05), config=config) as rig:
        rig.ask("POST", PATH, TEACHER, START)
        until(lambda: "install it again" in told(rig)["trouble"], "nobody says it")
        assert not told(rig)["running"]


def test_nothing_of_what_is_said_is_kept(rig: StudioRig) -> None:
    before = sorted(path for path in rig.folder.rglob("*"))
    rig.ask("POST", PATH, TEACHER, START)
    until(lambda: told(rig)["lines"], "no line")
    rig.ask("POST", PATH, TEACHER, STOP)
    assert sorted(path for path in rig.folder.rglob("*")) == before


def test_the_service_ends_with_them_running(tmp_path: Path, sounds: Path) -> None:
    before = alsa.children("python")
    with studio_rig(tmp_path, SimulatedMicrophone(str(sounds), pace=0.05)) as rig:
        Client(rig.path).request("POST", PATH, {"do": "start"})
        until(lambda: told(rig)["ready"], "it does not start")
    assert alsa.children("python") == before
    assert RATE == 16_000
