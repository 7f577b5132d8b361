# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Microphone`` by arecord of alsa-utils: Linux's own sound, and no compiled wheel."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterator
from pathlib import Path

from appliance.drivers.alsa_program import RATE, AlsaProgram, Running
from appliance.drivers.resampler import Resampler
from appliance.drivers.sound_cards import CAPTURE
from appliance.i18n import N_
from appliance.ports import BLOCK
from appliance.ports import RATE as WANTED

PROGRAM = "arecord"
STALLS_S = 3.0
"""A card that gives nothing for so long is gone."""
PERIODS = ("--period-time=25000", "--buffer-time=1000000")
"""Microseconds: handed on four times a block; a reader that is late loses nothing for a second."""
_AWAY = N_("There is no microphone: plug a USB microphone into the box.")


class AlsaMicrophone:
    """See :class:`appliance.ports.Microphone`. ``device``: a name of alsa-lib's (``arecord -L``); ``root``: where
    ``/proc`` stands, another place only in tests."""

    def __init__(
        self, device: str = "", root: Path = Path("/"), program: str = PROGRAM, stalls_s: float = STALLS_S
    ) -> None:
        self._alsa = AlsaProgram(program, CAPTURE, device, root)
        self._stalls_s = stalls_s

    @property
    def name(self) -> str:
        """See the port."""
        return self._alsa.there()

    def present(self) -> bool:
        """See the port."""
        return bool(self._alsa.there())

    @contextlib.contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """See the port."""
        with contextlib.closing(self._alsa.start(_AWAY, *PERIODS)) as running:
            blocks = self._blocks(running)
            first = next(blocks)
            yield _again(first, blocks)

    def _blocks(self, running: Running) -> Iterator[bytes]:
        """Never ends but by an error."""
        resampler = Resampler(RATE, WANTED)
        sound, raw = bytearray(), bytearray()
        while True:
            raw += self._read(running)
            whole = len(raw) & ~1
            sound += resampler.feed(bytes(raw[:whole]))
            del raw[:whole]
            while len(sound) >= BLOCK:
                yield bytes(sound[:BLOCK])
                del sound[:BLOCK]

    def _read(self, running: Running) -> bytes:
        assert running.process.stdout is not None
        pipe = running.process.stdout.fileno()
        ready, _, _ = select.select([pipe], [], [], self._stalls_s)
        data = os.read(pipe, 3 * BLOCK) if ready else b""
        if not data:
            raise running.failure()
        return data


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
