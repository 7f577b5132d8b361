# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's quizzes: make, copy, edit, try, remove. One page holds a quiz, its questions and the one at hand."""

from __future__ import annotations

import dataclasses
import uuid
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, NotFound
from appliance.hub import (
    lesson_office,
    practice,
    quiz_forms,
    quiz_judging,
    quiz_media,
    quiz_media_forms,
    quiz_pictures,
    quiz_view,
)
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import TEACHING, allowed
from appliance.i18n import N_
from appliance.model import MEDIA_KINDS, MEDIUM, MINE, Activity, Question, QuestionKind
from appliance.store import activities
from appliance.store import quiz_media as stored_media

pages = Blueprint("quiz_editor", __name__, url_prefix="/enseignant/exercices")

KIND_NAMES = {
    QuestionKind.CHOICE: N_("One answer"),
    QuestionKind.SEVERAL: N_("Several answers"),
    QuestionKind.ORDER: N_("Put in order"),
    QuestionKind.MATCH: N_("Match"),
    QuestionKind.NUMBER: N_("A number"),
    QuestionKind.TEXT: N_("A few words"),
    QuestionKind.PHOTO: N_("A photo"),
    QuestionKind.VOICE: N_("A voice"),
}
LONGEST_TITLE = 80
MOST_QUESTIONS = 40
MOST_PROPOSED = 90
"""Names of pictures that a field proposes while somebody types."""


@pages.get("")
@allowed(*TEACHING)
def quizzes() -> str:
    """All of them, and a field for a new one."""
    return render_template("quizzes.html", quizzes=activities.every(hub().db))


@pages.post("")
@allowed(*TEACHING)
def create() -> AnyResponse:
    """A new one, by its title."""
    made = activities.save(hub().db, Activity(str(uuid.uuid4()), _title(request.form.get("title", "")), ()))
    return redirect(url_for("quiz_editor.edit", activity_id=made.id), 303)


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not 0 < len(title) <= LONGEST_TITLE:
        raise BadInput("Give the quiz a title of at most %(most)s characters.", most=LONGEST_TITLE)
    return title


def offered(activity_id: str) -> Activity:
    """Raises :class:`NotFound` for one that was removed."""
    if activities.is_removed(hub().db, activity_id):
        raise NotFound("This quiz was removed.")
    return activities.get(hub().db, activity_id)


@pages.get("/<activity_id>")
@allowed(*TEACHING)
def edit(activity_id: str) -> str:
    """The quiz, and the fields of a question: of the one named, or of a new one of a kind."""
    activity = offered(activity_id)
    return page(activity, asked_for(activity))


def asked_for(activity: Activity) -> quiz_forms.Draft | None:
    """The question that the address names, or a new one of the kind that it names."""
    wanted, kind = request.args.get("question", ""), request.args.get("nouvelle", "")
    known = {question.id: question for question in activity.questions}
    if wanted in known:
        return quiz_forms.shown(known[wanted], quiz_pictures.names())
    return quiz_forms.Draft(QuestionKind(kind)) if kind in list(QuestionKind) else None


def page(activity: Activity, draft: quiz_forms.Draft | None, error: str = "") -> str:
    """The quiz, and the fields of the question at hand, as they stand."""
    names = quiz_pictures.names() if draft else {}
    return render_template(
        "quiz_edit.html", activity=activity, draft=draft, error=error, kinds=KIND_NAMES,
        pictures=list(names.values())[:MOST_PROPOSED], full=len(activity.questions) >= MOST_QUESTIONS,
    )  # fmt: skip


@pages.post("/<activity_id>")
@allowed(*TEACHING)
def change(activity_id: str) -> AnyResponse | tuple[str, int] | str:
    """Save what the form says: the title, or the question at hand; or move it, take it away, choose its picture."""
    activity, form = offered(activity_id), request.form
    try:
        if form.get("do", "").startswith("media"):
            return quiz_media_forms.page(activity, form, form["do"].removeprefix("media"))
        if "title" in form:
            changed = dataclasses.replace(activity, title=_title(form["title"]))
        else:
            changed = _with(activity, form.get("do", "save"))
    except BadInput as error:
        draft = None if "title" in form else quiz_forms.filled(form)
        return page(activity, draft, error.localized(gettext)), 400
    activities.save(hub().db, changed)
    quiz_media.sweep()
    address = url_for("quiz_editor.edit", activity_id=activity.id)
    return redirect(f"{address}?{urlencode(_next())}#main" if _next() else address, 303)


