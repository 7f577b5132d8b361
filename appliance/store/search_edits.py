# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Typing mistakes: every word one edit away. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST = 24


def one_edit(word: str) -> Iterator[str]:
    """Words one letter dropped, swapped with its neighbour, replaced or added away (Damerau's four mistakes).

    Asking the index for each costs less than an automaton over it, and works for its first letter too. ``word``:
    folded, lower case; nothing for one longer than 24 letters.
    """
    if len(word) > _LONGEST:
        return
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    for head, tail in cuts:
        if tail:
            yield head + tail[1:]
        yield from (head + letter + tail for letter in LETTERS)
    for (head, tail), (_, rest) in pairwise(cuts):
        if rest:
            yield head + rest[0] + tail[0] + rest[1:]
        yield from (head + letter + rest for letter in LETTERS)
