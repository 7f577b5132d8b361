# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The loudspeaker for all who play: one sound at a time, and a hand to stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from appliance.errors import Conflict
from appliance.ports import Loudspeaker

RATE = 48_000
LONGEST_S = 180.0
"""Of one sound: a song, a story."""
STOPS_S = 0.02
"""How often a sound that is to make place is told so."""

Decode = Callable[[bytes, int, float], bytes]
"""A sound file, a rate, the most seconds -> samples. Raises :class:`appliance.errors.BadInput`."""


class Player:
    """Used in one event loop."""

    def __init__(self, loudspeaker: Loudspeaker, decode: Decode) -> None:
        self.loudspeaker = loudspeaker
        self._decode = decode
        self._turn = asyncio.Lock()
        self._begun = self._hushed = 0
        """Numbers of sounds: the last one begun, the last one that was to be stopped."""

    @property
    def playing(self) -> bool:
        """Whether a sound is being played, or made ready."""
        return self._turn.locked()

    async def play(self, sound: bytes, *, cut: bool = False) -> None:
        """Play a sound file to its end. ``cut``: what plays now is stopped for it.

        Raises :class:`appliance.errors.Conflict` when another plays, or when it was stopped itself;
        :class:`appliance.errors.BadInput`, :class:`appliance.errors.Unreachable`.
        """
        while cut and self.playing:
            self.hush()
            await asyncio.sleep(STOPS_S)
        if self.playing:
            raise Conflict("Another sound is playing: wait until it ends, or stop it.")
        async with self._turn:
            self._begun += 1
            mine = self._begun
            pcm = await asyncio.to_thread(self._decode, sound, RATE, LONGEST_S)
            if mine <= self._hushed or not await asyncio.to_thread(self.loudspeaker.play, pcm, RATE):
                raise Conflict("The sound was stopped.")

    def hush(self) -> None:
        """Stop what plays, or is about to."""
        self._hushed = self._begun
        self.loudspeaker.stop()
