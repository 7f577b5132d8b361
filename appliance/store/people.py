# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Groups and pupils: rows in, plain data out."""

from __future__ import annotations

import sqlite3

from appliance.errors import NotFound
from appliance.model import Activity, Group, Lesson, Pupil
from appliance.store import activities, lessons, merging, tombstones
from appliance.store.db import Database
from appliance.xapi import identifiers, terms


def put_class(db: Database, group: Group, pupils: list[Pupil], given: list[Activity], lesson: Lesson) -> None:
    """Write a whole class in one transaction; what is already there stays as it is, who was erased stays away."""
    with db.writing() as conn:
        conn.execute("INSERT OR IGNORE INTO school_group VALUES (?, ?)", (group.id, group.name))
        conn.executemany(
            "INSERT OR IGNORE INTO pupil VALUES (?, ?, ?, ?, ?)",
            [(p.id, p.group, p.alias, p.avatar, n) for n, p in enumerate(pupils) if not _erased(conn, p.id)],
        )
        for activity in given:
            activities.add(conn, activity)
        lessons.put(conn, lesson)


def _erased(conn: sqlite3.Connection, pupil_id: str) -> bool:
    """Whether the pupil was erased for good: nothing of them would be kept."""
    box = conn.execute("SELECT value FROM setting WHERE key = 'box_id'").fetchone()
    actor = identifiers.pupil(box["value"] if box else "", pupil_id)
    return tombstones.erased(conn, [terms.agent_value(actor)], tombstones.ANYWHERE)


def groups(db: Database, *, archived: bool = False) -> list[Group]:
    """The groups of the box, by name; ``archived``: those that were put away too."""
    rows = db.reading().execute(
        "SELECT id, name FROM school_group WHERE ? OR id NOT IN "
        "(SELECT school_group FROM group_detail WHERE archived_at IS NOT NULL) ORDER BY name", (archived,),
    )  # fmt: skip
    return [Group(row["id"], row["name"]) for row in rows]


def pupils(db: Database, group: str) -> list[Pupil]:
    """Who is, or was, in a class or need group, in the order of the list (now: :func:`classes.pupils`)."""
    rows = db.reading().execute(
        "SELECT * FROM pupil WHERE id NOT IN (SELECT pupil FROM pupil_merged) AND "
        "(school_group = ? OR id IN (SELECT pupil FROM member WHERE school_group = ?)) "
        "ORDER BY school_group, position", (group, group),
    )  # fmt: skip
    return [_pupil(row) for row in rows]


def pupil(db: Database, pupil_id: str) -> Pupil:
    """The pupil of that pseudonym, or the one under whom it counts now. Raises :class:`NotFound`."""
    conn = db.reading()
    row = conn.execute("SELECT * FROM pupil WHERE id = ?", (merging.into(conn, pupil_id),)).fetchone()
    if row is None:
        raise NotFound("There is no such pupil: choose your animal again.")
    return _pupil(row)


def _pupil(row: sqlite3.Row) -> Pupil:
    return Pupil(row["id"], row["school_group"], row["alias"], row["avatar"])
