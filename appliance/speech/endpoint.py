# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""When somebody begins to speak, and when they have ended: a stream of sound in, one utterance out.

The detector is the one of the signal gate (webrtcvad, mode 3), 30 ms at a time. The half second before the first word
is kept with the utterance: that is where the gate hears how loud the room is.
"""

from __future__ import annotations

import enum
from collections import deque

from appliance import loudness
from appliance.speech.detector import FRAME, FRAME_S, Detector

FRAME_BYTES = 2 * FRAME
BEFORE_S = 0.5
"""Kept of what came before the first word."""
BEGINS = 7
"""Frames of speech among the last :data:`AMONG` that are a beginning: a chair makes fewer."""
AMONG = 10
ENDS_S = 0.9
"""Of silence after speech: pupils stop to think between two words."""


class Spoken(enum.Enum):
    """What the stream has come to."""

    WAITING = enum.auto()
    SPEAKING = enum.auto()
    ENDED = enum.auto()
    NOTHING = enum.auto()
    """Nobody spoke in time."""


class Endpoint:
    """One utterance. ``wait_s``: for its beginning; ``most_s``: of the utterance, cut there."""

    def __init__(self, wait_s: float, most_s: float) -> None:
        self._speaks = Detector()
        self._wait, self._most = int(wait_s / FRAME_S), int(most_s / FRAME_S)
        self._rest = b""
        self._before: deque[bytes] = deque(maxlen=int(BEFORE_S / FRAME_S) + AMONG)
        self._last: deque[bool] = deque(maxlen=AMONG)
        self._said: list[bytes] = []
        self._seen = self._silent = 0
        self.state = Spoken.WAITING

    @property
    def room_db(self) -> float | None:
        """The room before the first word; None: not heard yet."""
        quiet = list(self._before)[:-AMONG] or list(self._before)
        if not quiet:
            return None
        return loudness.decibels(loudness.room((_power(frame) for frame in quiet), 1.0))

    @property
    def over(self) -> bool:
        """Whether there is nothing more to hear."""
        return self.state in (Spoken.ENDED, Spoken.NOTHING)

    def take(self, block: bytes) -> Spoken:
        """The next samples (s16le, :data:`appliance.ports.RATE`), any number."""
        self._rest += block
        while len(self._rest) >= FRAME_BYTES and not self.over:
            frame, self._rest = self._rest[:FRAME_BYTES], self._rest[FRAME_BYTES:]
            self._frame(frame)
        return self.state

    def utterance(self) -> bytes:
        """The half second before, the words, the silence after; empty: nobody spoke."""
        return b"".join((*self._before, *self._said)) if self._said else b""

    def _frame(self, frame: bytes) -> None:
        speech = self._speaks(frame)
        self._last.append(speech)
        self._seen += 1
        if self.state is Spoken.WAITING:
            self._before.append(frame)
            if sum(self._last) >= BEGINS:
                self.state, self._seen, self._said = Spoken.SPEAKING, 0, [b""]
            elif self._seen >= self._wait:
                self.state = Spoken.NOTHING
            return
        self._said.append(frame)
        self._silent = 0 if speech else self._silent + 1
        if self._silent * FRAME_S >= ENDS_S or self._seen >= self._most:
            self.state = Spoken.ENDED


def _power(frame: bytes) -> float:
    return loudness.power(loudness.samples(frame))
