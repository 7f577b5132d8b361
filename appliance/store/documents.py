# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Documents that activities keep: state, activity profiles, agent profiles (xAPI 1.0.3 part 3, 2.2)."""

from __future__ import annotations

import datetime
import enum
import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import NotFound, TooLarge
from appliance.ports import Clock
from appliance.store import times, tombstones
from appliance.store.db import Database

LONGEST_TYPE = 200
"""Characters of a content type, printable ASCII: it becomes a header."""


class Kind(enum.StrEnum):
    """Which of the three document resources."""

    STATE = "state"
    ACTIVITY_PROFILE = "activity_profile"
    AGENT_PROFILE = "agent_profile"


@dataclass(frozen=True, slots=True)
class Context:
    """What documents are about. An empty string: not part of this kind, or not given."""

    kind: Kind
    activity: str = ""
    """IRI."""
    agent: str = ""
    """The identifier as :func:`appliance.xapi.terms.agent_value` writes it."""
    registration: str = ""
    """UUID, lower case."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it is kept."""

    content_type: str
    """As the sender wrote it."""
    body: bytes
    etag: str
    """SHA-1 of ``body`` in hexadecimal, without quotes (3.1)."""
    updated: str
    """RFC 3339, UTC, microseconds; grows with each change, whatever the clock does."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one activity may keep of one agent, whatever registrations it names: nobody counts on its modesty."""

    within: str
    """IRI: documents of this activity and of its parts count together. Empty: those of a kind without activity."""
    documents: int
    size: int
    """Bytes of all of them."""


Content = tuple[str, bytes]
"""Content type and bytes."""


class Documents:
    """The documents of one box. One object per database file: it remembers the last time of change."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._last: str | None = None

    def get(self, context: Context, name: str) -> Document:
        """Raises :class:`NotFound`."""
        found = _find(self._db.reading(), context, name)
        if found is None:
            raise NotFound("There is no document with this identifier.")
        return found

    def names(self, context: Context, since: datetime.datetime | None = None) -> list[tuple[str, str]]:
        """Name and time of change of each document changed after ``since`` (aware; exclusive), oldest change first.

        Without a registration in ``context``: those of every registration.
        """
        where, values = _where(context)
        rows = self._db.reading().execute(
            f"SELECT name, max(updated) AS updated FROM document WHERE {where} GROUP BY name ORDER BY updated",  # noqa: S608
            values,
        )
        after = times.text(times.of(since)) if since is not None else ""
        return [(row["name"], row["updated"]) for row in rows if row["updated"] > after]

    def change(
        self,
        context: Context,
        name: str,
        work: Callable[[Document | None], Content | None],
        bounds: Bounds | None = None,
    ) -> None:
        """Replace a document by what ``work`` makes of it (None: there is none), in one durable transaction.

        ``work`` may give None, which removes it, or raise, which leaves everything as it was. Nothing is kept of an
        agent that was erased for good. Raises
        :class:`appliance.errors.StorageError` when the disk is full, :class:`TooLarge` when it grows over ``bounds``.
        """
        with self._db.writing() as conn:
            found = _find(conn, context, name)
            content = work(found)
            place = (context.kind, context.activity, context.agent, context.registration, name)
            if content is None:
                conn.execute(
                    "DELETE FROM document WHERE kind = ? AND activity = ? AND agent = ? AND registration = ? "
                    "AND name = ?",
                    place,
                )
                return
            if context.agent and tombstones.erased(conn, [context.agent], tombstones.ANYWHERE):
                return
            content_type, body = content
            if bounds is not None and (found is None or len(body) > len(found.body)):
                _expect_within(conn, context, bounds, len(body), found)
            conn.execute(
                "INSERT INTO document (kind, activity, agent, registration, name, content_type, body, etag, updated) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, activity, agent, registration, name) DO UPDATE "
                "SET content_type = excluded.content_type, body = excluded.body, etag = excluded.etag, "
                "updated = excluded.updated",
                (*place, content_type, body, etag(body), self._tick(conn)),
            )

    def remove_all(self, context: Context) -> int:
        """Remove every document of ``context``, of every registration where it names none; returns how many."""
        where, values = _where(context)
        with self._db.writing() as conn:
            return conn.execute(f"DELETE FROM document WHERE {where}", values).rowcount  # noqa: S608 - no value in it

    def _tick(self, conn: sqlite3.Connection) -> str:
        """The time of a change: later than all before. Called inside a transaction, so by one thread at a time."""
        if self._last is None:
            self._last = conn.execute("SELECT max(updated) AS last FROM document").fetchone()["last"] or ""
        now = times.rfc3339(self._clock.now().wall)
        if now <= self._last:
            now = times.text(times.read(self._last) + 1)
        self._last = now
        return now


def etag(body: bytes) -> str:
    """SHA-1 in lower-case hexadecimal: what 1.0.3 prescribes (part 3, 3.1), a validator and no secret."""
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def _find(conn: sqlite3.Connection, context: Context, name: str) -> Document | None:
    row = conn.execute(
        "SELECT content_type, body, etag, updated FROM document "
        "WHERE kind = ? AND activity = ? AND agent = ? AND registration = ? AND name = ?",
        (context.kind, context.activity, context.agent, context.registration, name),
    ).fetchone()
    return None if row is None else Document(row["content_type"], bytes(row["body"]), row["etag"], row["updated"])


def _expect_within(
    conn: sqlite3.Connection, context: Context, bounds: Bounds, size: int, found: Document | None
) -> None:
    """Raises :class:`TooLarge` unless a document of ``size`` bytes fits in place of ``found``."""
    parts = tuple(bounds.within + end for end in "/?#")
    kept = conn.execute(
        "SELECT count(*) AS documents, ifnull(sum(length(body)), 0) AS size FROM document "
        "WHERE agent = ? AND kind = ? AND (activity = ? OR substr(activity, 1, ?) IN (?, ?, ?))",
        (context.agent, context.kind, bounds.within, len(parts[0]), *parts),
    ).fetchone()
    documents = kept["documents"] + (found is None)
    if documents > bounds.documents or kept["size"] + size - (len(found.body) if found else 0) > bounds.size:
        raise TooLarge(
            "An activity keeps at most %(documents)s documents of a pupil, %(size)s KB together: shorten or remove "
            "some, then send this one again.",
            documents=bounds.documents,
            size=bounds.size >> 10,
        )


def _where(context: Context) -> tuple[str, tuple[str, ...]]:
    where, values = "kind = ? AND activity = ? AND agent = ?", (context.kind, context.activity, context.agent)
    if not context.registration:
        return where, values
    return f"{where} AND registration = ?", (*values, context.registration)
