# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The lesson that goes on, kept or anonymous: one face for the grid, the exercises, the board and the summary."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from flask import g, session, url_for
from werkzeug.wrappers import Response

from appliance.errors import NotFound, Refused
from appliance.hub import anonymous, roles
from appliance.hub.context import hub
from appliance.model import Activity, Answered, Attempt, Lesson, Pupil
from appliance.store import activities as stored
from appliance.store import classes, lessons, oral, settings, statements, times
from appliance.store import texts as store_texts
from appliance.store.record_append import Beside
from appliance.xapi.preparing import Prepared

P = ParamSpec("P")
R = TypeVar("R")

LAST_WORD_S = 60.0
"""After the bell: an answer that travels slowly, or was being typed, is still the lesson's."""


def current() -> Lesson | None:
    """The running lesson, read once per request; the room follows it."""
    if "lesson" not in g:
        g.lesson = hub().anonymous.running() or lessons.running(hub().db)
        hub().room.enter(g.lesson.key if g.lesson else "")
        if g.lesson:
            hub().passing.enter(g.lesson.id)
    lesson: Lesson | None = g.lesson
    return lesson


def find(lesson_id: str) -> Lesson:
    """Running or over. Raises :class:`NotFound`."""
    if anonymous.is_anonymous(lesson_id):
        return hub().anonymous.get(lesson_id)
    return lessons.get(hub().db, lesson_id)


def pupils(lesson: Lesson) -> list[Pupil]:
    """Who may come in, in the order of the grid."""
    return classes.pupils(hub().db, lesson.group) if lesson.kept else hub().anonymous.pupils()


def pupil(lesson: Lesson, pupil_id: str) -> Pupil:
    """One of them. Raises :class:`NotFound`."""
    found = next((each for each in pupils(lesson) if each.id == pupil_id), None)
    if found is None:
        raise NotFound("There is no such pupil: choose your animal again.")
    return found


def current_pupil() -> Pupil | None:
    """Who this tablet speaks for, as long as the sitting that said so goes on."""
    lesson = current()
    if lesson is None or session.get("lesson") != lesson.key:
        return None
    try:
        return pupil(lesson, str(session.get("pupil", "")))
    except NotFound:
        return None


def speakers() -> list[Pupil]:
    """Whom this tablet speaks for: :func:`current_pupil`, then the others of the team that shares it."""
    lesson, first = current(), current_pupil()
    if lesson is None or first is None:
        return []
    named = {str(name) for name in session.get("team", ())} - {first.id}
    return [first, *(each for each in pupils(lesson) if each.id in named)]


def activities(lesson: Lesson) -> list[Activity]:
    """The exercises that its pupils may open."""
    return [each for each in stored.every(hub().db) if lesson.allows("activity", each.id)]


def first_page(lesson: Lesson | None) -> str:
    """Where a pupil who came in goes: to the only thing planned, else to the shelf."""
    if lesson is None or len(lesson.plan) != 1:
        return url_for("shelf.shelf")
    only = lesson.plan[0]
    if only.kind == "activity":
        return url_for("practice.quiz", activity_id=only.id)
    if only.kind == "oral":
        return url_for("oral_tablet.sequence", sequence_id=only.id)
    return url_for("reading.read", resource_id=only.id)


def answered(lesson: Lesson) -> list[Answered]:
    """Every answer, in the order of arrival."""
    return lessons.answered(hub().db, lesson.id) if lesson.kept else hub().anonymous.answered()


def attempts(lesson: Lesson) -> list[Attempt]:
    """Everything that was said in English, in the order of arrival."""
    return oral.of_lesson(hub().db, lesson.id) if lesson.kept else hub().anonymous.attempts()


def results(lesson: Lesson, pupil_id: str, activity_id: str) -> dict[str, tuple[str, bool]]:
    """Question -> (last choice, right?) of a pupil."""
    if lesson.kept:
        return statements.results(hub().db, lesson.id, pupil_id, activity_id)
    return {
        each.question: (each.choice, each.correct)
        for each in hub().anonymous.answered()
        if each.pupil == pupil_id and each.activity == activity_id
    }


