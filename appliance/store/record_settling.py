# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The clock is right at last: what came before it was gets its place in time (docs/explanation/records.md)."""

from __future__ import annotations

import functools
import hashlib
import sqlite3
from array import array
from collections.abc import Iterator

from appliance.ports import Now
from appliance.store import record_projections, times
from appliance.store.durable import step
from appliance.store.record_entries import COLUMNS, entry
from appliance.store.record_projections import facts
from appliance.store.record_terms import Terms
from appliance.store.record_times import PROVISIONAL, Arrivals, Turn, first_provisional, last_stored
from appliance.store.times import Run
from appliance.xapi import preparing

AT_ONCE = 500
"""Held rows put right in one transaction."""
_END = 2**62
"""After every row."""


def settle(turn: Turn, arrivals: Arrivals, terms: Terms, box_id: str, now: Now) -> int:
    """Give this box's held rows their time; returns how many rows got one. ``now`` is to be trusted.

    What another box holds only that one can put right; here it only gets another place among this box's own.

    In transactions of :data:`AT_ONCE` rows where there are none but this box's; killed between two, it goes on where it
    was. Where others came in between, in a single one: on the way ``stored`` would not grow.
    """
    settling = _Settling(terms, box_id, now)
    total = turn(settling.together)
    while (run := turn(functools.partial(_next_run, settling=settling, arrivals=arrivals))) is not None:
        left: Run | None = run
        while left is not None:
            left = turn(functools.partial(settling.some, run=left))
        total += run.last - run.first + 1
    return total


def _next_run(conn: sqlite3.Connection, *, settling: _Settling, arrivals: Arrivals) -> Run | None:
    run = settling.run(conn)
    if run is None:
        settling.together(conn)  # what came since, if the clock wavered
        conn.execute("DELETE FROM setting WHERE key = ?", (PROVISIONAL,))
        arrivals.settled(last_stored(conn))
    return run


