# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import pytest

from appliance import loudness
from appliance.ports import BLOCK, RATE
from appliance.speech import signal
from appliance.studio.meter import QUIET_SHARE, Meter
from tests.rigs import alsa
from tests.rigs.speech_sounds import forward, hiss


def blocks(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + BLOCK] for at in range(0, len(pcm) - BLOCK + 1, BLOCK)]


def test_speech_stands_above_the_room_as_the_gate_says() -> None:
    meter = Meter()
    sound = forward() + hiss(1.0, 20)
    levels = [meter.hear(block) for block in blocks(sound)]
    gate = signal.measure(sound)
    assert signal.thresholds().quiet_share == QUIET_SHARE
    assert levels[-1].noise_db == pytest.approx(gate.level_db - gate.snr_db, abs=2)
    assert max(level.level_db for level in levels) == pytest.approx(gate.level_db, abs=8)


def test_a_room_that_grows_loud_is_loud_within_five_seconds() -> None:
    meter = Meter()
    for block in blocks(hiss(2.0, 5)):
        quiet = meter.hear(block)
    for block in blocks(hiss(5.2, 2000)):
        loud = meter.hear(block)
    assert quiet.noise_db < -70
    assert loud.noise_db > -30


@pytest.mark.parametrize(
    ("pcm", "level"),
    [(bytes(BLOCK), loudness.FLOOR_DB), (b"\xff\x7f" * (BLOCK // 2), 0.0), (b"\x00\x80" * (BLOCK // 2), 0.0)],
    ids=["silence", "full", "lowest"],
)
def test_the_ends_of_the_scale(pcm: bytes, level: float) -> None:
    heard = Meter().hear(pcm)
    assert [heard.level_db, heard.noise_db] == pytest.approx([level, level], abs=0.1)


def test_a_tone_in_decibels() -> None:
    assert Meter().hear(alsa.tone(440, 0.1, RATE)).level_db == pytest.approx(-15.2, abs=0.2)
