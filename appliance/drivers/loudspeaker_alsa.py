# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Loudspeaker`` by aplay of alsa-utils, a process for each sound."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from pathlib import Path

from appliance.drivers.alsa_program import RATE, AlsaProgram, Running
from appliance.drivers.resampler import resampled
from appliance.drivers.sound_cards import PLAYBACK
from appliance.drivers.sound_checks import already_playing, checked_sound
from appliance.i18n import N_

PROGRAM = "aplay"
PERIODS = ("--period-time=25000", "--buffer-time=500000")
"""Microseconds: a sound is filled up with silence to a whole period."""
LATE_S = 5.0
"""Beyond the sound's own length: the card is gone."""
_AWAY = N_("There is no loudspeaker: plug one into the box.")


class AlsaLoudspeaker:
    """See :class:`appliance.ports.Loudspeaker`. ``device``: a name of alsa-lib's (``aplay -L``); ``root``: where
    ``/proc`` stands, another place only in tests."""

    def __init__(self, device: str = "", root: Path = Path("/"), program: str = PROGRAM) -> None:
        self._alsa = AlsaProgram(program, PLAYBACK, device, root)
        self._playing = threading.Lock()
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._stopped = False

    @property
    def name(self) -> str:
        """See the port."""
        return self._alsa.there()

    def present(self) -> bool:
        """See the port."""
        return bool(self._alsa.there())

    def play(self, pcm: bytes, rate: int) -> bool:
        """See the port."""
        checked_sound(pcm, rate)
        if not self._playing.acquire(blocking=False):
            raise already_playing()
        try:
            self._stopped = False
            sound = resampled(pcm, rate, RATE)
            with contextlib.closing(self._alsa.start(_AWAY, *PERIODS)) as running:
                return self._heard(running, sound)
        finally:
            self._running = None
            self._playing.release()

    def stop(self) -> None:
        """See the port."""
        with self._lock:
            self._stopped = True
            if self._running is not None:
                self._running.process.kill()

    def _heard(self, running: Running, sound: bytes) -> bool:
        with self._lock:
            if self._stopped:
                return False
            self._running = running
        try:
            running.process.communicate(sound, timeout=len(sound) / 2 / RATE + LATE_S)
        except subprocess.TimeoutExpired as error:
            raise running.failure() from error
        if running.process.returncode and not self._stopped:
            raise running.failure()
        return not self._stopped
