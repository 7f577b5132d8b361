# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How words are said: a few of them looked up in the CMU dictionary's file, none of which stays in memory."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from appliance.errors import BadInput, Unreachable
from appliance.sequences.kinds import PHONES
from appliance.sequences.sequence import words

LONGEST = 40
"""Sounds, or letters, of one word."""
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")


class Dictionary:
    """The file ``path``: lines ``word PHONE PHONE …``, further ways as ``word(2) …``. None: a box without one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def ways(self, word: str) -> tuple[tuple[str, ...], ...]:
        """The ways to say ``word`` (lower case), the first one first; none when it is not known.

        Raises :class:`Unreachable` when the dictionary cannot be read.
        """
        if self._path is None or not _WORD.fullmatch(word):
            return ()
        try:
            with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                return tuple(dict.fromkeys(_ways(text, word)))
        except (OSError, ValueError) as error:
            raise Unreachable("The pronouncing dictionary cannot be read: install Cartable again.") from error


def _ways(text: mmap.mmap, word: str) -> Iterator[tuple[str, ...]]:
    """Lines are in order of their words, further ways behind the first."""
    at = _first_line(text, word.encode())
    while at < len(text):
        end = text.find(b"\n", at)
        head, _, phones = text[at : end if end >= 0 else len(text)].partition(b" ")
        if head.partition(b"(")[0] != word.encode():
            return
        yield tuple(phones.decode("ascii", "replace").split())
        at = end + 1 if end >= 0 else len(text)


def _first_line(text: mmap.mmap, word: bytes) -> int:
    """Where the first line begins whose word is not before ``word``."""
    low, high = 0, len(text)
    while low < high:
        start = text.rfind(b"\n", 0, (low + high) // 2) + 1
        end = text.find(b"\n", start)
        if text[start : start + LONGEST].partition(b" ")[0].partition(b"(")[0] < word:
            low = end + 1 if end >= 0 else len(text)
        else:
            high = start
    return low


def sounds_like(text: str, dictionary: Dictionary) -> str:
    """ARPAbet of what a teacher types for a word: other words that together sound like it (``bell a``), or ARPAbet in
    capitals.

    Raises :class:`BadInput` that names a word which is not known either.
    """
    given = text.split()
    if given and all(part.isupper() and part.rstrip("012") in PHONES for part in given):
        phones = [part.rstrip("012") for part in given]
    else:
        phones = [phone for word in words(text) for phone in _first(word, dictionary)]
    if not 0 < len(phones) <= LONGEST:
        raise BadInput("Write English words that sound like it, such as “bell a” for “Bella”.")
    return " ".join(phones)


def _first(word: str, dictionary: Dictionary) -> tuple[str, ...]:
    ways = dictionary.ways(word)
    if not ways:
        raise BadInput("The box does not know the word “%(word)s” either: choose other words that sound like it.",
                       word=word[:40])  # fmt: skip
    return ways[0]
