# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who asks something of a service beside the hub: the hub reads the cookie, nobody else can."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.client import Client
from appliance.errors import Refused, Unreachable
from appliance.i18n import N_

ANSWER_S = 5.0
_UNKNOWN = N_("The box does not know who asks: try again in a moment.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """What the hub says of a browser."""

    teacher: bool
    """May lead a lesson."""
    pupil: bool
    """Came in to the lesson that goes on."""
    language: str
    """``fr`` or ``en``."""
    lesson: str
    """Key of the lesson that goes on; empty: none."""


def visitor(hub: Client, cookie: str) -> Visitor:
    """Whom the header ``Cookie`` names. Takes milliseconds. Raises :class:`appliance.errors.Unreachable`."""
    try:
        answer = hub.request("GET", "/api/who", headers={"Cookie": cookie}, timeout=ANSWER_S)
    except Unreachable as error:
        raise Unreachable(_UNKNOWN) from error
    if answer.status != 200:
        raise Unreachable(_UNKNOWN)
    told = answer.json()
    return Visitor(bool(told["teacher"]), bool(told["pupil"]), str(told["language"]), str(told["lesson"]))


def teacher(hub: Client, cookie: str) -> Visitor:
    """The same, of somebody who leads a lesson. Raises :class:`appliance.errors.Refused` for anybody else."""
    found = visitor(hub, cookie)
    if not found.teacher:
        raise Refused("Only the teacher may do this: sign in first.")
    return found
