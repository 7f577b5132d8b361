# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a class did during its lesson: pupil by pupil, and activity by activity."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import current_app

from appliance.hub import trace_words as words
from appliance.hub.context import hub
from appliance.hub.trace_names import TraceNames
from appliance.hub.trace_responses import shortened
from appliance.model import Lesson, Pupil
from appliance.store import activities as quizzes
from appliance.store import classes, settings, times, traces
from appliance.store.traces import Done, LessonTally, part_of
from appliance.xapi import identifiers

MOST = 8
"""Activities offered as a filter, or told on the teacher's home: a lesson holds a few."""


@dataclass(slots=True)
class Seat:
    """A pupil's row."""

    pupil: Pupil
    done: list[Done] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    when: str = ""
    """Of the last thing done; empty when there is none."""

    def facts(self) -> list[str]:
        """What the row says, without when; empty for who has done nothing yet."""
        told = words.answers(*_sums(self.done)), words.finished(len(self.finished))
        said = [fact for fact in told if fact]
        return said or ([words.several(sum(done.statements for done in self.done))] if self.done else [])


@dataclass(frozen=True, slots=True)
class Activity:
    """What a class did in an activity that is none of the box's own exercises."""

    title: str
    language: str
    """Of the title; empty when not known."""
    pupils: int
    told: str
    """The answers in words; empty without any."""


def done_in(lesson: Lesson) -> list[Done]:
    """Everything that the class did during the lesson."""
    tally: LessonTally = current_app.extensions.setdefault("cartable.lesson", LessonTally())
    return tally.read(hub().db, settings.box_id(hub().db), lesson)


def store_now() -> float:
    """Seconds since 1970 by the store's own time, which goes on while the clock cannot be believed."""
    return times.read(hub().records.consistent_through()) / 1e6


def seats(lesson: Lesson, wanted: str = "") -> list[Seat]:
    """In the order of the class list, without who left; ``wanted``: only what was done in this activity."""
    found = {pupil.id: Seat(pupil) for pupil in classes.pupils(hub().db, lesson.group)}
    for done in done_in(lesson):
        if done.pupil in found and (not wanted or wanted == done.root or part_of(done.activity, wanted)):
            found[done.pupil].done.append(done)
    box, names = settings.box_id(hub().db), TraceNames()
    exercises = {
        identifiers.activity(box, each.id): {identifiers.question(box, each.id, asked.id) for asked in each.questions}
        for each in quizzes.every(hub().db)
    }
    for seat in found.values():
        seat.finished = {done.activity for done in seat.done if done.completed and not names.is_question(done.activity)}
        answered = {done.activity for done in seat.done if done.answers}
        seat.finished |= {iri for iri, asked in exercises.items() if asked and asked <= answered}
    _date(found.values())
    return list(found.values())


def _date(several: Iterable[Seat]) -> None:
    last = {seat.pupil.id: max(done.last for done in seat.done) for seat in several if seat.done}
    now, shown = hub().clock.now(), store_now()
    moments = traces.moments(hub().db, last.values(), now, shown)
    for seat in several:
        told = moments.get(last.get(seat.pupil.id, 0))
        seat.when = words.when(told, now, shown) if told else ""


def chips(lesson: Lesson | None) -> list[tuple[str, str, str]]:
    """(IRI, title, its language) of what the class did in the lesson, questions left out; the box's exercises first."""
    if lesson is None:
        return []
    box, done = settings.box_id(hub().db), done_in(lesson)
    begun = {known[1] for each in done if (known := identifiers.read_activity(each.activity)) and known[0] == box}
    own = [(identifiers.activity(box, each.id), each.title, "") for each in quizzes.every(hub().db) if each.id in begun]
    names = TraceNames()
    sequences = (iri for iri in dict.fromkeys(each.root for each in done) if _is_sequence(box, iri))
    spoken = [(iri, names.title(iri)[0], "") for iri in sequences]
    return [*own, *spoken, *_others(done)][:MOST]


def _is_sequence(box: str, iri: str) -> bool:
    known = identifiers.read_activity(iri)
    return known is not None and known[0] == box and bool(identifiers.read_sequence(known[1]))


def activities(lesson: Lesson) -> list[Activity]:
    """What the class did besides the box's own exercises, for the teacher's home."""
    done, found = done_in(lesson), []
    for iri, title, language in _others(done):
        parts = [each for each in done if each.root == iri or part_of(each.activity, iri)]
        found.append(Activity(title, language, len({each.pupil for each in parts}), words.answers(*_sums(parts))))
    return found


def _others(done: list[Done]) -> list[tuple[str, str, str]]:
    names = TraceNames()
    roots = sorted({each.root for each in done} - {""})
    others = (iri for iri in roots if identifiers.read_activity(iri) is None and not names.is_question(iri))
    titles = ((iri, *names.title(iri)) for iri in itertools.islice(others, MOST))
    return [(iri, shortened(title), language) for iri, title, language in titles]


def _sums(several: list[Done]) -> tuple[int, int, int]:
    return (
        sum(each.answers for each in several),
        sum(each.judged for each in several),
        sum(each.right for each in several),
    )
