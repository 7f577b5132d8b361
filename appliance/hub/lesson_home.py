# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's home: the running lesson or what to open next, and the address for the tablets."""

from __future__ import annotations

import datetime
import zoneinfo

from flask import Blueprint, redirect, render_template
from markupsafe import Markup
from werkzeug.wrappers import Response

from appliance.hub import lesson_office, lesson_plans, lesson_summary, recovery_sheet, retention, roles, staff_others
from appliance.hub.auth import home_of
from appliance.hub.context import hub
from appliance.hub.language import format_datetime
from appliance.hub.roles import allowed
from appliance.hub.tablets import broken, tablet_address
from appliance.store import activities, people

pages = Blueprint("lesson_home", __name__)


@pages.get("/enseignant/accueil")
@allowed(*roles.STAFF)
def home() -> str | Response:
    """One tap opens the usual lesson, one tap rings the bell of the running one."""
    if roles.person().role in (roles.Role.TECHNICIAN, roles.Role.DIRECTOR):
        return redirect(home_of(roles.person().role))
    lesson = lesson_office.current()
    address = tablet_address()
    return render_template(
        "teacher_home.html",
        lesson=lesson,
        person=roles.person(),
        erases=_erases(),
        newcomers=staff_others.opened_on(),
        no_sheet=recovery_sheet.may_make(),
        group=next((g for g in people.groups(hub().db) if lesson and g.id == lesson.group), None),
        exercises=lesson_summary.exercises(lesson) if lesson else [],
        activities=lesson_summary.others(lesson) if lesson else [],
        proposals=None if lesson else lesson_plans.proposals(),
        empty=not activities.every(hub().db) and not hub().library.list(),
        animals=lesson_plans.ANIMALS,
        last=None if lesson else lesson_summary.last(),
        address_shown=broken(address),
        qr_svg=_picture(address),
    )


def _picture(address: str) -> Markup:
    import segno  # slow to load, and for no other page

    return Markup(segno.make(address, micro=False).svg_inline(border=2, omitsize=True))  # noqa: S704 - our own


def _erases() -> str:
    """The day on which something will be erased because it is too old; empty: not soon, or nobody knows the day."""
    now, zone = hub().clock.now(), zoneinfo.ZoneInfo(hub().config.box.time_zone)
    if not now.trusted or roles.person().role not in roles.TEACHING:
        return ""
    moment = retention.erases_at(hub().db, datetime.datetime.fromtimestamp(now.wall, zone))
    return str(format_datetime(moment, "d MMMM")) if moment else ""
