# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An activity of a sequence as single steps: what is heard first, what there is to say, whose turn it is. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence as Several
from dataclasses import dataclass, replace

from appliance.errors import NotFound
from appliance.sequences.sequence import Activity, Item, Sequence


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to say."""

    item: Item
    prompt: Item | None = None
    """What is played before: a question, the other's line."""
    choice: tuple[Item, ...] = ()
    """Of minimal pairs: the two words, in the order in which they are shown. ``item`` is the one that is played."""
    speaker: int = 0
    """Whose turn it is, in a team."""
    hidden: bool = False
    """The word is not written: the pupil finds it."""
    simon: bool = False
    """Of "Simon says": whether Simon says it; else nobody moves."""


def steps(sequence: Sequence, activity: Activity, team: int = 1, seed: str = "") -> list[Step]:
    """In order. ``team``: how many share the tablet; ``seed``: makes the order of what is guessed the same each time
    that the page is opened, and another one for others."""
    items = [sequence.item(text) for text in activity.items]
    kind = activity.kind
    if kind == "dialogue":
        return _dialogue(items, team)
    if kind == "question-answer":
        found = _answers(items)
    elif kind == "minimal-pairs":
        found = _pairs(sequence, activity, seed)
    elif kind == "simon-says":
        found = [Step(item, simon=_even(seed, index)) for index, item in enumerate(items)]
    else:
        found = [Step(item, hidden=kind == "picture-word") for item in items]
    return [replace(step, speaker=index % team) for index, step in enumerate(found)]


def _answers(items: Several[Item]) -> list[Step]:
    questions = {item.text: item for item in items}
    return [Step(item, questions[item.answers]) for item in items if item.answers in questions]


def _pairs(sequence: Sequence, activity: Activity, seed: str) -> list[Step]:
    """Both words of each pair are said; which one comes first cannot be guessed."""
    found = []
    for index, pair in enumerate(activity.pairs):
        shown = sequence.item(pair[0]), sequence.item(pair[1])
        played = shown if _even(seed, index) else shown[::-1]
        found += [Step(item, choice=shown) for item in played]
    return found


def _dialogue(items: Several[Item], team: int) -> list[Step]:
    """Alone, the box says every other line, then they swap; a team shares the lines, then swaps."""
    before = [None, *items[:-1]]
    if team > 1:
        return [
            Step(item, before[index], speaker=(index + turn) % team)
            for turn in range(2)
            for index, item in enumerate(items)
        ]
    return [Step(item, before[index]) for turn in (1, 0) for index, item in enumerate(items) if index % 2 == turn]


def _even(seed: str, index: int) -> bool:
    return hashlib.sha256(f"{seed}\0{index}".encode()).digest()[0] % 2 == 0


def activity_of(sequence: Sequence, number: int) -> Activity:
    """By its place. Raises :class:`NotFound`."""
    if not 0 <= number < len(sequence.activities):
        raise NotFound("This sequence has no such activity: go back to its list.")
    return sequence.activities[number]


def item_of(sequence: Sequence, slug: str) -> Item:
    """Raises :class:`NotFound`."""
    for item in sequence.items:
        if item.slug == slug:
            return item
    raise NotFound("This sequence has nothing of that name to say.")


def place(found: Several[Step], slug: str, after: int = 0) -> int:
    """Where an item comes, from ``after`` on if it does."""
    places = [index for index, step in enumerate(found) if step.item.slug == slug]
    return next((index for index in places if index >= after), next(iter(places), 0))
