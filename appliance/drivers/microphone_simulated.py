# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Microphone`` without one: it hears the recordings of a folder, again and again, and silence between them."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.drivers.sound_decoder import decode
from appliance.errors import BadInput, Unreachable
from appliance.i18n import N_
from appliance.ports import BLOCK

NAME = "simulated microphone"
UNPLUGGED = "unplugged"
"""A file of this name in the folder: there is no microphone."""
PAUSE_BLOCKS = 15
"""Blocks of silence between two recordings."""
MOST = 20_000_000
"""Bytes of a recording that is taken."""
BLOCK_S = 0.1
_AWAY = N_("There is no microphone: plug a USB microphone into the box.")


class SimulatedMicrophone:
    """See :class:`appliance.ports.Microphone`. ``device``: the folder; its sound files are heard in the order of their
    names, and what changes there is heard next. Without one, the silence of a room. ``pace``: 1 as fast as the sound,
    0 as fast as it is read."""

    def __init__(self, device: str = "", pace: float = 1.0) -> None:
        self._folder = Path(device) if device else None
        self._pace = pace
        self._plugged = threading.Event()
        self._plugged.set()

    @property
    def name(self) -> str:
        """See the port."""
        return NAME if self.present() else ""

    def present(self) -> bool:
        """See the port."""
        return self._plugged.is_set() and not (self._folder and (self._folder / UNPLUGGED).exists())

    def unplug(self) -> None:
        """As if somebody pulled it out."""
        self._plugged.clear()

    def plug(self) -> None:
        """As if somebody put it in again."""
        self._plugged.set()

    @contextlib.contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """See the port."""
        if not self.present():
            raise Unreachable(_AWAY)
        yield self._blocks()

    def _blocks(self) -> Iterator[bytes]:
        begun = time.monotonic()
        for given, block in enumerate(self._sound(), 1):
            if not self.present():
                raise Unreachable(_AWAY)
            time.sleep(max(0.0, begun + given * BLOCK_S * self._pace - time.monotonic()) if self._pace else 0.0)
            yield block

    def _sound(self) -> Iterator[bytes]:
        silence = _hiss()
        while True:
            for path in self._files():
                sound = _recording(path)
                for at in range(0, len(sound), BLOCK):
                    yield sound[at : at + BLOCK].ljust(BLOCK, b"\0")
                for _ in range(PAUSE_BLOCKS):
                    yield silence
            yield silence

    def _files(self) -> list[Path]:
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if path.is_file() and path.name != UNPLUGGED)


def _recording(path: Path) -> bytes:
    """Nothing for a file that is no sound, or has just gone."""
    try:
        with path.open("rb") as file:
            return decode(file.read(MOST))
    except (OSError, BadInput):
        return b""


def _hiss() -> bytes:
    """A very quiet room, some 80 dB below full scale: digital silence is no sound that a microphone gives."""
    steps = random.Random(1)  # noqa: S311 - noise, no secret
    return b"".join(steps.randint(-5, 5).to_bytes(2, "little", signed=True) for _ in range(BLOCK // 2))
