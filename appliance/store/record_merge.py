# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Statements of an export or of another box: taken in with their origin, their sequence and their very bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import BadInput
from appliance.i18n import N_
from appliance.ports import Clock, Now
from appliance.store import record_projections, record_times, times, tombstones
from appliance.store.durable import step
from appliance.store.record_append import INSERT, Unsettled, added_keys, agents, name_attachments, tail
from appliance.store.record_entries import COLUMNS, Entry, attachments, entry, moment
from appliance.store.record_fold import Fold
from appliance.store.record_lines import Statement as Foreign
from appliance.store.record_rebuild import write_mark
from appliance.store.record_times import Arrivals, Turn
from appliance.xapi import preparing, reading, statement
from appliance.xapi.comparison import same
from appliance.xapi.version import Version

AT_ONCE = 200
"""Statements in one transaction."""
HIGHEST = 2**40
"""Of this box's own sequence: what a forged file says of it must leave room to count on from."""
OTHER_CONTENT = N_("same id, other content")
OTHER_ID = N_("same place, other id")


@dataclass(slots=True)
class MergeResult:
    """What became of the rows."""

    added: int = 0
    erased: int = 0
    """Taken in as empty shells: erased there, or a tombstone here speaks of them."""
    known: int = 0
    """There already, or a known one's provisional time put right."""
    quarantined: int = 0
    """In contradiction with a statement that is there: that one stays, the other is kept apart."""
    refused: list[tuple[str, BadInput]] = field(default_factory=list)
    """(id, reason) of damaged ones."""


@dataclass(slots=True)
class _Checked:
    """A row that can be kept. ``value`` None: a shell."""

    row: Foreign
    value: dict[str, Any] | None


def merge(
    turn: Turn,
    fold: Fold,
    arrivals: Arrivals,
    clock: Clock,
    box_id: str,
    rows: Iterable[Foreign],
    settle: Callable[[Now], object],
) -> MergeResult:
    """Take in ``rows``, in transactions of :data:`AT_ONCE`; those that were there before count as known.

    A row whose SHA-256 is not its body's, or that is no statement, is refused. Of two with one id, or one place
    (origin, sequence), the first stays and the other goes to ``quarantine``. What a tombstone speaks of becomes an
    empty shell. ``stored`` stays the sender's where it fits between the last one here and now (see
    :meth:`appliance.store.record_times.Arrivals.take`); else it is now. ``settle``: puts right what came before the
    clock was trusted.
    """
    result = MergeResult()
    source = iter(rows)
    while some := list(itertools.islice(source, AT_ONCE)):
        good = list(_checked(some, box_id, result))
        work = _Merge(fold, arrivals, clock, box_id, good)
        added, erased, known, quarantined = _settled_first(turn, work, arrivals, clock, settle)
        result.added += added
        result.erased += erased
        result.known += known
        result.quarantined += quarantined
    return result


def _settled_first(
    turn: Turn, work: _Merge, arrivals: Arrivals, clock: Clock, settle: Callable[[Now], object]
) -> tuple[int, int, int, int]:
    while True:
        try:
            return turn(work)
        except Unsettled:
            settle(clock.now())
        finally:
            arrivals.landed(work)


def _checked(rows: Iterable[Foreign], box_id: str, result: MergeResult) -> Iterator[_Checked]:
    for row in rows:
        try:
            if row.origin == box_id and row.sequence > HIGHEST:
                raise BadInput("The statement has a number that this box never gave.")
            yield _Checked(row, None if row.body is None else _value(row))
        except BadInput as error:
            result.refused.append((row.id, error))


def _value(row: Foreign) -> dict[str, Any]:
    body = row.body or b""
    if hashlib.sha256(body).hexdigest() != row.sha256:
        raise BadInput("The statement is not the one that was exported: its SHA-256 differs.")
    value = reading.statement(body).value
    _check(value)
    if str(value.get("id", "")).lower() != row.id:
        raise BadInput("The statement has another id than its line.")
    if row.given is not None and ("stored" in value or not 0 < row.given < len(body)):
        raise BadInput("The statement is not as a box keeps it.")
    return value


def _check(value: dict[str, Any]) -> None:
    """As it was checked when it came: a request of 2.0 may hold what says of itself that it is of 1.0."""
    if str(value.get("version", "")).startswith("2."):
        statement.check(value, Version.V2)
        return
    try:
        statement.check(value, Version.V1)
    except BadInput as error:
        try:
            statement.check(value, Version.V2)
        except BadInput:
            raise error from None


