# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Voice`` that hums: a note for each letter, a rest between words. The same sentence, the same tune."""

from __future__ import annotations

import array
import math
import sys

from appliance.drivers import mp3
from appliance.drivers.sentences import plain, sayable
from appliance.errors import NotFound
from appliance.i18n import LANGUAGES

NOTE_S = 0.05
LOUDNESS = 9000
LOWEST_HZ, STEPS = 330.0, 12


class SimulatedVoice:
    """Says any sentence in the languages of the pages."""

    instant = False

    def knows(self, text: str, language: str) -> bool:
        """See :class:`appliance.ports.Voice`."""
        return language in LANGUAGES and sayable(text)

    def speak(self, text: str, language: str) -> bytes:
        """See :class:`appliance.ports.Voice`."""
        if not self.knows(text, language):
            raise NotFound("The box cannot say this sentence.")
        return mp3.encode(b"".join(map(_note, plain(text))))


def _note(letter: str) -> bytes:
    """Silence for what is no letter."""
    count = int(NOTE_S * mp3.RATE)
    pitch = LOWEST_HZ * 2 ** (ord(letter) % STEPS / STEPS)
    loudness = LOUDNESS if letter.isalnum() else 0
    turn = 2 * math.pi * pitch / mp3.RATE
    samples = array.array("h", (int(loudness * math.sin(turn * n)) for n in range(count)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
