# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Words and their sounds: the CMU pronouncing dictionary, 39 phones of ARPAbet, American English."""

from __future__ import annotations

import array
import bisect
import copy
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from appliance.errors import BadInput, Damaged

Phones = tuple[str, ...]
Part = Callable[[int], bytes]

VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
PHONES = VOWELS | frozenset(
    [
        "B",
        "CH",
        "D",
        "DH",
        "F",
        "G",
        "HH",
        "JH",
        "K",
        "L",
        "M",
        "N",
        "NG",
        "P",
        "R",
        "S",
        "SH",
        "T",
        "TH",
        "V",
        "W",
        "Y",
        "Z",
        "ZH",
    ]
)
MAX_WORDS = 24
"""Words of the longest phrase."""
MAX_PHRASE = 200
MAX_PHONES = 40
"""Phones of the longest word."""

_WORD = re.compile(r"[a-z]+(?:['.-][a-z]+)*'?|'[a-z]+")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "‘": "'"})


def words_of(phrase: str) -> tuple[str, ...]:
    """The words of ``phrase`` as a dictionary spells them: lower case, without punctuation.

    Raises :class:`BadInput` when there is none, or more than :data:`MAX_WORDS`.
    """
    if len(phrase) > MAX_PHRASE:
        raise BadInput("The phrase is too long: at most %(most)s words.", most=MAX_WORDS)
    found = tuple(_WORD.findall(phrase.lower().translate(_APOSTROPHES)))
    if not found:
        raise BadInput("“%(phrase)s” has no English word to say: write numbers in letters.", phrase=phrase)
    if len(found) > MAX_WORDS:
        raise BadInput("The phrase is too long: at most %(most)s words.", most=MAX_WORDS)
    return found


def phones_of(text: str) -> Phones:
    """ARPAbet as a teacher types it (``"Z UW1"``); stress is left out. Raises :class:`BadInput`."""
    found = tuple(re.sub(r"[0-2]$", "", phone) for phone in text.upper().split())
    strange = [phone for phone in found if phone not in PHONES]
    if strange or not 0 < len(found) <= MAX_PHONES:
        raise BadInput(
            "“%(text)s” is no pronunciation: write sounds of ARPAbet with spaces between, as in “Z UW”.",
            text=text[:80],
        )
    return found


class Lexicon:
    """The dictionary as one block of bytes (3 MB) and where its lines begin, in order of word and of sound.

    One line a word: ``word PHONE PHONE …``, further ways of saying it as ``word(2) …``.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._text = path.read_bytes().rstrip(b"\n") + b"\n"
        except OSError as error:
            raise Damaged("The pronouncing dictionary cannot be read: install the box's program again.") from error
        starts = [0, *(match.end() for match in re.finditer(rb"\n", self._text))][:-1]
        self._by_word = array.array("I", sorted(starts, key=self._head))
        self._by_sound = array.array("I", sorted(starts, key=self._sound))
        self._own: dict[str, Phones] = {}

    def with_own(self, own: Mapping[str, str]) -> Lexicon:
        """This dictionary with a teacher's pronunciations, which go first. Raises :class:`BadInput`."""
        child = copy.copy(self)
        child._own = {**self._own, **{word.lower(): phones_of(said) for word, said in own.items()}}
        return child

    def ways(self, word: str) -> tuple[Phones, ...]:
        """How ``word`` (lower case) is said, the first way first; empty for an unknown one."""
        if word in self._own:
            return (self._own[word],)
        heads = [word, *(f"{word}({n})" for n in range(2, 5))]
        found = [sound for head in heads for sound in self._found(self._by_word, self._head, head, self._sound)]
        return tuple(dict.fromkeys(tuple(sound.decode("ascii", "replace").split()) for sound in found))

    def said_as(self, phones: Phones) -> tuple[str, ...]:
        """The words said exactly so; those with an apostrophe, a point or a number left out."""
        found = self._found(self._by_sound, self._sound, " ".join(phones), self._head)
        return tuple(sorted(head.decode() for head in found if head.isalpha()))

    def _found(self, order: Sequence[int], key: Part, wanted: str, other: Part) -> list[bytes]:
        """``other`` of all lines whose ``key`` is ``wanted``."""
        target, found = wanted.encode(), []
        at = bisect.bisect_left(order, target, key=key)
        while at < len(order) and key(order[at]) == target:
            found.append(other(order[at]))
            at += 1
        return found

    def _head(self, start: int) -> bytes:
        return self._line(start)[0]

    def _sound(self, start: int) -> bytes:
        return self._line(start)[2]

    def _line(self, start: int) -> tuple[bytes, bytes, bytes]:
        return self._text[start : self._text.index(b"\n", start)].partition(b" ")
