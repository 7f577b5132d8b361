# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How loud a sound is, in dB below full scale: one definition for whoever listens. Pure functions."""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Iterable, Sequence

FULL_SCALE = 32768.0
FLOOR_DB = -96.0
"""What silence is: nothing is told below it."""


def samples(pcm: bytes) -> array.array[int]:
    """Signed 16-bit little-endian samples; half a sample at the end is left out."""
    found = array.array("h", pcm[: len(pcm) & ~1])
    if sys.byteorder == "big":
        found.byteswap()
    return found


def power(of: Sequence[int]) -> float:
    """Mean square of some samples, at least one."""
    return sum(map(int.__mul__, of, of)) / len(of)


def decibels(power: float) -> float:
    """A mean square, below full scale."""
    return max(FLOOR_DB, 10 * math.log10(max(power, 1e-9) / FULL_SCALE**2))


def room(powers: Iterable[float], share: float) -> float:
    """The mean square of the quietest ``share`` of frames, of two at least: pauses and what stands around speech."""
    ordered = sorted(powers)
    quiet = ordered[: max(2, int(len(ordered) * share))]
    return sum(quiet) / len(quiet)
