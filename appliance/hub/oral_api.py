# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/oral/…``: what the speech service asks of the hub, over its socket, for one attempt of a pupil."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.errors import BadInput
from appliance.hub import oral_delivery, oral_verdict, settings
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.library_api import local_only

api = Blueprint("oral_api", __name__, url_prefix="/api/oral")


@api.post("/turn")
@local_only
def turn() -> ResponseReturnValue:
    """``{"token", "activity", "item"}``: what was asked of whom holds that token, and the language of the page."""
    found = oral_delivery.turn(_body())
    return jsonify(asked=oral_delivery.asked(found), language=settings.language())


@api.post("/attempts")
@local_only
def attempts() -> ResponseReturnValue:
    """``{"id", "token", "activity", "item", "verdict", "age_ms"}``: kept where it is about the pupil, once by its id.

    Answers ``kept``, ``page`` (the address that shows the verdict), ``say`` (addresses of what is said aloud), and
    ``why`` where what is about the pupil could not be kept.
    """
    told = _body()
    verdict = told.get("verdict")
    if not isinstance(verdict, dict):
        raise BadInput("The box's own service sent something else than it should: restart the box.")
    found = oral_delivery.turn(told)
    why = oral_delivery.keep(found, told, verdict)
    hub().noise.hear(found.lesson, verdict.get("outcome") == "bruit")
    shown = oral_verdict.shown(verdict)
    answer = {"kept": why == "", "page": oral_verdict.page(found, verdict), "say": shown.say}
    return jsonify(answer | ({"why": gettext(why)} if why else {}))


def _body() -> dict[str, Any]:
    told = request.get_json(silent=True)
    if not isinstance(told, dict):
        raise BadInput("The box's own service sent something else than it should: restart the box.")
    return told
