# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Counts and bests that pages show: folds over the statements that are neither voided nor erased.

Each fold is a sum, a least or a greatest, of whole numbers where it is a sum: so it is the same in whatever order
statements arrive, and to the last bit what a rebuild makes.
"""

from __future__ import annotations

import collections
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.errors import BadInput
from appliance.store.record_entries import Entry, entries
from appliance.store.record_terms import Term, Terms, rarest_first, sort
from appliance.xapi import terms as vocabulary

NO_REGISTRATION = 0
COMPLETED = {"http://adlnet.gov/expapi/verbs/completed"}
VERDICTS = {"http://adlnet.gov/expapi/verbs/passed": 1, "http://adlnet.gov/expapi/verbs/failed": 0}
LONGEST_MS = 366 * 86_400_000
"""A duration over a year is a mistake, not a pupil's work: it is not counted."""
_DURATION = re.compile(
    r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:[.,](\d{1,9}))?S)?)?", re.ASCII
)
Key = tuple[int, int, int]
"""Numbers of the terms of actor, activity, registration."""


@dataclass(slots=True)
class Facts:
    """What a statement adds to the projections. ``actor`` None: nobody that can be told apart."""

    actor: str | None
    verb: str
    activity: str | None
    registration: str | None
    at: int
    completed: int
    passed: int | None
    scaled: float | None
    duration: int | None
    """Milliseconds."""


def facts(entry: Entry) -> Facts:
    """Read a statement."""
    value, result = entry.value, entry.value.get("result") or {}
    verb, target = value["verb"]["id"], value["object"]
    registration = (value.get("context") or {}).get("registration")
    success, scaled = result.get("success"), (result.get("score") or {}).get("scaled")
    return Facts(
        _actor(value["actor"]),
        vocabulary.iri_value(verb),
        vocabulary.iri_value(target["id"]) if target.get("objectType", "Activity") == "Activity" else None,
        vocabulary.uuid_value(registration) if registration else None,
        entry.at,
        int(result.get("completion") is True or verb in COMPLETED),
        VERDICTS.get(verb) if success is None else int(success),
        None if scaled is None else float(scaled),
        milliseconds(result["duration"]) if "duration" in result else None,
    )


def _actor(actor: Mapping[str, Any]) -> str | None:
    try:
        return vocabulary.agent_value(actor)
    except BadInput:
        return None


def milliseconds(duration: str) -> int | None:
    """An ISO 8601 duration; None for one with months or years, whose length nobody knows, or over a year."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:4])
    total = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + int(((found[5] or "") + "000")[:3])
    return total if total <= LONGEST_MS else None


class Tally:
    """Facts added up, to be written with few statements."""

    def __init__(self, number: Mapping[Term, int]) -> None:
        self.number = number
        self.progress: dict[Key, list[Any]] = {}
        self.seen: dict[int, list[int]] = {}
        self.verbs: collections.Counter[tuple[int, int]] = collections.Counter()

    def add(self, told: Facts) -> None:
        """Count one statement."""
        if told.actor is None:
            return
        actor = self.number["agent", told.actor]
        self.verbs[actor, self.number["verb", told.verb]] += 1
        seen = self.seen.setdefault(actor, [0, told.at])
        seen[0] += 1
        seen[1] = max(seen[1], told.at)
        key = self.key(told)
        if key is not None:
            known = self.progress.setdefault(key, [0, told.at, told.at, 0, None, None, None])
            self.progress[key] = [
                known[0] + 1, min(known[1], told.at), max(known[2], told.at), max(known[3], told.completed),
                _greatest(known[4], told.passed), _greatest(known[5], told.scaled),
                known[6] if told.duration is None else (known[6] or 0) + told.duration,
            ]  # fmt: skip

    def actor(self, name: str) -> int:
        """The number of an actor."""
        return self.number["agent", name]

    def key(self, told: Facts) -> Key | None:
        """Whose progress in what this statement tells of; None when it is no activity, or nobody's."""
        if told.actor is None or told.activity is None:
            return None
        registration = self.number["registration", told.registration] if told.registration else NO_REGISTRATION
        return self.number["agent", told.actor], self.number["activity", told.activity], registration

    def write(self, conn: sqlite3.Connection) -> None:
        """Add everything to the tables."""
        conn.executemany(_PROGRESS, [(*key, *rest) for key, rest in self.progress.items()])
        conn.executemany(_SEEN, [(actor, *rest) for actor, rest in self.seen.items()])
        conn.executemany(_VERBS, [(*key, count) for key, count in self.verbs.items()])


def _greatest(known: Any, new: Any) -> Any:
    if known is None or new is None:
        return new if known is None else known
    return max(known, new)


_PROGRESS = """
INSERT INTO progress VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (actor, activity, registration) DO UPDATE SET
    statements = statements + excluded.statements, first = min(first, excluded.first), last = max(last, excluded.last),
    completed = max(completed, excluded.completed),
    passed = ifnull(max(passed, excluded.passed), ifnull(passed, excluded.passed)),
    scaled = ifnull(max(scaled, excluded.scaled), ifnull(scaled, excluded.scaled)),
    duration = ifnull(duration + excluded.duration, ifnull(duration, excluded.duration))
"""
_SEEN = """
INSERT INTO actor_seen VALUES (?, ?, ?) ON CONFLICT (actor) DO UPDATE SET
    statements = statements + excluded.statements, last = max(last, excluded.last)
"""
_VERBS = """
INSERT INTO verb_count VALUES (?, ?, ?) ON CONFLICT (actor, verb) DO UPDATE SET
    statements = statements + excluded.statements
"""


