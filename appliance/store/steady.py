# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Since when the clock has run on from day to day.

A clock that can be trusted says what the network told it, and a network may tell a wrong year: what is erased because
it is too old, or refused because it comes too late, waits until the clock has gone on for two weeks without a jump.
"""

from __future__ import annotations

import datetime
import sqlite3

from appliance.ports import Now

WEEKS_TWO = datetime.timedelta(days=14)
LONGEST_GAP = datetime.timedelta(days=31)
"""Between two looks; a box that was off for longer begins anew, as one whose clock jumped."""
_DAYS = "clock_days"
"""Setting: the day since which it has, and that of the last look, ISO 8601, UTC."""


def since(conn: sqlite3.Connection, wall: float) -> datetime.date:
    """The day since which it has run on; today where it has jumped, or nobody ever looked. ``wall``: seconds."""
    today = _day(wall)
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (_DAYS,)).fetchone()
    first, last = map(datetime.date.fromisoformat, str(row["value"]).split()) if row else (today, today)
    return first if datetime.timedelta() <= today - last <= LONGEST_GAP else today


def looked(conn: sqlite3.Connection, wall: float) -> None:
    """A look at a clock that can be trusted."""
    conn.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (_DAYS, f"{since(conn, wall)} {_day(wall)}"))


def is_sure(conn: sqlite3.Connection, now: Now) -> bool:
    """Whether something may be too old by it."""
    return now.trusted and _day(now.wall) - since(conn, now.wall) >= WEEKS_TWO


def _day(wall: float) -> datetime.date:
    return datetime.datetime.fromtimestamp(wall, datetime.UTC).date()
