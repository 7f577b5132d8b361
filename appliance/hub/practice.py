# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Closed questions: the page, and answers that survive bad Wi-Fi, reloads and a killed hub.

Each answer carries a UUID made before it is sent and a token signed for one pupil, lesson and activity. So it can
wait in the tablet, be sent many times, be sent after another pupil took the tablet, and is stored once, as the
right pupil's.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, NotFound, Refused
from appliance.hub import lesson_office
from appliance.hub.answered import Answer, prepared
from appliance.hub.context import hub
from appliance.hub.pupils import current_lesson, current_pupil
from appliance.store import activities, settings
from appliance.xapi.preparing import Prepared

pages = Blueprint("practice", __name__)

MAX_ANSWERS = 200
"""Per delivery; a tablet sends the rest in the next."""
MAX_AGE_S = 60 * 86400.0


def _tokens() -> URLSafeSerializer:
    return URLSafeSerializer(hub().secret, salt="attempt")


@pages.get("/exercice/<activity_id>")
def quiz(activity_id: str) -> str | AnyResponse:
    """All questions in one page, so that a tablet that drops off the Wi-Fi goes on."""
    pupil, lesson = current_pupil(), current_lesson()
    if pupil is None or lesson is None:
        return redirect(url_for("pupils.home"))
    activity = activities.get(hub().db, activity_id)
    if not lesson.allows("activity", activity_id):
        raise NotFound("This lesson does not hold that activity: go back to the shelf.")
    return render_template(
        "quiz.html",
        activity=activity,
        pupil=pupil,
        token=_tokens().dumps([lesson.id, pupil.id, activity.id]),
        attempt_ids={question.id: str(uuid.uuid4()) for question in activity.questions},
        results={
            question: {"choice": choice, "correct": correct}
            for question, (choice, correct) in lesson_office.results(lesson, pupil.id, activity.id).items()
        },
    )


@pages.post("/exercice/<activity_id>")
def answer_without_script(activity_id: str) -> AnyResponse:
    """A plain form: the same answer, the same endpoint underneath."""
    form = request.form
    refused = _deliver([{key: form.get(key, "") for key in ("id", "token", "question", "choice")}])
    if refused:
        raise BadInput(next(iter(refused.values())))
    return redirect(url_for("practice.quiz", activity_id=activity_id) + f"#q-{form.get('question', '')}", 303)


@pages.post("/api/answers")
def answers() -> Response | tuple[Response, int]:
    """A JSON list of answers, some perhaps old, some perhaps sent before.

    Answers 200 with ``accepted`` (ids that are now durable: the tablet may forget them) and ``refused`` (ids that
    can never be accepted, with a reason). Any other status: keep everything and try again.
    """
    items = request.get_json(silent=True)
    if not isinstance(items, list) or len(items) > MAX_ANSWERS or not all(isinstance(i, dict) for i in items):
        raise BadInput("Send a list of at most %(most)s answers.", most=MAX_ANSWERS)
    refused = _deliver(items)
    given = [str(item.get("id", "")) for item in items]
    return jsonify(
        accepted=[name for name in given if name not in refused],
        refused=[{"id": name, "reason": gettext(reason)} for name, reason in refused.items()],
    )


def _deliver(items: list[dict[str, Any]]) -> dict[str, str]:
    """Record what can be; returns {id: reason} for what never can."""
    refused: dict[str, str] = {}
    batch: list[tuple[str, Prepared]] = []
    box, activity = settings.box_id(hub().db), functools.cache(lambda name: activities.get(hub().db, name))
    for item in items:
        try:
            activity_id, answer = _read(item)
            lesson_office.admit(answer.lesson)
            batch.append((answer.lesson, prepared(box, activity(activity_id), answer)))
        except (BadInput, NotFound, Refused) as error:
            refused[str(item.get("id", ""))] = error.message
    return refused | lesson_office.keep(batch)


def _read(item: Mapping[str, Any]) -> tuple[str, Answer]:
    try:
        identifier = str(uuid.UUID(str(item.get("id"))))
        lesson, pupil, activity = _tokens().loads(str(item.get("token", "")))
    except ValueError as error:
        raise BadInput("The identifier of this answer is not a UUID.") from error
    except BadSignature as error:
        raise BadInput("This answer was not signed by this box.") from error
    if identifier != item.get("id"):
        raise BadInput("The identifier of this answer is not a UUID.")
    age = item.get("age_ms", 0)
    known = isinstance(age, int | float) and not isinstance(age, bool) and age == age  # NaN is not equal to itself
    age_s = min(max(age, 0), MAX_AGE_S * 1000) / 1000 if known else 0.0
    return str(activity), Answer(
        identifier, str(pupil), str(lesson), str(item.get("question", "")), str(item.get("choice", "")), age_s
    )
