# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whether a clip says what it should: pocketsphinx hears one of a list; level, length and clipping are measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from appliance.sequences.sequence import Item, words
from english.mp3 import decode

Pcm = NDArray[np.int16]
RATE = 16_000
SHORTEST_S, LONGEST_S = 0.3, 12.0
DITHER, AROUND_S = 0.001, 0.3
"""Noise, of full scale, and time around a clip: digital silence hurts the recogniser, and it needs some quiet."""
DUELS, WON = 12, 10
"""A word alone is heard against one other at a time: of a long list of short words, no recogniser is sure."""
SEARCH = {"compallsen": True, "beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
"""For pairs: scores of two grammars compare only when each moment is scored against every sound of the model, as on the
box; wide beams, since a path that was cut short has no score."""
LOST = -1e6
STEP = math.log(1.0001)


@dataclass(frozen=True)
class Report:
    """What was heard and measured of one clip."""

    heard: str
    understood: bool
    seconds: float
    level_db: float
    peak_db: float

    def __str__(self) -> str:
        state = "ok" if self.understood else f"HEARD {self.heard}"
        return f"{self.seconds:.2f} s\t{self.level_db:.1f} dB\tpeak {self.peak_db:.1f} dB\t{state}"


def said_s(file: bytes) -> float:
    """Seconds from the first sound to the last one, 40 dB below the loudest."""
    loud = np.flatnonzero((levels := _levels(decode(file, RATE))) > levels.max() * 0.01)
    return float(loud[-1] - loud[0] + 1) / 100


def _levels(pcm: Pcm) -> NDArray[np.float32]:
    """Of each hundredth of a second, of full scale."""
    wave = pcm.astype(np.float32) / 32768
    found: NDArray[np.float32] = np.sqrt(np.mean(wave[: len(wave) // 160 * 160].reshape(-1, 160) ** 2, axis=1))
    return found


class Ear:
    """pocketsphinx with its American model; ``items`` give the words that its dictionary lacks."""

    def __init__(self, items: list[Item]) -> None:
        own = {word: phones for item in items for word, phones in item.pronunciations.items()}
        self._quick, self._wide = (
            pocketsphinx.Decoder(lm=None, samprate=RATE, loglevel="FATAL", **options) for options in ({}, SEARCH)
        )
        for decoder in (self._quick, self._wide):
            for word, phones in own.items():
                if decoder.lookup_word(word) is None:
                    decoder.add_word(word, phones, True)

    def judge(self, file: bytes, item: Item, rivals: list[str]) -> Report:
        """Decode ``file`` and choose between ``item`` and ``rivals``: all at once for a phrase, in duels for a word."""
        pcm = decode(file, RATE)
        text, others = (
            " ".join(item.words),
            sorted({" ".join(words(rival)) for rival in rivals} - {" ".join(item.words)}),
        )
        if len(item.words) > 1:
            heard = self.hear(pcm, [text, *others])
        else:
            lost = [heard for rival in others[:DUELS] if (heard := self.hear(pcm, [text, rival])) != text]
            heard = text if len(lost) <= DUELS - WON else " ".join(lost)
        wave = pcm.astype(np.float32) / 32768
        loud = _levels(pcm)
        level = 20 * np.log10(np.sqrt(np.mean(loud[loud > loud.max() * 0.1] ** 2)))
        peak = 20 * np.log10(np.abs(wave).max())
        seconds = len(wave) / RATE
        sound = SHORTEST_S <= seconds <= LONGEST_S and -26 < level < -14 and peak < -0.1
        return Report(heard, sound and heard == text, seconds, float(level), float(peak))

    def hear(self, pcm: Pcm, choices: list[str]) -> str:
        """Which of ``choices`` it is; nothing when it is none."""
        return _search(self._quick, pcm, choices)[0]

    def margin(self, file: bytes, first: str, second: str) -> float:
        """How much more ``file`` is like ``first`` than like ``second``, in the recogniser's own steps (natural
        logarithm of 1.0001): to be compared between two clips. Beyond ``LOST`` either way when one of them does not
        fit; 0, which tells nothing, when neither does."""
        pcm = decode(file, RATE)
        return _search(self._wide, pcm, [first])[1] - _search(self._wide, pcm, [second])[1]


def _search(decoder: pocketsphinx.Decoder, pcm: Pcm, choices: list[str]) -> tuple[str, float]:
    quiet = np.zeros(round(AROUND_S * RATE))
    sound = np.concatenate((quiet, pcm, quiet))
    sound += np.random.default_rng(0).normal(0, DITHER * 32768, len(sound))
    decoder.add_jsgf_string("g", "#JSGF V1.0; grammar g; public <g> = " + " | ".join(choices) + ";")
    decoder.activate_search("g")
    decoder.start_utt()
    decoder.process_raw(sound.clip(-32768, 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return (found.hypstr, math.log(max(found.score, 1e-300)) / STEP) if found else ("", LOST)
