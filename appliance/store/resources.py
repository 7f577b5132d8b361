# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Table ``resource``: rows in, :class:`appliance.model.Resource` out."""

from __future__ import annotations

import dataclasses
import datetime
import json
import secrets
import sqlite3
from collections.abc import Mapping

from appliance.errors import NotFound
from appliance.model import Resource, ResourceState
from appliance.store.blobs import card_of
from appliance.store.db import Database

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
"""RFC 4648 base32, lower case: no 0, 1, 8 or 9 to misread."""

REMOVING = "removing"
"""A state that only this file knows: hidden from everyone, finished at the next start."""

STALE, FRESH, CARD_STALE = 0, 1, 2
"""Column ``indexed``: nothing of it in the index, all of it, all but the latest card."""


def new_id() -> str:
    """10 random characters: 50 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(10))


def now() -> str:
    """The wall clock, RFC 3339 in UTC, to the second: a label for people, never an order."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def insert(conn: sqlite3.Connection, resource: Resource, edits: Mapping[str, object]) -> None:
    """Within the caller's transaction. ``resource.card`` is the file's own; ``edits`` go on top."""
    conn.execute(
        "INSERT INTO resource (id, format, blob, filename, size, entry, cover, details, card, edits, state, added_at,"
        " url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (resource.id, resource.format, resource.blob, resource.filename, resource.size, resource.entry,
         resource.cover, json.dumps(dict(resource.details), ensure_ascii=False),
         json.dumps(dataclasses.asdict(resource.card), ensure_ascii=False),
         json.dumps(dict(edits), ensure_ascii=False), resource.state, resource.added_at, resource.url),
    )  # fmt: skip


def every(db: Database, *, include_damaged: bool = False) -> list[Resource]:
    """In the order of their titles is the caller's business; here, the order in which they came."""
    states = [ResourceState.READY, ResourceState.DAMAGED] if include_damaged else [ResourceState.READY]
    marks = ", ".join("?" * len(states))
    rows = db.reading().execute(f"SELECT * FROM resource WHERE state IN ({marks}) ORDER BY rowid", states)  # noqa: S608
    return [_resource(row) for row in rows]


def get(db: Database, resource_id: str) -> Resource:
    """Raises :class:`NotFound`."""
    row = db.reading().execute("SELECT * FROM resource WHERE id = ? AND state <> ?", (resource_id, REMOVING)).fetchone()
    if row is None:
        raise NotFound("There is no such resource: it may have been removed.")
    return _resource(row)


def with_blob(db: Database, blob: str) -> Resource | None:
    """The resource made of these bytes, if any (and not on its way out)."""
    row = db.reading().execute("SELECT * FROM resource WHERE blob = ? AND state <> ?", (blob, REMOVING)).fetchone()
    return None if row is None else _resource(row)


def with_url(db: Database, url: str) -> Resource | None:
    """The link-only resource of this address, if any."""
    row = (
        db.reading()
        .execute("SELECT * FROM resource WHERE url = ? AND blob IS NULL AND state <> ?", (url, REMOVING))
        .fetchone()
    )
    return None if row is None else _resource(row)


def set_state(conn: sqlite3.Connection, resource_id: str, state: str) -> None:
    """Whatever it was before."""
    conn.execute("UPDATE resource SET state = ? WHERE id = ?", (state, resource_id))


def change_state(conn: sqlite3.Connection, resource_id: str, old: str, new: str) -> None:
    """Unless it changed meanwhile."""
    conn.execute("UPDATE resource SET state = ? WHERE id = ? AND state = ?", (new, resource_id, old))


def removing(db: Database) -> list[Resource]:
    """What a death left half removed."""
    rows = db.reading().execute("SELECT * FROM resource WHERE state = ?", (REMOVING,))
    return [_resource(dict(row) | {"state": ResourceState.DAMAGED}) for row in rows]


def delete(conn: sqlite3.Connection, resource_id: str) -> None:
    """The last act of a removal."""
    conn.execute("DELETE FROM resource WHERE id = ?", (resource_id,))


def edit(conn: sqlite3.Connection, resource_id: str, edits: Mapping[str, object]) -> None:
    """Lay ``edits`` over the earlier ones; None takes an edit back, so that the file's own value shows again."""
    row = conn.execute("SELECT edits FROM resource WHERE id = ?", (resource_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such resource: it may have been removed.")
    merged = {**json.loads(row["edits"]), **edits}
    kept = {name: value for name, value in merged.items() if value is not None}
    conn.execute(
        "UPDATE resource SET edits = ?, indexed = CASE indexed WHEN ? THEN ? ELSE indexed END WHERE id = ?",
        (json.dumps(kept, ensure_ascii=False), FRESH, CARD_STALE, resource_id),
    )


def unindexed(db: Database) -> list[tuple[Resource, int]]:
    """What the index lacks, with how much (:data:`STALE` or :data:`CARD_STALE`)."""
    rows = db.reading().execute(
        "SELECT * FROM resource WHERE indexed <> ? AND state = ? ORDER BY rowid", (FRESH, ResourceState.READY)
    )
    return [(_resource(row), int(row["indexed"])) for row in rows]


def mark_indexed(conn: sqlite3.Connection, resource: Resource) -> None:
    """Unless the card changed while it was being indexed."""
    row = conn.execute("SELECT * FROM resource WHERE id = ?", (resource.id,)).fetchone()
    if row is not None and row["state"] != REMOVING:
        fresh = FRESH if _resource(row).card == resource.card else CARD_STALE
        set_indexed(conn, resource.id, fresh)


def set_indexed(conn: sqlite3.Connection, resource_id: str, indexed: int) -> None:
    """One of :data:`STALE`, :data:`FRESH`, :data:`CARD_STALE`."""
    conn.execute("UPDATE resource SET indexed = ? WHERE id = ?", (indexed, resource_id))


def forget_index(conn: sqlite3.Connection) -> None:
    """The index is gone: everything must be indexed again."""
    conn.execute("UPDATE resource SET indexed = ?", (STALE,))


def _resource(row: sqlite3.Row | Mapping[str, object]) -> Resource:
    edits = json.loads(str(row["edits"]))
    if "levels" in edits:
        edits["levels"] = tuple(edits["levels"])
    return Resource(
        id=str(row["id"]),
        format=str(row["format"]),
        card=card_of(json.loads(str(row["card"]))).overlaid(edits),
        blob=row["blob"],  # type: ignore[arg-type]
        filename=str(row["filename"]),
        size=int(str(row["size"])),
        entry=str(row["entry"]),
        cover=row["cover"],  # type: ignore[arg-type]
        details=json.loads(str(row["details"])),
        state=ResourceState(str(row["state"])),
        added_at=str(row["added_at"]),
        url=row["url"],  # type: ignore[arg-type]
    )
