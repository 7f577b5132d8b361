# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``stored``: given in the writer's turn, never going back, and put right once the clock is.

A reading of the clock that cannot be trusted makes a *held* row: its time is provisional. Once the clock is right,
:func:`settle` gives held rows of this start of the machine their true time, by the monotonic clock, and those of
earlier starts an estimate between their neighbours; what came meanwhile from other boxes is fitted in between
(:mod:`appliance.store.record_settling`).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from appliance.ports import Clock, Now
from appliance.store import times
from appliance.store.times import Anchor

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
