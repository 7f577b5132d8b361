# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sound files made of samples: a rhythm to clap, and what was heard just now. RIFF WAVE, PCM, one channel."""

from __future__ import annotations

import array
import io
import math
import sys
import wave
from collections.abc import Sequence

from appliance.ports import RATE

CLICK_S = 0.03
CLICK_HZ = 1600.0
LOUD = 14000
LONGEST_S = 20.0
"""A rhythm that is written wrong is cut there."""


def rhythm(lasts: Sequence[float]) -> bytes:
    """A click at the beginning of each word; ``lasts``: seconds of each."""
    pcm = array.array("h")
    for each in lasts:
        if len(pcm) > LONGEST_S * RATE:
            break
        pcm.extend(_click())
        pcm.extend([0] * max(0, int(each * RATE) - int(CLICK_S * RATE)))
    if sys.byteorder == "big":
        pcm.byteswap()
    return wav(pcm.tobytes())


def _click() -> list[int]:
    """A short note that dies away."""
    count, step = int(CLICK_S * RATE), 2 * math.pi * CLICK_HZ / RATE
    return [int(LOUD * math.sin(step * at) * (1 - at / count)) for at in range(count)]


def wav(pcm: bytes) -> bytes:
    """The file of those samples (s16le, :data:`appliance.ports.RATE`)."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return out.getvalue()
