# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The identity that provisioning made becomes that of the database, which alone counts from then on.

An identity may be exchanged only while nothing bears its name: pupils, exercises and lessons are named after the box in
every statement, and an erasure looks for those names. A copy that holds records therefore keeps its identity, and says
so; one that holds none takes up the new identity that it was offered, and no sequence number is ever given twice.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from appliance import identity_file
from appliance.errors import Damaged
from appliance.identity_file import Identities, Kept
from appliance.power_cut import step
from appliance.store import durable, identity, settings
from appliance.store.db import Database

_NAMING = ("statement", "document", "tombstone", "quarantine")
"""Tables whose rows hold names of the box."""


def adopt(db: Database, path: Path) -> bool:
    """Bring database and identity file together; whether this card seems to be a copy that still has the old identity.

    May be cut off anywhere and done again. Without a readable file nothing happens: then the hub makes an identity at
    first use, or has one. Raises :class:`appliance.errors.StorageError`, and :class:`Damaged` for a damaged key.
    """
    try:
        found = identity_file.read(path)
    except Damaged:
        return False
    if found is None:
        return False
    after = _joined(db, found)
    if after != found:
        with durable.disk_errors(path):
            identity_file.write(path, after)
    return after.offered is not None


def _joined(db: Database, found: Identities) -> Identities:
    """What the file has to say; the database is right when this returns."""
    known = settings.get(db, "box_id")
    if known is None or (known == found.own.box and found.offered is not None):
        wanted = found if found.offered is None else found.promoted()
        return wanted if _taken_up(db, wanted.own, known) else found
    if known == found.own.box:
        return found
    if found.offered is not None and known == found.offered.box:
        return found.promoted()  # a death came between database and file
    own = identity.identity(db)  # the state is older than the file, or came from a backup
    return Identities(Kept(own.box, own.seed.hex(), found.own.machine), None, (*found.former, found.own))


def _taken_up(db: Database, kept: Kept, known: str | None) -> bool:
    """In one transaction; False when the database has statements under the name it knows."""
    step("take up the identity")
    with db.writing() as conn:
        if known is not None and _in_use(conn):
            return False
        for key, value in (("box_id", kept.box), ("signing_key", kept.seed)):
            conn.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))
        conn.execute("DELETE FROM setting WHERE key = 'secret'")  # what signs cookies: the other box has it too
    return True


def _in_use(conn: sqlite3.Connection) -> bool:
    return any(conn.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in _NAMING)  # noqa: S608
