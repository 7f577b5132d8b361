# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Loudspeaker`` without one: it takes as long as the sound, and keeps the last minute of what it was given."""

from __future__ import annotations

import threading
from collections import deque

from appliance.drivers.sound_checks import already_playing, checked_sound
from appliance.errors import BadInput

NAME = "simulated loudspeaker"
KEPT = 6_000_000
"""Bytes of sound that are kept: a minute at 48 kHz."""


class SimulatedLoudspeaker:
    """See :class:`appliance.ports.Loudspeaker`. ``device``: how many times faster than the sound it plays; empty: as
    fast as one."""

    def __init__(self, device: str = "") -> None:
        self.played: deque[tuple[bytes, int]] = deque()
        """Samples and rate of what was played to its end, the last ones."""
        self._speed = _speed(device)
        self._playing = threading.Lock()
        self._stop = threading.Event()

    @property
    def name(self) -> str:
        """See the port."""
        return NAME

    def present(self) -> bool:
        """See the port."""
        return True

    def play(self, pcm: bytes, rate: int) -> bool:
        """See the port."""
        checked_sound(pcm, rate)
        if not self._playing.acquire(blocking=False):
            raise already_playing()
        try:
            self._stop.clear()
            if self._stop.wait(len(pcm) / 2 / rate / self._speed):
                return False
            self._keep(pcm, rate)
            return True
        finally:
            self._playing.release()

    def stop(self) -> None:
        """See the port."""
        self._stop.set()

    def _keep(self, pcm: bytes, rate: int) -> None:
        self.played.append((pcm, rate))
        while len(self.played) > 1 and sum(len(sound) for sound, _ in self.played) > KEPT:
            self.played.popleft()


def _speed(device: str) -> float:
    try:
        speed = float(device or 1)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise BadInput(
            "drivers.loudspeaker_device has to be a speed for a simulated loudspeaker, not %(value)s.", value=device
        )
    return speed
