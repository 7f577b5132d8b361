# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""speechocean762 (J. Zhang et al., 2021; github.com/jimbozhang/speechocean762), where somebody has it; and noise.

``CARTABLE_SPEECHOCEAN``: the folder of a checkout. It is never copied nor committed. Kaldi's layout: ``train/`` and
``test/`` hold ``text``, ``utt2spk``, ``spk2age``; sounds are 16 kHz mono WAV.
"""

from __future__ import annotations

import array
import math
import os
import random
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.ports import RATE

CHILD = 9
"""Years, at most."""


@dataclass(frozen=True)
class Recording:
    """One sentence read by one child."""

    name: str
    words: tuple[str, ...]
    speaker: str
    path: Path

    def pcm(self) -> bytes:
        with wave.open(str(self.path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            return bytes(file.readframes(file.getnframes()))


def children(half: str) -> list[Recording]:
    """Of ``train`` or ``test``, in order of name. Ends the program when the corpus is not there."""
    root = Path(os.environ.get("CARTABLE_SPEECHOCEAN", ""))
    if not (root / half / "text").is_file():
        raise SystemExit("CARTABLE_SPEECHOCEAN must name a checkout of github.com/jimbozhang/speechocean762.")
    ages, speakers = (_pairs(root / half / name) for name in ("spk2age", "utt2spk"))
    return [
        Recording(name, tuple(text.lower().split()), speakers[name], root / f"WAVE/SPEAKER{speakers[name]}/{name}.WAV")
        for name, text in sorted(_pairs(root / half / "text").items())
        if int(ages[speakers[name]]) <= CHILD
    ]


def _pairs(path: Path) -> dict[str, str]:
    return {row[0]: row[1].strip() for row in (line.split(None, 1) for line in path.read_text().splitlines())}


def pink(count: int, dice: random.Random) -> list[float]:
    """Noise that falls by 3 dB an octave (P. Kellet's filter), of power 1."""
    b0 = b1 = b2 = 0.0
    made = []
    for _ in range(count):
        white = dice.gauss(0.0, 1.0)
        b0 = 0.99765 * b0 + white * 0.0990460
        b1 = 0.96300 * b1 + white * 0.2965164
        b2 = 0.57000 * b2 + white * 1.0526913
        made.append(b0 + b1 + b2 + white * 0.1848)
    return _even(made)


def babble(count: int, others: Sequence[Recording], dice: random.Random, voices: int = 6) -> list[float]:
    """Other children speaking at once, of power 1."""
    made = [0.0] * count
    for recording in dice.sample(list(others), voices):
        sound = _even(list(array.array("h", recording.pcm())))
        start = dice.randrange(len(sound))
        for at in range(count):
            made[at] += sound[(start + at) % len(sound)]
    return _even(made)


def mixed(pcm: bytes, noise: Sequence[float], snr_db: float, level_db: float, lead_s: float = 0.5) -> bytes:
    """``pcm`` in ``noise`` that stands ``snr_db`` below its speech (``level_db``), and begins ``lead_s`` before it."""
    loud = 32768 * 10 ** ((level_db - snr_db) / 20)
    samples = [0] * int(lead_s * RATE) + list(array.array("h", pcm))
    return array.array(
        "h", [max(-32768, min(32767, round(s + loud * n))) for s, n in zip(samples, noise, strict=False)]
    ).tobytes()


def _even(samples: Sequence[float]) -> list[float]:
    root = math.sqrt(sum(s * s for s in samples) / len(samples)) or 1.0
    return [s / root for s in samples]
