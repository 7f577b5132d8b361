# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Live captions: the teacher's page, which starts and stops them, and the class's, which reads them.

The studio writes them and tells them itself; what is asked here is how a page begins, and all of it without JavaScript.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, render_template

from appliance.client import Client
from appliance.errors import Unreachable
from appliance.hub import lesson_office, roles
from appliance.hub.context import hub
from appliance.hub.tablets import broken, tablet_address

pages = Blueprint("captions", __name__)

ANSWER_S = 3.0
SHOWN = 6
"""Phrases on a page."""


@dataclass(frozen=True, slots=True)
class Captions:
    """What the studio says of them. ``there``: it answers at all."""

    there: bool = False
    can: bool = False
    running: bool = False
    ready: bool = False
    behind: bool = False
    partial: str = ""
    trouble: str = ""
    lines: list[str] = field(default_factory=list)


def _captions() -> Captions:
    try:
        answer = Client(hub().config.studio_socket).request("GET", "/local/captions", timeout=ANSWER_S)
        told: dict[str, Any] = answer.json()
        known = {name: told[name] for name in ("can", "running", "ready", "behind", "partial", "trouble")}
        return Captions(there=True, lines=told["lines"][-SHOWN:], **known)
    except (Unreachable, ValueError, KeyError, TypeError):
        return Captions()


@pages.get("/sous-titres")
def read() -> str:
    """For pupils of the lesson that goes on, and for the projector of its teacher."""
    may = roles.behind_cookie().role in roles.LEADING or lesson_office.current_pupil() is not None
    return render_template("captions.html", captions=_captions() if may else None)


@pages.get("/enseignant/sous-titres")
@roles.allowed(*roles.LEADING)
def lead() -> str:
    """Start, stop, read along."""
    address = broken(tablet_address().rstrip("/") + "/sous-titres")
    return render_template("captions_teacher.html", captions=_captions(), address=address)
