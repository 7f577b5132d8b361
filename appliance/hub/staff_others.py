# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The other accounts of the box: who came since, told to each teacher until noted; closing one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from appliance.errors import Refused
from appliance.hub import roles, staff_heirs
from appliance.hub.context import hub
from appliance.hub.language import format_datetime
from appliance.hub.roles import Role, person
from appliance.store import settings, staff, times, vault


def opened_on() -> list[str]:
    """Days on which accounts were opened that this teacher has not noted yet, the first first."""
    if person().role is not Role.TEACHER:
        return []
    seen = settings.get(hub().db, _seen()) or person().id
    return [_day(each) for each in staff.since(hub().db.reading(), seen) if each.id != person().id]


def note_seen() -> None:
    """This teacher knows of every account that there is."""
    settings.put(hub().db, _seen(), staff.last(hub().db.reading()))


def others() -> list[tuple[staff.Staff, str]]:
    """Every account but one's own, with the day on which it was opened."""
    return [(each, _day(each)) for each in staff.every(hub().db.reading()) if each.id != person().id]


def may_close(staff_id: str) -> bool:
    """Whether this person may close the account: the director; the first teacher, any but their own."""
    if person().role is Role.DIRECTOR:
        return True
    return staff.first_teacher(hub().db.reading()) == person().id != staff_id


def check_close(staff_id: str) -> None:
    """Raises :class:`Refused` unless :func:`may_close`."""
    if not may_close(staff_id):
        raise Refused("Only the director, or the teacher who came first, closes an account of somebody else.")


def close(staff_id: str, heirs: Mapping[str, str]) -> None:
    """The account opens nothing any more, and is signed out; its classes stay with who else opens them.

    ``heirs``: class -> the teacher to whom the director gives it, first. All of it or nothing. Raises :class:`Refused`,
    :class:`NotFound`, :class:`Conflict` where nobody else could open a class, and as :func:`staff_heirs.hand_over`.
    """
    check_close(staff_id)
    private = staff_heirs.key_for(heirs)
    with hub().db.writing() as conn:
        staff.get(conn, staff_id)
        staff_heirs.give(conn, heirs, private)
        for group in vault.granted(conn, staff_id):
            vault.drop_grant(conn, group, staff_id)
        staff.leave(conn, staff_id, times.rfc3339(hub().clock.now().wall))
        hub().trail.note_in(conn, "account closed", who=person().id, role=str(person().role), subject=staff_id)
    roles.end_all(staff_id)


def _seen() -> str:
    return f"staff_seen/{person().id}"


def _day(account: staff.Staff) -> str:
    return str(format_datetime(datetime.datetime.fromisoformat(account.created_at), "d MMMM y"))
