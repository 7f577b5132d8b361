# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Two voices, and how their sound is shaped to an even level."""

from __future__ import annotations

import re
import subprocess
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.sequences.sequence import Item

Sound = NDArray[np.float32]
PHONEMES = {"no": "nˈO.", "at": "ˈæt.", "ninety": "nˈInti.", "drawing": "dɹˈɔɪŋ."}
"""Words alone that hibari reads otherwise: as an abbreviation, without weight, or run together."""
IN_PHRASES = {"drawing": "[drawing](/dɹˈɔɪŋ/)"}
LEVEL_DB, PEAK_DB, FLOOR_DB = -20.0, -1.5, -45.0
BEFORE_S, AFTER_S = 0.10, 0.18


class Voice(Protocol):
    """Who says an item."""

    name: str
    rate: int

    def say(self, item: Item, speed: float) -> Sound:
        """Samples from -1 to 1, at ``rate``."""
        ...


class Hibari:
    """American, female (Apache-2.0). The noise of its breath is drawn from a fixed seed: twice the same sound."""

    name = "hibari-tts 0.2.1 heart"
    rate = 24_000

    def __init__(self) -> None:
        import hibari

        self._voice = hibari.Hibari()

    def say(self, item: Item, speed: float) -> Sound:
        """See :class:`Voice`. A word alone ends like a sentence, so that its voice falls."""
        if item.text in PHONEMES:
            said = self._voice.from_phonemes(PHONEMES[item.text], speed, seed=0)
        else:
            text = item.text if item.kind == "phrase" else f"{item.text}."
            for word, marked in IN_PHRASES.items():
                text = re.sub(rf"\b{word}\b", marked, text)
            said = self._voice(text, speed, seed=0)
        return np.asarray(said, np.float32)


class Espeak:
    """espeak-ng, American like the other."""

    name = "espeak-ng en-us"
    rate = 22_050

    def say(self, item: Item, speed: float) -> Sound:
        """See :class:`Voice`."""
        command = ("espeak-ng", "-v", "en-us+f3", "-s", str(round(150 * speed)), "-p", "52", "--stdout", item.text)
        written = subprocess.run(command, check=True, capture_output=True).stdout
        return np.frombuffer(written[44:][: len(written[44:]) // 2 * 2], "<i2").astype(np.float32) / 32768


def shaped(sound: Sound, rate: int) -> Sound:
    """Cut to what is said, with a little silence around it, at the level of every other clip, never clipped."""
    frame = rate // 100
    levels = np.sqrt(np.mean(sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2, axis=1))
    loud = np.flatnonzero(levels > levels.max() * 10 ** (FLOOR_DB / 20))
    kept = sound[max(loud[0] - 2, 0) * frame : (loud[-1] + 4) * frame]
    fade = min(len(kept), rate // 100)
    kept = kept.copy()
    kept[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    active = np.sqrt(np.mean(levels[levels > levels.max() * 0.1] ** 2))
    gain = min(10 ** (LEVEL_DB / 20) / active, 10 ** (PEAK_DB / 20) / np.abs(kept).max())
    silence = [np.zeros(round(seconds * rate), np.float32) for seconds in (BEFORE_S, AFTER_S)]
    return np.concatenate((silence[0], kept * np.float32(gain), silence[1]))
