# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Quizzes as pupils see them, and where their answers arrive."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, Busy, NotFound
from appliance.hub import lesson_office, quiz_delivery, quiz_media, quiz_pictures, quiz_view
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.pupils import current_lesson, current_pupil
from appliance.model import MEDIA_KINDS, Activity
from appliance.store import activities, texts

pages = Blueprint("practice", __name__)
pages.add_app_template_global(quiz_pictures.picture)
pages.add_app_template_global(quiz_pictures.large, "large_picture")
pages.add_app_template_global(quiz_media.address, "media_url")

MAX_ANSWERS = 200
"""Per delivery; a tablet sends the rest in the next."""


@pages.get("/exercice/<activity_id>")
def quiz(activity_id: str) -> str | AnyResponse:
    """A quiz, whole: parts that are not shown are in the page as templates, so a tablet without Wi-Fi goes on."""
    return _page(activities.get(hub().db, activity_id), part=request.args.get("partie", 1, type=int))


def _page(
    activity: Activity, *, part: int = 0, question: str = "", arranged: Mapping[str, str] | None = None
) -> str | AnyResponse:
    """``part``: its number; 0: the one that holds ``question``."""
    pupil, lesson = current_pupil(), current_lesson()
    if pupil is None or lesson is None:
        return redirect(url_for("pupils.home"))
    if not lesson.allows("activity", activity.id):
        raise NotFound("This lesson does not hold that activity: go back to the shelf.")
    results = lesson_office.results(lesson, pupil.id, activity.id)
    shown = quiz_view.shown(activity, results, tells=lesson.options.tells, arranged=arranged)
    parts = quiz_view.parts(shown)
    quiz_pictures.expect(quiz_view.questions(parts))
    holding = (n for n, several in enumerate(parts, 1) if any(each.question.id == question for each in several))
    return render_template(
        "quiz.html",
        activity=activity,
        pupil=pupil,
        token=quiz_delivery.token(lesson.id, [each.id for each in lesson_office.speakers()], activity.id),
        parts=parts,
        part=min(max(part or next(holding, 1), 1), len(parts)),
        finished=all(each.answered for each in shown),
        asks_media=any(each.question.kind in MEDIA_KINDS for each in shown),
        passing=not lesson.kept or not texts.kept_of(hub().db.reading(), pupil.id),
    )


@pages.post("/exercice/<activity_id>")
def answer_without_script(activity_id: str) -> str | AnyResponse:
    """A plain form: the same answer, the same endpoint underneath. An arrow of a list to put in order moves a line."""
    form, name = request.form, request.form.get("question", "")
    activity = activities.get(hub().db, activity_id)
    if "arrange" in form:
        return _page(activity, question=name, arranged={name: form["arrange"]})
    again = url_for("practice.quiz", activity_id=activity_id, partie=part_of(activity, name)) + f"#q-{name}"
    if not filled(form).strip():  # nothing was ticked: the question is asked again
        return redirect(again, 303)
    item = {"id": form.get("id"), "token": form.get("token"), "question": name, "response": filled(form)}
    if not quiz_delivery.in_time([item]):
        raise Busy("The box has many answers of yours to read: wait a moment, then send this one again.")
    refused = quiz_delivery.deliver([item])
    if refused:
        raise BadInput(next(iter(refused.values())))
    return redirect(again, 303)


def filled(form: MultiDict[str, str]) -> str:
    """The response that the fields of a question make."""
    pairs = [f"{key.removeprefix('pair.')}[.]{value}" for key, value in form.items() if key.startswith("pair.")]
    return "[,]".join(pairs or form.getlist("choice"))


def part_of(activity: Activity, question: str) -> int | None:
    """The number of the part that holds a question; None for the first, which needs none."""
    for number, several in enumerate(quiz_view.parts(quiz_view.shown(activity, {}, tells=False)), 1):
        if number > 1 and any(each.question.id == question for each in several):
            return number
    return None


@pages.post("/api/answers")
def answers() -> Response | tuple[Response, int]:
    """A JSON list of answers, some perhaps old, some perhaps sent before.

    Answers 200 with ``accepted`` (ids that are now durable: the tablet may forget them) and ``refused`` (ids that
    can never be accepted, with a reason); what is named in neither came too fast: keep it and try again. Any other
    status: keep everything and try again.
    """
    items = request.get_json(silent=True)
    if not isinstance(items, list) or len(items) > MAX_ANSWERS or not all(isinstance(i, dict) for i in items):
        raise BadInput("Send a list of at most %(most)s answers.", most=MAX_ANSWERS)
    items = quiz_delivery.in_time(items)
    refused = quiz_delivery.deliver(items)
    given = [str(item.get("id", "")) for item in items]
    return jsonify(
        accepted=[name for name in given if name not in refused],
        refused=[{"id": name, "reason": gettext(reason)} for name, reason in refused.items()],
    )
