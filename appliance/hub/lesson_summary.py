# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The bell, what the lesson was, and how it goes on: reopened the same day, or the next class."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from appliance.errors import Conflict
from appliance.hub import lesson_board, lesson_office, lesson_opening, lesson_plans, trace_class, works
from appliance.hub.context import hub
from appliance.hub.roles import LEADING, allowed, check_lead
from appliance.model import Answered, Lesson, Planned, Pupil
from appliance.store import activities, lessons

pages = Blueprint("lesson_summary", __name__, url_prefix="/enseignant/seance")


@dataclass(frozen=True, slots=True)
class Exercise:
    """What the class made of an exercise; the last answer of a pupil to a question counts."""

    title: str
    pupils: int
    answers: int
    right: int
    hardest: str
    """The question that most got wrong; empty: none was."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a pupil did in all."""

    pupil: Pupil
    name: str
    told: str


@pages.post("/cloche")
@lesson_office.led
def bell() -> Response:
    """One tap: every tablet goes back to the grid at its next question, the class's vault is locked."""
    over = lesson_office.ring()
    if over is None:
        return redirect(url_for("lesson_home.home"), 303)
    return redirect(url_for("lesson_summary.summary", lesson_id=over.id), 303)


@pages.get("/bilan/<lesson_id>")
@allowed(*LEADING)
def summary(lesson_id: str) -> str:
    """Per activity, per pupil. Of an anonymous lesson: until the next one opens."""
    lesson = _led(lesson_id)
    listed = lesson_plans.groups()
    coming = lesson_opening.next_group(lesson.group, [group.id for group in listed])
    return render_template(
        "lesson_summary.html", lesson=lesson, exercises=[each for each in exercises(lesson) if each.answers],
        oral=spoken(lesson), others=others(lesson), lines=lines(lesson), reopens=may_reopen(lesson),
        locked=lesson_board.locked(lesson), media=works.count(lesson),
        group=next((group for group in listed if group.id == lesson.group), None),
        coming=next((group for group in listed if group.id == coming != lesson.group), None),
    )  # fmt: skip


@pages.post("/rouvrir/<lesson_id>")
@allowed(*LEADING)
def reopen(lesson_id: str) -> Response:
    """Go on with a lesson of today: its answers are there, pupils choose their animal again."""
    lesson = _led(lesson_id)
    if not may_reopen(lesson):
        raise Conflict("Only a lesson of today that was kept can be opened again.")
    lesson_office.ring()
    again = lessons.reopen(hub().db, lesson.id, lesson_office.now_text(),
                           by=lesson_office.staff_id(), sure=hub().clock.now().trusted)  # fmt: skip
    hub().room.enter(again.key, again.options.minutes)
    return redirect(url_for("lesson_board.board"), 303)


def _led(lesson_id: str) -> Lesson:
    """A lesson that this person may lead. Raises :class:`NotFound`, :class:`Refused`."""
    lesson = lesson_office.find(lesson_id)
    if lesson.kept:
        check_lead(lesson.group)
    return lesson


def may_reopen(lesson: Lesson) -> bool:
    """The same day, by the box's clock whatever it is worth."""
    if not lesson.kept or lesson.ended_at is None:
        return False
    began = datetime.datetime.fromisoformat(lesson.started_at).astimezone()
    today = datetime.datetime.fromtimestamp(hub().clock.now().wall).astimezone()
    return began.date() == today.date()


def last() -> Lesson | None:
    """The lesson whose summary the home page leads to, when none is running."""
    anonymous, kept = hub().anonymous.last(), lessons.latest(hub().db)
    several = [lesson for lesson in (anonymous, kept) if lesson is not None and lesson.ended_at is not None]
    return max(several, key=lambda lesson: lesson.ended_at or "", default=None)


def exercises(lesson: Lesson) -> list[Exercise]:
    """Each exercise that pupils could open, and each that was answered."""
    answers = counting(lesson_office.answered(lesson))
    begun = {answer.activity for answer in answers}
    listed = [each for each in activities.every(hub().db) if lesson.allows("activity", each.id) or each.id in begun]
    found = []
    for activity in listed:
        own = [answer for answer in answers if answer.activity == activity.id]
        judged = [answer for answer in own if answer.judged]
        prompts = {question.id: question.prompt for question in activity.questions}
        pupils, right = len({answer.pupil for answer in own}), sum(answer.correct for answer in judged)
        found.append(Exercise(activity.title, pupils, len(own), right, prompts.get(_hardest(judged), "")))
    return found


def counting(answers: Sequence[Answered]) -> list[Answered]:
    """The last one of each pupil to each question."""
    return list({(each.pupil, each.activity, each.question): each for each in answers}.values())


def _hardest(answers: Sequence[Answered]) -> str:
    wrong: dict[str, int] = {}
    for answer in answers:
        wrong[answer.question] = wrong.get(answer.question, 0) + (not answer.correct)
    worst = max(wrong, key=lambda question: wrong[question], default="")
    return worst if wrong.get(worst) else ""


def spoken(lesson: Lesson) -> list[tuple[str, str]]:
    """(title, what the class said of it) of each sequence of English."""
    attempts = lesson_office.attempts(lesson)
    begun = dict.fromkeys(each.sequence for each in attempts)
    return [
        (lesson_plans.title_of(Planned("oral", name)) or name,
         lesson_board.told_attempts([each for each in attempts if each.sequence == name]))
        for name in begun
    ]  # fmt: skip


def others(lesson: Lesson) -> list[trace_class.Activity]:
    """What resources' own scripts reported."""
    return trace_class.activities(lesson) if lesson.kept else []


def lines(lesson: Lesson) -> list[Line]:
    """Who answered, in the order of the grid, then who did not."""
    known, answers = lesson_board.names(lesson), counting(lesson_office.answered(lesson))
    attempts = lesson_office.attempts(lesson)
    found = []
    for pupil in lesson_office.pupils(lesson):
        said = lesson_board.told_attempts([each for each in attempts if each.pupil == pupil.id])
        told = lesson_board.told_answers([answer for answer in answers if answer.pupil == pupil.id])
        name = known.get(pupil.id, "")
        found.append(
            Line(pupil, f"{pupil.alias} · {name}" if name else pupil.alias, " · ".join(filter(None, (told, said))))
        )
    return sorted(found, key=lambda line: not line.told)
