# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who is speaking: sign-in by PIN, passphrase or the box's code, and protection against forged requests.

The code is shown by the box itself (terminal now, HDMI page later), so knowing it proves presence.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Literal

from flask import Blueprint, Response, jsonify, redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import Busy, Locked, Refused
from appliance.http_rules import SAFE_METHODS, from_another_page
from appliance.hub import accounts, roles
from appliance.hub.accounts import SIGNED_IN_S as SIGNED_IN_S
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import Role as Role
from appliance.hub.roles import allowed as allowed
from appliance.hub.roles import is_local as is_local
from appliance.hub.roles import is_teacher as is_teacher
from appliance.hub.roles import person as person
from appliance.hub.roles import teacher_required as teacher_required
from appliance.store import audit, staff, vault

pages = Blueprint("auth", __name__)


def csrf_token() -> str:
    """The token that this browser's forms carry; ties a form to the session cookie."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(16)
    return str(session["csrf"])


def csrf_field() -> Markup:
    """The hidden field of every POST form."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(csrf_token())


def check_forgery() -> None:
    """Refuse a changing request that another page made the browser send.

    The second origin is the same *site* (cookies ignore ports), so SameSite alone would not do: the Origin header,
    where sent, must be ours, and a form must carry the session's token. Answers carry a signed token of their own.
    """
    if request.method in SAFE_METHODS or is_local():
        return
    if from_another_page(request.host, request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")):
        raise Refused("This request comes from another page: open the box's own page and try again.")
    if request.path in ("/api/answers", "/api/media"):
        return
    given = request.headers.get("X-CSRF-Token") or request.args.get("csrf") or ""
    if not given and request.path != url_for("teacher_library.add"):
        given = request.form.get("csrf", "")
    if not hmac.compare_digest(given.encode(), str(session.get("csrf", "")).encode()) or not given:
        raise Refused("This page has expired: go back to it, reload it, then try again.")


@pages.get("/enseignant")
def sign_in() -> str | AnyResponse:
    """Sign-in page, or home for who is signed in already; ``suite``: where names are locked, the page to go on to."""
    goes_on = local_page(request.args.get("suite", ""))
    if person().role in roles.STAFF and not goes_on:
        return redirect(home_of(person().role))
    return _sign_in_page(goes_on=goes_on)


@pages.post("/enseignant")
def sign_in_with_code() -> tuple[str, int] | AnyResponse:
    """Check PIN, code or passphrase; a right one opens half a day."""
    form = request.form
    goes_on = local_page(form.get("next", ""))
    try:
        if "pin" in form:
            found: staff.Opened | Literal["code"] | None = accounts.with_pin(form["pin"])
        else:
            judge = accounts.judge if accounts.takes_passphrase() else None
            found = hub().presence.attempt(form.get("code", ""), request.headers.get("X-Forwarded-For", ""), judge)
    except Busy as busy:
        return _sign_in_page(busy.localized(gettext), goes_on), 403
    if found is None:
        roles.note("sign-in", "pin" if "pin" in form else "code", audit.FAILED)
        return _sign_in_page(_wrong("pin" in form), goes_on), 403
    if found == "code":
        accounts.enter_with_code()
    else:
        accounts.enter(found, how="pin" if "pin" in form else "passphrase")
    return redirect(goes_on or home_of(person().role), 303)


def home_of(role: Role) -> str:
    """The first page of somebody who signed in."""
    ends = {Role.TECHNICIAN: "staff_pages.technician", Role.DIRECTOR: "staff_director.office"}
    return url_for(ends.get(role, "lesson_home.home"))


def local_page(path: str) -> str:
    """``path`` when it is an address of this box's staff pages, else nothing: a form must not send people elsewhere."""
    return path if re.fullmatch(r"/(?:enseignant|direction)(?:/[\w./?=&%-]*)?", path) else ""


def _wrong(pin: bool) -> str:
    if pin:
        return str(gettext("This is not the PIN of this device."))
    if accounts.takes_passphrase():
        return str(gettext("This is neither the code that the box shows nor the passphrase."))
    return str(gettext("This is not the code that the box shows."))


def _sign_in_page(error: str | None = None, goes_on: str = "") -> str:
    return render_template(
        "signin.html", error=error, school=hub().config.school.name, passphrase=accounts.takes_passphrase(),
        device=accounts.known_device(), goes_on=goes_on, recovery=bool(vault.recovery_holder(hub().db.reading())),
    )  # fmt: skip


def asks_for_key() -> bool:
    """Whether whoever met a locked class can open it: somebody of the staff, on a page."""
    return person().role in roles.STAFF and not request.path.startswith("/api/") and "HX-Request" not in request.headers


def ask_to_open(locked: Locked) -> tuple[str, int]:
    """Names are locked, by a bell or a restart. The page asks for what opens them, then goes on.

    To the page that offers it, where a file was asked for: a download would leave the browser on the sign-in page.
    """
    goes_on = local_page(request.full_path.rstrip("?")) if request.method == "GET" else ""
    if goes_on.endswith(".zip"):
        goes_on = goes_on.rpartition("/")[0]
    return _sign_in_page(locked.localized(gettext), goes_on or url_for("lesson_home.home")), locked.status


@pages.post("/enseignant/quitter")
def sign_out() -> AnyResponse:
    """Forget that this browser is the teacher's, and lock what only it had open."""
    if person().role in roles.STAFF:
        roles.note("signed out")
    roles.end()
    return redirect(url_for("pupils.home"), 303)


@pages.get("/api/presence-code")
def presence_code() -> Response:
    """For the processes that show it (terminal, HDMI page): never for a browser."""
    if not is_local():
        raise Refused("Only the box itself may do this.")
    return jsonify(code=hub().presence.code)
