# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the teacher's trace pages ask of the records, beside the statements themselves."""

from __future__ import annotations

import datetime
import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from appliance.model import Lesson
from appliance.ports import Now
from appliance.store import merging, times
from appliance.store.db import Database
from appliance.store.record_entries import moment
from appliance.store.record_terms import chunks, marks
from appliance.xapi import identifiers, terms

READ_AT_ONCE = 500


@dataclass(slots=True)
class Done:
    """One pupil's statements about one activity in one lesson, added up."""

    pupil: str
    activity: str
    """IRI of an activity or of a question; empty: something else was done, to a person or to another trace."""
    root: str
    """IRI of what it is a part of, or itself."""
    last: int
    """The row of the last one."""
    statements: int = 0
    answers: int = 0
    """Each try counts."""
    judged: int = 0
    """Answers that are said to be right or wrong."""
    right: int = 0
    completed: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """When a statement happened and came, by the best that the box knows."""

    at: float
    """Seconds since 1970 by the store's time."""
    arrived: float
    certain: bool
    """Whether the hour is known."""
    elapsed: bool = True
    """Whether it is known how long ago it came, at least."""


class LessonTally:
    """Everything that the pupils of the box did during the latest lesson, whatever tool they used. Thread-safe.

    That is what carries the lesson's registration, and what else came to this box between its beginning and its end,
    unless it carries another lesson's. What was read stays in memory: a page that asks every two seconds reads only
    what is new. It is all read again when something was voided or erased.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[object, ...] = ()
        self._statements = self._seen = 0
        self._others: frozenset[str] = frozenset()
        self._done: dict[tuple[str, str, str], Done] = {}
        self._merged: dict[str, str] = {}

    def read(self, db: Database, box: str, lesson: Lesson) -> list[Done]:
        """As the records stand now."""
        conn, registration = db.reading(), identifiers.registration(box, lesson.id)
        with self._lock:
            top = conn.execute("SELECT coalesce(max(row), 0) FROM statement").fetchone()[0]
            first = _first_since(conn, lesson.started_at, top)
            last = _first_since(conn, lesson.ended_at, top) - 1 if lesson.ended_at else top
            self._keep(conn, box, lesson, first)
            for row, value in _bodies(conn, _rows(conn, box, registration, self._seen, top, (first, last))):
                self._add(box, row, value)
            self._seen = top
            return [replace(done) for done in self._done.values()]

    def _keep(self, conn: sqlite3.Connection, box: str, lesson: Lesson, first: int) -> None:
        """Forget what was read unless it still holds."""
        gone = conn.execute("SELECT (SELECT count(*) FROM statement_void), (SELECT count(*) FROM tombstone)").fetchone()
        live = conn.execute("SELECT coalesce(sum(statements), 0) FROM actor_seen").fetchone()[0]
        self._merged = merging.every(conn)
        state = (box, lesson, first, *gone, len(self._merged))
        if state != self._state or live < self._statements:
            self._state, self._seen, self._done = state, 0, {}
            self._others = _registrations(conn, box) - {identifiers.registration(box, lesson.id)}
        self._statements = live

    def _add(self, box: str, row: int, value: Mapping[str, Any]) -> None:
        target = value["object"]
        registration = (value.get("context") or {}).get("registration")
        if str(registration).lower() in self._others:
            return
        activity = target["id"] if target.get("objectType", "Activity") == "Activity" else ""
        whole = root(value)
        result = value.get("result") or {}
        answer, judged, right = tries(value)
        for pupil in dict.fromkeys(self._merged.get(each, each) for each in pupils(value["actor"], box)):
            done = self._done.setdefault((pupil, activity, whole), Done(pupil, activity, whole, row))
            done.last, done.statements, done.answers = row, done.statements + 1, done.answers + answer
            done.judged, done.right = done.judged + judged, done.right + right
            done.completed |= result.get("completion") is True or value["verb"]["id"].endswith("/completed")


def root(value: Mapping[str, Any]) -> str:
    """The IRI of the whole that a statement's activity is a part of (xAPI-Data 2.4.6.2, parent), or of itself."""
    target = value["object"]
    if target.get("objectType", "Activity") != "Activity":
        return ""
    parents = ((value.get("context") or {}).get("contextActivities") or {}).get("parent") or []
    several = parents if isinstance(parents, list) else [parents]  # another box may have kept a lone one as it came
    asked = identifiers.read_question(target["id"])
    return str(several[0]["id"] if several else identifiers.activity(*asked[:2]) if asked else target["id"])


def part_of(iri: str, activity: str) -> bool:
    """Whether ``iri`` is the activity or, as authoring tools name their questions, something below it."""
    return iri == activity or (bool(activity) and iri.startswith(activity) and iri[len(activity)] in "/#?&")


def _is_answer(value: Mapping[str, Any]) -> bool:
    """Whether somebody tried to answer a question; some tools say passed or attempted for it."""
    if value["verb"]["id"].endswith(("/answered", "/responded", ":answered")):
        return True
    definition, success = value["object"].get("definition") or {}, (value.get("result") or {}).get("success")
    asked = "interactionType" in definition or str(definition.get("type")).endswith("/cmi.interaction")
    return asked and isinstance(success, bool)


