# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A pupil's voice through the whole box, without a browser: from the edge to a statement, and no trace of the sound."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.drivers.sound_decoder import decode
from appliance.sequences import ready
from tests.rigs import box as boxes
from tests.rigs.box import Box, until
from tests.rigs.english import SEQUENCE, asked
from tests.rigs.speech_service import multipart
from tests.rigs.speech_sounds import hiss, wav
from tests.rigs.traces_of_voice import found, in_rows, traces

pytestmark = pytest.mark.system

PLACE = "/0?n=1"
GOOD = ("bravo", "presque")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with the demonstration class, no resource, and a folder of its own for temporary files."""
    folder = tmp_path_factory.mktemp("speech")
    (folder / "class").mkdir()
    (folder / "tmp").mkdir()
    shutil.copy(boxes.DEMONSTRATION / "class.toml", folder / "class")
    (folder / "class" / "catalogue.toml").write_text("resource = []\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder / "tmp"))
        started = boxes.start(folder / "box", demonstration=folder / "class")
    try:
        until(lambda: _speech(started, "/api/speech/now")[0] == 200, "nobody listens", 30)
        yield started
    finally:
        started.stop()


def _speech(box: Box, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, str]:
    """Status, body and Location of what the edge answers."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("Location", "")


def _send(box: Box, told: dict[str, str], sound: bytes, **headers: str) -> tuple[int, bytes, str]:
    kind, body = multipart(told, sound)
    return _speech(box, "/api/speech/attempts", body, **{"Content-Type": kind, **headers})


def _pupil(box: Box, number: int = 0) -> str:
    return str(box.rows("SELECT id FROM pupil ORDER BY position")[number]["id"])


def _said(item: str) -> tuple[bytes, list[bytes]]:
    """The model's voice in a quiet room, and what it would be known by."""
    clip = decode((ready.FOLDER / SEQUENCE / "sounds" / f"{item}.mp3").read_bytes())
    pcm = hiss(0.7, 20) + clip + hiss(0.5, 20)
    return wav(pcm), traces(pcm)


def _attempts(box: Box) -> list[tuple[str, str]]:
    return [(row["item"], row["outcome"]) for row in box.rows("SELECT item, outcome FROM oral_attempt")]


def _statements(box: Box) -> int:
    return int(box.rows("SELECT count(*) AS n FROM statement WHERE CAST(body AS TEXT) LIKE '%oral-outcome%'")[0]["n"])


def _no_trace(box: Box, needles: list[bytes]) -> None:
    assert found(needles, [box.state.parent]) == []
    assert in_rows(needles, box.state / "cartable.sqlite") == []
    assert list((box.state.parent / "tmp").iterdir()) == []


def test_a_voice_becomes_a_verdict_and_a_statement_once(box: Box) -> None:
    told = asked(box, _pupil(box), PLACE)
    sound, needles = _said(told["item"])
    status, body, _ = _send(box, told, sound, Accept="application/json")
    first = json.loads(body)
    assert (status, first["outcome"] in GOOD, first["kept"]) == (200, True, True), first
    assert first["sentence"].startswith(("Bravo", "Presque"))
    assert first["page"].startswith(f"/oral/{SEQUENCE}/0?")
    assert json.loads(_send(box, told, sound, Accept="application/json")[1])["kept"] is True, (
        "the Wi-Fi lost the answer"
    )
    assert _attempts(box) == [(told["item"], first["outcome"])]
    assert _statements(box) == 1
    _no_trace(box, needles)


def test_without_script_the_page_comes_back(box: Box) -> None:
    told = asked(box, _pupil(box, 1), PLACE)
    sound, needles = _said(told["item"])
    status, _, place = _send(box, told, sound, Accept="text/html")
    assert (status, place.startswith(f"/oral/{SEQUENCE}/0?")) == (303, True)
    status, body, _ = _send(box, {**told, "item": "nothing-of-the-kind"}, sound, Accept="text/html")
    assert (status, b'<html lang="fr">' in body) == (404, True)
    _no_trace(box, needles)


@pytest.mark.parametrize(
    ("name", "value", "status"), [("token", "forged", 400), ("activity", "99", 404), ("id", "1", 400)]
)
def test_what_the_hub_did_not_sign_is_not_listened_to(box: Box, name: str, value: str, status: int) -> None:
    told = asked(box, _pupil(box, 2), PLACE)
    before = _statements(box)
    answer = _send(box, {**told, name: value}, _said(told["item"])[0], Accept="application/json")
    assert (answer[0], len(json.loads(answer[1])["error"]) > 10) == (status, True)
    assert _statements(box) == before


def test_another_page_may_not_send_a_voice(box: Box) -> None:
    told = asked(box, _pupil(box, 2), PLACE)
    for origin in (box.content, "http://evil.example", "null"):
        assert _send(box, told, _said(told["item"])[0], Origin=origin, Accept="application/json")[0] == 403


def test_processes_of_the_box_are_not_played_by_the_network(box: Box) -> None:
    for path in ("/api/who", "/api/oral/turn"):
        headers = {"X-Cartable-Origin": "local", "Origin": box.base}
        status, _, _ = _speech(box, path, None if path.endswith("who") else b"{}", **headers)
        assert status == 403, path


def test_a_service_that_is_killed_comes_back_and_leaves_no_trace(box: Box) -> None:
    told = asked(box, _pupil(box, 3), PLACE)
    sound, needles = _said(told["item"])
    _send(box, told, sound, Accept="application/json")
    killed = [pid for pid in boxes.marked(box.mark) if {"speech", "speech-worker"} & set(boxes.command_of(pid).split())]
    assert len(killed) >= 2
    for pid in killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert box.answers(), "the class goes on"
    told = asked(box, _pupil(box, 4), PLACE)
    until(lambda: _send(box, told, sound, Accept="application/json")[0] == 200, "it did not come back", 30)
    _no_trace(box, needles)
    assert "Traceback" not in Path(box.log).read_text(errors="replace")
