# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sounds for the speech tests: real recordings, and what is none."""

from __future__ import annotations

import array
import functools
import math
import random
import wave
from pathlib import Path

from appliance.drivers.speech_pocketsphinx import dictionary
from appliance.ports import RATE
from appliance.speech.clicks import wav as wav
from appliance.speech.phonetics import Lexicon

DATA = Path(__file__).parents[1] / "data/speech"
FORWARD = "go forward ten meters"
YOUNG = "he was not an ill disposed young man"


@functools.cache
def lexicon() -> Lexicon:
    return Lexicon(dictionary())


@functools.cache
def forward() -> bytes:
    """Half a second of a quiet room, then :data:`FORWARD`."""
    return hiss(0.5, 20) + (DATA / "goforward.raw").read_bytes()


@functools.cache
def young() -> bytes:
    """The same with :data:`YOUNG`."""
    with wave.open(str(DATA / "sense-and-sensibility-0880.wav")) as file:
        return hiss(0.8, 20) + bytes(file.readframes(file.getnframes()))


@functools.cache
def hiss(seconds: float, loudness: float) -> bytes:
    dice = random.Random(1)
    return array.array("h", (round(dice.gauss(0, loudness)) for _ in range(int(seconds * RATE)))).tobytes()


def tone(seconds: float, loudness: float) -> bytes:
    return array.array("h", (round(loudness * math.sin(n / 8)) for n in range(int(seconds * RATE)))).tobytes()


def louder(pcm: bytes, factor: float) -> bytes:
    return array.array("h", (max(-32768, min(32767, round(s * factor))) for s in array.array("h", pcm))).tobytes()


def over(pcm: bytes, noise: bytes) -> bytes:
    pairs = zip(array.array("h", pcm), array.array("h", noise), strict=False)
    return array.array("h", (max(-32768, min(32767, a + b)) for a, b in pairs)).tobytes()


@functools.cache
def forward_wav() -> bytes:
    """:func:`forward` as a WAV file."""
    return wav(forward())
