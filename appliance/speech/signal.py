# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Gate 1: is there speech, and is the room quiet enough to judge it? A pure function of one recording."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from appliance import loudness
from appliance.errors import BadInput
from appliance.loudness import FLOOR_DB, decibels, power
from appliance.ports import RATE
from appliance.speech.detector import FRAME, FRAME_S, Detector
from appliance.speech.verdict import Outcome

_CLIPPED = 32700


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The ``[signal]`` table of ``contrasts.toml``."""

    least_speech_s: float
    most_speech_s: float
    most_s: float
    least_level_db: float
    least_snr_db: float
    most_clipped: float
    quiet_share: float
    """The quietest frames, as a share of all, that stand for the room."""
    margin_s: float
    """Kept around the speech for the engine."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What the gate measured. ``outcome`` None: it may be judged."""

    outcome: Outcome | None
    reason: str
    """``short``, ``long``, ``quiet``, ``loud``, ``noisy``; empty when it may be judged."""
    speech_s: float
    level_db: float
    """Of the speech, below full scale."""
    snr_db: float
    start_s: float
    """Of the part to listen to, a margin around the speech included."""
    end_s: float


@functools.cache
def thresholds() -> Thresholds:
    """As the table has them."""
    text = Path(__file__).with_name("contrasts.toml").read_text(encoding="utf-8")
    return Thresholds(**tomllib.loads(text)["signal"])


def measure(pcm: bytes, before_db: float | None = None) -> Signal:
    """Look at a whole recording. ``before_db``: the room's level just before it, where the microphone gave one; it
    counts when it is the louder. Raises :class:`BadInput` for half a sample."""
    if len(pcm) % 2:
        raise BadInput("The sound is damaged: it ends in the middle of a sample.")
    limits = thresholds()
    if len(pcm) > limits.most_s * RATE * 2:
        return Signal(Outcome.BRUIT, "long", 0.0, FLOOR_DB, 0.0, 0.0, 0.0)
    samples = loudness.samples(pcm)
    speech = _speech(pcm)
    powers = [power(samples[at : at + FRAME]) for at in range(0, len(samples) - FRAME + 1, FRAME)]
    if not any(speech):
        return Signal(Outcome.SILENCE, "short", 0.0, FLOOR_DB, 0.0, 0.0, 0.0)
    spoken = [loud for loud, said in zip(powers, speech, strict=True) if said]
    level = decibels(sum(spoken) / len(spoken))
    snr = level - max(decibels(loudness.room(powers, limits.quiet_share)), FLOOR_DB if before_db is None else before_db)
    clipped = sum(1 for sample in samples if abs(sample) >= _CLIPPED) / len(samples)
    outcome, reason = _judged(len(spoken) * FRAME_S, level, snr, clipped, limits)
    first, last = speech.index(True), len(speech) - speech[::-1].index(True)
    return Signal(
        outcome, reason, len(spoken) * FRAME_S, level, snr,
        max(0.0, first * FRAME_S - limits.margin_s), min(len(samples) / RATE, last * FRAME_S + limits.margin_s),
    )  # fmt: skip


def _judged(
    speech_s: float, level: float, snr: float, clipped: float, limits: Thresholds
) -> tuple[Outcome | None, str]:
    if speech_s < limits.least_speech_s:
        return Outcome.SILENCE, "short"
    if level < limits.least_level_db:
        return Outcome.SILENCE, "quiet"
    if speech_s > limits.most_speech_s:  # a detector of speech takes steady noise for it
        return Outcome.BRUIT, "noisy" if snr < limits.least_snr_db else "long"
    if clipped > limits.most_clipped:
        return Outcome.BRUIT, "loud"
    return (Outcome.BRUIT, "noisy") if snr < limits.least_snr_db else (None, "")


def cut(pcm: bytes, signal: Signal) -> bytes:
    """The part of ``pcm`` to listen to."""
    return pcm[2 * int(signal.start_s * RATE) : 2 * int(signal.end_s * RATE)]


def _speech(pcm: bytes) -> list[bool]:
    speaks = Detector()
    size = 2 * FRAME
    return [speaks(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)]
