# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Groups, pupils, lessons: rows in, plain data out."""

from __future__ import annotations

import sqlite3

from appliance.errors import NotFound
from appliance.model import Activity, Group, Lesson, Pupil
from appliance.store import activities, tombstones
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
        conn.execute(
            "INSERT OR IGNORE INTO lesson (id, school_group, title, activity, started_at) VALUES (?, ?, ?, ?, ?)",
            (lesson.id, lesson.group, lesson.title, given[0].id if given else None, lesson.started_at),
        )


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


def running_lesson(db: Database) -> Lesson | None:
    """The lesson that is going on, the latest if several."""
    row = db.reading().execute(
        "SELECT * FROM lesson WHERE ended_at IS NULL ORDER BY started_at DESC, rowid DESC LIMIT 1"
    ).fetchone()  # fmt: skip
    return None if row is None else _lesson(row)


def lesson(db: Database, lesson_id: str) -> Lesson:
    """Running or over. Raises :class:`NotFound`."""
    row = db.reading().execute("SELECT * FROM lesson WHERE id = ?", (lesson_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such lesson.")
    return _lesson(row)


def latest_lesson(db: Database) -> Lesson | None:
    """The lesson that is going on, else the last one that was."""
    row = db.reading().execute(
        "SELECT * FROM lesson ORDER BY ended_at IS NULL DESC, started_at DESC, rowid DESC LIMIT 1"
    ).fetchone()  # fmt: skip
    return None if row is None else _lesson(row)


def _lesson(row: sqlite3.Row) -> Lesson:
    return Lesson(row["id"], row["school_group"], row["title"], row["started_at"], row["ended_at"])
