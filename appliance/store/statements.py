# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Answers to the box's own questions, a projection of the statements: what exercises and the teacher's home show."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from appliance.model import MEDIUM, Answered
from appliance.store import merging
from appliance.store.db import Database
from appliance.store.record_entries import Entry
from appliance.xapi import identifiers

ANSWERED = "http://adlnet.gov/expapi/verbs/answered"


def fold(conn: sqlite3.Connection, box_id: str, entries: Iterable[Entry]) -> None:
    """Add the answers among ``entries`` to the projection ``answer``: this box's pupils, lessons and questions only."""
    rows = [row for entry in entries if (row := _answer(conn, box_id, entry)) is not None]
    if rows:
        conn.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _answer(conn: sqlite3.Connection, box_id: str, entry: Entry) -> tuple[str, str, str, str, str, str, int] | None:
    told = read(box_id, entry.value)
    if told is None:
        return None
    lesson, answer = told
    pupil = merging.into(conn, answer.pupil)
    return (entry.id, lesson, pupil, answer.activity, answer.question, answer.choice, int(answer.correct))


def read(box_id: str, value: Mapping[str, Any]) -> tuple[str, Answered] | None:
    """The lesson and the answer that a statement tells of; None when it is none of this box's."""
    if value["verb"]["id"] != ANSWERED or not str(value["object"].get("id", "")).startswith(identifiers.base(box_id)):
        return None
    pupil = identifiers.read_pupil(value["actor"])
    question = identifiers.read_question(value["object"]["id"])
    result, context = value.get("result") or {}, value.get("context") or {}
    grouping = (context.get("contextActivities") or {}).get("grouping") or []
    several = grouping if isinstance(grouping, list) else [grouping]  # another box may have kept a lone one as it came
    lessons = [identifiers.read_lesson(activity["id"]) for activity in several]
    lesson = next((found[1] for found in lessons if found and found[0] == box_id), None)
    if not pupil or not question or lesson is None or pupil[0] != box_id or question[0] != box_id:
        return None
    sealed = identifiers.SEALED in (result.get("extensions") or {})
    if sealed and "success" not in result:
        return lesson, Answered(pupil[1], question[1], question[2], MEDIUM, correct=True)
    response = result.get("response", "" if sealed else None)
    if not isinstance(response, str) or not isinstance(result.get("success"), bool):
        return None
    return lesson, Answered(pupil[1], question[1], question[2], response, result["success"])


def results(db: Database, lesson: str, pupil: str, activity: str) -> dict[str, tuple[str, bool]]:
    """Question id -> (last response, right?) of a pupil; a free text is not there to be read: empty; nor is a medium:
    :data:`appliance.model.MEDIUM`."""
    rows = db.reading().execute(
        "SELECT question, choice, correct FROM answer JOIN statement ON statement.id = answer.statement "
        "WHERE lesson = ? AND pupil = ? AND activity = ? ORDER BY statement.row",
        (lesson, pupil, activity),
    )
    return {row["question"]: (row["choice"], bool(row["correct"])) for row in rows}


def is_answer(db: Database, statement: str) -> bool:
    """Whether the statement of this id is stored here as an answer."""
    return db.reading().execute("SELECT 1 FROM answer WHERE statement = ?", (statement,)).fetchone() is not None


def counts_by_activity(db: Database, lesson: str) -> dict[str, dict[str, int]]:
    """For the teacher's home: activity id -> answers, right ones, pupils who answered; none answered: left out."""
    rows = db.reading().execute(
        "SELECT activity, count(*) AS answers, coalesce(sum(correct), 0) AS right, count(DISTINCT pupil) AS pupils "
        "FROM answer WHERE lesson = ? GROUP BY activity", (lesson,))  # fmt: skip
    return {row["activity"]: {name: row[name] for name in ("answers", "right", "pupils")} for row in rows}
