# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Lessons that are kept: rows in, plain data out. Anonymous ones never come here (see ``hub/anonymous.py``)."""

from __future__ import annotations

import dataclasses
import datetime
import json
import sqlite3

from appliance.errors import NotFound
from appliance.model import Answered, Lesson, LessonOptions, Planned
from appliance.ports import Now
from appliance.store import steady
from appliance.store.db import Database

LATE_S = 60 * 86400.0
"""How long after its lesson what waited in a tablet is still taken."""
PLANNED = ("activity", "resource", "oral")
_LATEST_FIRST = "ORDER BY started_at DESC, rowid DESC LIMIT"


def put(conn: sqlite3.Connection, lesson: Lesson) -> None:
    """Write a lesson that is not there yet; one that is stays as it is."""
    first = next((item.id for item in lesson.plan if item.kind == "activity"), None)
    plan = json.dumps([dataclasses.asdict(item) for item in lesson.plan])
    options = json.dumps(dataclasses.asdict(lesson.options))
    conn.execute(
        "INSERT OR IGNORE INTO lesson (id, school_group, title, activity, started_at, plan, options, opened_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (lesson.id, lesson.group, lesson.title, first, lesson.started_at, plan, options, lesson.opened_by),
    )


def begin(db: Database, lesson: Lesson, *, sure: bool = False) -> None:
    """Open ``lesson``; whatever still ran ends at the same moment, in the same transaction.

    ``sure``: whether that moment was told by a clock that can be trusted.
    """
    with db.writing() as conn:
        _end(conn, lesson.started_at, sure)
        put(conn, lesson)


def end(db: Database, at: str, *, sure: bool = False) -> None:
    """The bell: no lesson runs any more. ``at``: RFC 3339, UTC; ``sure``: as for :func:`begin`."""
    with db.writing() as conn:
        _end(conn, at, sure)


def reopen(db: Database, lesson_id: str, at: str, *, by: str = "", sure: bool = False) -> Lesson:
    """Go on with a lesson that was over: its answers stay, the cookies of its earlier sittings do not.

    ``by``: who of the staff opens it now, empty: nobody known by name. Another that ran ends. Raises :class:`NotFound`.
    """
    again = get(db, lesson_id)
    options = dataclasses.replace(again.options, sitting=again.options.sitting + 1, end_sure=False)
    with db.writing() as conn:
        _end(conn, at, sure)
        conn.execute("UPDATE lesson SET ended_at = NULL, options = ?, opened_by = ? WHERE id = ?",
                     (json.dumps(dataclasses.asdict(options)), by, lesson_id))  # fmt: skip
    return get(db, lesson_id)


def release(db: Database, lesson_id: str) -> Lesson:
    """Show the correction that was to come later. Raises :class:`NotFound`."""
    options = dataclasses.replace(get(db, lesson_id).options, released=True)
    with db.writing() as conn:
        conn.execute("UPDATE lesson SET options = ? WHERE id = ?", (json.dumps(dataclasses.asdict(options)), lesson_id))
    return get(db, lesson_id)


def running(db: Database) -> Lesson | None:
    """The lesson that is going on, the latest if several."""
    return _one(db, f"WHERE ended_at IS NULL {_LATEST_FIRST} 1")


def latest(db: Database) -> Lesson | None:
    """The lesson that is going on, else the last one that was."""
    return _one(db, "ORDER BY ended_at IS NULL DESC, started_at DESC, rowid DESC LIMIT 1")


def get(db: Database, lesson_id: str) -> Lesson:
    """Running or over. Raises :class:`NotFound`."""
    found = _one(db, "WHERE id = ?", lesson_id)
    if found is None:
        raise NotFound("There is no such lesson.")
    return found


def recent(db: Database, most: int) -> list[Lesson]:
    """At most ``most``, the latest first, running or over."""
    rows = db.reading().execute(f"SELECT * FROM lesson {_LATEST_FIRST} ?", (most,))  # noqa: S608 - ours
    return [_lesson(row) for row in rows]


def answered(db: Database, lesson_id: str) -> list[Answered]:
    """Every answer of a lesson, in the order of arrival."""
    rows = db.reading().execute(
        "SELECT pupil, activity, question, choice, correct FROM answer "
        "JOIN statement ON statement.id = answer.statement "
        "WHERE lesson = ? ORDER BY statement.row", (lesson_id,))  # fmt: skip
    return [
        Answered(row["pupil"], row["activity"], row["question"], row["choice"], bool(row["correct"])) for row in rows
    ]


def too_late(db: Database, lesson: Lesson, now: Now) -> bool:
    """Whether it ended so long ago that nothing can come any more.

    Only when its end and this moment were both told by a clock that can be trusted, and that has not jumped lately
    (:mod:`appliance.store.steady`): else what waited is taken.
    """
    if lesson.ended_at is None or not lesson.options.end_sure or not now.trusted:
        return False
    over = datetime.datetime.fromisoformat(lesson.ended_at).timestamp()
    return now.wall - over > LATE_S and steady.is_sure(db.reading(), now)


def _end(conn: sqlite3.Connection, at: str, sure: bool) -> None:
    for row in conn.execute("SELECT id, options FROM lesson WHERE ended_at IS NULL").fetchall():
        told = json.dumps({**json.loads(row["options"]), "end_sure": sure})
        conn.execute("UPDATE lesson SET ended_at = ?, options = ? WHERE id = ?", (at, told, row["id"]))


def _one(db: Database, where: str, *values: object) -> Lesson | None:
    row = db.reading().execute(f"SELECT * FROM lesson {where}", values).fetchone()  # noqa: S608 - ours
    return None if row is None else _lesson(row)


def _lesson(row: sqlite3.Row) -> Lesson:
    return Lesson(
        row["id"], row["school_group"], row["title"], row["started_at"], row["ended_at"],
        plan(row["plan"]), options(row["options"]), row["opened_by"],
    )  # fmt: skip


def plan(text: str) -> tuple[Planned, ...]:
    """The plan of a row; what this release does not know in it is left out."""
    return tuple(Planned(item["kind"], str(item["id"])) for item in json.loads(text) if item["kind"] in PLANNED)


def options(text: str) -> LessonOptions:
    """The options of a row; those that this release does not know are left out."""
    known = {field.name for field in dataclasses.fields(LessonOptions)}
    return LessonOptions(**{name: value for name, value in json.loads(text).items() if name in known})