def take_away(conn: sqlite3.Connection, terms: Terms, gone: list[Facts]) -> None:
    """Undo what statements had added. They must be marked voided or erased by now, or have left the table."""
    number = terms.numbers(conn, _named(gone))
    tally = Tally(number)
    for told in gone:
        tally.add(told)
    conn.executemany("UPDATE verb_count SET statements = statements - ? WHERE actor = ? AND verb = ?",
                     [(count, *key) for key, count in tally.verbs.items()])  # fmt: skip
    conn.executemany("DELETE FROM verb_count WHERE statements <= 0 AND actor = ? AND verb = ?", list(tally.verbs))
    conn.executemany("UPDATE actor_seen SET statements = statements - ? WHERE actor = ?",
                     [(count, actor) for actor, (count, _) in tally.seen.items()])  # fmt: skip
    conn.executemany("DELETE FROM actor_seen WHERE statements <= 0 AND actor = ?", [(actor,) for actor in tally.seen])
    names = {number["agent", told.actor]: told.actor for told in gone if told.actor is not None}
    for actor, (_, last) in tally.seen.items():
        if conn.execute("SELECT 1 FROM actor_seen WHERE actor = ? AND last <= ?", (actor, last)).fetchone():
            _see_again(conn, actor, names[actor])
    keys = {key: told for told in gone if (key := tally.key(told)) is not None}
    for key, told in keys.items():
        _progress_again(conn, number, key, told)


def move(conn: sqlite3.Connection, terms: Terms, told: Facts, at: int) -> None:
    """A statement, already changed in the table, now tells ``at`` for its time instead of ``told.at``."""
    tally = Tally(terms.numbers(conn, _named([told])))
    if told.actor is None or at == told.at:
        return
    key, actor = tally.key(told), tally.actor(told.actor)
    seen = conn.execute("SELECT last FROM actor_seen WHERE actor = ?", (actor,)).fetchone()
    if seen["last"] == told.at and at < told.at:
        _see_again(conn, actor, told.actor)
    else:
        conn.execute("UPDATE actor_seen SET last = max(last, ?) WHERE actor = ?", (at, actor))
    if key is None:
        return
    known = conn.execute("SELECT first, last FROM progress WHERE actor = ? AND activity = ? AND registration = ?",
                         key).fetchone()  # fmt: skip
    if (known["last"] == told.at and at < told.at) or (known["first"] == told.at and at > told.at):
        _progress_again(conn, tally.number, key, told)
    else:
        conn.execute("UPDATE progress SET first = min(first, ?), last = max(last, ?) "
                     "WHERE actor = ? AND activity = ? AND registration = ?", (at, at, *key))  # fmt: skip


def _named(told: Iterable[Facts]) -> set[Term]:
    named: set[Term] = set()
    for one in told:
        if one.actor is not None:
            named |= {("agent", one.actor), ("verb", one.verb)}
            if one.activity is not None:
                named.add(("activity", one.activity))
            if one.registration is not None:
                named.add(("registration", one.registration))
    return named


def _see_again(conn: sqlite3.Connection, actor: int, name: str) -> None:
    last = max((told.at for told in _facts_at(conn, [actor]) if told.actor == name), default=None)
    conn.execute("UPDATE actor_seen SET last = ? WHERE actor = ?", (last, actor))


def _progress_again(conn: sqlite3.Connection, number: Mapping[Term, int], key: Key, like: Facts) -> None:
    conn.execute("DELETE FROM progress WHERE actor = ? AND activity = ? AND registration = ?", key)
    tally = Tally(number)
    for told in _facts_at(conn, [term for term in key if term]):
        if (told.actor, told.activity, told.registration) == (like.actor, like.activity, like.registration):
            tally.add(Facts(**{**_fields(told), "verb": like.verb}))
    conn.executemany(_PROGRESS, [(*found, *rest) for found, rest in tally.progress.items()])


def _fields(told: Facts) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Facts.__slots__}


def _facts_at(conn: sqlite3.Connection, terms: list[int]) -> Iterator[Facts]:
    """Of the live statements that have all of these terms themselves."""
    sort(conn)
    order = rarest_first(conn, terms)
    joins = " ".join(
        f"CROSS JOIN posting p{n} ON p{n}.term = ? AND p{n}.row = p0.row AND p{n}.via = 0" for n in range(1, len(order))
    )
    rows = conn.execute(
        f"SELECT p0.row FROM posting p0 {joins} CROSS JOIN statement s ON s.row = p0.row "  # noqa: S608
        "WHERE p0.term = ? AND p0.via = 0 AND NOT s.voided AND NOT s.erased ORDER BY p0.row",
        [*order[1:], order[0]],
    ).fetchall()
    return (facts(found) for found in entries(conn, [row["row"] for row in rows]))
