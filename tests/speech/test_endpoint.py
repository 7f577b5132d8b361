# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Where an utterance begins and ends, in real recordings and in noise; a rhythm to clap."""

from __future__ import annotations

import array
import io
import wave

import pytest

from appliance.ports import RATE
from appliance.speech.clicks import LONGEST_S, rhythm
from appliance.speech.endpoint import ENDS_S, Endpoint, Spoken
from tests.rigs import speech_sounds as sounds

SECOND = 2 * RATE


def fed(pcm: bytes, block: int, wait_s: float = 8.0, most_s: float = 8.0) -> Endpoint:
    endpoint = Endpoint(wait_s, most_s)
    for at in range(0, len(pcm), block):
        if endpoint.take(pcm[at : at + block]) in (Spoken.ENDED, Spoken.NOTHING):
            break
    return endpoint


@pytest.mark.parametrize("block", [3200, 1, 777, 100_000], ids=["studio", "bytes", "odd", "whole"])
@pytest.mark.parametrize("name", ["forward", "young"])
def test_a_sentence_is_cut_out_of_the_stream_whole(name: str, block: int) -> None:
    said: bytes = getattr(sounds, name)()
    if block == 1:
        said = said[: 3 * SECOND // 2]
    endpoint = fed(sounds.hiss(1.0, 20) + said + sounds.hiss(2.0, 20) + sounds.tone(2.0, 8000), block)
    utterance = endpoint.utterance()
    assert endpoint.state is Spoken.ENDED or block == 1
    assert block == 1 or said[SECOND:-SECOND] in utterance, "nothing of the middle is lost"
    assert len(utterance) > 0.4 * SECOND
    assert len(utterance) / SECOND < len(said) / SECOND + ENDS_S + 1.0
    assert sounds.tone(0.1, 8000)[:320] not in utterance, "what came after the end is another utterance"


def test_the_half_second_before_is_kept_and_measured() -> None:
    said = sounds.young()[SECOND:]
    quiet = fed(sounds.hiss(2.0, 20) + said + sounds.hiss(2.0, 20), 3200).room_db
    loud = fed(sounds.hiss(2.0, 400) + said + sounds.hiss(2.0, 400), 3200).room_db
    assert quiet is not None
    assert loud is not None
    assert quiet < -50 < -45 < loud < -30


def test_nobody_speaks() -> None:
    for room in (sounds.hiss(3.0, 20), b"\0" * 3 * SECOND):
        endpoint = fed(room, 3200, wait_s=2.0)
        assert (endpoint.state, endpoint.utterance()) == (Spoken.NOTHING, b"")
    assert fed(b"", 1).room_db is None


def test_a_chair_is_no_speech() -> None:
    knock = sounds.hiss(1.0, 20) + sounds.hiss(0.03, 9000) + sounds.hiss(3.0, 20)
    assert fed(knock, 3200, wait_s=3.0).state is Spoken.NOTHING


def test_who_never_stops_is_cut() -> None:
    said = (sounds.young()[SECOND:] + sounds.forward()[SECOND:]) * 4
    endpoint = fed(said, 3200, most_s=3.0)
    assert endpoint.state is Spoken.ENDED
    assert len(endpoint.utterance()) / SECOND < 4.5


def test_a_rhythm_has_a_click_at_the_beginning_of_each_word() -> None:
    with wave.open(io.BytesIO(rhythm([0.5, 0.25, 1.0]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        samples = array.array("h", file.readframes(file.getnframes()))
    assert len(samples) == pytest.approx(1.75 * RATE, abs=10)
    for begins in (0.0, 0.5, 0.75):
        at = int(begins * RATE)
        assert max(map(abs, samples[at : at + 300])) > 5000
        assert max(map(abs, samples[at + RATE // 10 : at + RATE // 5])) == 0


def test_a_rhythm_written_wrong_is_bounded() -> None:
    assert len(rhythm([1.0] * 10_000)) < (LONGEST_S + 2) * SECOND
    assert len(rhythm([])) < 100
