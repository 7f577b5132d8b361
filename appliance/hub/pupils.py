# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pupils come in: the animal grid, "C'est toi ?", and out again. Identity belongs to the lesson, not to the tablet."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, render_template, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import NotFound
from appliance.hub import lesson_office
from appliance.hub.context import hub
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
    return render_template("qui.html", lesson=lesson, pupils=lesson_office.pupils(lesson))


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
    pupil, lesson = _pupil_of_lesson(pupil_id), current_lesson()
    hub().room.leave(str(session.get("tablet", "")))
    session["lesson"], session["pupil"] = (lesson.key if lesson else ""), pupil.id
    session["tablet"] = secrets.token_hex(6)
    return redirect(lesson_office.first_page(lesson), 303)


@pages.post("/au-revoir")
def leave() -> AnyResponse:
    """Back to the grid: the tablet forgets who held it."""
    hub().room.leave(str(session.get("tablet", "")))
    for name in ("lesson", "pupil", "tablet"):
        session.pop(name, None)
    return redirect(url_for("pupils.home"), 303)
