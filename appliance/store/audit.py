# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who did what, as a chain: each row holds SHA-256(hash of the row before ‖ canonical JSON of the row).

Acts, roles and pseudonyms; never a name, a text or a word of a page. Rows are added, or deleted from the oldest on by
retention; the authorizer (:mod:`appliance.store.db`) refuses to change one.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

DONE, REFUSED, FAILED = "done", "refused", "failed"
OUTCOMES = (DONE, REFUSED, FAILED)
LONGEST = 120
"""Characters of a field; the rest of a longer one is cut off."""
_ANCHOR = "audit_anchor"
"""Setting: number and hash (hex) of the last row that retention deleted."""
_START = bytes(32)
_LAST = 1 << 62
"""Above every number of a row."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act."""

    number: int
    at: str
    """RFC 3339."""
    trusted: bool
    """Whether the clock could be believed."""
    who: str
    """Id of a member of the staff or of a pupil; empty: nobody known."""
    role: str
    act: str
    subject: str
    """What it was done to: ids, an address' rule, a count."""
    outcome: str


def add(
    conn: sqlite3.Connection, *, at: str, trusted: bool, who: str, role: str, act: str, subject: str, outcome: str
) -> int:
    """Add a row; returns its number. In the writer's transaction, so that the chain has one end."""
    last, before = _end(conn)
    fields = [field[:LONGEST] for field in (at, who, role, act, subject, outcome)]
    entry = Entry(last + 1, fields[0], trusted, *fields[1:])
    conn.execute(
        "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entry.number, entry.at, int(trusted), entry.who, entry.role, entry.act, entry.subject, entry.outcome,
         _hash(before, entry)),
    )  # fmt: skip
    return entry.number


def entries(conn: sqlite3.Connection, *, who: str | None = None, before: int | None = None, limit: int = 50
            ) -> list[Entry]:  # fmt: skip
    """The newest first; ``who``: of one person only; ``before``: older than this number."""
    rows = conn.execute(
        "SELECT * FROM audit WHERE (? IS NULL OR who = ?) AND number < ? ORDER BY number DESC LIMIT ?",
        (who, who, max(-_LAST, min(before, _LAST)) if before is not None else _LAST, limit),
    )
    return [_entry(row) for row in rows]


def verify(conn: sqlite3.Connection) -> int | None:
    """None: every row follows from the one before. Else the number of the first that does not, or is missing."""
    number, before = _anchor(conn)
    for row in _rows(conn):
        number += 1
        if row["number"] != number or row["hash"] != _hash(before, _entry(row)):
            return number
        before = row["hash"]
    return None


def head(conn: sqlite3.Connection) -> tuple[int, str]:
    """Number and hash (hex) of the newest row: written down elsewhere, they prove that none was cut off the end."""
    number, last = _end(conn)
    return number, last.hex()


def drop_before(conn: sqlite3.Connection, at: str) -> int:
    """Retention: delete the oldest rows, up to the first that is not older than ``at``; returns how many.

    Rows of an untrusted clock go with the trusted one after them.
    """
    kept = conn.execute("SELECT min(number) FROM audit WHERE trusted AND at >= ?", (at,)).fetchone()[0]
    last = conn.execute(
        "SELECT number, hash FROM audit WHERE trusted AND at < ? AND (? IS NULL OR number < ?) "
        "ORDER BY number DESC LIMIT 1", (at, kept, kept),
    ).fetchone()  # fmt: skip
    if last is None:
        return 0
    conn.execute("INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                 (_ANCHOR, json.dumps([last["number"], last["hash"].hex()])))  # fmt: skip
    return conn.execute("DELETE FROM audit WHERE number <= ?", (last["number"],)).rowcount


def _rows(conn: sqlite3.Connection) -> Iterator[sqlite3.Row]:
    return iter(conn.execute("SELECT * FROM audit ORDER BY number"))


def _end(conn: sqlite3.Connection) -> tuple[int, bytes]:
    row = conn.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    return (row["number"], bytes(row["hash"])) if row is not None else _anchor(conn)


def _anchor(conn: sqlite3.Connection) -> tuple[int, bytes]:
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (_ANCHOR,)).fetchone()
    if row is None:
        return 0, _START
    number, last = json.loads(row["value"])
    return int(number), bytes.fromhex(last)


def _hash(before: bytes, entry: Entry) -> bytes:
    told = [entry.number, entry.at, entry.trusted, entry.who, entry.role, entry.act, entry.subject, entry.outcome]
    return hashlib.sha256(before + json.dumps(told, separators=(",", ":")).encode()).digest()


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(row["number"], row["at"], bool(row["trusted"]), row["who"], row["role"], row["act"], row["subject"],
                 row["outcome"])  # fmt: skip
