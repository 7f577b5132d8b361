# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The application behind ``/xapi``: no session, no cookie, no template.

A client of one family may read what a client of the other wrote, as it was written: 1.0.3 forbids to convert newer
statements into an older format and only allows the other way round (3.3, conversion requirements), and 2.0 keeps that.
The ``version`` of each statement tells which it is; the header tells how the request was understood.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from appliance.errors import BadInput, Busy, CartableError, Unauthenticated
from appliance.hub import http_headers
from appliance.hub.context import Hub
from appliance.hub.xapi import (
    about,
    activities,
    agents,
    answers,
    credentials,
    documents,
    parameters,
    receiving,
    statements,
)
from appliance.hub.xapi.call import METHODS, MOST_BYTES, Call, Parts, Spoken, negotiated, read
from appliance.i18n import LANGUAGES, N_, translator
from appliance.store import settings
from appliance.store.documents import Documents, Kind
from appliance.store.record_keys import Keys
from appliance.xapi.version import Version

LARGE_BYTES = 2 << 20
LARGE_AT_ONCE = 2
"""Larger bodies than that are held by so many requests only: memory on a Pi is what all of them share."""
PATIENCE_S = 5.0
MOST_INFLATED = 1032
"""A compressed body may become so many times as long (zlib's own limit)."""
EVERY_METHOD = (*METHODS, "OPTIONS", "PATCH")

Handler = Callable[[Call], Response]

RESOURCES: dict[str, dict[str, Handler]] = {
    "statements": {"GET": statements.get, "PUT": receiving.put, "POST": receiving.post},
    "activities": {"GET": activities.get},
    "activities/state": documents.handlers(Kind.STATE),
    "activities/profile": documents.handlers(Kind.ACTIVITY_PROFILE),
    "agents": {"GET": agents.get},
    "agents/profile": documents.handlers(Kind.AGENT_PROFILE),
}
"""Path below ``/xapi/`` -> method -> what answers it; HEAD is a GET (1.1). ``about`` stands apart (2.8)."""

