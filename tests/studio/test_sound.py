# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sound through the studio's socket: many listen, one plays, nobody else does."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.client import Client
from appliance.drivers.loudspeaker_simulated import SimulatedLoudspeaker
from appliance.drivers.microphone_simulated import SimulatedMicrophone
from appliance.errors import Unreachable
from appliance.ports import BLOCK, RATE
from appliance.studio.source import MOST, WAITING
from tests.rigs import alsa
from tests.rigs.speech_sounds import hiss
from tests.rigs.studio import PUPIL, TEACHER, StudioRig, studio_rig, until

HISS_DB = -16.3


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[StudioRig]:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    (sounds / "a.wav").write_bytes(alsa.wav(hiss(20, 5000)))
    with studio_rig(tmp_path, SimulatedMicrophone(str(sounds), pace=0.05)) as rig:
        yield rig


@contextlib.contextmanager
def listening(client: Client) -> Iterator[Iterator[bytes]]:
    with client.stream("POST", "/local/listen") as (status, pieces):
        assert status == 200
        yield pieces


def read(pieces: Iterator[bytes], blocks: int) -> bytes:
    sound = bytearray()
    while len(sound) < blocks * BLOCK:
        sound += next(pieces)
    return bytes(sound[: blocks * BLOCK])


def test_two_listeners_hear_the_same_sound(rig: StudioRig) -> None:
    with listening(rig.client) as first, listening(rig.client) as second:
        one, other = read(first, 40), read(second, 10)
    assert other in one


def test_the_microphone_is_open_while_somebody_listens_only(rig: StudioRig) -> None:
    assert rig.now()["microphone"] == {"name": "simulated microphone", "present": True, "open": False}
    assert (rig.now()["level_db"], rig.now()["noise_db"]) == (None, None)
    with listening(rig.client) as first:
        read(first, 3)
        assert rig.now()["microphone"]["open"]
        assert rig.now()["level_db"] == pytest.approx(HISS_DB, abs=0.5)
        with listening(rig.client) as second:
            read(second, 3)
        read(first, 3)
        assert rig.now()["microphone"]["open"]
    until(lambda: not rig.now()["microphone"]["open"], "it stays open")
    assert rig.now()["level_db"] is None
    with listening(rig.client) as again:
        assert len(read(again, 2)) == 2 * BLOCK


def test_a_slow_listener_loses_sound_and_holds_nobody_up(rig: StudioRig) -> None:
    with rig.opened("POST", "/local/listen", {"X-Cartable-Origin": "local"}), listening(rig.client) as quick:
        for _ in range(3):
            read(quick, WAITING)
        slow = max(rig.parts.source._listeners, key=lambda listener: listener.lost)
        until(lambda: slow.lost > 0 or not read(quick, 10), "nothing is lost, so everything is kept")
        assert slow.waiting() <= WAITING


def test_unplugged_while_they_listen_and_plugged_in_again(rig: StudioRig) -> None:
    with listening(rig.client) as pieces:
        read(pieces, 3)
        rig.microphone.unplug()
        with pytest.raises(Unreachable):
            list(itertools.islice(pieces, 1000))
    answer = rig.client.request("POST", "/local/listen")
    assert (answer.status, "plug a USB microphone" in answer.json()["error"]) == (502, True)
    assert rig.now()["microphone"] == {"name": "", "present": False, "open": False}
    rig.microphone.plug()
    with listening(rig.client) as pieces:
        read(pieces, 3)


def test_too_many_listeners(rig: StudioRig) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(listening(rig.client))
        assert rig.client.request("POST", "/local/listen").status == 503


def test_the_level_goes_on_through_a_pulled_plug(rig: StudioRig) -> None:
    told = rig.events("/api/studio/level", TEACHER, 4)
    assert [each["level_db"] for each in told] == [pytest.approx(HISS_DB, abs=0.5)] * 4
    assert {type(each["noise_db"]) for each in told} == {float}
    rig.microphone.unplug()
    (lost,) = rig.events("/api/studio/level", TEACHER, 1)
    assert lost["level_db"] is None
    assert "plug a USB microphone" in lost["error"]


