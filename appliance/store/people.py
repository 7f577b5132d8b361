# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Groups and pupils: rows in, plain data out."""

from __future__ import annotations

import sqlite3

from appliance.errors import NotFound
from appliance.model import Activity, Group, Lesson, Pupil
from appliance.store import activities, lessons, tombstones
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


def groups(db: Database) -> list[Group]:
    """Every group of the box, by name."""
    rows = db.reading().execute("SELECT id, name FROM school_group ORDER BY name")
    return [Group(row["id"], row["name"]) for row in rows]


def pupils(db: Database, group: str) -> list[Pupil]:
    """In the order of the class list."""
    rows = db.reading().execute("SELECT * FROM pupil WHERE school_group = ? ORDER BY position", (group,))
    return [_pupil(row) for row in rows]


def pupil(db: Database, pupil_id: str) -> Pupil:
    """Raises :class:`NotFound`."""
    row = db.reading().execute("SELECT * FROM pupil WHERE id = ?", (pupil_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such pupil: choose your animal again.")
    return _pupil(row)


def _pupil(row: sqlite3.Row) -> Pupil:
    return Pupil(row["id"], row["school_group"], row["alias"], row["avatar"])
