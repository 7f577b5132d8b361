# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What follows a pupil to any tablet: the reading profile and the language that were chosen as that pupil.

Kept for pupils of classes only: in an anonymous lesson, and where several share the tablet, the tablet's own are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, session

from appliance.hub import lesson_office
from appliance.hub.context import hub
from appliance.store import classes

READING, LANGUAGE = "reading", "language"


def current() -> Mapping[str, Any]:
    """The settings of the pupil who holds this tablet alone; empty for anybody else. Read once per request."""
    if "profile" not in g:
        pupil_id = _alone()
        g.profile = classes.details(hub().db, pupil_id) if pupil_id else {}
    profile: Mapping[str, Any] = g.profile
    return profile


def keep(reading: str, language: str) -> bool:
    """Keep them for the pupil; False: nobody holds the tablet, or several do, and the tablet must."""
    pupil_id = _alone()
    if not pupil_id:
        return False
    with hub().db.writing() as conn:
        classes.set_details(conn, pupil_id, {READING: reading, LANGUAGE: language})
    return True


def _alone() -> str:
    """The pupil's id, or empty."""
    if not session.get("pupil") or session.get("team"):
        return ""
    lesson, pupil = lesson_office.current(), lesson_office.current_pupil()
    return pupil.id if lesson is not None and lesson.kept and pupil is not None else ""