def tries(value: Mapping[str, Any]) -> tuple[int, int, int]:
    """How many answers a statement is, how many said to be right or wrong, and right: each 0 or 1."""
    success = (value.get("result") or {}).get("success")
    answer = _is_answer(value)
    return int(answer), int(answer and isinstance(success, bool)), int(answer and success is True)


def pupils(actor: Mapping[str, Any], box: str) -> list[str]:
    """The pupils of this box that an agent is, or that a group names."""
    members = actor.get("member")
    several = (
        [actor, *(each for each in members if isinstance(each, Mapping))] if isinstance(members, list) else [actor]
    )
    known = (identifiers.read_pupil(each) for each in several)
    return list(dict.fromkeys(each[1] for each in known if each and each[0] == box))


def moments(db: Database, rows: Collection[int], now: Now, store_now: float) -> dict[int, Moment]:
    """When those of ``rows`` happened that are there. ``store_now``: this moment by the store's own time.

    What came while the clock could not be believed is told by the monotonic clock, since the start of the machine: its
    sender's ``timestamp`` is by another clock than ``stored``, and the difference says nothing.
    """
    conn = db.reading()
    found = {}
    for chunk in chunks(list(rows), READ_AT_ONCE):
        for row in conn.execute(
            "SELECT s.row, s.body, s.stored, s.trusted, h.monotonic, h.age FROM statement AS s "  # noqa: S608
            f"LEFT JOIN held AS h ON h.row = s.row AND h.boot = ? WHERE s.row IN ({marks(chunk)}) AND NOT s.erased",
            [now.boot, *chunk],
        ):
            found[row["row"]] = _moment(row, now, store_now)
    return found


def _moment(row: sqlite3.Row, now: Now, store_now: float) -> Moment:
    stored = times.read(row["stored"]) / 1e6
    if row["trusted"]:
        own = moment(json.loads(row["body"]), row["stored"]) / 1e6
        return Moment(min(own, stored), stored, certain=True)
    if row["monotonic"] is None:
        return Moment(stored, stored, certain=False, elapsed=False)
    arrived = store_now - (now.monotonic - row["monotonic"])
    return Moment(arrived - (row["age"] or 0.0), arrived, certain=False)


def statements_of(db: Database, agent: str) -> int:
    """How many there are of an agent (:func:`appliance.xapi.terms.agent_value`), of all lessons."""
    found = db.reading().execute(
        "SELECT statements FROM actor_seen JOIN term ON term.id = actor WHERE kind = 'agent' AND value = ?", (agent,)
    ).fetchone()  # fmt: skip
    return found["statements"] if found else 0


def _rows(
    conn: sqlite3.Connection, box: str, registration: str, after: int, top: int, lesson: tuple[int, int]
) -> list[int]:
    """Rows after ``after``, until ``top``, that may belong to the lesson, ascending."""
    carried = " ".join(
        f"UNION SELECT p.row FROM term AS t CROSS JOIN {table} AS p ON p.term = t.id WHERE t.kind = 'registration' "  # noqa: S608
        "AND t.value = :registration AND p.row > :after AND p.row <= :top AND p.via = 0"
        for table in ("posting", "posting_fresh")
    )
    found = conn.execute(
        "SELECT row FROM statement WHERE row >= :first AND row <= :last AND row > :after AND origin = :box "  # noqa: S608
        f"{carried} ORDER BY 1",
        {"registration": terms.uuid_value(registration), "after": after, "top": top, "box": box,
         "first": lesson[0], "last": min(lesson[1], top)},
    )  # fmt: skip
    return [row[0] for row in found]


def _bodies(conn: sqlite3.Connection, rows: list[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for chunk in chunks(rows, READ_AT_ONCE):
        for row in conn.execute(
            f"SELECT row, body FROM statement WHERE row IN ({marks(chunk)}) AND NOT voided AND NOT erased ORDER BY row",  # noqa: S608
            chunk,
        ):
            yield row["row"], json.loads(row["body"])


def _registrations(conn: sqlite3.Connection, box: str) -> frozenset[str]:
    return frozenset(identifiers.registration(box, row["id"]) for row in conn.execute("SELECT id FROM lesson"))


def _first_since(conn: sqlite3.Connection, rfc3339: str, top: int) -> int:
    """The first row stored at this time or later; ``stored`` grows with the row, so halving finds it."""
    wanted = times.text(times.of(datetime.datetime.fromisoformat(rfc3339)))
    low, high = 1, top + 1
    while low < high:
        middle = (low + high) // 2
        row = conn.execute(
            "SELECT row, stored FROM statement WHERE row >= ? ORDER BY row LIMIT 1", (middle,)
        ).fetchone()
        if row["stored"] >= wanted:
            high = middle
        else:
            low = row["row"] + 1
    return low
