# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Voice`` that hums: a note for each letter, a rest between words. The same sentence, the same tune."""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Mapping

from appliance.drivers import mp3
from appliance.drivers.sentences import pieces, plain, sayable
from appliance.errors import NotFound
from appliance.i18n import LANGUAGES
from appliance.ports import AMERICAN, SLOWER

NOTE_S = 0.05
PHONE_S = 0.1
"""Of a sound that was given."""
LOUDNESS = 9000
LOWEST_HZ, STEPS = 330.0, 12


class SimulatedVoice:
    """Says any sentence in the languages of the pages."""

    name = "simulated"
    instant = False

    def knows(self, text: str, language: str) -> bool:
        """See :class:`appliance.ports.Voice`."""
        return language in (*LANGUAGES, AMERICAN) and sayable(text)

    def speak(self, text: str, language: str, *, slow: bool = False, sounds: Mapping[str, str] | None = None) -> bytes:
        """See :class:`appliance.ports.Voice`."""
        if not self.knows(text, language) or (sounds and language != AMERICAN):
            raise NotFound("The box cannot say this sentence.")
        pace = SLOWER if slow else 1.0
        notes = []
        for piece, phones in pieces(plain(text), sounds or {}):
            notes += [_note(phone[0], PHONE_S / pace) for phone in phones] or [
                _note(letter, NOTE_S / pace) for letter in piece
            ]
        return mp3.encode(b"".join(notes))


def _note(letter: str, seconds: float) -> bytes:
    """Silence for what is no letter."""
    count = int(seconds * mp3.RATE)
    pitch = LOWEST_HZ * 2 ** (ord(letter) % STEPS / STEPS)
    loudness = LOUDNESS if letter.isalnum() else 0
    turn = 2 * math.pi * pitch / mp3.RATE
    samples = array.array("h", (int(loudness * math.sin(turn * n)) for n in range(count)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
