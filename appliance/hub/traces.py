# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's trace pages: the class at a glance, live; each pupil's trace as sentences. No mark, no ranking."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from appliance.hub import trace_words as words
from appliance.hub.auth import is_local, is_teacher, teacher_required
from appliance.hub.context import hub
from appliance.hub.trace_names import TraceNames
from appliance.hub.trace_responses import shortened
from appliance.hub.trace_sentences import Sentence, sentence
from appliance.model import Lesson, Pupil
from appliance.store import people, settings, times, traces
from appliance.store.record_entries import moment
from appliance.store.record_queries import Found, Query
from appliance.xapi import identifiers, terms

pages = Blueprint("traces", __name__, url_prefix="/enseignant/traces")

PER_PAGE = 20
MOST_CHIPS = 8
"""Activities offered as a filter: a lesson holds a few."""
MAX_IRI = 2000
ICONS = {"completed": "check", "initialized": "play", "launched": "play", "played": "play", "watched": "film",
         "listened": "headphones", "read": "book-open", "resumed": "play", "submitted": "upload"}  # fmt: skip
"""Of a line that says nothing of right or wrong."""
LESSONS_S = 12 * 3600.0
"""What happened so long ago, since the box was started, was today."""


@dataclass(slots=True)
class Seat:
    """A pupil's row."""

    pupil: Pupil
    questions: set[str] = field(default_factory=set)
    right: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    last: float | None = None
    """When the pupil last did something in the lesson, seconds since 1970."""

    def facts(self, now: float, certain: bool) -> list[str]:
        """What the row says; empty for who has done nothing yet."""
        if self.last is None:
            return []
        answers = [ngettext("%(num)s answer", "%(num)s answers", len(self.questions)),
                   ngettext("%(num)s right", "%(num)s right", len(self.right))]  # fmt: skip
        finished = ngettext("%(num)s activity finished", "%(num)s activities finished", len(self.finished))
        return [
            *([", ".join(answers)] if self.questions else []),
            *([finished] if self.finished else []),
            words.ago(self.last, now, certain=certain),
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a trace and when it happened."""

    sentence: Sentence
    wall: float
    """Seconds since 1970, by the store's time."""
    day: str
    """Empty when nobody knows."""
    when: str


@pages.get("")
@teacher_required
def overview() -> str:
    """The class of the running lesson, or of the last one, pupil by pupil in the order of the class list."""
    lesson, wanted = people.latest_lesson(hub().db), _wanted()
    return render_template(
        "traces.html", lesson=lesson, running=lesson is not None and lesson.ended_at is None, wanted=wanted,
        group=next((each for each in people.groups(hub().db) if lesson and each.id == lesson.group), None),
        chips=_chips(lesson), live=_live(lesson, wanted)[0], address=_address,
    )  # fmt: skip


@pages.get("/liste")
def live() -> Response:
    """The fragment that htmx asks for every two seconds; 304 while nothing changed.

    It is not kept by the browser: the page itself sends the tag of what it shows.
    """
    if not (is_teacher() or is_local()):
        answer: Response = redirect(url_for("auth.sign_in"))
        if "HX-Request" in request.headers:  # a redirect would be shown inside the page
            answer = make_response("", 204, {"HX-Redirect": url_for("auth.sign_in")})
        return answer
    fragment, tag = _live(people.latest_lesson(hub().db), _wanted())
    answer = make_response(fragment)
    answer.headers["Cache-Control"] = "no-store"
    answer.set_etag(tag)
    return answer.make_conditional(request)


@pages.get("/<pupil_id>")
@teacher_required
def trace(pupil_id: str) -> str:
    """What a pupil did, newest first. ``suite``: where the page before ended."""
    pupil = people.pupil(hub().db, pupil_id)
    agent = terms.agent_value(identifiers.pupil(settings.box_id(hub().db), pupil.id))
    cursor = request.args.get("suite") or None
    page = hub().records.query(Query(agent=agent, limit=PER_PAGE, cursor=cursor))
    return render_template(
        "trace.html", pupil=pupil, days=_days(page.found), first=cursor is None, icons=ICONS,
        older=url_for("traces.trace", pupil_id=pupil.id, suite=page.next) if page.next else "",
    )  # fmt: skip


def _wanted() -> str:
    return request.args.get("activite", "")[:MAX_IRI]


def _address(activity: str) -> str:
    return url_for("traces.overview") + (f"?{urlencode({'activite': activity})}" if activity else "")


def _live(lesson: Lesson | None, wanted: str) -> tuple[Markup, str]:
    """The part of the page that changes, and its entity tag."""
    seats, certain = _seats(lesson, wanted) if lesson else [], hub().clock.now().trusted
    rows = render_template("traces_rows.html", seats=seats, now=_now(), certain=certain)
    tag = hashlib.sha256(rows.encode()).hexdigest()[:20]
    address = url_for("traces.live") + (f"?{urlencode({'activite': wanted})}" if wanted else "")
    rest = {"address": address, "conditional": json.dumps({"If-None-Match": f'"{tag}"'})}
    running = lesson is not None and lesson.ended_at is None
    whole = render_template("traces_live.html", rows=Markup(rows), running=running, **rest)  # noqa: S704 - a template's
    return Markup(whole), tag  # noqa: S704 - a template's


def _seats(lesson: Lesson, wanted: str) -> list[Seat]:
    seats = {pupil.id: Seat(pupil) for pupil in people.pupils(hub().db, lesson.group)}
    names = TraceNames()
    for done in traces.in_lesson(hub().db, settings.box_id(hub().db), lesson.id):
        seat = seats.get(done.pupil)
        if seat is None or (wanted and not _belongs(done.activity, wanted)):
            continue
        seat.last = done.last if seat.last is None else max(seat.last, done.last)
        if names.is_question(done.activity):
            seat.questions.add(done.activity)
            seat.right |= {done.activity} if done.success else set()
        elif done.completed:
            seat.finished.add(done.activity)
    _finish_exercises(seats)
    return list(seats.values())


def _finish_exercises(seats: Mapping[str, Seat]) -> None:
    """An exercise of the box is finished once each of its questions has an answer; no statement says so."""
    box = settings.box_id(hub().db)
    for activity in people.lesson_activities(hub().db):
        asked = {identifiers.question(box, activity.id, question.id) for question in activity.questions}
        for seat in seats.values():
            if asked and asked <= seat.questions:
                seat.finished.add(identifiers.activity(box, activity.id))


def _belongs(iri: str, activity: str) -> bool:
    """Whether ``iri`` is the activity or, as authoring tools name their questions, something below it."""
    return iri == activity or (iri.startswith(activity) and iri[len(activity)] in "/#?&")


def _chips(lesson: Lesson | None) -> list[tuple[str, str, str]]:
    """(IRI, title, its language) of what the class did in the lesson, questions left out; the box's exercises first."""
    if lesson is None:
        return []
    names, box = TraceNames(), settings.box_id(hub().db)
    done = sorted({each.activity for each in traces.in_lesson(hub().db, box, lesson.id)})
    own = {activity.id: activity.title for activity in people.lesson_activities(hub().db)}
    begun = {known[1] for iri in done if (known := identifiers.read_activity(iri)) and known[0] == box}
    chips = [(identifiers.activity(box, name), title, "") for name, title in own.items() if name in begun]
    others = (iri for iri in done if identifiers.read_activity(iri) is None and not names.is_question(iri))
    for iri in itertools.islice(others, max(0, MOST_CHIPS - len(chips))):
        title, tongue = names.title(iri)
        chips.append((iri, shortened(title), tongue))
    return chips[:MOST_CHIPS]


def _days(found: list[Found]) -> list[tuple[str, list[Line]]]:
    """(day, its lines): days in the order in which they first occur, lines with the newest first."""
    if not found:
        return []
    names, clock, now = TraceNames().names(), hub().clock.now(), _now()
    held = traces.held(hub().db, [each.row for each in found], clock.boot)
    days: dict[str, list[Line]] = {}
    for each in found:
        statement = json.loads(each.body)
        told, at = sentence(statement, names), moment(statement, each.stored) / 1e6
        if each.row not in held:
            line = Line(told, at, words.day(at, now), words.ago(at, now))
        else:
            came, monotonic = times.read(each.stored) / 1e6, held[each.row]
            elapsed = None if monotonic is None else clock.monotonic - monotonic + max(0.0, came - at)
            line = _held_line(told, at if elapsed is None else now - elapsed, now, known=elapsed is not None)
        days.setdefault(line.day, []).append(line)
    return [(day, sorted(lines, key=lambda line: -line.wall)) for day, lines in days.items()]


def _held_line(told: Sentence, wall: float, now: float, *, known: bool) -> Line:
    """Since the box was started the monotonic clock tells how long ago it was, though nobody knows the hour."""
    if not known or now - wall > LESSONS_S:
        return Line(told, wall, "", gettext("time not certain"))
    return Line(told, wall, gettext("Today"), words.ago(wall, now, certain=False))


def _now() -> float:
    """Seconds since 1970 by the store's own time, which goes on while the clock cannot be believed."""
    return times.read(hub().records.consistent_through()) / 1e6
