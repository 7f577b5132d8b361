# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a tablet asks every 1.2 seconds, the raised hand, and what pupil pages show of the lesson.

``GET /api/lesson/now`` answers 304 while nothing happened: ``p`` is the page that the tablet shows, ``w`` the answers
that wait in it. Who it is comes from its signed cookie and from nothing else.
"""

from __future__ import annotations

import dataclasses

from flask import Blueprint, Response, g, jsonify, redirect, request, session
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import NotFound
from appliance.hub import lesson_office
from appliance.hub.auth import is_teacher
from appliance.hub.context import hub
from appliance.hub.roles import who_reads
from appliance.hub.room import LONGEST_PLACE
from appliance.hub.settings import local_path

pages = Blueprint("lesson_now", __name__)

PUPIL_PAGES = ("/etagere", "/exercice/", "/lire/", "/oral/", "/reglages")
"""What a pupil may be doing; anything else is not said on the board."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """What a pupil page knows of the lesson."""

    key: str
    """Empty: none runs."""
    kept: bool
    tablet: str
    """Names this coming-in; empty: nobody's."""
    hand: bool
    looking: bool
    """Everyone is asked to look up: for tablets without JavaScript."""
    timer: int
    """Minutes left of the screen-time timer, rounded up; -1: none."""


def _who() -> tuple[str, str, str]:
    """(key of the running lesson, this tablet, its pupil); the last two empty for who is not in that lesson."""
    lesson = lesson_office.current()
    if lesson is None:
        return "", "", ""
    if session.get("lesson") != lesson.key:
        return lesson.key, "", ""
    return lesson.key, str(session.get("tablet", "")), str(session.get("pupil", ""))


def _team() -> list[str]:
    """Those who share this tablet; nobody for one who is alone."""
    return [str(each) for each in session.get("team", ())]


@pages.get("/api/lesson/now")
def now() -> Response:
    """What is going on, for the tablet that asks; nothing in it says who anybody else is."""
    key, tablet, pupil = _who()
    room = hub().room
    if tablet:
        waiting = request.args.get("w", "0")[:9]
        room.hear(
            key,
            tablet,
            pupil,
            _place(request.args.get("p", "")),
            int(waiting) if waiting.isdecimal() else 0,
            team=_team(),
        )
    told = room.told(pupil)
    tag = f'"{told.tag}.{key[-12:]}.{tablet}"'
    if request.headers.get("If-None-Match") == tag:
        return Response(status=304, headers={"ETag": tag})
    answer = jsonify(
        lesson=key, you=tablet, hand=told.hand,
        look=round(told.look_s, 1), timer=round(told.timer_s, 1), timer_of=round(told.timer_of_s),
    )  # fmt: skip
    answer.headers["ETag"] = tag
    return answer


def _place(path: str) -> str:
    return path[:LONGEST_PLACE] if path.startswith(PUPIL_PAGES) else ""


@pages.post("/main-levee")
def hand() -> AnyResponse:
    """Raise the hand, or lower it (``baisser``); then back to the page that was shown."""
    key, tablet, pupil = _who()
    if not tablet:
        raise NotFound("There is no such pupil: choose your animal again.")
    hub().room.raise_hand(key, pupil, up="baisser" not in request.form)
    return redirect(local_path(request.form.get("retour", "/")), 303)


def _shown() -> Shown:
    """Once per page."""
    if "lesson_shown" not in g:
        lesson = lesson_office.current()
        key, tablet, pupil = _who()
        told = hub().room.told(pupil)
        minutes = -(-int(told.timer_s) // 60) if told.timer_of_s else -1
        kept = lesson is None or lesson.kept
        g.lesson_shown = Shown(key, kept, tablet, told.hand, told.look_s > 0, minutes)
    shown: Shown = g.lesson_shown
    return shown


@pages.before_app_request
def _hear_pages() -> None:
    """A tablet without JavaScript is heard when it opens a page."""
    if request.method != "GET" or not request.path.startswith(PUPIL_PAGES):
        return
    key, tablet, pupil = _who()
    if tablet:
        hub().room.hear(key, tablet, pupil, _place(request.path), team=_team())


@pages.record
def _globals(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(lesson_shown=_shown, is_teacher=is_teacher, who_reads=who_reads)