def admit(lesson_id: str) -> None:
    """Whether an answer of that lesson can still be taken, long after it perhaps.

    Raises :class:`NotFound` when it was anonymous and is over or is not known, :class:`Refused` after 60 days (see
    :func:`appliance.store.lessons.too_late`).
    """
    if anonymous.is_anonymous(lesson_id):
        hub().anonymous.admit(lesson_id)
        return
    if lessons.too_late(hub().db, lessons.get(hub().db, lesson_id), hub().clock.now()):
        raise Refused("This answer comes too long after its lesson: it is not kept.")


def came_after(lesson_id: str, age_s: float) -> bool:
    """Whether an answer ``age_s`` old was made when the bell of its lesson had rung, beyond doubt."""
    if anonymous.is_anonymous(lesson_id):
        return False
    lesson, now = lessons.get(hub().db, lesson_id), hub().clock.now()
    if lesson.ended_at is None or not lesson.options.end_sure or not now.trusted:
        return False
    return now.wall - age_s - datetime.datetime.fromisoformat(lesson.ended_at).timestamp() > LAST_WORD_S


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """What a pupil wrote, which no statement says."""

    pupil: str
    words: str
    item: str
    """The id under which the statement says that it is sealed."""


def keep(
    batch: Sequence[tuple[str, Prepared]], texts: Mapping[str, Text], more: Mapping[str, Beside] = MappingProxyType({})
) -> dict[str, str]:
    """Take statements, each with the lesson it belongs to: to the records, or to memory. Returns {id: reason}.

    ``texts``, by statement, are sealed in the same transaction where they may be kept; those of an anonymous lesson
    are not. ``more`` is done in that transaction too, where the statement is new. The caller has asked :func:`admit`.
    """
    refused: dict[str, str] = {}
    kept: list[Prepared] = []
    for lesson_id, statement in batch:
        if not anonymous.is_anonymous(lesson_id):
            kept.append(statement)
            continue
        try:
            _remember(lesson_id, statement)
        except (NotFound, ValueError) as error:
            refused[statement.id] = str(getattr(error, "message", error))
    at = sealed_at()
    beside = {name: functools.partial(_seal, name, text, at) for name, text in texts.items()}
    return refused | hub().records.append_each(kept, {**beside, **more})


def _remember(lesson_id: str, statement: Prepared) -> None:
    box = settings.box_id(hub().db)
    told, spoken = statements.read(box, statement.value), oral.read(box, statement.value)
    if told is not None:
        hub().anonymous.keep(lesson_id, statement.id, told[1])
    elif spoken is not None:
        hub().anonymous.keep_attempt(lesson_id, spoken[1])


def _seal(statement: str, text: Text, at: str, conn: Any) -> None:
    store_texts.keep(conn, text.pupil, text.words, item=text.item, about=statement, at=at)


def sealed_at() -> str:
    """The date of what is sealed now (:func:`appliance.store.vault.seal`): empty under a clock that is not set."""
    now = hub().clock.now()
    return times.rfc3339(now.wall) if now.trusted else ""


def ring(coming: str = "") -> Lesson | None:
    """The bell: the running lesson is over, its cookies are void, the class's vault is locked. Returns that lesson.

    ``coming``: the class of the lesson that its own teacher opens now; where it is the same, names stay open.
    """
    over = current()
    if over is None:
        return None
    if over.kept:
        if over.group != coming or not roles.may_read(coming):
            hub().vaults.lock(over.group)  # first: a card that is full takes no bell, and no name stays open for it
        lessons.end(hub().db, now_text(), sure=hub().clock.now().trusted)
    else:
        hub().anonymous.end(now_text())
    hub().room.enter("")
    g.pop("lesson", None)
    return over


def staff_id() -> str:
    """Who of the staff is signed in; empty: the presence code only."""
    return roles.person().id if roles.person().role in roles.STAFF else ""


def led(view: Callable[P, R]) -> Callable[P, R | Response]:
    """For who may lead the running lesson, if there is one: its class's teacher, or a substitute."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        lesson = current()
        if lesson is not None and lesson.kept:
            roles.check_lead(lesson.group)
        return view(*args, **kwargs)

    return roles.allowed(*roles.LEADING)(guarded)


def now_text() -> str:
    """This moment, RFC 3339, UTC, to the second: as lessons keep it."""
    moment = datetime.datetime.fromtimestamp(hub().clock.now().wall, datetime.UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
