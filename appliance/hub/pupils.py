# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pupils come in: the animal grid, "C'est toi ?", and out again. Identity belongs to the lesson, not to the tablet."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import NotFound
from appliance.hub.context import hub
from appliance.model import Lesson, Pupil
from appliance.store import people

pages = Blueprint("pupils", __name__)


def current_lesson() -> Lesson | None:
    """The running lesson, read once per request."""
    if "lesson" not in g:
        g.lesson = people.running_lesson(hub().db)
    lesson: Lesson | None = g.lesson
    return lesson


def current_pupil() -> Pupil | None:
    """Who this tablet speaks for, as long as the lesson that said so runs."""
    lesson = current_lesson()
    if lesson is None or session.get("lesson") != lesson.id:
        return None
    try:
        return people.pupil(hub().db, str(session.get("pupil", "")))
    except NotFound:
        return None


@pages.get("/")
def home() -> AnyResponse:
    """The tablet's first page: the shelf for a known pupil, else the grid; with no lesson, the shelf for anyone."""
    if current_lesson() is None or current_pupil() is not None:
        return redirect(url_for("shelf.shelf"))
    return redirect(url_for("pupils.who"))


@pages.get("/qui")
def who() -> str | AnyResponse:
    """Who are you? The class's animals."""
    lesson = current_lesson()
    if lesson is None:
        return redirect(url_for("shelf.shelf"))
    group = next(group for group in people.groups(hub().db) if group.id == lesson.group)
    return render_template("qui.html", lesson=lesson, group=group, pupils=people.pupils(hub().db, lesson.group))


def _pupil_of_lesson(pupil_id: str) -> Pupil:
    lesson = current_lesson()
    pupil = people.pupil(hub().db, pupil_id)
    if lesson is None or pupil.group != lesson.group:
        raise NotFound("There is no such pupil: choose your animal again.")
    return pupil


@pages.get("/qui/<pupil_id>")
def confirm(pupil_id: str) -> str:
    """C'est toi ?"""
    return render_template("confirm.html", pupil=_pupil_of_lesson(pupil_id))


@pages.post("/qui/<pupil_id>")
def enter(pupil_id: str) -> AnyResponse:
    """Yes: this tablet speaks for this pupil until the lesson ends or somebody leaves."""
    pupil = _pupil_of_lesson(pupil_id)
    lesson = current_lesson()
    session.pop("pupil", None)
    session["lesson"], session["pupil"] = (lesson.id if lesson else ""), pupil.id
    return redirect(url_for("shelf.shelf"), 303)


@pages.post("/au-revoir")
def leave() -> AnyResponse:
    """Back to the grid: the tablet forgets who held it."""
    session.pop("lesson", None)
    session.pop("pupil", None)
    return redirect(url_for("pupils.home"), 303)
