# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who is speaking: the teacher's sign-in by presence code or passphrase, and protection against forged requests.

The code is shown by the box itself (terminal now, HDMI page later), so knowing it proves presence. The PIN comes with
the class's vault.
"""

from __future__ import annotations

import functools
import hmac
import secrets
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import Busy, Refused
from appliance.hub.context import hub

pages = Blueprint("auth", __name__)

P = ParamSpec("P")
R = TypeVar("R")

SIGNED_IN_S = 12 * 3600


def csrf_token() -> str:
    """The token that this browser's forms carry; ties a form to the session cookie."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(16)
    return str(session["csrf"])


def csrf_field() -> Markup:
    """The hidden field of every POST form."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(csrf_token())


def is_local() -> bool:
    """Whether the request came over the socket itself: a process of this box, not a browser."""
    return request.headers.get("X-Cartable-Origin") == "local"


def check_forgery() -> None:
    """Refuse a changing request that another page made the browser send.

    The second origin is the same *site* (cookies ignore ports), so SameSite alone would not do: the Origin header,
    where sent, must be ours, and a form must carry the session's token. Answers carry a signed token of their own.
    """
    if request.method in ("GET", "HEAD", "OPTIONS") or is_local():
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refused("This request comes from another page: open the box's own page and try again.")
    if request.path == "/api/answers":
        return
    given = request.headers.get("X-CSRF-Token") or request.args.get("csrf") or ""
    if not given and request.path != url_for("teacher_library.add"):
        given = request.form.get("csrf", "")
    if not hmac.compare_digest(given.encode(), str(session.get("csrf", "")).encode()) or not given:
        raise Refused("This page has expired: reload it, then try again.")


def is_teacher() -> bool:
    """Whether this browser signed in as the teacher less than half a day ago, since the box was started.

    The box's clock may be years wrong and be set right in the middle of a lesson: it has no say in this.
    """
    boot, until = session.get("teacher", ("", 0.0))
    now = hub().clock.now()
    return bool(boot == now.boot and now.monotonic < until)


def teacher_required(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
    """Send whoever is not signed in to the sign-in page (API: 403). Local processes pass."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | AnyResponse:
        if is_teacher() or is_local():
            return view(*args, **kwargs)
        if request.path.startswith("/api/"):
            raise Refused("Only the teacher may do this: sign in first.")
        return redirect(url_for("auth.sign_in"))

    return guarded


@pages.get("/enseignant")
def sign_in() -> str | AnyResponse:
    """Sign-in page, or the teacher's home for who is signed in already."""
    if is_teacher():
        return redirect(url_for("lesson_home.home"))
    return _sign_in_page(None)


@pages.post("/enseignant")
def sign_in_with_code() -> tuple[str, int] | AnyResponse:
    """Check the code; a right one opens half a day."""
    try:
        if hub().presence.check(request.form.get("code", ""), request.headers.get("X-Forwarded-For", "")):
            session.clear()
            now = hub().clock.now()
            session["teacher"] = (now.boot, now.monotonic + SIGNED_IN_S)
            return redirect(url_for("lesson_home.home"), 303)
        error = (
            gettext("This is neither the code that the box shows nor the passphrase.")
            if hub().presence.takes_passphrase
            else gettext("This is not the code that the box shows.")
        )
    except Busy as busy:
        error = busy.localized(gettext)
    return _sign_in_page(error), 403


def _sign_in_page(error: str | None) -> str:
    parts = hub()
    return render_template("signin.html", error=error, school=parts.config.school.name,
                           passphrase=parts.presence.takes_passphrase)  # fmt: skip


@pages.post("/enseignant/quitter")
def sign_out() -> AnyResponse:
    """Forget that this browser is the teacher's."""
    session.clear()
    return redirect(url_for("pupils.home"), 303)


@pages.get("/api/presence-code")
def presence_code() -> Response:
    """For the processes that show it (terminal, HDMI page): never for a browser."""
    if not is_local():
        raise Refused("Only the box itself may do this.")
    return jsonify(code=hub().presence.code)
