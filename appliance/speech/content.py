# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Gate 2: was the expected phrase said? Pure: what an engine heard, in; outcome and words, out."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.ports import Heard, SpeechTask, Way
from appliance.speech.verdict import Outcome, WordVerdict


@dataclass(frozen=True, slots=True)
class Content:
    """``outcome``: :attr:`Outcome.BRAVO` (the phrase was said, whatever its sounds) or :attr:`Outcome.ENCORE`."""

    outcome: Outcome
    heard: str
    """The phrase that was heard; empty when it was none of those known."""
    words: tuple[WordVerdict, ...]


def look(task: SpeechTask, heard: Heard, accepts: float) -> Content:
    """The phrase counts as said when nothing else of the lesson was heard and the sound fits it well enough.

    A competitor one slip away does not undo it: engines take one for the right word in a sixth of children's words. It
    does when it is an item of the lesson too, unless the slip is what the focus gate looks at.
    """
    if heard.kind == "item" or _another_item(task, [word.way for word in heard.words]):
        return Content(Outcome.ENCORE, _text([word.way for word in heard.words]), _words(task, ok=False))
    if heard.kind != "expected" or heard.score < accepts:
        return Content(Outcome.ENCORE, "", _words(task, ok=False))
    said = [word.way for word in heard.words]
    right = [slot.ways[0].text for slot in task.expected]
    return Content(
        Outcome.BRAVO,
        " ".join(right),
        tuple(
            WordVerdict(text, True, way.text if way.rule else "", way.rule)
            for text, way in zip(right, said, strict=True)
        ),
    )


def _another_item(task: SpeechTask, said: list[Way]) -> bool:
    looked_at = {probe.contrast for probe in task.probes}
    slips = {way.rule for way in said if way.rule}
    phones = [way.phones for way in said]
    return bool(slips - looked_at) and any(phones == [way.phones for way in item] for item in task.items)


def _words(task: SpeechTask, *, ok: bool) -> tuple[WordVerdict, ...]:
    return tuple(WordVerdict(slot.ways[0].text, ok) for slot in task.expected)


def _text(ways: list[Way]) -> str:
    return " ".join(way.text for way in ways)
