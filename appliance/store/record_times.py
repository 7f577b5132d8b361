# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``stored``: given in the writer's turn, never going back, and put right once the clock is.

A reading of the clock that cannot be trusted makes a *held* row: its time is provisional. Once the clock is right,
:func:`settle` gives held rows of this start of the machine their true time, by the monotonic clock, and those of
earlier starts an estimate between their neighbours. Statements of other boxes that came meanwhile keep the time that
they have, unless it turns out to lie in the future: then they get one between their neighbours too.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import sqlite3
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from appliance.ports import Clock, Now
from appliance.store import record_projections, times
from appliance.store.durable import step
from appliance.store.record_entries import entry
from appliance.store.record_projections import facts
from appliance.store.record_queries import first_after
from appliance.store.record_terms import Terms
from appliance.store.times import Anchor, Run
from appliance.xapi import preparing

AT_ONCE = 500
"""Rows put right in one transaction."""
PROVISIONAL = "stored_provisional"
"""Setting: the first row that came when the clock could not be trusted and is not settled yet."""
T = TypeVar("T")


class Turn(Protocol):
    """:meth:`appliance.store.commit.GroupCommit.run`."""

    def __call__(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What ``work`` returns, committed."""
        ...


class Arrivals:
    """Gives ``stored``; thread-safe.

    :meth:`take` only in the writer's turn. What a caller has taken is in flight until it says :meth:`landed`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._flying: dict[object, int] = {}
        self._announced = {True: 0, False: 0}
        """By whether the clock was trusted then: what a wrong one announced binds only until it is put right."""
        self._anchor: Anchor | None = None
        self._last = 0
        self.held = True
        """Whether times may have been given that are provisional. Changed in the writer's turn only."""

    def begin(self, last: int, anchor: Anchor | None) -> None:
        """Go on after ``last``; ``anchor``: the last held arrival of this start of the machine, if there is one."""
        now = self._clock.now()
        with self._lock:
            self._last = last
            self._anchor = anchor or Anchor(last, times.micros(now.monotonic))

    def take(self, who: object, now: Now, last: int, count: int, *, wanted: int | None = None) -> int:
        """The first of ``count`` consecutive microseconds, after ``last`` (``stored`` of the last row).

        ``wanted``, what another box had given, is taken as it is where it goes neither back nor beyond what this box
        can believe: now, or while it does not know the time :data:`appliance.store.times.BELIEVABLE`.
        """
        with self._lock:
            floor = max(last, self._bound(now)) + 1
            first = max(times.arrival(now, last, self._anchor), floor)
            if wanted is not None and floor <= wanted <= (first if now.trusted else max(first, times.BELIEVABLE)):
                first = wanted
            else:
                self._anchor = Anchor(first + count - 1, times.micros(now.monotonic))
            self.held = self.held or not now.trusted
            self._flying[who] = min(first, self._flying.get(who, first))
            self._last = first + count - 1
        return first

    def landed(self, who: object) -> None:
        """What ``who`` took is committed, or will never be."""
        with self._lock:
            self._flying.pop(who, None)

    def through(self) -> int:
        """Every statement stored until this moment can be read now, and none will be stored before it any more."""
        now = self._clock.now()
        with self._lock:
            reached = max(times.arrival(now, self._last, self._anchor), self._last)
            if self._flying:
                reached = min(reached, min(self._flying.values()) - 1)
            self._announced[now.trusted] = reached = max(self._bound(now), reached)
            return reached

    def _bound(self, now: Now) -> int:
        if now.trusted:
            self._announced[False] = 0
        return max(self._announced.values())

    def settled(self, last: int) -> None:
        """The clock was put right, and with it the times that it had given; ``last`` is the latest now."""
        with self._lock:
            self._anchor, self._last, self.held = None, last, False


def hold(conn: sqlite3.Connection, now: Now, rows: list[tuple[int, float | None]]) -> None:
    """Note for new ``rows``, each with the age of a statement that the box stamped, when they arrived."""
    last = conn.execute("SELECT monotonic FROM held WHERE boot = ? ORDER BY row DESC LIMIT 1", (now.boot,)).fetchone()
    first = times.micros(now.monotonic)
    if last is not None:
        first = max(first, times.micros(last["monotonic"]) + 1)
    made = [(row, now.boot, (first + place) / times.SECOND, age) for place, (row, age) in enumerate(rows)]
    conn.executemany("INSERT INTO held VALUES (?, ?, ?, ?)", made)
    provisional(conn, rows[0][0])


def provisional(conn: sqlite3.Connection, row: int) -> None:
    """Note that from ``row`` on nothing came with a trusted clock."""
    conn.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (PROVISIONAL, str(row)))


def first_provisional(conn: sqlite3.Connection) -> int | None:
    """The first row that is to be settled before anything comes with a trusted clock; None: there is none."""
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (PROVISIONAL,)).fetchone()
    return None if row is None else int(row["value"])


def begin(conn: sqlite3.Connection, arrivals: Arrivals, now: Now) -> None:
    """Tell ``arrivals`` what came last."""
    held = conn.execute("SELECT stored, monotonic FROM held JOIN statement USING (row) WHERE boot = ? "
                        "ORDER BY row DESC LIMIT 1", (now.boot,)).fetchone()  # fmt: skip
    anchor = Anchor(times.read(held["stored"]), times.micros(held["monotonic"])) if held else None
    arrivals.begin(last_stored(conn), anchor)


