# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The hub's Flask application: pages and API. Resource bodies never pass through here (see ``content.py``)."""

from __future__ import annotations

import contextlib
import gzip
import io
import ipaddress
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, jsonify, render_template, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from appliance.errors import Busy, CartableError, Locked, Refused, Unauthenticated
from appliance.hub import (
    auth,
    badges,
    captions,
    class_merge,
    class_new,
    class_pupils,
    classes,
    health,
    language,
    lesson_board,
    lesson_home,
    lesson_now,
    lesson_opening,
    lesson_summary,
    library_api,
    media_intake,
    openapi,
    oral_api,
    oral_editor,
    oral_lead,
    oral_pages,
    oral_progress_pages,
    oral_room_api,
    oral_sharing,
    oral_tablet,
    paper_pages,
    practice,
    pupil_file,
    pupils,
    quiz_editor,
    quiz_media,
    quiz_media_pages,
    quiz_offline,
    quiz_sheet,
    read_aloud,
    reading,
    records_api,
    roles,
    search_api,
    settings,
    shelf,
    staff_account,
    staff_director,
    staff_pages,
    teacher_library,
    traces,
    who,
    works,
)
from appliance.hub.assets import content_origin, register_assets
from appliance.hub.auth import is_local
from appliance.hub.context import Hub, hub
from appliance.hub.language import gettext
from appliance.hub.quick_rules import QuickRule
from appliance.hub.sessions import Sessions

COMPRESSED = {"text/html", "application/json", "text/plain", "image/svg+xml"}
WORTH_COMPRESSING = 500
"""Bytes; below, a gzip header costs more than it saves."""

HOST = re.compile(r"^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$")


PRIVATE_DOMAINS = ("local", "localhost", "lan", "home.arpa", "internal", "test", "invalid")
"""Names below these cannot be bought (RFC 6761, 6762, 8375, ICANN's ``.internal``; ``.lan`` was never delegated)."""


class _Request(Request):
    """What comes with a form stays in memory, bounded by ``MAX_CONTENT_LENGTH``: class lists never touch the card."""

    def _get_file_stream(self, *_: Any, **__: Any) -> io.BytesIO:
        return io.BytesIO()


def _make_room() -> None:
    """A class list, or a picture, is larger than any other form: for who may give one, and in memory all the same."""
    larger = {
        "class_new.preview": class_new.MOST_BYTES,
        "class_merge.preview": class_new.MOST_BYTES,
        "quiz_media.change": quiz_media.MOST_BYTES,
        "oral_editor.save": oral_editor.MOST_BYTES,
        "oral_sharing.take": oral_sharing.MOST_BYTES,
    }
    if request.method == "POST" and request.endpoint in larger and roles.is_teacher():
        request.max_content_length = larger[request.endpoint]


class Json(DefaultJSONProvider):
    """JSON from anywhere: nesting deeper than Python's stack is malformed like any other nonsense."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Raises ValueError."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def create_app(hub: Hub) -> Flask:
    """The WSGI application around started parts."""
    app = Flask("appliance.hub")
    app.url_rule_class = QuickRule
    app.json = Json(app)
    app.request_class = _Request
    app.session_interface = Sessions()
    app.secret_key = hub.secret
    app.config.update(
        SESSION_COOKIE_NAME="cartable",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=2**20,
        MAX_FORM_MEMORY_SIZE=2**20,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.extensions["cartable"] = hub
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    language.init(app, settings.language)
    register_assets(app)
    app.jinja_env.globals.update(csrf_field=auth.csrf_field, csrf_token=auth.csrf_token)
    app.before_request(_check_host)
    app.before_request(_make_room)
    app.before_request(auth.check_forgery)
    app.after_request(_compress)
    app.after_request(_headers)
    app.register_error_handler(CartableError, _our_error)
    app.register_error_handler(HTTPException, _http_error)
    lesson = (lesson_board, lesson_home, lesson_now, lesson_opening, lesson_summary)
    accounts = (pupil_file, staff_account, staff_director, staff_pages)
    for module in (auth, pupils, practice, shelf, reading, teacher_library, traces, settings, health):
        app.register_blueprint(module.pages)
    for module in (*lesson, *accounts, quiz_editor, quiz_media_pages, quiz_offline, quiz_sheet, media_intake, works):
        app.register_blueprint(module.pages)
    for pages in (
        classes.pages,
        class_merge.pages,
        class_new.pages,
        class_pupils.pages,
        badges.pages,
        captions.pages,
        oral_lead.pages,
        oral_pages.pages,
        paper_pages.pages,
        oral_editor.pages,
        oral_sharing.pages,
    ):
        app.register_blueprint(pages)
    for module in (oral_tablet, oral_progress_pages):
        app.register_blueprint(module.pages)
    for module in (library_api, oral_api, oral_room_api, read_aloud, records_api, search_api, openapi, who):
        app.register_blueprint(module.api)
    return app


def _check_host() -> tuple[Response, int] | None:
    """Refuse a name that is none of ours.

    The host is echoed in the policy header and in links, so only plain names, addresses and ports pass. And whoever
    owns a name can point it at this box and have a page read ours as its own (DNS rebinding): public names must be
    listed.
    """
    host = request.host or ""
    if not HOST.match(host):
        return Response("Bad Request", content_type="text/plain"), HTTPStatus.BAD_REQUEST
    name = (urlsplit(f"//{host}").hostname or "").lower()
    if is_local() or _cannot_be_bought(name) or name in hub().config.hub.hosts.lower().split():
        return None
    sentence = gettext("This box does not answer to the name %(name)s: open it by its address, or have a technician "
                       "add the name to hub.hosts.", name=name)  # fmt: skip
    return Response(sentence, content_type="text/plain; charset=utf-8"), HTTPStatus.MISDIRECTED_REQUEST


def _cannot_be_bought(name: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    return "." not in name or any(name.endswith("." + domain) for domain in PRIVATE_DOMAINS)


def _headers(response: Response) -> Response:
    content = content_origin() if HOST.match(request.host or "") else ""
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; img-src 'self' data: blob: {content}; media-src 'self' blob: {content}; "
        f"frame-src {content}; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors 'self'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def _compress(response: Response) -> Response:
    """gzip pages here, once, so that they weigh the same behind nginx and behind the development edge."""
    if (
        response.status_code != HTTPStatus.OK
        or response.is_streamed
        or response.mimetype not in COMPRESSED
        or not request.accept_encodings.quality("gzip")
        or "Content-Encoding" in response.headers
    ):
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= WORTH_COMPRESSING:
        response.set_data(gzip.compress(body, 5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def wants_json() -> bool:
    """API callers get their errors as JSON."""
    return request.path.startswith("/api/")


def _our_error(error: CartableError) -> tuple[Response | str, int, dict[str, str]]:
    if isinstance(error, Locked) and auth.asks_for_key():
        return (*auth.ask_to_open(error), {})
    if isinstance(error, Refused) and not isinstance(error, Locked | Unauthenticated):
        roles.note_refusal()
    retry = {"Retry-After": "5"} if isinstance(error, Busy) else {}
    return (*_answer(error.localized(gettext), error.status), retry)


def _http_error(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    sentences = {
        404: gettext("There is nothing at this address."),
        405: gettext("This address does not take that request."),
        413: gettext("This is too large for the box."),
    }
    return _answer(sentences.get(code, gettext("The request was not understood.")), code)


def _answer(sentence: str, status: int) -> tuple[Response | str, int]:
    if wants_json():
        return jsonify(error=sentence), status
    g.error_page = True
    return render_template("error.html", sentence=sentence, status=status), status
