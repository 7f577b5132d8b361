# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Quizzes: rows in, plain data out.

A question is never changed: what a teacher edits becomes another question with another id, and the former one stays in
``activity_question`` without a position, so that an answer, stored or still in a tablet, means what was asked. Table
``activity`` holds what the previous release understands: title, and the questions with one right choice. A quiz
without rows in ``activity_question`` was written by that release, and is read from there.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any

from appliance.errors import NotFound
from appliance.model import MINE, Activity, Choice, Question, QuestionKind
from appliance.store.db import Database

_OLD_QUESTION = ("id", "prompt", "answer", "right", "wrong", "sound")
_OLD_CHOICE = ("id", "text", "image")


def add(conn: sqlite3.Connection, activity: Activity) -> None:
    """Write a quiz unless its id is known."""
    if conn.execute("SELECT 1 FROM activity WHERE id = ?", (activity.id,)).fetchone() is None:
        _write(conn, activity)


def save(db: Database, activity: Activity) -> Activity:
    """Write a quiz, new or edited; returns it with the ids that its changed questions got.

    A question whose id is empty, or whose id stands for something else than what it asks now, gets a new id.
    """
    with db.writing() as conn:
        before = {question.id: question for question in _ever(conn, activity.id)}
        kept = tuple(_named(question, before) for question in activity.questions)
        saved = dataclasses.replace(activity, questions=kept)
        _write(conn, saved)
    return saved


def _named(question: Question, before: Mapping[str, Question]) -> Question:
    old = before.get(question.id)
    if question.id and (old is None or _asks(old) == _asks(question)):
        return question
    return dataclasses.replace(question, id=secrets.token_hex(5))


def _asks(question: Question) -> Question:
    """What is left of a question when all that may change is taken away."""
    return dataclasses.replace(question, right="", wrong="", sound=None, image=None)


def _write(conn: sqlite3.Connection, activity: Activity) -> None:
    ever = _ever(conn, activity.id)
    old = [_old(question) for question in activity.questions if question.kind is QuestionKind.CHOICE]
    conn.execute(
        "INSERT INTO activity VALUES (?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET title = excluded.title, body = excluded.body",
        (activity.id, activity.title, json.dumps(old)),
    )
    for question in ever:
        _put(conn, activity.id, question, None)
    for position, question in enumerate(activity.questions):
        _put(conn, activity.id, question, position)


def _put(conn: sqlite3.Connection, activity: str, question: Question, position: int | None) -> None:
    conn.execute(
        "INSERT INTO activity_question VALUES (?, ?, ?, ?) "
        "ON CONFLICT (activity, id) DO UPDATE SET position = excluded.position, body = excluded.body",
        (activity, question.id, position, json.dumps(dataclasses.asdict(question), ensure_ascii=False)),
    )


def _old(question: Question) -> dict[str, Any]:
    """As the previous release wrote it, and not a member more: it would not read it."""
    choices = [{name: _known(getattr(choice, name)) for name in _OLD_CHOICE} for choice in question.choices]
    return {**{name: _known(getattr(question, name)) for name in _OLD_QUESTION}, "choices": choices}


def _known(value: str | None) -> str | None:
    """A teacher's own picture or sound is nothing that the previous release has an address for."""
    return None if value is not None and value.startswith(MINE) else value


def remove(db: Database, activity_id: str, moment: str) -> None:
    """Offer it no more (``moment``: RFC 3339); what pupils answered stays, and still says what was asked."""
    with db.writing() as conn:
        conn.execute(
            "INSERT INTO activity_detail (activity, removed_at) SELECT id, ? FROM activity WHERE id = ? "
            "ON CONFLICT (activity) DO UPDATE SET removed_at = excluded.removed_at",
            (moment, activity_id),
        )


def every(db: Database) -> list[Activity]:
    """All that are offered, the oldest first."""
    conn = db.reading()
    rows = conn.execute(
        "SELECT a.* FROM activity AS a LEFT JOIN activity_detail AS d ON d.activity = a.id "
        "WHERE d.removed_at IS NULL ORDER BY a.rowid"
    ).fetchall()
    return [_activity(conn, row) for row in rows]


def get(db: Database, activity_id: str) -> Activity:
    """As it is asked today, removed or not. Raises :class:`NotFound`."""
    return _activity(db.reading(), _row(db.reading(), activity_id))


def ever(db: Database, activity_id: str) -> Activity:
    """With every question that it ever asked, for answers that come late. Raises :class:`NotFound`."""
    row = _row(db.reading(), activity_id)
    return Activity(row["id"], row["title"], tuple(_ever(db.reading(), activity_id)))


def is_removed(db: Database, activity_id: str) -> bool:
    """Whether the teacher removed it."""
    found = db.reading().execute("SELECT removed_at FROM activity_detail WHERE activity = ?", (activity_id,)).fetchone()
    return found is not None and found["removed_at"] is not None


def _row(conn: sqlite3.Connection, activity_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = conn.execute("SELECT * FROM activity WHERE id = ?", (activity_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such activity: go back to the shelf.")
    return row


def _activity(conn: sqlite3.Connection, row: sqlite3.Row) -> Activity:
    rows = _questions(conn, row["id"])
    asked = [json.loads(each["body"]) for each in rows if each["position"] is not None]
    return Activity(row["id"], row["title"], tuple(map(_question, asked if rows else json.loads(row["body"]))))


def _ever(conn: sqlite3.Connection, activity_id: str) -> list[Question]:
    rows = _questions(conn, activity_id)
    if rows:
        return [_question(json.loads(row["body"])) for row in rows]
    alone = conn.execute("SELECT body FROM activity WHERE id = ?", (activity_id,)).fetchone()
    return [_question(raw) for raw in json.loads(alone["body"])] if alone else []


def _questions(conn: sqlite3.Connection, activity_id: str) -> list[sqlite3.Row]:
    return conn.execute(
        "SELECT position, body FROM activity_question WHERE activity = ? ORDER BY position", (activity_id,)
    ).fetchall()


def _question(raw: Mapping[str, Any]) -> Question:
    """Members of a later release are left out."""
    known = {field.name: raw[field.name] for field in dataclasses.fields(Question) if field.name in raw}
    known["choices"], known["targets"] = _choices(raw.get("choices", ())), _choices(raw.get("targets", ()))
    known["also"] = tuple(raw.get("also", ()))
    known["kind"] = QuestionKind(raw.get("kind", QuestionKind.CHOICE))
    return Question(**known)


def _choices(several: Any) -> tuple[Choice, ...]:
    names = [field.name for field in dataclasses.fields(Choice)]
    return tuple(Choice(**{name: raw[name] for name in names if name in raw}) for raw in several)
