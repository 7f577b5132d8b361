# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/enseignant/oral/<sequence>/conduire``: the page from which the teacher leads an activity with the box.

The speech service runs it (``speech/conductor.py``) and is told by the page's forms; here its state is shown. The
fragment is asked for while something goes on; 304 while nothing changed. Without a script the page loads itself again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from appliance.client import Client
from appliance.errors import Unreachable
from appliance.hub import class_office, lesson_office, oral_catalogue
from appliance.hub.context import hub
from appliance.hub.language import language
from appliance.hub.oral_pages import View
from appliance.hub.roles import LEADING, allowed, may_lead
from appliance.i18n import N_
from appliance.model import Lesson
from appliance.sequences import kinds
from appliance.sequences.sequence import Sequence

pages = Blueprint("oral_lead", __name__, url_prefix="/enseignant/oral")

ANSWERS_S = 3.0
PHASES = {
    "prompt": N_("The box speaks."),
    "listen": N_("I am listening."),
    "judge": N_("I am thinking."),
    "feedback": N_("The box speaks."),
    "between": N_("Next turn in a moment."),
    "move": N_("Your turn to move."),
    "paused": N_("Paused."),
    "away": N_("Waiting for the sound."),
    "over": N_("The activity is over."),
}
WHO = {
    "box": N_("The class listens"),
    "class": N_("Whole class"),
    "half": N_("Half of the class"),
    "pupil": N_("One pupil"),
}
MODES = {"class": N_("Whole class"), "half": N_("Half of the class"), "group": N_("Small group")}
OUTCOMES = {"bravo": N_("Well said"), "presque": N_("Nearly"), "encore": N_("To be said again")}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A pupil of the lesson, whose attempts are kept when they are chosen."""

    id: str
    name: str


@pages.get("/<sequence_id>/conduire")
@allowed(*LEADING)
def page(sequence_id: str) -> str:
    """Start, or pilot what goes on."""
    sequence = oral_catalogue.get(sequence_id)
    now = _now()
    number = _activity(sequence)
    return render_template(
        "oral_lead.html", sequence=sequence, number=number, activity=sequence.activities[number], kinds=kinds,
        modes=MODES, now=now, live=_live(sequence, now)[0], pupils=pupils(sequence_id),
    )  # fmt: skip


@pages.get("/<sequence_id>/conduire/etat")
@allowed(*LEADING)
def live(sequence_id: str) -> AnyResponse:
    """The fragment for htmx; word to load the page again when the activity is over, or known at last
    (``attend``); 204 where nobody knows."""
    now = _now()
    if "unreachable" in now:  # it may lead an activity all the same: what is shown stays
        return make_response("", 204)
    fragment, tag = _live(oral_catalogue.get(sequence_id), now)
    answer = make_response(fragment)
    answer.headers["Cache-Control"] = "no-store"
    answer.set_etag(tag)
    if (not now["running"] or "attend" in request.args) and "HX-Request" in request.headers:
        answer.headers["HX-Refresh"] = "true"
        return answer
    return answer.make_conditional(request)


def _activity(sequence: Sequence) -> int:
    """From 0; the address counts from 1."""
    asked = request.args.get("activite", 1, type=int)
    return min(max(asked, 1), len(sequence.activities)) - 1


def _now() -> Mapping[str, Any]:
    """What the speech service says; ``away`` when it does not answer."""
    speech = Client(hub().config.speech_socket)
    try:
        answer = speech.request("GET", f"/local/room?language={language()}", timeout=ANSWERS_S)
        if answer.status == 200:
            found: Mapping[str, Any] = answer.json()
            return found
    except (Unreachable, ValueError):
        pass
    return {"running": False, "sequence": "", "unreachable": True}


def _live(sequence: Sequence, now: Mapping[str, Any]) -> tuple[Markup, str]:
    """The fragment, and the name of its state."""
    other = now["running"] and now["sequence"] != sequence.id
    item = next((item for item in sequence.items if item.slug == now.get("item")), None)
    inner = render_template(
        "oral_live.html", sequence=sequence, now=now, item=None if other else item, other=other, phases=PHASES, who=WHO,
        outcomes=OUTCOMES, view=View(sequence),
    )  # fmt: skip
    tag = hashlib.sha256(inner.encode()).hexdigest()[:20]
    return Markup(  # noqa: S704 - both were rendered
        render_template("oral_live_frame.html", inner=Markup(inner), sequence=sequence,  # noqa: S704
                        running=now["running"], waits="unreachable" in now,
                        conditional=json.dumps({"If-None-Match": f'"{tag}"'}))
    ), tag  # fmt: skip


def pupils(sequence_id: str) -> list[Chosen]:
    """Whose attempts can be kept: those of the lesson that goes on, when it holds this sequence."""
    lesson = lesson_office.current()
    if lesson is None or not lesson.allows("oral", sequence_id) or not may_lead(lesson.group):
        return []
    known = _names(lesson)
    return [
        Chosen(pupil.id, f"{pupil.alias} ({known[pupil.id]})" if pupil.id in known else pupil.alias)
        for pupil in lesson_office.pupils(lesson)
    ]


def _names(lesson: Lesson) -> Mapping[str, str]:
    """First names, where whoever asks may read them now."""
    return class_office.names(lesson.group) if lesson.kept and lesson.group else {}
