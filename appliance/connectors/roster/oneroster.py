# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""OneRoster CSV 1.1 and 1.2 (1EdTech): a ZIP of ``manifest.csv``, ``users.csv``, ``classes.csv``, ``enrollments.csv``.

In 1.1 a user's role stands in ``users.csv``; in 1.2 in ``roles.csv``. Where homerooms exist they are the classes, else
every class that a pupil is enrolled in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from appliance.connectors.roster import levels, tables, text
from appliance.connectors.roster.rows import Found, Roster, roster
from appliance.connectors.roster.zipped import Members
from appliance.errors import BadInput

_Line = Mapping[str, str]
_STUDENT = "student"


def read(members: Members) -> Roster:
    """Raises :class:`BadInput` for changes only (delta), missing columns, no pupil; as :meth:`Members.read`."""
    _refuse_changes(members)
    users = {line["sourcedid"]: line for line in _lines(members, "users.csv", "sourcedid", "givenname")}
    students = _students(members, users)
    classes = {line["sourcedid"]: line for line in _lines(members, "classes.csv", "sourcedid", "title")}
    seats = _seats(members, classes) if classes else []
    homerooms = [seat for seat in seats if classes[seat[1]].get("classtype", "").lower() == "homeroom"]
    placed = [(user, room) for user, room in homerooms or seats if user in students]
    loose = [(user, "") for user in students if user not in {user for user, _ in placed}]
    return roster("oneroster", (_found(users[user], classes.get(room, {})) for user, room in placed + loose))


def _found(user: _Line, room: _Line) -> Found:
    title, first = room.get("title", ""), user.get("preferredgivenname") or user["givenname"]
    level = levels.grade(user.get("grades", "")) or levels.grade(room.get("grades", "")) or levels.level(title)
    return Found(first, user.get("familyname", ""), title, level)


def _students(members: Members, users: Mapping[str, _Line]) -> list[str]:
    """The ids of pupils, in the order of the file."""
    if any("role" in line for line in users.values()):
        return [name for name, line in users.items() if line.get("role", "").lower() == _STUDENT]
    roles = _lines(members, "roles.csv", "usersourcedid", "role")
    pupils = {line["usersourcedid"] for line in roles if line["role"].lower() == _STUDENT}
    enrolled = (line for line in _lines(members, "enrollments.csv", "usersourcedid", "role"))
    pupils |= {line["usersourcedid"] for line in enrolled if line["role"].lower() == _STUDENT}
    return [name for name in users if name in pupils]


def _seats(members: Members, classes: Mapping[str, _Line]) -> list[tuple[str, str]]:
    lines = _lines(members, "enrollments.csv", "classsourcedid", "usersourcedid", "role")
    found = [(line["usersourcedid"], line["classsourcedid"]) for line in lines if line["role"].lower() == _STUDENT]
    return list(dict.fromkeys(seat for seat in found if seat[1] in classes))


def _lines(members: Members, name: str, *needed: str) -> Iterator[_Line]:
    """Lines that are not to be deleted, by lower-case titles; none when the file is not there."""
    where = members.find(name)
    if not where:
        return
    lines = tables.parse(text.decode(members.read(where))).lines
    titles = [cell.strip().lower() for cell in lines[0]]
    if not set(needed) <= set(titles):
        raise BadInput("“%(name)s” of this OneRoster file lacks a column: export it again in full.", name=name)
    for line in lines[1:]:
        row = dict(zip(titles, (cell.strip() for cell in (*line, *[""] * (len(titles) - len(line)))), strict=False))
        if row.get("status", "").lower() != "tobedeleted":
            yield row


def _refuse_changes(members: Members) -> None:
    where = members.find("manifest.csv")
    if where and members.read(where).lower().count(b"delta"):
        raise BadInput("This OneRoster file tells changes only: export it again as “bulk”, in full.")