def last_stored(conn: sqlite3.Connection) -> int:
    """``stored`` of the last row; -1 when there is none."""
    row = conn.execute("SELECT stored FROM statement ORDER BY row DESC LIMIT 1").fetchone()
    return times.read(row["stored"]) if row else -1


def settle(turn: Turn, arrivals: Arrivals, terms: Terms, box_id: str, now: Now) -> int:
    """Give this box's held rows their time; returns how many rows were looked at. ``now`` is to be trusted.

    What another box holds only that one can put right: here it is only brought back from the future, like everything
    of other boxes that came since the clock was last trusted.

    In transactions of :data:`AT_ONCE` rows; killed between two, it goes on where it was.
    """
    total = 0
    settling = _Settling(terms, box_id, now)
    while (run := turn(functools.partial(_next_run, settling=settling, arrivals=arrivals))) is not None:
        left: Run | None = run
        while left is not None:
            left = turn(functools.partial(settling.some, run=left))
        total += run.last - run.first + 1
    return total


def _next_run(conn: sqlite3.Connection, *, settling: _Settling, arrivals: Arrivals) -> Run | None:
    run = settling.run(conn)
    if run is None:
        conn.execute("DELETE FROM setting WHERE key = ?", (PROVISIONAL,))
        arrivals.settled(last_stored(conn))
    return run


class _Settling:
    """Rows to settle: this box's held ones, and the *early* ones, all that came provisionally and lie in the future.

    Early ones are the end of the table, as ``stored`` grows with the row; all of them move back.
    """

    def __init__(self, terms: Terms, box_id: str, now: Now) -> None:
        self._terms = terms
        self._box_id = box_id
        self._now = now
        self._wall = times.micros(now.wall)

    def run(self, conn: sqlite3.Connection) -> Run | None:
        """The first rows without a gap that are all held since this start, or all others."""
        early = self._early(conn)
        held = conn.execute("SELECT row, boot FROM held JOIN statement USING (row) WHERE origin = ? AND row < ? "
                            "ORDER BY row", (self._box_id, early))  # fmt: skip
        rest = conn.execute("SELECT row, CASE WHEN origin = ? THEN boot END FROM statement LEFT JOIN held USING (row) "
                            "WHERE row >= ? ORDER BY row", (self._box_id, early))  # fmt: skip
        rows = itertools.chain(held, rest)
        start = next(rows, None)
        if start is None:
            return None
        first = last = start[0]
        same = start[1] == self._now.boot
        for row, boot in rows:
            if row != last + 1 or (boot == self._now.boot) is not same:
                break
            last = row
        held.close()
        rest.close()
        before = conn.execute("SELECT stored FROM statement WHERE row < ? ORDER BY row DESC LIMIT 1", (first,))
        stored = before.fetchone()
        return Run(first, last, times.read(stored[0]) if stored else -1, self._ceiling(conn, last, early))

    def _early(self, conn: sqlite3.Connection) -> int:
        """The first early row, or one that is not there yet."""
        top = conn.execute("SELECT coalesce(max(row), 0) FROM statement").fetchone()[0]
        since = first_provisional(conn)
        return int(top) + 1 if since is None else max(since, first_after(conn, self._wall, top))

    def _ceiling(self, conn: sqlite3.Connection, last: int, early: int) -> int:
        """Before what rows until ``last`` came: what has its place already, or will have it."""
        after = conn.execute(
            "SELECT row, stored, CASE WHEN origin = ? THEN boot END AS boot, monotonic FROM statement "
            "LEFT JOIN held USING (row) WHERE row > ? ORDER BY row", (self._box_id, last)
        )  # fmt: skip
        try:
            for row in after:
                if row["boot"] == self._now.boot:
                    return times.true_time(self._now, times.micros(row["monotonic"]))
                if row["row"] < early:
                    return times.read(row["stored"])
        finally:
            after.close()
        return self._wall + 1

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
        self._done(conn, rows[0]["row"], rows[-1]["row"])
        if forward:
            left = Run(run.first, rows[0]["row"] - 1, run.after, times_of[0])
        else:
            left = Run(rows[-1]["row"] + 1, run.last, times_of[-1], run.before)
        if left.first <= left.last:
            return left
        conn.execute("UPDATE setting SET value = ? WHERE key = ? AND CAST(value AS INTEGER) <= ?",
                     (str(run.last + 1), PROVISIONAL, run.last))  # fmt: skip
        return None

    def _done(self, conn: sqlite3.Connection, first: int, last: int) -> None:
        conn.execute("DELETE FROM held WHERE row BETWEEN ? AND ? AND row IN "
                     "(SELECT row FROM statement WHERE row BETWEEN ? AND ? AND origin = ?)",
                     (first, last, first, last, self._box_id))  # fmt: skip

    def _rows(self, conn: sqlite3.Connection, first: int, last: int) -> list[sqlite3.Row]:
        """Without their bodies. ``boot`` is NULL of what this box does not hold."""
        return conn.execute(
            "SELECT row, stored, voided, erased, monotonic, age, CASE WHEN origin = ? THEN boot END AS boot "
            "FROM statement LEFT JOIN held USING (row) WHERE row BETWEEN ? AND ? ORDER BY row",
            (self._box_id, first, last),
        ).fetchall()

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
        "SELECT row, id, body, given, stored FROM statement WHERE row = ?", (row,)
    ).fetchone()
    return found
