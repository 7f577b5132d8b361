# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``stored``: given in the writer's turn, never going back, and put right once the clock is.

A reading of the clock that cannot be trusted makes a *held* row: its time is provisional. Once the clock is right,
:func:`settle` gives held rows of this start of the machine their true time, by the monotonic clock, and those of
earlier starts an estimate between their neighbours.
"""

from __future__ import annotations

import functools
import hashlib
import sqlite3
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from appliance.ports import Clock, Now
from appliance.store import record_projections, times
from appliance.store.durable import step
from appliance.store.record_entries import COLUMNS, entry
from appliance.store.record_projections import facts
from appliance.store.record_terms import Terms
from appliance.store.times import Anchor, Run
from appliance.xapi import preparing

AT_ONCE = 500
"""Held rows put right in one transaction."""
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

        ``wanted``, what another box had given, is taken as it is where it goes neither back nor into the future.
        """
        with self._lock:
            floor = max(last, self._bound(now)) + 1
            first = max(times.arrival(now, last, self._anchor), floor)
            if wanted is not None and floor <= wanted and (wanted <= first or not now.trusted):
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
    """Give this box's held rows their time; returns how many. ``now`` is to be trusted.

    What another box holds only that one can put right.

    In transactions of :data:`AT_ONCE` rows; killed between two, it goes on where it was.
    """
    total = 0
    while (run := turn(lambda conn: _next_run(conn, arrivals, box_id, now))) is not None:
        left: Run | None = run
        while left is not None:
            left = turn(functools.partial(_settle_some, run=left, terms=terms, now=now))
        total += run.last - run.first + 1
    return total


def _next_run(conn: sqlite3.Connection, arrivals: Arrivals, box_id: str, now: Now) -> Run | None:
    run = _run(conn, box_id, now)
    if run is None:
        arrivals.settled(last_stored(conn))
    return run


def _run(conn: sqlite3.Connection, box_id: str, now: Now) -> Run | None:
    """The first held rows without a gap that are all of this start, or all of others."""
    held = conn.execute(
        "SELECT row, boot FROM held JOIN statement USING (row) WHERE origin = ? ORDER BY row", (box_id,)
    )
    start = held.fetchone()
    if start is None:
        return None
    first = last = start["row"]
    same = start["boot"] == now.boot
    for row, boot in held:
        if row != last + 1 or (boot == now.boot) is not same:
            break
        last = row
    held.close()
    before = conn.execute("SELECT stored FROM statement WHERE row < ? ORDER BY row DESC LIMIT 1", (first,)).fetchone()
    return Run(first, last, times.read(before["stored"]) if before else -1, _ceiling(conn, box_id, now, last + 1))


def _ceiling(conn: sqlite3.Connection, box_id: str, now: Now, row: int) -> int:
    """Before what rows until ``row`` came."""
    after = conn.execute(
        "SELECT stored, monotonic, origin FROM statement LEFT JOIN held USING (row) WHERE row = ?", (row,)
    ).fetchone()
    if after is None:
        return times.micros(now.wall) + 1
    if after["monotonic"] is None or after["origin"] != box_id:
        return times.read(after["stored"])
    return times.true_time(now, times.micros(after["monotonic"]))


def _settle_some(conn: sqlite3.Connection, *, run: Run, terms: Terms, now: Now) -> Run | None:
    """Put right one end of ``run``; returns what is left of it.

    The later end when time moves forward, the earlier when it goes back: ``stored`` grows with the row all the while.
    """
    end = _held(conn, run.last, run.last)[0]
    forward = run.settled(end["row"], _estimate(now, end)) >= times.read(end["stored"])
    if forward:
        rows = _held(conn, max(run.first, run.last - AT_ONCE + 1), run.last)
    else:
        rows = _held(conn, run.first, min(run.last, run.first + AT_ONCE - 1))
    step("settle")
    times_of = [run.settled(row["row"], _estimate(now, row)) for row in rows]
    for row, stored in zip(rows, times_of, strict=True):
        _restamp(conn, terms, row, stored, trusted=row["boot"] == now.boot)
    conn.execute("DELETE FROM held WHERE row BETWEEN ? AND ?", (rows[0]["row"], rows[-1]["row"]))
    if forward:
        left = Run(run.first, rows[0]["row"] - 1, run.after, times_of[0])
    else:
        left = Run(rows[-1]["row"] + 1, run.last, times_of[-1], run.before)
    return left if left.first <= left.last else None


def _held(conn: sqlite3.Connection, first: int, last: int) -> list[sqlite3.Row]:
    return conn.execute(
        "SELECT row, id, body, given, stored, voided, erased, defines, boot, monotonic, age "
        "FROM held JOIN statement USING (row) WHERE row BETWEEN ? AND ? ORDER BY row",
        (first, last),
    ).fetchall()


def _estimate(now: Now, row: sqlite3.Row) -> int:
    """The true time of a row of this start; of another, the time that it was given."""
    if row["boot"] == now.boot:
        return times.true_time(now, times.micros(row["monotonic"]))
    return times.read(row["stored"])


def _restamp(conn: sqlite3.Connection, terms: Terms, row: sqlite3.Row, stored: int, *, trusted: bool) -> None:
    conn.execute("UPDATE statement SET stored = ?, trusted = ? WHERE row = ?",
                 (times.text(stored), int(trusted), row["row"]))  # fmt: skip
    if row["age"] is None or row["erased"]:
        return
    body = preparing.restamp(bytes(row["body"]), row["given"], times.text(stored - times.micros(row["age"])))
    conn.execute("UPDATE statement SET body = ?, sha256 = ? WHERE row = ?",
                 (body, hashlib.sha256(body).digest(), row["row"]))  # fmt: skip
    if not row["voided"]:
        told = facts(entry(row))
        moved = conn.execute(f"SELECT {COLUMNS} FROM statement WHERE row = ?", (row["row"],)).fetchone()  # noqa: S608
        record_projections.move(conn, terms, told, entry(moved).at)
