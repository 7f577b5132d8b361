# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Everything that is derived from statements, made anew from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from appliance.store.record_entries import Entry, entries, portions
from appliance.store.record_fold import Fold
from appliance.store.record_terms import UNUSED, sort

AT_ONCE = 200
"""Statements in memory at a time."""
MARK = "records_indexed"
"""Setting: everything until this row is indexed. Written now and then, since only the previous release, after a
roll-back, leaves rows that are not."""
MARK_EVERY = 1_000
_DERIVED = ("posting", "posting_fresh", "statement_reference", "reference_waiting", "statement_attachment",
            "activity_definition", "progress", "actor_seen", "verb_count", "answer", "oral_attempt")  # fmt: skip
_VOIDED_BY_ERASED = "row = 0 OR EXISTS (SELECT 1 FROM statement s WHERE s.row = statement_void.row AND s.erased)"


def rebuild(conn: sqlite3.Connection, fold: Fold, progress: Callable[[int, int], None]) -> None:
    """Within the caller's transaction."""
    fold.clear()
    for table in _DERIVED:
        conn.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    conn.execute(f"DELETE FROM statement_void WHERE NOT ({_VOIDED_BY_ERASED})")  # noqa: S608
    conn.execute("UPDATE statement SET voided = 0 WHERE voided AND NOT erased")
    total = conn.execute("SELECT max(row) FROM statement").fetchone()[0] or 0
    for new in _pages(conn, 0, ""):
        _add(conn, fold, new)
        progress(new[-1].row, total)
    while fold.links.go_on(conn):
        pass
    sort(conn)
    conn.execute(f"DELETE FROM term WHERE {UNUSED}")  # noqa: S608
    fold.clear()
    write_mark(conn, total)


def catch_up(conn: sqlite3.Connection, fold: Fold) -> int:
    """Index the next rows that the previous release wrote; 0: there are none left."""
    top = conn.execute("SELECT max(row) FROM statement").fetchone()[0] or 0
    marked = conn.execute("SELECT value FROM setting WHERE key = ?", (MARK,)).fetchone()
    done = int(marked["value"]) if marked else 0
    new = next(_pages(conn, done, "AND given IS NULL"), None)
    if new is None:
        if done < top:
            write_mark(conn, top)
        return 0
    _add(conn, fold, new)
    write_mark(conn, new[-1].row)
    return len(new)


def mark(conn: sqlite3.Connection, before: int, after: int) -> None:
    """Rows until ``after`` are indexed, where it was ``before`` until now."""
    if before // MARK_EVERY != after // MARK_EVERY:
        write_mark(conn, after)


def write_mark(conn: sqlite3.Connection, row: int) -> None:
    """Rows until ``row`` are indexed."""
    conn.execute("INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                 (MARK, str(row)))  # fmt: skip


def _pages(conn: sqlite3.Connection, after: int, condition: str) -> Iterator[list[Entry]]:
    while found := conn.execute(
        f"SELECT row FROM statement WHERE row > ? AND NOT erased {condition} ORDER BY row LIMIT ?",  # noqa: S608
        (after, AT_ONCE),
    ).fetchall():
        rows = [row["row"] for row in found]
        for some in portions(conn, rows):
            yield list(entries(conn, some))
        after = rows[-1]


def _add(conn: sqlite3.Connection, fold: Fold, new: list[Entry]) -> None:
    named = [(sha2, item.row) for item in new for sha2 in item.attachments()]
    conn.executemany("INSERT OR IGNORE INTO statement_attachment VALUES (?, ?)", named)
    fold.add(conn, new)
