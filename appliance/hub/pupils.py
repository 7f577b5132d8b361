# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pupils come in: the animal grid, "C'est toi ?", and out again. Identity belongs to the lesson, not to the tablet."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import NotFound
from appliance.hub import anonymous, class_office, lesson_office
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.room import MOST_TOGETHER
from appliance.model import Lesson, Pupil

pages = Blueprint("pupils", __name__)


def current_lesson() -> Lesson | None:
    """The running lesson, kept or anonymous."""
    return lesson_office.current()


def current_pupil() -> Pupil | None:
    """Who this tablet speaks for, as long as the lesson that said so runs."""
    return lesson_office.current_pupil()


@pages.get("/")
def home() -> AnyResponse:
    """The tablet's first page: the shelf for a known pupil, else the grid; with no lesson, the shelf for anyone."""
    if current_lesson() is None or current_pupil() is not None:
        return redirect(url_for("shelf.shelf"))
    return redirect(url_for("pupils.who"))


@pages.get("/qui")
def who() -> str:
    """Who are you? The class's animals; between two lessons, a page that waits for the next one."""
    lesson = current_lesson()
    if lesson is None:
        return render_template("lesson_none.html")
    return render_template(
        "qui.html", lesson=lesson, pupils=lesson_office.pupils(lesson), under=class_office.under(lesson)
    )


@pages.get("/qui/ensemble")
def together() -> str:
    """Several on one tablet: each touch of an animal adds it, or takes it away again."""
    return _together_page()


def _together_page(error: str = "") -> str:
    lesson = current_lesson()
    if lesson is None:
        return render_template("lesson_none.html")
    known = lesson_office.pupils(lesson)
    chosen = [each for each in dict.fromkeys(request.values.getlist("pupil")) if each in {pupil.id for pupil in known}]
    chosen = chosen[:MOST_TOGETHER]
    tiles = [(pupil, _touched(pupil.id, chosen)) for pupil in known]
    return render_template("together.html", tiles=tiles, chosen=chosen, error=error)


def _touched(pupil_id: str, chosen: list[str]) -> str:
    """Where a touch of this animal leads: chosen, or no longer; empty once there are four others."""
    if pupil_id in chosen:
        rest = [each for each in chosen if each != pupil_id]
    elif len(chosen) < MOST_TOGETHER:
        rest = [*chosen, pupil_id]
    else:
        return ""
    return url_for("pupils.together", pupil=rest)


@pages.post("/qui/ensemble")
def enter_together() -> AnyResponse | tuple[str, int]:
    """This tablet speaks for all of them."""
    chosen = list(dict.fromkeys(request.form.getlist("pupil")))
    if not 2 <= len(chosen) <= MOST_TOGETHER:
        return _together_page(gettext("Touch two, three or four animals.")), 400
    return _enter([_pupil_of_lesson(each) for each in chosen])


def _pupil_of_lesson(pupil_id: str) -> Pupil:
    lesson = current_lesson()
    if lesson is None:
        raise NotFound("There is no such pupil: choose your animal again.")
    return lesson_office.pupil(lesson, pupil_id)


@pages.get("/qui/<pupil_id>")
def confirm(pupil_id: str) -> str:
    """C'est toi ?"""
    return render_template("confirm.html", pupil=_pupil_of_lesson(pupil_id))


@pages.post("/qui/<pupil_id>")
def enter(pupil_id: str) -> AnyResponse:
    """Yes: this tablet speaks for this pupil until the lesson ends or somebody leaves."""
    return _enter([_pupil_of_lesson(pupil_id)])


def _enter(team: list[Pupil]) -> AnyResponse:
    lesson = current_lesson()
    hub().room.leave(str(session.get("tablet", "")))
    session.pop("team", None)
    session["lesson"], session["pupil"] = (lesson.key if lesson else ""), team[0].id
    session["tablet"] = secrets.token_hex(6)
    if len(team) > 1:
        session["team"] = [each.id for each in team]
    if lesson is not None and not anonymous.is_anonymous(lesson.key):
        for each in team:
            hub().trail.note_soon("came in", who=each.id, role="pupil", subject=lesson.key)
    return redirect(lesson_office.first_page(lesson), 303)


@pages.post("/au-revoir")
def leave() -> AnyResponse:
    """Back to the grid: the tablet forgets who held it."""
    hub().room.leave(str(session.get("tablet", "")))
    for name in ("lesson", "pupil", "team", "tablet"):
        session.pop(name, None)
    return redirect(url_for("pupils.home"), 303)