ALIKE = {
    HTTPStatus.NOT_FOUND: N_("There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: N_("This address does not take that request."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: N_("This is too large for the box."),
    HTTPStatus.INTERNAL_SERVER_ERROR: N_("The box made a mistake: try again, and tell the technician if it goes on."),
}


def create_xapi(hub: Hub) -> Flask:
    """The WSGI application around started parts."""
    app = Flask("appliance.hub.xapi", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BYTES, MAX_FORM_MEMORY_SIZE=MOST_BYTES)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.extensions["cartable"] = hub
    store = _Store(hub)
    for path, handlers in RESOURCES.items():
        app.add_url_rule(
            f"/xapi/{path}", path, store.view(path, handlers), methods=EVERY_METHOD, provide_automatic_options=False
        )
    app.add_url_rule("/xapi/about", "about", store.about, methods=EVERY_METHOD, provide_automatic_options=False)
    app.after_request(store.complete)
    app.register_error_handler(CartableError, store.our_error)
    app.register_error_handler(HTTPException, store.http_error)
    return app


class _Store:
    """What the views share."""

    def __init__(self, hub: Hub) -> None:
        self._parts = Parts(hub.records, Documents(hub.db, hub.clock), Keys(hub.db), settings.box_id(hub.db))
        self._language = hub.config.box.language
        self._large = threading.BoundedSemaphore(LARGE_AT_ONCE)
        self._with_large = threading.BoundedSemaphore(max(1, hub.config.hub.threads - 1))
        self._spoken: dict[str, Version] = {}
        """The family that each sender spoke last: a request that forgot its header is refused in that one."""

    def view(self, path: str, handlers: dict[str, Handler]) -> Callable[[], Response]:
        """What answers one resource."""

        def answer() -> Response:
            if request.method == "OPTIONS":
                return _preflight()
            spoken = read(request)
            handler = handlers.get("GET" if spoken.method == "HEAD" else spoken.method)
            if handler is None:
                return self._not_allowed(handlers)
            return self._in_turn(handler, self._call(path, spoken))

        return answer

    def about(self) -> Response:
        """2.8: no credentials, no version; the alternate syntax too."""
        if request.method == "OPTIONS":
            return _preflight()
        spoken = read(request)
        if spoken.method not in ("GET", "HEAD"):
            return self._not_allowed({"GET": statements.get})
        parameters.only(spoken.parameters)
        return about.get()

    def _call(self, path: str, spoken: Spoken) -> Call:
        caller = credentials.caller(
            spoken.header("Authorization"), request.headers.get("X-Cartable-Origin"), self._parts.keys, self._parts.box
        )
        g.family = self._spoken.get(caller.name, Version.V1)
        g.family = negotiated(spoken.header("X-Experience-API-Version"))
        self._spoken[caller.name] = g.family
        return Call(spoken, caller, g.family, self._parts, path)

    def _in_turn(self, handler: Handler, call: Call) -> Response:
        if _bytes(request) <= LARGE_BYTES:
            return self._meant(handler, call)
        with _place(self._with_large, 0.0), _place(self._large, PATIENCE_S):  # a thread stays free for pages
            return self._meant(handler, call)

    def _meant(self, handler: Handler, call: Call) -> Response:
        response = handler(call)
        if call.spoken.method == "HEAD" and call.spoken.alternate:
            response.set_data(b"")
        return response

    def complete(self, response: Response) -> Response:
        """The headers of every answer: version (3.3), consistency (2.1.3), cross-origin, harmlessness."""
        family = g.get("family") or _guessed()
        response = answers.complete(request, response)
        answers.add(response, dict((*answers.CORS, *answers.SAFE, ("X-Experience-API-Version", family.value))))
        if request.path.rstrip("/") == "/xapi/statements":
            response.headers["X-Experience-API-Consistent-Through"] = self._parts.records.consistent_through()
        return response

    def our_error(self, error: CartableError) -> Response:
        """A refusal of ours, in the client's language."""
        response = answers.error(request, error.localized(self._gettext()), error.status)
        if isinstance(error, Unauthenticated):
            response.headers["WWW-Authenticate"] = 'Basic realm="Cartable", charset="UTF-8"'
        if isinstance(error, Busy):
            response.headers["Retry-After"] = "5"
        return response

    def http_error(self, error: HTTPException) -> Response:
        """A refusal of the framework's, worded as ours. The specification knows no other 4xx than those of 3.2."""
        code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        sentence = ALIKE.get(HTTPStatus(code), N_("The request was not understood."))
        return answers.error(request, self._gettext()(sentence), code)

    def _not_allowed(self, handlers: dict[str, Handler]) -> Response:
        sentence = self._gettext()(ALIKE[HTTPStatus.METHOD_NOT_ALLOWED])
        response = answers.error(request, sentence, HTTPStatus.METHOD_NOT_ALLOWED)
        response.headers["Allow"] = ", ".join((*handlers, "HEAD", "OPTIONS"))
        return response

    def _gettext(self) -> Callable[[str], str]:
        others = [language for language in LANGUAGES if language != self._language]
        asked = request.headers.get("Accept-Language", "")
        return translator(http_headers.prefers(asked, (self._language, *others)))


@contextlib.contextmanager
def _place(places: threading.BoundedSemaphore, patience_s: float) -> Iterator[None]:
    """Raises :class:`Busy` when none becomes free in time."""
    if not places.acquire(timeout=patience_s):
        raise Busy("Other large contents are arriving: send this one again in a moment.")
    try:
        yield
    finally:
        places.release()


def _bytes(given: Request) -> int:
    """What the content of a request may take in memory, at most."""
    coded = given.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", "")
    return (given.content_length or 0) * (MOST_INFLATED if coded else 1)


def _preflight() -> Response:
    response = answers.nothing()
    answers.add(response, dict(answers.PREFLIGHT))
    return response


def _guessed() -> Version:
    """The family of an answer to a request that was refused before its version was known."""
    try:
        return negotiated(request.headers.get("X-Experience-API-Version"))
    except BadInput:
        return Version.V1
