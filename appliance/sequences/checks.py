# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a reader cannot see from the document alone: vocabulary, contrasts as they sound, pictures, clips.

Each function gives its findings as sentences (:class:`appliance.errors.BadInput`, not raised), empty when all is well:
a teacher's page shows them, the tests want none of the ready sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from appliance.errors import BadInput
from appliance.sequences import pictures, sounds
from appliance.sequences.kinds import CONTRASTS
from appliance.sequences.sequence import Item, Sequence

Pronounce = Callable[[str], Collection[tuple[str, ...]]]
"""A word in lower case -> the ways to say it, as phones without stress; none when it is not known."""


def vocabulary(sequence: Sequence, knows: Callable[[str], bool]) -> list[BadInput]:
    """Words that an engine does not know (``knows``) and that no item tells how to say."""
    return [
        BadInput("“%(text)s”: the box does not know the word “%(word)s”: say how it sounds.",
                 text=item.text, word=word)
        for item in sequence.items
        for word in dict.fromkeys(item.words)
        if word not in item.pronunciations and not knows(word)
    ]  # fmt: skip


def contrasts(sequence: Sequence, pronounce: Pronounce) -> list[BadInput]:
    """Announced contrasts that no item of their activity has; pairs that differ by more or by something else."""
    found = []
    for number, activity in enumerate(sequence.activities, 1):
        items = [sequence.item(text) for text in activity.items]
        found += [
            BadInput("Activity %(number)d: no item has the sounds of “%(focus)s”.", number=number, focus=name)
            for name in activity.focus
            if not any(bears(item, name, pronounce) for item in items)
        ]
        found += [
            BadInput("Activity %(number)d: “%(first)s” and “%(second)s” do not differ by “%(focus)s” alone.",
                     number=number, first=first, second=second, focus=activity.focus[0])
            for first, second in activity.pairs
            if not apart(sequence.item(first), sequence.item(second), activity.focus[0], pronounce)
        ]  # fmt: skip
    return found


def bears(item: Item, contrast: str, pronounce: Pronounce) -> bool:
    """Whether a word of ``item`` has a phone of ``contrast``: the focus of an activity is about such items only."""
    one, other = CONTRASTS[contrast]
    return any(
        phone in one | other
        for word in item.words
        for way in _word(item, word, pronounce)
        for phone in way
    )  # fmt: skip


def shown(sequence: Sequence, stock: Collection[str]) -> list[BadInput]:
    """Items without a picture, pictures that ``stock`` lacks, two words of a picture game that look the same."""
    found = [BadInput("“%(text)s” has no picture.", text=item.text) for item in sequence.items if not item.pictures]
    found += [
        BadInput("“%(text)s”: the box has no picture “%(picture)s”.", text=item.text, picture=pictures.show(code))
        for item in sequence.items
        for code in item.pictures
        if not pictures.is_own(code) and code not in stock
    ]
    for number, activity in enumerate(sequence.activities, 1):
        looks: dict[tuple[str, ...], str] = {}
        for text in activity.items if activity.kind == "picture-word" else ():
            same = looks.setdefault(sequence.item(text).pictures, text)
            if same != text:
                found.append(BadInput("Activity %(number)d: “%(first)s” and “%(second)s” have the same picture.",
                                      number=number, first=same, second=text))  # fmt: skip
    return found


def spoken(sequence: Sequence, folder: Path) -> list[BadInput]:
    """Items whose clips, below ``folder``, are missing, say another text, or are other files than those listed."""
    clips = sounds.Clips.load(folder)
    return [
        BadInput("“%(text)s”: its sound is missing or out of date.", text=item.text)
        for item in sequence.items
        if clips.stale(folder, item)
    ]


def _word(item: Item, word: str, pronounce: Pronounce) -> list[tuple[str, ...]]:
    own = item.pronunciations.get(word)
    return [*pronounce(word), *([tuple(own.split())] if own else [])]


def _ways(item: Item, pronounce: Pronounce) -> list[tuple[str, ...]]:
    """Of an item of one word."""
    return _word(item, item.words[0], pronounce) if len(item.words) == 1 else []


def apart(first: Item, second: Item, contrast: str, pronounce: Pronounce) -> tuple[tuple[str, ...], ...]:
    """How to say the two words of a pair so that they differ by ``contrast`` alone; nothing when they do not."""
    one, other = CONTRASTS[contrast]
    both = ((a, b) for a in _ways(first, pronounce) for b in _ways(second, pronounce))
    return next((pair for pair in both if _differ(*pair, one, other) or _differ(*pair[::-1], one, other)), ())


def _differ(a: tuple[str, ...], b: tuple[str, ...], one: Collection[str], other: Collection[str]) -> bool:
    """Whether ``a`` becomes ``b`` when one phone of ``one`` becomes one of ``other``, or goes when there is none."""
    for at, phone in enumerate(a):
        if phone in one:
            put: list[tuple[str, ...]] = [(to,) for to in other] or [()]
            if any(a[:at] + to + a[at + 1 :] == b for to in put):
                return True
    return False
