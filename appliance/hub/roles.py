# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who asks, and whether they may: one decorator for every rule that is not for everyone.

A session is a signed cookie ``staff = [id, role, boot, until (monotonic), session, key]``; ``key`` is the beginning of
the account's public key, so that an account that was given new words ends every session of the old ones. Pages ask for
:func:`person`; a class's data for :func:`check_class`.
"""

from __future__ import annotations

import enum
import functools
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ParamSpec, TypeVar, cast

from flask import g, make_response, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import NotFound, Refused
from appliance.hub import anonymous
from appliance.hub.context import hub
from appliance.store import audit, staff, vault

P = ParamSpec("P")
R = TypeVar("R")

KEY_SHOWN = 16
"""Hexadecimal digits of the public key in the cookie."""


class Role(enum.StrEnum):
    """What somebody is to the box."""

    NOBODY = "nobody"
    PUPIL = "pupil"
    PRESENCE = "presence"
    """Read the box's code while it has no teacher: everything that knows no name."""
    SUBSTITUTE = "substitute"
    """Read the box's code once it has one: lessons with any class, animals only, until midnight."""
    TEACHER = "teacher"
    TECHNICIAN = "technician"
    DIRECTOR = "director"
    """Typed the printed key."""
    BOX = "box"
    """A process of the box itself, over the socket."""


STAFF = (Role.PRESENCE, Role.SUBSTITUTE, Role.TEACHER, Role.TECHNICIAN, Role.DIRECTOR)
TEACHING = (Role.PRESENCE, Role.TEACHER)
"""Who may change what the class works with."""
KEEPING = (*TEACHING, Role.TECHNICIAN)
"""Who may look after the library."""
LEADING = (*TEACHING, Role.SUBSTITUTE)
"""Who may lead a lesson."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    id: str
    """Of the account or pupil; empty where there is none."""
    role: Role
    session: str = ""
    name: str = ""


def is_local() -> bool:
    """Whether the request came over the socket itself: a process of this box, not a browser."""
    return request.headers.get("X-Cartable-Origin") == "local"


def person() -> Person:
    """Who asks, found once per request."""
    if "person" not in g:
        g.person = _found()
    return cast(Person, g.person)


def forget_person() -> None:
    """The session has changed in this request."""
    g.pop("person", None)


def is_teacher() -> bool:
    """Whether this browser may do what a teacher may, sealed things apart (:func:`check_class`).

    The box's clock may be years wrong and be set right in the middle of a lesson: it has no say in this.
    """
    return person().role in TEACHING


def who_reads() -> str:
    """For pages, which leave out what this role may not open."""
    return str(person().role)


def begin(found: Person, until: float, key: bytes = b"") -> str:
    """Sign somebody in, and whoever was out; returns the session's name. ``until``: of the monotonic clock."""
    end()
    now, name = hub().clock.now(), secrets.token_urlsafe(12)
    hub().live.begin(name, found.id, until, now.monotonic)
    session["staff"] = [found.id, str(found.role), now.boot, until, name, key.hex()[:KEY_SHOWN]]
    return name


def end() -> None:
    """Sign out."""
    if person().session:
        _end(person().session)
    session.clear()
    forget_person()


def end_others() -> None:
    """Sign this account out everywhere else: its passphrase or a PIN was changed."""
    _end(*hub().live.end_others(person().id, person().session))


def end_all(staff_id: str) -> None:
    """The account was closed, or given other words."""
    _end(*hub().live.end_others(staff_id))


def _end(*names: str) -> None:
    hub().live.end(*names)
    for name in names:
        hub().vaults.leave(name)


