# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whether a clip says what it should: pocketsphinx hears one of a list; level, length and clipping are measured."""

from __future__ import annotations

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


class Ear:
    """pocketsphinx with its American model; ``items`` give the words that its dictionary lacks."""

    def __init__(self, items: list[Item]) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, samprate=RATE, loglevel="FATAL")
        for word, phones in {w: p for item in items for w, p in item.pronunciations.items()}.items():
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, phones, True)

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
        frames = wave[: len(wave) // 160 * 160].reshape(-1, 160)
        loud = np.sqrt(np.mean(frames**2, axis=1))
        level = 20 * np.log10(np.sqrt(np.mean(loud[loud > loud.max() * 0.1] ** 2)))
        peak = 20 * np.log10(np.abs(wave).max())
        seconds = len(wave) / RATE
        sound = SHORTEST_S <= seconds <= LONGEST_S and -26 < level < -14 and peak < -0.1
        return Report(heard, sound and heard == text, seconds, float(level), float(peak))

    def hear(self, pcm: Pcm, choices: list[str]) -> str:
        """Which of ``choices`` it is; nothing when it is none."""
        return self._search(pcm, choices)[0]

    def margin(self, file: bytes, first: str, second: str) -> float:
        """How much more ``file`` is like ``first`` than like ``second``: to be compared between two clips."""
        pcm = decode(file, RATE)
        return self._search(pcm, [first])[1] - self._search(pcm, [second])[1]

    def _search(self, pcm: Pcm, choices: list[str]) -> tuple[str, float]:
        quiet = np.zeros(round(AROUND_S * RATE))
        sound = np.concatenate((quiet, pcm, quiet))
        sound += np.random.default_rng(0).normal(0, DITHER * 32768, len(sound))
        self._decoder.add_jsgf_string("g", "#JSGF V1.0; grammar g; public <g> = " + " | ".join(choices) + ";")
        self._decoder.activate_search("g")
        self._decoder.start_utt()
        self._decoder.process_raw(sound.clip(-32768, 32767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return (found.hypstr, float(found.score)) if found else ("", -1e9)
