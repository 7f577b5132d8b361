# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What engines share: the task as a graph of words, and what is refused before an engine sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appliance.errors import BadInput
from appliance.ports import HeardWord, SpeechTask, Way

Arc = tuple[int, int, Way]
START, END = 0, 1


@dataclass(frozen=True, slots=True)
class Graph:
    """Words between numbered states, from :data:`START` to :data:`END`."""

    arcs: tuple[Arc, ...]

    @classmethod
    def chain(cls, slots: Sequence[Iterable[Way]]) -> Graph:
        """One slot after another, any way of each."""
        return cls(tuple(_arcs(slots, 2)))

    @classmethod
    def everything(cls, task: SpeechTask) -> Graph:
        """The expected phrase with all its ways, and the lesson's others."""
        arcs = _arcs([slot.ways for slot in task.expected], 2)
        for item in task.items:
            arcs += _arcs([(way,) for way in item], max(2, 1 + max(arc[1] for arc in arcs)))
        return cls(tuple(arcs))

    def accepts(self, path: Sequence[Way]) -> bool:
        """Whether ``path``, by its sounds, leads from the start to the end."""
        states = {START}
        for way in path:
            states = {end for start, end, arc in self.arcs if start in states and arc.phones == way.phones}
        return END in states


def _arcs(slots: Sequence[Iterable[Way]], free: int) -> list[Arc]:
    """A chain whose inner states are numbered from ``free``."""
    states = [START, *range(free, free + len(slots) - 1), END]
    return [
        (start, end, way)
        for start, end, ways in zip(states, states[1:], slots, strict=False)
        for way in {way.phones: way for way in reversed(list(ways))}.values()
    ]


def followed(said: Sequence[HeardWord], task: SpeechTask) -> str:
    """``expected`` or ``item``, whichever the path is; the expected one first."""
    sounds = [word.way.phones for word in said]
    expected = len(sounds) == len(task.expected) and all(
        phones in {way.phones for way in slot.ways} for phones, slot in zip(sounds, task.expected, strict=True)
    )
    return "expected" if expected else "item"


def checked(pcm: bytes, task: SpeechTask) -> None:
    """Raises :class:`BadInput` for a sound or a task that no engine takes."""
    if len(pcm) % 2:
        raise BadInput("The sound is damaged: it ends in the middle of a sample.")
    if not task.expected or not all(slot.ways for slot in task.expected):
        raise BadInput("Nothing is expected: give a word or a phrase.")
    if any(not way.phones for slot in task.expected for way in slot.ways):
        raise BadInput("Nothing is expected: give a word or a phrase.")


def path_of(words: Sequence[str], task: SpeechTask) -> tuple[str, list[Way]]:
    """What the written ``words`` are in ``task``: kind of :class:`appliance.ports.Heard`, and their ways."""
    if not words:
        return "nothing", []
    by_text = [{way.text: way for way in reversed(slot.ways)} for slot in task.expected]
    if len(words) == len(by_text) and all(word in ways for word, ways in zip(words, by_text, strict=True)):
        return "expected", [ways[word] for word, ways in zip(words, by_text, strict=True)]
    for item in task.items:
        if [way.text for way in item] == list(words):
            return "item", list(item)
    return "other", []