def test_plays_to_the_end_then_answers(rig: StudioRig) -> None:
    sound = alsa.wav(alsa.tone(440, 1.0, 24_000), 24_000)
    assert rig.client.request("POST", "/local/play", body=sound).status == 204
    ((pcm, rate),) = rig.loudspeaker.played
    assert len(pcm) / 2 / rate == pytest.approx(1.0, abs=0.01)
    assert not rig.now()["loudspeaker"]["playing"]


def test_a_second_sound_waits_for_nobody_unless_it_cuts(rig: StudioRig) -> None:
    answers: list[int] = []
    long = alsa.wav(alsa.tone(440, 100.0, 4_000), 4_000)

    def play() -> None:
        answers.append(rig.client.request("POST", "/local/play", body=long).status)

    thread = threading.Thread(target=play)
    thread.start()
    until(lambda: bool(rig.now()["loudspeaker"]["playing"]), "it does not begin")
    short = alsa.wav(alsa.tone(440, 0.5, RATE))
    assert rig.client.request("POST", "/local/play", body=short).status == 409
    assert rig.client.request("POST", "/local/play?cut=1", body=short).status == 204
    thread.join(10)
    assert answers == [409]
    assert len(rig.loudspeaker.played) == 1


def test_hush(rig: StudioRig) -> None:
    assert rig.client.request("POST", "/local/hush").status == 204
    answers: list[int] = []
    long = alsa.wav(alsa.tone(440, 100.0, 4_000), 4_000)
    thread = threading.Thread(
        target=lambda: answers.append(rig.client.request("POST", "/local/play", body=long).status)
    )
    thread.start()
    until(lambda: bool(rig.now()["loudspeaker"]["playing"]), "it does not begin")
    while thread.is_alive():
        rig.client.request("POST", "/local/hush")
        thread.join(0.02)
    assert answers == [409]
    assert not rig.loudspeaker.played


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"no sound", 415), (b"RIFF0000WAVE", 400), (b"ID3" + bytes(2000), 400), (bytes(9 << 20), 413)],
    ids=["empty", "text", "wav", "mp3", "large"],
)
def test_what_is_no_sound_is_refused(rig: StudioRig, body: bytes, status: int) -> None:
    assert rig.client.request("POST", "/local/play", body=body).status == status
    assert not rig.now()["loudspeaker"]["playing"]
    assert not rig.loudspeaker.played


def test_a_sound_of_an_hour_is_refused(rig: StudioRig) -> None:
    hour = alsa.wav(bytes(2 * 8000 * 200), 8000)
    assert rig.client.request("POST", "/local/play", body=hour).status == 413


def test_the_network_is_the_teachers_and_has_no_local_paths(rig: StudioRig) -> None:
    for path in ("/local/listen", "/local/play", "/local/hush"):
        assert rig.ask("POST", path, TEACHER).status == 404
    for path in ("/api/studio/now", "/api/studio/level"):
        for who in ({}, PUPIL, {"Cookie": "cartable=other"}):
            answer = rig.ask("GET", path, who)
            assert (answer.status, "error" in answer.json()) == (403, True)
    answer = rig.ask("GET", "/api/studio/now", TEACHER)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert rig.raw("GET", "/api/studio/now", {}, b"")[0] == 421
    assert not rig.parts.source.open


def test_without_the_hub_nobody_is_a_teacher(rig: StudioRig) -> None:
    (rig.folder / "hub.sock").unlink()
    answer = rig.ask("GET", "/api/studio/now", TEACHER)
    assert (answer.status, str(rig.folder) in answer.json()["error"]) == (502, False), "no path of the box is told"


def test_nothing_of_it_is_written(rig: StudioRig) -> None:
    before = sorted(path for path in rig.folder.rglob("*"))
    with listening(rig.client) as pieces:
        read(pieces, 10)
    rig.client.request("POST", "/local/play", body=alsa.wav(alsa.tone(440, 0.5, RATE)))
    assert sorted(path for path in rig.folder.rglob("*")) == before


def test_a_loudspeaker_that_is_away(rig: StudioRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: SimulatedLoudspeaker, pcm: bytes, rate: int) -> bool:
        raise Unreachable("There is no loudspeaker: plug one into the box.")

    monkeypatch.setattr(SimulatedLoudspeaker, "play", away)
    answer = rig.client.request("POST", "/local/play", body=alsa.wav(alsa.tone(440, 0.1, RATE)))
    assert (answer.status, answer.json()["error"]) == (502, "There is no loudspeaker: plug one into the box.")
