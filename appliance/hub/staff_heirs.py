# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A class goes to another teacher: the director's key opens it, and its private key is sealed to theirs.

The private key is in the hub's memory for that moment, and nowhere else in clear. Only what the recovery sheet opens is
handed over: that a teacher is signed in elsewhere, with a class open, gives the director nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.errors import BadInput, Conflict, NotFound, Refused
from appliance.hub.context import hub
from appliance.hub.roles import Role, person
from appliance.model import Group
from appliance.store import people, staff, vault
from appliance.store.db import Connection


@dataclass(frozen=True, slots=True)
class Stranded:
    """A class that no other teacher opens."""

    group: Group
    on_sheet: bool
    """Whether the recovery sheet opens it."""


def teachers(*, but: str = "") -> list[staff.Staff]:
    """Who may take a class."""
    return [each for each in staff.every(hub().db.reading()) if each.role == staff.TEACHER and each.id != but]


def stranded(staff_id: str) -> list[Stranded]:
    """The classes of an account that no other teacher opens, by name."""
    conn, others = hub().db.reading(), teachers(but=staff_id)
    own = set(vault.granted(conn, staff_id))
    groups = [group for group in people.groups(hub().db, archived=True) if group.id in own]
    return [Stranded(group, vault.holds(conn, vault.RECOVERY, group.id)) for group in groups
            if not any(vault.holds(conn, each.id, group.id) for each in others)]  # fmt: skip


def openers(group_id: str) -> list[staff.Staff]:
    """The teachers who open a class."""
    conn = hub().db.reading()
    return [each for each in teachers() if vault.holds(conn, each.id, group_id)]


def hand_over(group_id: str, staff_id: str) -> None:
    """The director gives a class to a teacher, who opens it from the next page on; who had it keeps it.

    Raises :class:`Refused`, :class:`Conflict`, :class:`BadInput`, :class:`NotFound`, :class:`appliance.errors.Locked`.
    """
    private = _key()
    with hub().db.writing() as conn:
        give(conn, {group_id: staff_id}, private)


def give(conn: Connection, heirs: Mapping[str, str], private: bytes) -> None:
    """Class -> teacher, all of them or, raising as :func:`hand_over`, none. ``private``: the recovery key's."""
    for group_id, staff_id in heirs.items():
        taker = staff.get(conn, staff_id)
        if taker.role != staff.TEACHER:
            raise BadInput("Only a teacher can take a class.")
        if not vault.has_keys(conn, group_id):
            raise Conflict("Every teacher opens this class already: it keeps no names.")
        try:
            opened = vault.open_grant(conn, group_id, vault.RECOVERY, private)
        except NotFound as error:
            raise Refused("The recovery sheet does not open this class, so nothing was changed: its teacher puts it on "
                          "the sheet, on the page “My account”.") from error  # fmt: skip
        vault.put_grant(conn, group_id, staff_id, taker.public, opened)
        hub().trail.note_in(conn, "class handed over", who=person().id, role=str(person().role),
                            subject=f"{group_id} {staff_id}")  # fmt: skip


def key_for(heirs: Mapping[str, str]) -> bytes:
    """The recovery key, where there is something to give. Raises :class:`Refused` for anybody but the director."""
    if not heirs:
        return b""
    if person().role is not Role.DIRECTOR:
        raise Refused("Only the director, with the recovery sheet, gives a class to another teacher.")
    return _key()


def _key() -> bytes:
    holder, private = hub().vaults.holder(person().session)
    if holder != vault.RECOVERY:
        raise Refused("Only the director, with the recovery sheet, gives a class to another teacher.")
    return private
