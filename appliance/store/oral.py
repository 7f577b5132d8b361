# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What pupils tried to say in English, a projection of the statements: what progress is told by."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from appliance.model import SAID, Attempt
from appliance.store import merging
from appliance.store.db import Database
from appliance.store.record_entries import Entry
from appliance.store.record_terms import chunks, marks
from appliance.xapi import identifiers

ATTEMPTED = "http://adlnet.gov/expapi/verbs/attempted"


def fold(conn: sqlite3.Connection, box_id: str, entries: Iterable[Entry]) -> None:
    """Add the attempts among ``entries`` to the projection: this box's pupils, lessons and sequences only."""
    for entry in entries:
        told = read(box_id, entry.value)
        if told is None:
            continue
        lesson, attempt = told
        conn.execute(
            "INSERT OR REPLACE INTO oral_attempt "
            "(statement, lesson, pupil, sequence, item, outcome, activity, heard, focus, overruled) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (entry.id, lesson, merging.into(conn, attempt.pupil), attempt.sequence, attempt.item, attempt.outcome,
             attempt.activity, attempt.heard, json.dumps(dict(attempt.focus)), int(attempt.overruled)),
        )  # fmt: skip


def read(box_id: str, value: Mapping[str, Any]) -> tuple[str, Attempt] | None:
    """The lesson and the attempt that a statement tells of; None when it is none of this box's."""
    if value["verb"]["id"] != ATTEMPTED or not str(value["object"].get("id", "")).startswith(identifiers.base(box_id)):
        return None
    pupil, asked = identifiers.read_pupil(value["actor"]), identifiers.read_question(value["object"]["id"])
    result, context = value.get("result") or {}, value.get("context") or {}
    own, around = result.get("extensions") or {}, context.get("extensions") or {}
    lesson, outcome = _lesson(box_id, context), own.get(identifiers.OUTCOME)
    if pupil is None or asked is None or (pupil[0], asked[0]) != (box_id, box_id) or not lesson or outcome not in SAID:
        return None
    sequence = identifiers.read_sequence(asked[1])
    if not sequence:
        return None
    heard = result.get("response", "")
    return lesson, Attempt(
        str(value.get("id", "")), pupil[1], sequence, asked[2], str(outcome), str(around.get(identifiers.KIND, "")),
        heard if isinstance(heard, str) else "", _focus(own.get(identifiers.FOCUS)),
        identifiers.OVERRULED in around,
    )  # fmt: skip


def _lesson(box_id: str, context: Mapping[str, Any]) -> str:
    grouping = (context.get("contextActivities") or {}).get("grouping") or []
    several = grouping if isinstance(grouping, list) else [grouping]  # another box may have kept a lone one as it came
    found = (identifiers.read_lesson(activity["id"]) for activity in several)
    return next((each[1] for each in found if each and each[0] == box_id), "")


def _focus(told: object) -> tuple[tuple[str, bool], ...]:
    if not isinstance(told, Mapping):
        return ()
    return tuple((str(name), well) for name, well in sorted(told.items()) if isinstance(well, bool))


def of_lesson(db: Database, lesson: str) -> list[Attempt]:
    """In the order of arrival."""
    return _found(db, "a.lesson = ?", [lesson])


def of_pupils(db: Database, pupils: Iterable[str]) -> list[Attempt]:
    """Of every lesson, in the order of arrival."""
    found: list[tuple[int, Attempt]] = []
    for chunk in chunks(list(pupils)):
        found += _numbered(db, f"a.pupil IN ({marks(chunk)})", list(chunk))
    return [attempt for _, attempt in sorted(found, key=lambda each: each[0])]


def get(db: Database, statement: str) -> tuple[str, Attempt] | None:
    """Its lesson and the attempt; None where no statement of that id tells of one that stands."""
    row = db.reading().execute(
        "SELECT lesson FROM oral_attempt WHERE statement = ?", (statement.lower(),)
    ).fetchone()  # fmt: skip
    found = _found(db, "a.statement = ?", [statement.lower()])
    return (row["lesson"], found[0]) if row and found else None


def _found(db: Database, where: str, values: list[str]) -> list[Attempt]:
    return [attempt for _, attempt in _numbered(db, where, values)]


def _numbered(db: Database, where: str, values: list[str]) -> list[tuple[int, Attempt]]:
    rows = db.reading().execute(
        f"SELECT s.row, a.* FROM oral_attempt a JOIN statement s ON s.id = a.statement WHERE {where} "  # noqa: S608
        "AND NOT s.voided AND NOT s.erased ORDER BY s.row", values)  # fmt: skip
    return [(row["row"], _attempt(row)) for row in rows]


def _attempt(row: sqlite3.Row) -> Attempt:
    return Attempt(
        row["statement"], row["pupil"], row["sequence"], row["item"], row["outcome"], row["activity"], row["heard"],
        _focus(json.loads(row["focus"])), bool(row["overruled"]),
    )  # fmt: skip
