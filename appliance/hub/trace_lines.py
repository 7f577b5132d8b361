# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A pupil's trace as lines under days: what belongs to one run of a game, a quiz or a film makes one line.

The order is that of arrival, which never goes back; so the days do not either.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import NotFound
from appliance.hub import trace_words as words
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.trace_class import store_now
from appliance.hub.trace_names import TraceNames
from appliance.hub.trace_sentences import Names, Sentence, ended, sentence, worked
from appliance.store import activities, settings, traces
from appliance.store.record_queries import Found
from appliance.store.traces import Moment, part_of
from appliance.xapi import identifiers

BEGINNINGS = {"initialized", "launched"}
ENDS = ("completed", "passed", "failed", "mastered")
"""What tells the most of a whole run, the best first."""


@dataclass(frozen=True, slots=True)
class Told:
    """A statement, told."""

    row: int
    statement: Mapping[str, Any]
    sentence: Sentence
    root: str
    who: tuple[str, ...]
    day: str
    """Empty when nobody knows."""
    when: str


@dataclass(slots=True)
class Line:
    """``tries``: what it sums up, the newest first; none when it is a single statement."""

    row: int
    """Of its oldest statement."""
    day: str
    sentence: Sentence
    facts: str
    tries: list[Told] = field(default_factory=list)


def lines(found: list[Found]) -> list[Line]:
    """From statements with the newest first, in that order."""
    known = TraceNames()
    names = known.names()
    runs: list[list[Told]] = []
    for told in reversed(_told(found, known, names)):
        if runs and _goes_on(runs[-1], told):
            runs[-1].append(told)
        else:
            runs.append([told])
    return [_line(run[::-1], names) for run in reversed(runs)]


def days(several: Iterable[Line]) -> list[tuple[str, list[Line]]]:
    """(day, its lines)."""
    return [(day, list(group)) for day, group in itertools.groupby(several, lambda line: line.day)]


def _told(found: list[Found], known: TraceNames, names: Names) -> list[Told]:
    now, shown = hub().clock.now(), store_now()
    moments = traces.moments(hub().db, [each.row for each in found], now, shown)
    kept = [each for each in found if each.row in moments]
    dated = _days([_day(moments[each.row], shown, trusted=now.trusted) for each in kept])
    told = []
    for each, day in zip(kept, dated, strict=True):
        statement, moment = json.loads(each.body), moments[each.row]
        when = _clock(moment, shown if now.trusted else None) if moment.certain else words.when(moment, now, shown)
        who = tuple(names.people(statement["actor"]))
        told.append(Told(each.row, statement, sentence(statement, names), _root(statement, known), who, day, when))
    return told


def _root(statement: Mapping[str, Any], known: TraceNames) -> str:
    root = traces.root(statement)
    return known.whole(root) if known.is_question(root) else root


def _clock(moment: Moment, now: float | None) -> str:
    """The time of the day; with its date when it is not the day of arrival, under which it stands."""
    same = words.day(moment.at, None) == words.day(moment.arrived, None)
    return words.clock(moment.at, moment.arrived if same else now)


def _day(moment: Moment, now: float, *, trusted: bool) -> str:
    if moment.certain:
        return words.day(moment.arrived, now if trusted else None)
    recent = moment.elapsed and now - moment.arrived <= words.KNOWN_S
    return str(gettext("Today")) if recent else ""


def _days(known: list[str]) -> list[str]:
    """What came between two things of one day came on that day, though nobody knows the hour."""
    dated = list(known)
    for place, day in enumerate(known):
        if not day:
            after = next((other for other in known[place + 1 :] if other), "")
            dated[place] = after if place and after == dated[place - 1] else ""
    return dated


def _goes_on(run: list[Told], told: Told) -> bool:
    """Whether ``told`` belongs to the run before it: same pupils, same day, same activity, not begun again."""
    last = run[-1]
    if not told.root or (last.who, last.day) != (told.who, told.day):
        return False
    if not (part_of(last.root, told.root) or part_of(told.root, last.root)):
        return False
    again = told.sentence.verb in BEGINNINGS and len(run) > 1
    return not again and not (last.sentence.verb in ENDS and told.sentence.verb == "answered")


def _line(run: list[Told], names: Names) -> Line:
    """``run``: the newest first."""
    newest, oldest = run[0], run[-1]
    if len(run) == 1:
        return Line(oldest.row, newest.day, newest.sentence, newest.when)
    sums = [sum(each) for each in zip(*(traces.tries(told.statement) for told in run), strict=True)]
    facts = words.answers(*sums) or words.several(len(run))
    return Line(oldest.row, newest.day, _whole(run, names), f"{facts}, {newest.when}", run)


def _whole(run: list[Told], names: Names) -> Sentence:
    """What sums a run up: the statement that tells of its end, or that the box's own exercise is finished."""
    root = min((told.root for told in run), key=len)
    for verb in ENDS:
        for told in run:
            if told.sentence.verb == verb and told.statement["object"].get("id") == root:
                return told.sentence
    own = (told.statement for told in run if told.statement["object"].get("id") == root)
    about = next(own, {"actor": run[0].statement["actor"], "object": {"id": root}})
    if _all_answered(root, run):
        return Sentence(ended(about, names), "completed", None)
    return Sentence(worked(about, names), "", None)


def _all_answered(root: str, run: list[Told]) -> bool:
    """Whether the run answers every question of an exercise of the box; no statement says that it is finished."""
    box, known = settings.box_id(hub().db), identifiers.read_activity(root)
    if known is None or known[0] != box:
        return False
    try:
        activity = activities.get(hub().db, known[1])
    except NotFound:
        return False
    asked = {identifiers.question(box, activity.id, question.id) for question in activity.questions}
    return bool(asked) and asked <= {str(told.statement["object"].get("id")) for told in run}
