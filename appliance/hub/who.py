# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/who``: for the box's other services, which are handed a browser's cookie and cannot read it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from appliance.errors import Refused
from appliance.hub import lesson_office, roles, settings

api = Blueprint("who", __name__)


@api.get("/api/who")
def who() -> Response:
    """Whom the forwarded cookie names: may they lead a lesson, are they a pupil in the one that goes on."""
    if not roles.is_local():
        raise Refused("Only the box itself may do this.")
    lesson = lesson_office.current()
    return jsonify(
        teacher=roles.behind_cookie().role in roles.LEADING,
        pupil=lesson_office.current_pupil() is not None,
        language=settings.language(),
        lesson=lesson.key if lesson else "",
    )
