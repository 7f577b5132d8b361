# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The canonical definition of each activity: what statements told of it, merged in the order of arrival.

Voided statements count (Data 2.3.2 lets a store keep what they told); erased ones do not.
"""

from __future__ import annotations

import collections
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from appliance.store.record_entries import Entry, entries
from appliance.store.record_terms import chunks, marks, sort
from appliance.xapi import definitions
from appliance.xapi.terms import iri_value

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WRITE = "INSERT INTO activity_definition VALUES (?, ?) ON CONFLICT (iri) DO UPDATE SET body = excluded.body"
REMEMBERED = 20_000
"""Activities whose last definition is remembered, by its hash: most statements repeat it."""
LARGEST = 64 * 1024
"""Characters of a definition, as JSON. What would make it larger is left out, whole: each statement of the activity
reads and writes it, so it may not grow with what others sent."""
AT_ONCE = 50
"""Definitions in memory at a time: a few bytes of a request name one of the largest."""


class Definitions:
    """Writes ``activity_definition``. Used in the writer's turn only."""

    def __init__(self) -> None:
        self._last: collections.OrderedDict[str, int] = collections.OrderedDict()

    def ended(self, kept: bool) -> None:
        """Forget what was not kept."""
        if not kept:
            self._last.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._last.clear()

    def add(self, conn: sqlite3.Connection, told: Iterable[Entry]) -> None:
        """Merge what statements tell of their activities, in this order."""
        changed: dict[str, list[Mapping[str, Any]]] = {}
        for entry in told:
            for iri, definition in entry.definitions():
                mark = _mark(definition)
                if self._last.get(iri) != mark:
                    self._last[iri] = mark
                    changed.setdefault(iri, []).append(definition)
        for iris in chunks(sorted(changed), AT_ONCE):
            known = _texts(conn, iris)
            made = ((iri, _merged(known.get(iri), changed[iri])) for iri in iris)
            conn.executemany(_WRITE, [(iri, text) for iri, text in made if text is not None and text != known.get(iri)])
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)

    def again(self, conn: sqlite3.Connection, iris: Iterable[str]) -> None:
        """Make the definitions of ``iris`` anew from the statements that are left."""
        sort(conn)
        for iri in iris:
            self.drop(conn, [iri])
            text = _merged(None, _told_of(conn, iri))
            if text is not None:
                conn.execute(_WRITE, (iri, text))

    def drop(self, conn: sqlite3.Connection, iris: Iterable[str]) -> None:
        """Leave the activities ``iris`` undefined."""
        for iri in iris:
            self._last.pop(iri, None)
            conn.execute("DELETE FROM activity_definition WHERE iri = ?", (iri,))


def defined(told: Iterable[Entry]) -> set[str]:
    """The activities that statements define."""
    return {iri for entry in told for iri, _ in entry.definitions()}


def read(conn: sqlite3.Connection, iri: str) -> dict[str, Any] | None:
    """The definition of an activity, or None."""
    known = text(conn, iri)
    return None if known is None else dict(json.loads(known))


def text(conn: sqlite3.Connection, iri: str) -> str | None:
    """The definition of an activity as JSON, or None."""
    return _texts(conn, [iri]).get(iri)


def _texts(conn: sqlite3.Connection, iris: Iterable[str]) -> dict[str, str]:
    """The definitions of those of ``iris`` that have one."""
    return {
        iri: body
        for chunk in chunks(list(iris))
        for iri, body in conn.execute(
            f"SELECT iri, body FROM activity_definition WHERE iri IN ({marks(chunk)})",  # noqa: S608
            chunk,
        )
    }


def _mark(definition: Mapping[str, Any]) -> int:
    """What two definitions share only if they are the same, or by a chance of one in 2 to the 64th."""
    try:
        return hash(orjson.dumps(definition))
    except TypeError:  # an integer of more than 64 bits
        return hash(repr(definition))


def _merged(text: str | None, news: Iterable[Mapping[str, Any]]) -> str | None:
    """The definition ``text`` (None: there is none) after ``news``, in this order, as far as it may grow."""
    known = None if text is None else json.loads(text)
    for definition in news:
        made = definitions.merge(known, definition)
        if made != known and len(longer := _encode(made)) <= LARGEST:
            known, text = made, longer
    return text


def _told_of(conn: sqlite3.Connection, iri: str) -> Iterator[Mapping[str, Any]]:
    rows = conn.execute(
        "SELECT p.row FROM term CROSS JOIN posting p ON p.term = term.id AND p.via = 0 "
        "CROSS JOIN statement s ON s.row = p.row "
        "WHERE kind = 'any_activity' AND value = ? AND s.defines AND NOT s.erased ORDER BY p.row",
        (iri_value(iri),),
    ).fetchall()
    for entry in entries(conn, [row["row"] for row in rows]):
        for found, definition in entry.definitions():
            if found == iri:
                yield definition
