# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The speech service's Flask application: no engine in it, no file, no session."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any

from flask import Flask, Request, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from appliance.errors import CartableError, NotFound, Refused
from appliance.http_rules import SAFE_METHODS, from_another_page
from appliance.speech import answers, attempts, now, room_api
from appliance.speech.context import Speech

MOST_BYTES = 4 << 20
"""Of one request: what the routing table lets through."""


class _Request(Request):
    """A voice stays in memory, however long the form."""

    def _get_file_stream(self, *_: Any, **__: Any) -> io.BytesIO:
        return io.BytesIO()


def create_app(parts: Speech) -> Flask:
    """The WSGI application around ``parts``."""
    app = Flask("appliance.speech", static_folder=None)
    app.request_class = _Request
    app.config.update(MAX_CONTENT_LENGTH=MOST_BYTES, MAX_FORM_MEMORY_SIZE=MOST_BYTES, MAX_FORM_PARTS=20)
    app.extensions["speech"] = parts
    app.before_request(_admit)
    app.after_request(_unkept)
    app.register_error_handler(CartableError, answers.our_error)
    app.register_error_handler(HTTPException, answers.http_error)
    for module in (now, attempts, room_api):
        app.register_blueprint(module.api)
    return app


def _admit() -> tuple[Response, int] | None:
    """From nginx, the edge or a process of the box; changes, from the box's own pages."""
    origin, headers = request.headers.get("X-Cartable-Origin"), request.headers
    if origin not in ("hub", "local"):
        return jsonify(error="Misdirected request"), HTTPStatus.MISDIRECTED_REQUEST
    if origin == "local":
        return None
    if request.path.startswith("/local/"):
        raise NotFound("There is nothing at this address.")
    other = from_another_page(request.host, headers.get("Origin"), headers.get("Sec-Fetch-Site"))
    if request.method not in SAFE_METHODS and other:
        raise Refused("This request comes from another page: open the box's own page and try again.")
    return None


def _unkept(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response
