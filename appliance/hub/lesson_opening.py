# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A lesson opens: with one tap from the home page, or chosen on a page of its own."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput
from appliance.hub import anonymous, labels, lesson_office, lesson_plans, oral_catalogue, read_aloud
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import LEADING, allowed, check_lead
from appliance.hub.room import TIMER_MINUTES
from appliance.model import Lesson, LessonOptions, Planned
from appliance.sequences.kinds import LEVELS, THEMES
from appliance.store import activities, lessons

pages = Blueprint("lesson_opening", __name__)

SHOWN = 24
"""Resources offered at once: with more the page would hold too much; the others are found by a word."""


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    """Something that can be ticked."""

    value: str
    title: str
    ticked: bool
    language: str = ""
    """Of the title; empty: the page's own."""


@pages.get("/enseignant/seance/ouvrir")
@allowed(*LEADING)
def choose() -> str:
    """Class, plan and options; ``q``: only resources with this word, and those that are ticked."""
    form = request.args
    ticked = {word for value in form.getlist("plan") for word in value.split()}
    listed = lesson_plans.groups()
    usual = lesson_plans.proposals().group
    return render_template(
        "lesson_open.html", groups=listed, group=form.get("classe", usual.id if usual else ""),
        animals=form.get("animaux", str(lesson_plans.ANIMALS)), most=anonymous.MOST_PUPILS,
        activities=[_box(Planned("activity", each.id), each.title, ticked) for each in activities.every(hub().db)],
        resources=_resources(form.get("q", "").strip(), ticked), query=form.get("q", ""), oral=_oral(ticked),
        options=_options(form), minutes=TIMER_MINUTES, running=lesson_office.current(),
    )  # fmt: skip


def _box(item: Planned, title: str, ticked: set[str]) -> Box:
    value = lesson_plans.encode([item])
    return Box(value, title, value in ticked, lesson_plans.language_of(item))


def _resources(query: str, ticked: set[str]) -> list[Box]:
    boxes = [_box(Planned("resource", each.id), labels.title(each), ticked) for each in hub().library.list()]
    wanted = [box for box in boxes if box.ticked or query.casefold() in box.title.casefold()]
    return sorted(wanted, key=lambda box: (not box.ticked, box.title.casefold()))[:SHOWN]


def _oral(ticked: set[str]) -> dict[str, list[Box]]:
    """Level -> its sequences of spoken English, by theme."""
    return {
        LEVELS[level]: [
            _box(Planned("oral", each.id), f"{gettext(THEMES[each.theme])} · {oral_catalogue.title(each)}", ticked)
            for each in several
        ]
        for level, several in oral_catalogue.by_level().items()
    }


@pages.post("/enseignant/seance/ouvrir")
@allowed(*LEADING)
def begin() -> AnyResponse:
    """Open it; whatever ran before has had its bell."""
    form = request.form
    plan, options, group = lesson_plans.decode(form.getlist("plan")), _options(form), form.get("classe", "")
    if group and group not in {each.id for each in lesson_plans.groups()}:
        raise BadInput("There is no such class on the box: reload the page, then choose again.")
    if group:
        check_lead(group)
    seats = [] if group else _seats(form.get("animaux", ""))
    lesson_office.ring(group)
    lesson = _kept(group, plan, options) if group else _anonymous(seats, plan, options)
    hub().room.enter(lesson.key, options.minutes)
    read_aloud.prepare_quizzes(lesson_office.activities(lesson))
    return redirect(url_for("lesson_board.board"), 303)


def _kept(group: str, plan: tuple[Planned, ...], options: LessonOptions) -> Lesson:
    at, by = lesson_office.now_text(), lesson_office.staff_id()
    lesson = Lesson(str(uuid.uuid4()), group, lesson_plans.title(plan), at, None, plan, options, by)
    lessons.begin(hub().db, lesson, sure=hub().clock.now().trusted)
    return lesson


def _seats(count: str) -> list[tuple[str, str]]:
    """Raises :class:`BadInput`."""
    return anonymous.animals(_number(count), [gettext(name) for _, name in anonymous.ANIMALS])


def _anonymous(seats: list[tuple[str, str]], plan: tuple[Planned, ...], options: LessonOptions) -> Lesson:
    return hub().anonymous.begin(lesson_plans.title(plan), seats, plan, options, lesson_office.now_text())


def _number(count: str) -> int:
    return int(count) if count.isascii() and count.isdecimal() and len(count) <= 4 else 0


def _options(form: MultiDict[str, str]) -> LessonOptions:
    """What is unknown in the form is left as it is by default."""
    minutes = _number(form.get("minutes", ""))
    return LessonOptions(
        correction="later" if form.get("correction") == "later" else "now",
        minutes=minutes if minutes in TIMER_MINUTES else 0,
        ranking=form.get("ranking") == "1",
        whole_shelf=form.get("shelf") == "1",
    )


def next_group(after: str, known: Sequence[str]) -> str:
    """The class whose turn comes after ``after``: the next in the list, the first again at its end."""
    if not known:
        return ""
    return known[(known.index(after) + 1) % len(known)] if after in known else known[0]
