# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Gate 1, on a real recording made worse."""

from __future__ import annotations

import pytest

from appliance.errors import BadInput
from appliance.speech import signal
from appliance.speech.verdict import Outcome
from tests.rigs import speech_sounds as sounds


def test_a_clear_voice_is_judged_and_cut_out() -> None:
    measured = signal.measure(sounds.forward())
    assert measured.outcome is None
    assert measured.snr_db > 25
    assert -40 < measured.level_db < -10
    assert 0.2 < measured.start_s < 1.1, "a margin before the first word, the room left out"
    assert len(signal.cut(sounds.forward(), measured)) < len(sounds.forward())


@pytest.mark.parametrize("pcm", [b"", b"\0\0" * 100, b"\0\0" * 16_000], ids=["empty", "short", "digital"])
def test_silence(pcm: bytes) -> None:
    assert signal.measure(pcm).outcome is Outcome.SILENCE


def test_a_quiet_room_is_silence() -> None:
    assert signal.measure(sounds.hiss(1.0, 10)).outcome is Outcome.SILENCE


def test_a_whisper_from_afar_is_silence() -> None:
    measured = signal.measure(sounds.louder(sounds.forward(), 0.02))
    assert measured.outcome is Outcome.SILENCE


def test_noise_is_never_judged() -> None:
    noisy = sounds.over(sounds.forward(), sounds.hiss(4.0, 700))
    measured = signal.measure(noisy)
    assert (measured.outcome, measured.reason) == (Outcome.BRUIT, "noisy")


def test_the_room_before_the_recording_counts_when_it_is_louder() -> None:
    level = signal.measure(sounds.forward()).level_db
    assert signal.measure(sounds.forward(), before_db=level - 10).reason == "noisy"
    assert signal.measure(sounds.forward(), before_db=-90.0).outcome is None


def test_clipping_is_too_loud() -> None:
    assert signal.measure(sounds.louder(sounds.forward(), 40)).reason == "loud"


def test_too_long_is_refused_before_it_is_read() -> None:
    assert signal.measure(b"\0\0" * 16_000 * 16).reason == "long"
    assert signal.measure(sounds.forward() * 5).reason == "long"


def test_noise_that_lasts_is_told_as_noise() -> None:
    """A detector of speech takes it for speech: "say the phrase only" would be no help."""
    assert signal.measure(sounds.hiss(10, 3000)).reason == "noisy"


def test_half_a_sample() -> None:
    with pytest.raises(BadInput):
        signal.measure(b"\0")