def allowed(*roles: Role, of: str = "") -> Callable[[Callable[P, R]], Callable[P, R | AnyResponse]]:
    """For these roles, and for processes of the box. Pages send strangers to the sign-in; others are refused.

    ``of``: the argument of the view that is a group's id: it must be a class of that teacher (:func:`check_class`).
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | AnyResponse:
            if person().role not in (*roles, Role.BOX):
                return _turned_away()
            if of:
                check_class(str(kwargs[of]))
            return view(*args, **kwargs)

        return guarded

    return decorate


def teacher_required(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
    """:func:`allowed` for :data:`TEACHING`."""
    return allowed(*TEACHING)(view)


def may_read(group_id: str) -> bool:
    """Whether the names and traces of a class or need group are this person's business; open or not."""
    who = person()
    if who.role in (Role.DIRECTOR, Role.BOX):
        return True
    if who.role not in TEACHING:
        return False
    conn = hub().db.reading()
    keyed = [home for home in vault.homes(conn, group_id) if vault.has_keys(conn, home)]
    return not keyed or (who.role is Role.TEACHER and any(vault.holds(conn, who.id, home) for home in keyed))


def names(group_id: str) -> Mapping[str, str]:
    """Pupil -> first name, as this person may read them: in a need group, of one's own classes only.

    Raises :class:`appliance.errors.Locked`.
    """
    return hub().vaults.names(group_id, may_read)


def may_lead(group_id: str) -> bool:
    """Whether this person may lead a lesson of the class, whatever they may read of it."""
    return person().role in (Role.PRESENCE, Role.SUBSTITUTE, Role.BOX) or may_read(group_id)


def check_lead(group_id: str) -> None:
    """Raises :class:`Refused` unless :func:`may_lead`."""
    if not may_lead(group_id):
        raise Refused("This class belongs to another teacher.")
    if may_read(group_id):
        check_class(group_id)


def check_class(group_id: str) -> None:
    """Raises :class:`Refused` unless :func:`may_read`; opens a class that was made since the sign-in."""
    if not may_read(group_id):
        raise Refused("This class belongs to another teacher.")
    if person().session and not hub().vaults.is_open(group_id):
        hub().vaults.reopen(person().session)


def note(act: str, subject: str = "", outcome: str = audit.DONE) -> None:
    """Write into the audit what this person does."""
    who = person()
    hub().trail.note(act, who=who.id, role=str(who.role), subject=subject, outcome=outcome)


def note_refusal() -> None:
    """What was asked for, by its rule: an address may hold words."""
    rule = request.url_rule.rule if request.url_rule else "?"
    note("refused", f"{request.method} {rule}", audit.REFUSED)


def _turned_away() -> AnyResponse:
    if person().role in STAFF:
        raise Refused("Your role does not give access to this page.")
    if request.path.startswith("/api/"):
        raise Refused("Only the teacher may do this: sign in first.")
    note_refusal()
    if "HX-Request" in request.headers:  # a redirect would be shown inside the page
        return make_response("", 204, {"HX-Redirect": url_for("auth.sign_in")})
    return redirect(url_for("auth.sign_in"))


def _found() -> Person:
    return Person("", Role.BOX) if is_local() else behind_cookie()


def behind_cookie() -> Person:
    """Whom the cookie of the request names, also where a process of the box hands it on."""
    known = session.get("staff")
    if isinstance(known, list) and len(known) == 6 and (found := _member(*known)) is not None:
        return found
    if not session.get("pupil"):
        return Person("", Role.NOBODY)
    kept = not anonymous.is_anonymous(str(session.get("lesson", "")))
    return Person(str(session["pupil"]) if kept else "", Role.PUPIL)


def _member(identity: str, role: str, boot: str, until: float, name: str, key: str) -> Person | None:
    now = hub().clock.now()
    if boot != now.boot or now.monotonic >= until or not hub().live.is_live(name):
        return None
    conn = hub().db.reading()
    if role == Role.PRESENCE and staff.any_teacher(conn):
        role = Role.SUBSTITUTE
    if role in staff.ROLES:
        try:
            account = staff.get(conn, identity)
        except NotFound:
            return None
        return Person(identity, Role(role), name, account.name) if account.public.hex()[:KEY_SHOWN] == key else None
    if role == Role.DIRECTOR and vault.recovery_holder(conn).get(vault.RECOVERY, b"").hex()[:KEY_SHOWN] != key:
        return None
    return Person(identity, Role(role), name)
