# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is there to erase because it is too old, and when people were told."""

from __future__ import annotations

import sqlite3

from appliance.store.db import Database
from appliance.xapi import identifiers, terms

_NOTICE = "retention_notice "
"""Setting: with the year, when its end was first announced."""


def agents(conn: sqlite3.Connection, box: str) -> list[str]:
    """The agent values of this box's pupils, those who left among them."""
    own = terms.agent_value(identifiers.own_authority(box))
    start = f"account {identifiers.base(box)} "
    known = conn.execute(
        "SELECT value FROM term WHERE kind = 'any_agent' AND substr(value, 1, ?) = ?", (len(start), start)
    ).fetchall()  # fmt: skip
    listed = [terms.agent_value(identifiers.pupil(box, row["id"])) for row in conn.execute("SELECT id FROM pupil")]
    return sorted({*(row["value"] for row in known), *listed} - {own})


def left(conn: sqlite3.Connection, box: str, before: str) -> list[str]:
    """The agent values of the pupils who left their class before ``before`` (RFC 3339)."""
    rows = conn.execute("SELECT pupil FROM pupil_detail WHERE left_at <> '' AND left_at < ? ORDER BY pupil", (before,))
    return [terms.agent_value(identifiers.pupil(box, row["pupil"])) for row in rows]


def anything(conn: sqlite3.Connection, before: str) -> bool:
    """Whether an answer, a text or a medium is older than ``before`` (RFC 3339)."""
    statement = "SELECT 1 FROM statement WHERE stored < ? AND NOT erased LIMIT 1"
    sealed = "SELECT 1 FROM sealed_item WHERE kind <> 'name' AND at <> '' AND at < ? LIMIT 1"
    gone = "SELECT 1 FROM pupil_detail WHERE left_at <> '' AND left_at < ? LIMIT 1"
    return any(conn.execute(query, (before,)).fetchone() is not None for query in (statement, sealed, gone))


def announced(db: Database, year: int, now: str) -> str:
    """When the end of that school year was first announced here: ``now``, for the first who asks, and where the clock
    said a later day then."""
    with db.writing() as conn:
        conn.execute("DELETE FROM setting WHERE key = ? AND value > ?", (f"{_NOTICE}{year}", now))
        conn.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (f"{_NOTICE}{year}", now))
        return str(conn.execute("SELECT value FROM setting WHERE key = ?", (f"{_NOTICE}{year}",)).fetchone()["value"])


def announcement(conn: sqlite3.Connection, year: int) -> str | None:
    """The same, None where it was not."""
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (f"{_NOTICE}{year}",)).fetchone()
    return None if row is None else str(row["value"])
