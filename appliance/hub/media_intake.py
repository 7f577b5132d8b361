# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Where photos and voices of pupils arrive: from the page's script, or by a plain form. They never touch the card in
clear: what comes with a form stays in memory (``app._Request``), nginx holds it in ``/run``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput
from appliance.hub import media_delivery, photos, practice
from appliance.hub.context import hub
from appliance.store import activities

pages = Blueprint("media_intake", __name__)

MOST_BYTES = photos.MOST_BYTES + 2**16
"""Of a request, its other fields included."""


@pages.post("/api/media")
def media() -> Response:
    """One photo or voice, perhaps old, perhaps sent before: a form with ``id``, ``token``, ``question``, ``age_ms`` and
    the file ``medium``.

    Answers as ``/api/answers`` does. Any other status but 413: keep it and try again.
    """
    name, reason = _taken()
    refused = [{"id": name, "reason": reason}] if reason else []
    return jsonify(accepted=[] if reason else [name], refused=refused)


@pages.post("/exercice/<activity_id>/medium")
def medium_without_script(activity_id: str) -> AnyResponse:
    """A plain form with a file. Its token of forgery stands in the address: the body is not read before."""
    activity = activities.get(hub().db, activity_id)
    _, reason = _taken()
    if reason:
        raise BadInput(reason)
    name = request.form.get("question", "")
    part = practice.part_of(activity, name)
    return redirect(url_for("practice.quiz", activity_id=activity_id, partie=part) + f"#q-{name}", 303)


def _taken() -> tuple[str, str]:
    """The id of what came, and why it is refused, or nothing. Raises :class:`appliance.errors.Busy`."""
    with hub().media_turns.one():  # nobody waits: thirty tablets would hold every thread of the hub
        request.max_content_length = MOST_BYTES
        file = request.files.get("medium")
        body = file.stream.read() if file is not None else b""
        if not body:
            raise BadInput("There is no photo or voice in this answer: take one, then touch “Done”.")
        return str(request.form.get("id", "")), media_delivery.deliver(_item(), body)


def _item() -> dict[str, Any]:
    form = request.form
    age = form.get("age_ms", 0.0, type=float)
    return {"id": form.get("id", ""), "token": form.get("token", ""), "question": form.get("question", ""),
            "age_ms": age}  # fmt: skip
