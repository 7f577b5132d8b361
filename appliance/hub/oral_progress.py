# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What pupils can say by now, which sounds to work on, and with what: from their attempts. Pure. Never a mark."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.model import SAID, Attempt
from appliance.sequences.kinds import LEVELS
from appliance.sequences.sequence import Sequence as Spoken

LOOKED_AT = 10
"""Attempts of a pupil at a contrast that count, the last ones: what was mended is mended."""
LEAST_MISSED = 2
"""Once is an accident, and the box may be wrong in a tenth of cases."""
MOST_SUGGESTED = 4
Thing = tuple[str, str]
"""Sequence and item."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """How a contrast of sounds went."""

    name: str
    well: int
    missed: int

    @property
    def to_work_on(self) -> bool:
        """A third or more was missed, and more than once."""
        return self.missed >= LEAST_MISSED and 3 * self.missed >= self.well + self.missed


@dataclass(frozen=True, slots=True)
class Progress:
    """Of a pupil, or of a class together."""

    things: Mapping[str, Sequence[Thing]]
    """Outcome -> what was told so by the last attempt at it, the newest first."""
    contrasts: Sequence[Contrast] = field(default_factory=tuple)
    """The one that is missed most first."""

    def count(self, outcome: str) -> int:
        """How many things."""
        return len(self.things[outcome])

    @property
    def weak(self) -> list[str]:
        """Contrasts to work on."""
        return [each.name for each in self.contrasts if each.to_work_on]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An activity for the next lesson, and why."""

    sequence: Spoken
    number: int
    """Of the activity."""
    contrast: str


def of_pupil(attempts: Iterable[Attempt]) -> Progress:
    """From a pupil's attempts, in the order of arrival."""
    last: dict[Thing, str] = {}
    looked: dict[str, list[bool]] = {}
    for each in attempts:
        thing = (each.sequence, each.item)
        last.pop(thing, None)  # so that the newest comes last
        last[thing] = each.outcome
        for name, well in each.focus:
            looked.setdefault(name, []).append(well)
    things = {outcome: [thing for thing in reversed(last) if last[thing] == outcome] for outcome in SAID}
    recent = {name: several[-LOOKED_AT:] for name, several in looked.items()}
    return Progress(things, _contrasts(recent))


def _contrasts(looked: Mapping[str, Sequence[bool]]) -> list[Contrast]:
    found = [Contrast(name, sum(several), len(several) - sum(several)) for name, several in looked.items()]
    return sorted(found, key=lambda each: (-each.missed / (each.well + each.missed), each.name))


def by_pupil(attempts: Iterable[Attempt]) -> dict[str, Progress]:
    """Pupil -> progress; who said nothing is not there."""
    several: dict[str, list[Attempt]] = collections.defaultdict(list)
    for each in attempts:
        several[each.pupil].append(each)
    return {pupil: of_pupil(own) for pupil, own in several.items()}


def of_class(pupils: Mapping[str, Progress]) -> list[tuple[str, int]]:
    """(contrast, how many pupils should work on it), the most first."""
    counted = collections.Counter(name for each in pupils.values() for name in each.weak)
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))


def words(attempts: Iterable[Attempt], sequence: str) -> dict[str, dict[str, set[str]]]:
    """Item of a sequence -> outcome -> pupils whose last attempt ended so; what to hear again first."""
    last = {(each.item, each.pupil): each.outcome for each in attempts if each.sequence == sequence}
    found: dict[str, dict[str, set[str]]] = {}
    for (item, pupil), outcome in last.items():
        found.setdefault(item, {name: set() for name in SAID})[outcome].add(pupil)
    order = sorted(found, key=lambda item: (-len(found[item]["encore"]), -len(found[item]["presque"]), item))
    return {item: found[item] for item in order}


def suggestions(weak: Sequence[str], known: Iterable[Spoken], levels: Sequence[str]) -> list[Suggestion]:
    """Activities that bear these contrasts, the weakest first: games of pairs before others, and of the class's
    levels (those of what it said; empty: any)."""
    nearest = {level: min((abs(_rank(level) - _rank(each)) for each in levels), default=0) for level in LEVELS}
    found: list[tuple[tuple[int, int, int, str], Suggestion]] = []
    for sequence in known:
        for number, activity in enumerate(sequence.activities):
            for contrast in set(activity.focus) & set(weak):
                order = (nearest[sequence.level], weak.index(contrast), activity.kind != "minimal-pairs", sequence.id)
                found.append((order, Suggestion(sequence, number, contrast)))
    picked: dict[str, Suggestion] = {}
    for _, each in sorted(found, key=lambda one: one[0]):
        picked.setdefault(each.sequence.id, each)
    return list(picked.values())[:MOST_SUGGESTED]


def _rank(level: str) -> int:
    return list(LEVELS).index(level)
