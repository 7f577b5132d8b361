# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Takes of an item, until one is understood: the first voice and the pace nearest to what is wanted win.

A word of a third of a second is said a little otherwise at each pace, so a take that the ear does not tell may be
followed by one that it does; another voice is the last resort, since it would stand out.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass

from appliance.sequences.sequence import Item, Sequence
from appliance.sequences.sounds import NORMAL, SLOW, SPEEDS
from english.ear import Ear, said_s
from english.mp3 import encode
from english.voices import Voice, shaped

RIVALS = 40
"""Items of other sequences that a clip must be told from."""
PACES = {NORMAL: (1.0, 0.96, 0.92, 0.88, 0.84, 0.8), SLOW: (0.7, 0.72, 0.74, 0.76, 0.68, 0.66, 0.64)}
LONGER = (1.3, 1.6)
"""How many times as long the slow clip says it: 1 / 0.7, by frames that the voice rounds."""
APART = 50.0
"""What tells two words of a pair, in steps of the recogniser's score: five, as natural logarithm of likelihood."""

Files = dict[str, bytes]
"""The two clips of an item, by speed."""


def paced(normal: bytes, slow: bytes) -> bool:
    """Whether ``slow`` is as much longer as it should be."""
    return LONGER[0] <= said_s(slow) / said_s(normal) <= LONGER[1]


def take(voice: Voice, item: Item, pace: float) -> bytes:
    """One clip."""
    return encode(shaped(voice.say(item, pace), voice.rate), voice.rate)


@dataclass
class Studio:
    """What is needed to make clips."""

    voices: list[Voice]
    ear: Ear
    everything: list[Item]

    def single(self, item: Item, sequence: Sequence) -> tuple[Voice, list[Files], bool]:
        """By the first voice that is understood at both speeds; by the first one when none is."""
        rivals, takes = self._rivals(item, sequence), []
        for voice in self.voices:
            files: Files = {}
            understood = [self._one(voice, item, speed, rivals, files) for speed in SPEEDS]
            sys.stdout.write(f"{sequence.id}\t{item.text}\t{voice.name}\t{understood}\n")
            takes.append((voice, [files], all(understood)))
            if takes[-1][2]:
                return takes[-1]
        return takes[0]

    def _one(self, voice: Voice, item: Item, speed: str, rivals: list[str], files: Files) -> bool:
        """Adds the best take at ``speed``; returns whether it was understood."""
        best = (False, False)
        for pace in PACES[speed]:
            file = take(voice, item, pace)
            understood = self.ear.judge(file, item, rivals).understood
            rank = (understood, speed == NORMAL or paced(files[NORMAL], file))
            if speed not in files or rank > best:
                files[speed], best = file, rank
            if all(best):
                break
        return best[0]

    def duo(self, first: Item, second: Item) -> tuple[Voice, list[Files], bool]:
        """A minimal pair, by one voice and at one pace, since another would give the answer away. Each clip must be
        more like its own word than the clip of the other is."""
        takes = []
        for voice in self.voices:
            files: list[Files] = [{}, {}]
            apart = [self._two(voice, (first, second), speed, files) for speed in SPEEDS]
            sys.stdout.write(f"{first.text} / {second.text}\t{voice.name}\t{[round(one) for one in apart]}\n")
            takes.append((voice, files, min(apart) > APART))
            if takes[-1][2]:
                return takes[-1]
        return takes[0]

    def _two(self, voice: Voice, pair: tuple[Item, Item], speed: str, files: list[Files]) -> float:
        """Adds the best takes of both at ``speed``; returns by how much they are told apart."""
        best, apart = (False, False), 0.0
        for pace in PACES[speed]:
            both = [take(voice, item, pace) for item in pair]
            one, other = (self.ear.margin(file, pair[0].text, pair[1].text) for file in both)
            well = speed == NORMAL or all(paced(old[NORMAL], new) for old, new in zip(files, both, strict=True))
            if speed not in files[0] or (one - other > APART, well) > best:
                best, apart = (one - other > APART, well), one - other
                for kept, file in zip(files, both, strict=True):
                    kept[speed] = file
            if all(best):
                break
        return apart

    def _rivals(self, item: Item, sequence: Sequence) -> list[str]:
        """Texts that may be mistaken for ``item``; the same ones each time."""
        alike = [other.text for other in self.everything if len(other.words) == len(item.words)]
        alike.sort(key=lambda text: hashlib.sha256(f"{item.text}|{text}".encode()).hexdigest())
        if len(item.words) == 1:
            return alike[:RIVALS]
        return [*(other.text for other in sequence.items), *alike[:RIVALS]]
