# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Badges: an address, printed as a QR code, that leads a pupil to "C'est toi ?" without looking for the animal.

``/badge/<token>``: the token is an HMAC-SHA256 (RFC 2104) of the pupil and of the badge's number by the box's secret:
it names nobody and cannot be guessed. It is compared with those of the running lesson's pupils only: after the bell, or
in another class's lesson, it opens nothing. A badge that was lost is revoked by giving the next one another number.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import Refused
from appliance.hub import lesson_office
from appliance.hub.context import hub
from appliance.hub.tablets import tablet_address
from appliance.model import Pupil
from appliance.store import classes

pages = Blueprint("badges", __name__)

TOKEN_BYTES = 15
"""120 bits: twenty characters of a QR code."""
NUMBER = "badge"
"""The pupil's setting that is the number of the badge in use; 0 where none was ever revoked."""


def address(pupil: Pupil) -> str:
    """What the QR code says; tablets find the box where the browser that prints does."""
    return f"{tablet_address()}badge/{token(pupil)}"


def token(pupil: Pupil) -> str:
    """Of the badge in use; the same each time, until :func:`revoke`."""
    number = int(classes.details(hub().db, pupil.id).get(NUMBER, 0))
    digest = hmac.digest(hub().secret, f"badge/{pupil.id}/{number}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).decode("ascii")


def revoke(pupil: Pupil) -> None:
    """The badge in use opens nothing any more; the next print is another one."""
    number = int(classes.details(hub().db, pupil.id).get(NUMBER, 0))
    with hub().db.writing() as conn:
        classes.set_details(conn, pupil.id, {NUMBER: number + 1})


@pages.get("/badge/<token>")
def show(token: str) -> AnyResponse:
    """The pupil's own "C'est toi ?". Refused, and noted, when it is no badge of the lesson that runs now."""
    pupil = _whose(token)
    if pupil is None:
        raise Refused("This badge opens nothing now: wait for the lesson, touch your animal, or tell your teacher.")
    return redirect(url_for("pupils.confirm", pupil_id=pupil.id), 303)


def _whose(given: str) -> Pupil | None:
    lesson = lesson_office.current()
    if lesson is None or not lesson.kept:
        return None
    for pupil in lesson_office.pupils(lesson):
        if hmac.compare_digest(token(pupil).encode(), given.encode()):
            return pupil
    return None
