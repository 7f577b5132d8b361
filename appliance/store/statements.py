# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Statements: what pupils did, appended once, as xAPI 1.0.3 statements (IEEE 9274.1.1 keeps the shape).

``id`` comes from the tablet, so a delivery repeated through a bad Wi-Fi or a kill -9 is stored once.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterable

from appliance.errors import BadInput, Conflict
from appliance.model import Activity, Question
from appliance.ports import Now
from appliance.store.db import Database
from appliance.store.record_entries import Entry
from appliance.xapi import identifiers

ANSWERED = "http://adlnet.gov/expapi/verbs/answered"


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A closed answer as it arrived. ``age_s``: seconds between the tap and the delivery, by the tablet's own clock."""

    id: str
    pupil: str
    lesson: str
    question: str
    choice: str
    age_s: float = 0.0


def record(db: Database, box_id: str, activity: Activity, answers: list[Answer], now: Now) -> dict[str, str]:
    """Append answers durably, in one transaction; returns {id: reason} of those refused (empty reason: none refused).

    When this returns, every answer that is not in the result survives a pulled plug. Raises
    :class:`appliance.errors.StorageError` (nothing kept) when the disk is full.
    """
    refused: dict[str, str] = {}
    with db.writing() as conn:
        for answer in answers:
            try:
                _append(conn, box_id, activity, answer, now)
            except (BadInput, Conflict) as error:
                refused[answer.id] = error.message
    return refused


def _append(conn: sqlite3.Connection, box_id: str, activity: Activity, answer: Answer, now: Now) -> None:
    question = next((q for q in activity.questions if q.id == answer.question), None)
    if question is None or answer.choice not in {choice.id for choice in question.choices}:
        raise BadInput("This answer fits no question of the activity.")
    known = conn.execute("SELECT * FROM answer WHERE statement = ?", (answer.id,)).fetchone()
    if known is not None:
        told = (known["lesson"], known["pupil"], known["activity"], known["question"], known["choice"])
        if told != (answer.lesson, answer.pupil, activity.id, answer.question, answer.choice):
            raise Conflict("Another answer already has this identifier.")
        return
    last = conn.execute("SELECT sequence, stored FROM statement WHERE origin = ? ORDER BY sequence DESC LIMIT 1",
                        (box_id,)).fetchone()  # fmt: skip
    stored = _after(now.wall, last["stored"] if last else None)
    statement = _statement(box_id, activity, question, answer, now, stored)
    body = json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode()
    conn.execute(
        "INSERT INTO statement (id, origin, sequence, body, sha256, stored, trusted) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (answer.id, box_id, (last["sequence"] if last else 0) + 1, body, hashlib.sha256(body).digest(), stored,
         int(now.trusted)),
    )  # fmt: skip
    conn.execute(
        "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)",
        (answer.id, answer.lesson, answer.pupil, activity.id, question.id, answer.choice,
         int(answer.choice == question.answer)),
    )  # fmt: skip


def _statement(
    box_id: str, activity: Activity, question: Question, answer: Answer, now: Now, stored: str
) -> dict[str, object]:
    base = f"https://cartable.invalid/boxes/{box_id}"
    about = f"{base}/activities/{activity.id}"
    return {
        "id": answer.id,
        "actor": {"objectType": "Agent", "account": {"homePage": base, "name": answer.pupil}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": "a répondu", "en": "answered"}},
        "object": {
            "objectType": "Activity",
            "id": f"{about}/questions/{question.id}",
            "definition": {
                "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
                "interactionType": "choice",
                "description": {"fr": question.prompt},
                "choices": [{"id": c.id, "description": {"fr": c.text}} for c in question.choices],
                "correctResponsesPattern": [question.answer],
            },
        },
        "result": {"success": answer.choice == question.answer, "completion": True, "response": answer.choice},
        "context": {
            "registration": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{base}/lessons/{answer.lesson}")),
            "contextActivities": {"parent": [{"id": about}], "grouping": [{"id": f"{base}/lessons/{answer.lesson}"}]},
            "platform": "Cartable",
        },
        "timestamp": _rfc3339(now.wall - max(0.0, answer.age_s)),
        "stored": stored,
        "version": "1.0.3",
    }


def _rfc3339(wall: float) -> str:
    moment = datetime.datetime.fromtimestamp(max(0.0, wall), datetime.UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _after(wall: float, last: str | None) -> str:
    """``stored`` never goes back, even when the clock does: at least a microsecond after the last one."""
    stored = _rfc3339(wall)
    if last is None or stored > last:
        return stored
    moment = datetime.datetime.fromisoformat(last) + datetime.timedelta(microseconds=1)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def fold(conn: sqlite3.Connection, box_id: str, entries: Iterable[Entry]) -> None:
    """Add the answers among ``entries`` to the projection ``answer``: this box's pupils, lessons and questions only."""
    rows = [row for entry in entries if (row := _answer(box_id, entry)) is not None]
    if rows:
        conn.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def _answer(box_id: str, entry: Entry) -> tuple[str, str, str, str, str, str, int] | None:
    value = entry.value
    if value["verb"]["id"] != ANSWERED or not str(value["object"].get("id", "")).startswith(identifiers.base(box_id)):
        return None
    pupil = identifiers.read_pupil(value["actor"])
    question = identifiers.read_question(value["object"]["id"])
    result, context = value.get("result") or {}, value.get("context") or {}
    grouping = (context.get("contextActivities") or {}).get("grouping") or []
    lessons = [identifiers.read_lesson(activity["id"]) for activity in grouping]
    lesson = next((found[1] for found in lessons if found and found[0] == box_id), None)
    if not pupil or not question or lesson is None or pupil[0] != box_id or question[0] != box_id:
        return None
    if not isinstance(result.get("response"), str) or not isinstance(result.get("success"), bool):
        return None
    return (entry.id, lesson, pupil[1], question[1], question[2], result["response"], int(result["success"]))


def results(db: Database, lesson: str, pupil: str, activity: str) -> dict[str, tuple[str, bool]]:
    """Question id -> (last choice, right?) of a pupil."""
    rows = db.reading().execute(
        "SELECT question, choice, correct FROM answer JOIN statement ON statement.id = answer.statement "
        "WHERE lesson = ? AND pupil = ? AND activity = ? ORDER BY statement.row",
        (lesson, pupil, activity),
    )
    return {row["question"]: (row["choice"], bool(row["correct"])) for row in rows}


def counts_by_activity(db: Database, lesson: str) -> dict[str, dict[str, int]]:
    """For the teacher's home: activity id -> answers, right ones, pupils who answered; none answered: left out."""
    rows = db.reading().execute(
        "SELECT activity, count(*) AS answers, coalesce(sum(correct), 0) AS right, count(DISTINCT pupil) AS pupils "
        "FROM answer WHERE lesson = ? GROUP BY activity", (lesson,))  # fmt: skip
    return {row["activity"]: {name: row[name] for name in ("answers", "right", "pupils")} for row in rows}
