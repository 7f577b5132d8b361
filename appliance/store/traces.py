# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the teacher's trace pages ask of the records, beside the statements themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from appliance.store.db import Database
from appliance.xapi import identifiers, terms


@dataclass(frozen=True, slots=True)
class Done:
    """One pupil's statements about one activity in one lesson, added up."""

    pupil: str
    activity: str
    """IRI of an activity or of a question."""
    last: float
    """When the last one happened, seconds since 1970."""
    completed: bool
    success: bool | None
    """Whether it was right, or reached, at least once; None: never said."""


def in_lesson(db: Database, box: str, lesson: str) -> list[Done]:
    """Everything that the pupils of this box did in a lesson, from the projections."""
    rows = db.reading().execute(
        "SELECT who.value AS actor, what.value AS activity, p.last, p.completed, p.passed FROM term AS lesson "
        "JOIN progress AS p ON p.registration = lesson.id JOIN term AS who ON who.id = p.actor "
        "JOIN term AS what ON what.id = p.activity WHERE lesson.kind = 'registration' AND lesson.value = ?",
        (terms.uuid_value(identifiers.registration(box, lesson)),),
    )
    prefix = terms.agent_value(identifiers.pupil(box, ""))
    return [
        Done(row["actor"][len(prefix) :], row["activity"], row["last"] / 1e6, bool(row["completed"]),
             None if row["passed"] is None else bool(row["passed"]))
        for row in rows if row["actor"].startswith(prefix)
    ]  # fmt: skip


def held(db: Database, rows: Collection[int], boot: str) -> dict[int, float | None]:
    """Those of ``rows`` that came while the box's clock could not be believed, and whose time is a guess.

    Row -> seconds by the monotonic clock when it came, if that was since the start of the machine called ``boot``.
    """
    marks = ",".join("?" * len(rows))
    found = db.reading().execute(
        "SELECT s.row, h.monotonic FROM statement AS s LEFT JOIN held AS h ON h.row = s.row AND h.boot = ? "  # noqa: S608
        f"WHERE s.row IN ({marks}) AND NOT s.trusted",
        [boot, *rows],
    )
    return {row["row"]: row["monotonic"] for row in found}
