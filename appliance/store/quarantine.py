# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Table ``quarantine``: imported statements set aside, since another one of the same id, or place, came before."""

from __future__ import annotations

import sqlite3
from typing import Any

from appliance.errors import NotFound
from appliance.store.db import Database

_MOST = 2**63 - 1


def every(db: Database) -> list[dict[str, Any]]:
    """``id``, ``statement``, ``origin``, ``sequence``, ``reason`` (a gettext message id) and ``at``, oldest first."""
    rows = db.reading().execute("SELECT id, statement, origin, sequence, reason, at FROM quarantine ORDER BY id")
    return [dict(row) for row in rows]


def get(db: Database, number: int) -> dict[str, Any]:
    """As :func:`every`, with ``body``, its text, and ``kept``, the text of the statement that stands in its way.

    ``kept`` is None when that one has been erased since. Raises :class:`NotFound`.
    """
    conn = db.reading()
    row = conn.execute(
        "SELECT id, statement, origin, sequence, reason, at, body FROM quarantine WHERE id = ?", (min(number, _MOST),)
    ).fetchone()
    if row is None:
        raise _none(number)
    kept = conn.execute(
        "SELECT body FROM statement WHERE NOT erased AND (id = ? OR (origin = ? AND sequence = ?)) ORDER BY id <> ?",
        (row["statement"], row["origin"], row["sequence"], row["statement"]),
    ).fetchone()
    return {**dict(row), "body": _text(row["body"]), "kept": None if kept is None else _text(kept["body"])}


def drop(conn: sqlite3.Connection, number: int) -> None:
    """Within the transaction of :meth:`appliance.store.erasure.Erasure.drop`. Raises :class:`NotFound`."""
    if conn.execute("DELETE FROM quarantine WHERE id = ?", (min(number, _MOST),)).rowcount == 0:
        raise _none(number)


def _text(body: bytes) -> str:
    return bytes(body).decode("utf-8", "replace")


def _none(number: int) -> NotFound:
    return NotFound("Nothing with the number %(number)s was set aside: see the list of the quarantine.", number=number)