class _Merge:
    """One transaction."""

    def __init__(self, fold: Fold, arrivals: Arrivals, clock: Clock, box_id: str, rows: list[_Checked]) -> None:
        self._fold = fold
        self._arrivals = arrivals
        self._clock = clock
        self._box_id = box_id
        self._rows = rows

    def __call__(self, conn: sqlite3.Connection) -> tuple[int, int, int, int]:
        """(added, erased, known, quarantined)."""
        known = quarantined = 0
        new: dict[str, _Checked] = {}
        places: set[tuple[str, int]] = set()
        for checked in self._rows:
            row = checked.row
            there = conn.execute("SELECT * FROM statement WHERE id = ?", (row.id,)).fetchone()
            first = new.get(row.id)
            if there is not None or first is not None:
                if self._agrees(conn, there, first, checked):
                    known += 1
                else:
                    quarantined += self._set_aside(conn, row, OTHER_CONTENT)
            elif (row.origin, row.sequence) in places or _taken(conn, row):
                quarantined += self._set_aside(conn, row, OTHER_ID)
            else:
                new[row.id] = checked
                places.add((row.origin, row.sequence))
        kept = self._write(conn, list(new.values()))
        return kept, len(new) - kept, known, quarantined

    def _agrees(
        self, conn: sqlite3.Connection, there: sqlite3.Row | None, first: _Checked | None, again: _Checked
    ) -> bool:
        """Whether ``again`` is the statement that we have, or a shell of it."""
        if there is None:
            assert first is not None
            return first.row.body == again.row.body or None in (first.value, again.value)
        if there["erased"] or again.value is None or bytes(there["body"]) == again.row.body:
            return True
        if not same(json.loads(there["body"]), added_keys(there), again.value):
            return False
        place = (there["origin"], there["sequence"])
        if place == (again.row.origin, again.row.sequence) and again.row.held is None and _differ_in_time(there, again):
            self._put_right(conn, there, again)
        return True

    def _put_right(self, conn: sqlite3.Connection, there: sqlite3.Row, again: _Checked) -> None:
        """The box that had kept it with a provisional time knows its true time now."""
        held = conn.execute("SELECT 1 FROM held WHERE row = ?", (there["row"],)).fetchone()
        if held is None or there["origin"] == self._box_id:
            return
        told = record_projections.facts(entry(there))
        step("put right")
        conn.execute(
            "UPDATE statement SET body = ?, given = ?, sha256 = ?, trusted = ? WHERE row = ?",
            (again.row.body, again.row.given, bytes.fromhex(again.row.sha256), int(again.row.trusted), there["row"]),
        )
        conn.execute("DELETE FROM held WHERE row = ?", (there["row"],))
        if not there["voided"]:
            now = conn.execute(f"SELECT {COLUMNS} FROM statement WHERE row = ?", (there["row"],)).fetchone()  # noqa: S608
            record_projections.move(conn, self._fold.terms, told, entry(now).at)

    def _set_aside(self, conn: sqlite3.Connection, row: Foreign, reason: str) -> int:
        step("quarantine")
        body = row.body or b""
        done = conn.execute(
            "INSERT OR IGNORE INTO quarantine (statement, origin, sequence, body, sha256, reason, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row.id, row.origin, row.sequence, body, hashlib.sha256(body).digest(), reason,
             times.rfc3339(self._clock.now().wall)),
        )  # fmt: skip
        return done.rowcount

    def _write(self, conn: sqlite3.Connection, new: list[_Checked]) -> int:
        """Returns how many have a body."""
        if not new:
            return 0
        end, now = tail(conn, self._box_id), self._clock.now()
        if not now.trusted:
            record_times.provisional(conn, end.row + 1)
        elif record_times.first_provisional(conn) is not None:
            self._arrivals.held = True
            raise Unsettled
        entries, rows, held, last = [], [], [], end.stored
        for place, checked in enumerate(new):
            row, number = self._buried(conn, checked), end.row + 1 + place
            last = self._arrivals.take(self, now, last, 1, wanted=times.read(row.stored))
            text, value = times.text(last), checked.value
            rows.append((number, row.id, row.origin, row.sequence, row.body or b"", row.given,
                         bytes.fromhex(row.sha256), text, int(row.trusted), int(row.defines)))  # fmt: skip
            if value is not None and row.body is not None:
                entries.append(Entry(number, row.id, value, moment(value, text), row.defines))
                if row.held is not None:
                    held.append((number, row.held.boot, row.held.monotonic, row.held.age))
        step("write statements")
        conn.executemany(INSERT, rows)
        shells = [(int(sent.row.voided), row[0]) for row, sent in zip(rows, new, strict=True) if not row[4]]
        conn.executemany("UPDATE statement SET erased = 1, voided = ? WHERE row = ?", shells)
        conn.executemany("INSERT INTO held VALUES (?, ?, ?, ?)", held)
        self._keep_voids(conn, new)
        name_attachments(conn, ((entry.row, attachments(entry.value)) for entry in entries))
        self._fold.add(conn, entries)
        write_mark(conn, rows[-1][0])
        return len(entries)

    def _buried(self, conn: sqlite3.Connection, checked: _Checked) -> Foreign:
        """The row, or the shell of what a tombstone speaks of."""
        row = checked.row
        if checked.value is not None and tombstones.erased(conn, agents(checked.value), row.origin, row.sequence):
            return dataclasses.replace(row, body=None, given=None, sha256="", held=None)
        return row

    @staticmethod
    def _keep_voids(conn: sqlite3.Connection, new: list[_Checked]) -> None:
        """A statement may be void by one that is an empty shell by now: 0 stands for it."""
        void = [checked.row.id for checked in new if checked.row.voided]
        conn.executemany("INSERT OR IGNORE INTO statement_void VALUES (?, 0)", [(name,) for name in void])


def _differ_in_time(there: sqlite3.Row, again: _Checked) -> bool:
    """Whether the time that their box had set is all that differs: the index and tombstones know the rest as it is."""
    given, body = there["given"], again.row.body
    if given is None or given != again.row.given or body is None:
        return False
    return preparing.restamp(bytes(there["body"]), given, "") == preparing.restamp(body, given, "")


def _taken(conn: sqlite3.Connection, row: Foreign) -> bool:
    place = (row.origin, row.sequence)
    return conn.execute("SELECT 1 FROM statement WHERE origin = ? AND sequence = ?", place).fetchone() is not None