def _with(activity: Activity, act: str) -> Activity:
    listed, name = list(activity.questions), request.form.get("id", "")
    place = next((n for n, question in enumerate(listed) if question.id == name), len(listed))
    if act in ("save", "more"):
        listed[place : place + 1] = [_question(listed[place] if place < len(listed) else None)]
    elif act == "remove":
        listed[place : place + 1] = []
    elif place < len(listed) and act in ("up", "down"):
        listed.insert(max(place + (-1 if act == "up" else 1), 0), listed.pop(place))
    if len(listed) > MOST_QUESTIONS:
        raise BadInput("A quiz has at most %(most)s questions: make another one.", most=MOST_QUESTIONS)
    return dataclasses.replace(activity, questions=tuple(listed))


def _question(before: Question | None) -> Question:
    """From the form. A prompt that stays keeps its clip."""
    pictures = {name.lower(): picture for picture, name in reversed(quiz_pictures.names().items())}
    draft = quiz_forms.filled(request.form)
    clip = before.sound if before is not None and before.prompt == draft.prompt else None
    sounds = {medium.reference for medium in stored_media.every(hub().db, stored_media.SOUND)}
    return quiz_forms.question(draft, pictures, sounds, None if (clip or "").startswith(MINE) else clip)


def _next() -> dict[str, str]:
    """What the page shows after: the fields of another question, or the one that moved."""
    if request.form.get("do") in ("up", "down"):
        return {"question": request.form.get("id", "")}
    if request.form.get("do") == "more":
        return {"nouvelle": request.form.get("kind", "")}
    return {}


@pages.post("/<activity_id>/copier")
@allowed(*TEACHING)
def copy(activity_id: str) -> AnyResponse:
    """The same under another title, with questions of its own."""
    activity = offered(activity_id)
    title = gettext("%(title)s (copy)", title=activity.title)[:LONGEST_TITLE]
    made = activities.save(hub().db, Activity(str(uuid.uuid4()), title, activity.questions))
    return redirect(url_for("quiz_editor.edit", activity_id=made.id), 303)


@pages.post("/<activity_id>/retirer")
@allowed(*TEACHING)
def remove(activity_id: str) -> AnyResponse:
    """No longer offered; what was answered stays."""
    activity = offered(activity_id)
    activities.remove(hub().db, activity_id, lesson_office.now_text())
    quiz_media.sweep()
    flash(gettext("“%(title)s” is removed; what was answered stays.", title=activity.title))
    return redirect(url_for("quiz_editor.quizzes"), 303)


@pages.route("/<activity_id>/essayer", methods=["GET", "POST"])
@allowed(*TEACHING)
def attempt(activity_id: str) -> str:
    """As the pupil sees it. Nothing is kept."""
    activity = offered(activity_id)
    form, results, arranged = request.form, {}, {}
    asked = next((question for question in activity.questions if question.id == form.get("question")), None)
    if asked is not None and "arrange" in form:
        arranged[asked.id] = form["arrange"]
    elif asked is not None and asked.kind in MEDIA_KINDS:
        results[asked.id] = (MEDIUM, True)
    elif asked is not None:
        given = quiz_judging.response(asked, practice.filled(form))
        results[asked.id] = (given, quiz_judging.right(asked, given))
    shown = quiz_view.shown(activity, results, tells=True, arranged=arranged)
    parts = quiz_view.parts(shown)
    quiz_pictures.expect(quiz_view.questions(parts))
    wanted = request.args.get("partie", 1, type=int)
    if asked is not None:
        wanted = next(n for n, several in enumerate(parts, 1) if any(each.question.id == asked.id for each in several))
    return render_template("quiz_try.html", activity=activity, parts=parts, part=min(max(wanted, 1), len(parts)))
