# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How loud it is now, and how loud the room is when nobody speaks. It remembers numbers, no sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from appliance import loudness
from appliance.ports import RATE

FRAME = RATE // 50
"""Samples of a frame: 20 ms."""
REMEMBERED = 250
"""Frames that the room is told by: five seconds."""
QUIET_SHARE = 0.2
"""As the gate of ``speech`` tells noise: by the quietest fifth."""


@dataclass(frozen=True, slots=True)
class Level:
    """In dB below full scale, to a tenth."""

    level_db: float
    noise_db: float


class Meter:
    """Of one microphone, while it is open."""

    def __init__(self) -> None:
        self._powers: deque[float] = deque(maxlen=REMEMBERED)

    def hear(self, block: bytes) -> Level:
        """The level of ``block`` (a frame at least), and of the room so far."""
        powers = list(_frames(block))
        self._powers.extend(powers)
        level = loudness.decibels(sum(powers) / len(powers))
        return Level(round(level, 1), round(loudness.decibels(loudness.room(self._powers, QUIET_SHARE)), 1))


def _frames(block: bytes) -> Iterator[float]:
    samples = loudness.samples(block)
    for at in range(0, len(samples) - FRAME + 1, FRAME):
        yield loudness.power(samples[at : at + FRAME])