class _Settling:
    """What is done with one reading of the clock."""

    def __init__(self, terms: Terms, box_id: str, now: Now) -> None:
        self._terms = terms
        self._box_id = box_id
        self._now = now

    def mixed(self, conn: sqlite3.Connection) -> bool:
        """Whether rows that this box does not hold came when it did not know the time (or were settled since)."""
        found = conn.execute(
            "SELECT 1 FROM statement LEFT JOIN held USING (row) WHERE row >= ? AND (boot IS NULL OR origin <> ?) "
            "LIMIT 1",
            (first_provisional(conn) or _END, self._box_id),
        )
        return found.fetchone() is not None

    def together(self, conn: sqlite3.Connection) -> int:
        """Settle everything that came provisionally, if it is :meth:`mixed`; returns how many rows moved.

        Rows held since this start have a true time; all others keep theirs where it is between those, and before now.
        """
        if not self.mixed(conn):
            return 0
        held = conn.execute("SELECT min(row) FROM held JOIN statement USING (row) WHERE origin = ?", (self._box_id,))
        since = min(first_provisional(conn) or _END, held.fetchone()[0] or _END)
        moved = 0
        for row, stored in self._fitted(conn, since):
            if moved % AT_ONCE == 0:
                step("settle")
            moved += 1
            self._restamp(conn, self._rows(conn, row, row)[0], stored)
        self._let_go(conn, since, _END)
        conn.execute("DELETE FROM setting WHERE key = ?", (PROVISIONAL,))
        return moved

    def _fitted(self, conn: sqlite3.Connection, since: int) -> Iterator[tuple[int, int]]:
        """(row, ``stored``) of each held row, and of each other one that gets a new time."""
        rows, before, wanted = array("q"), array("q"), array("q")
        held, true = array("b"), array("b")
        for row in self._each(conn, since, _END):
            rows.append(row["row"])
            before.append(times.read(row["stored"]))
            wanted.append(self._estimate(row))
            held.append(row["boot"] is not None)
            true.append(row["boot"] == self._now.boot)
        latest, highest = times.micros(self._now.wall) + 1, array("q", bytes(8 * len(rows)))
        for place in reversed(range(len(rows))):
            latest -= 1
            highest[place] = latest
            if true[place]:
                latest = min(latest, wanted[place])
        last = _stored_before(conn, since)
        for place, number in enumerate(rows):
            last = max(min(wanted[place], highest[place]), last + 1)
            if last != before[place] or held[place]:
                yield number, last

    def run(self, conn: sqlite3.Connection) -> Run | None:
        """The first held rows without a gap that are all of this start, or all of others."""
        held = conn.execute(
            "SELECT row, boot FROM held JOIN statement USING (row) WHERE origin = ? ORDER BY row", (self._box_id,)
        )
        start = held.fetchone()
        if start is None:
            return None
        first = last = start["row"]
        same = start["boot"] == self._now.boot
        for row, boot in held:
            if row != last + 1 or (boot == self._now.boot) is not same:
                break
            last = row
        held.close()
        return Run(first, last, _stored_before(conn, first), self._ceiling(conn, last + 1))

    def _ceiling(self, conn: sqlite3.Connection, row: int) -> int:
        """Before what rows until ``row`` came."""
        after = next(self._each(conn, row, row), None)
        if after is None:
            return times.micros(self._now.wall) + 1
        return self._estimate(after)

    def some(self, conn: sqlite3.Connection, *, run: Run) -> Run | None:
        """Put right one end of ``run``; returns what is left of it.

        The later end when time moves forward, the earlier when it goes back: ``stored`` grows with the row all the
        while.
        """
        end = self._rows(conn, run.last, run.last)[0]
        forward = run.settled(end["row"], self._estimate(end)) >= times.read(end["stored"])
        if forward:
            rows = self._rows(conn, max(run.first, run.last - AT_ONCE + 1), run.last)
        else:
            rows = self._rows(conn, run.first, min(run.last, run.first + AT_ONCE - 1))
        step("settle")
        times_of = [run.settled(row["row"], self._estimate(row)) for row in rows]
        for row, stored in zip(rows, times_of, strict=True):
            self._restamp(conn, row, stored)
        self._let_go(conn, rows[0]["row"], rows[-1]["row"])
        if forward:
            left = Run(run.first, rows[0]["row"] - 1, run.after, times_of[0])
        else:
            left = Run(rows[-1]["row"] + 1, run.last, times_of[-1], run.before)
        return left if left.first <= left.last else None

    def _let_go(self, conn: sqlite3.Connection, first: int, last: int) -> None:
        conn.execute("DELETE FROM held WHERE row BETWEEN ? AND ? "
                     "AND (SELECT origin FROM statement WHERE statement.row = held.row) = ?",
                     (first, last, self._box_id))  # fmt: skip

    def _rows(self, conn: sqlite3.Connection, first: int, last: int) -> list[sqlite3.Row]:
        return list(self._each(conn, first, last))

    def _each(self, conn: sqlite3.Connection, first: int, last: int) -> Iterator[sqlite3.Row]:
        """Without their bodies. ``boot`` is NULL of what this box does not hold."""
        return conn.execute(
            "SELECT row, stored, voided, erased, monotonic, age, CASE WHEN origin = ? THEN boot END AS boot "
            "FROM statement LEFT JOIN held USING (row) WHERE row BETWEEN ? AND ? ORDER BY row",
            (self._box_id, first, last),
        )

    def _estimate(self, row: sqlite3.Row) -> int:
        """The true time of a row of this start; of another, the time that it was given."""
        if row["boot"] == self._now.boot:
            return times.true_time(self._now, times.micros(row["monotonic"]))
        return times.read(row["stored"])

    def _restamp(self, conn: sqlite3.Connection, row: sqlite3.Row, stored: int) -> None:
        number, own = row["row"], row["boot"] is not None
        before = None if row["erased"] else _whole(conn, number)
        conn.execute("UPDATE statement SET stored = ? WHERE row = ?", (times.text(stored), number))
        if own:
            trusted = int(row["boot"] == self._now.boot)
            conn.execute("UPDATE statement SET trusted = ? WHERE row = ?", (trusted, number))
        if before is None:
            return
        if own and row["age"] is not None:
            stamp = times.text(stored - times.micros(row["age"]))
            body = preparing.restamp(bytes(before["body"]), before["given"], stamp)
            conn.execute("UPDATE statement SET body = ?, sha256 = ? WHERE row = ?",
                         (body, hashlib.sha256(body).digest(), number))  # fmt: skip
        if not row["voided"]:
            told, moved = entry(before), entry(_whole(conn, number))
            if told.at != moved.at:
                record_projections.move(conn, self._terms, facts(told), moved.at)


def _whole(conn: sqlite3.Connection, row: int) -> sqlite3.Row:
    found: sqlite3.Row = conn.execute(
        f"SELECT {COLUMNS}, given FROM statement WHERE row = ?",  # noqa: S608
        (row,),
    ).fetchone()
    return found


def _stored_before(conn: sqlite3.Connection, row: int) -> int:
    """``stored`` of the row before; -1 when there is none."""
    found = conn.execute("SELECT stored FROM statement WHERE row < ? ORDER BY row DESC LIMIT 1", (row,)).fetchone()
    return times.read(found["stored"]) if found else -1
