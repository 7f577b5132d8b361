# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/speech/now``: does the box listen?"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from appliance.speech.context import speech

api = Blueprint("now", __name__)


@api.get("/api/speech/now")
def now() -> Response:
    """``listening``: yes, no (pupils compare themselves) or unknown. Asking wakes an engine: somebody will speak."""
    told = speech().listener.listening
    speech().listener.wake()
    return jsonify(listening=told)
