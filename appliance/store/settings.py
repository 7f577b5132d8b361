# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Facts about this box that outlive a restart: identity, signing secret."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

from appliance.store.db import Database


def get(db: Database, key: str) -> str | None:
    """The value of ``key``, or None."""
    row = db.reading().execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])


def put(db: Database, key: str, value: str) -> None:
    """Set ``key``, durably."""
    with db.writing() as conn:
        conn.execute("INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                     (key, value))  # fmt: skip


def once(db: Database, key: str, make: Callable[[], str]) -> str:
    """The value of ``key``; made, durably, by whoever asks first."""
    known = get(db, key)
    if known is not None:
        return known
    with db.writing() as conn:
        conn.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (key, make()))
        return str(conn.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()["value"])


def box_id(db: Database) -> str:
    """This box's identity (UUID), made once; the origin of its statements."""
    return once(db, "box_id", lambda: str(uuid.uuid4()))


def secret(db: Database) -> bytes:
    """32 random bytes that sign cookies and tokens, made once."""
    return bytes.fromhex(once(db, "secret", lambda: secrets.token_hex(32)))
