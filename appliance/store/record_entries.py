# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A kept statement, read again: what the index and the projections are made from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.store import times
from appliance.store.record_terms import chunks, marks
from appliance.xapi import definitions, multipart, values
from appliance.xapi.definitions import Defines

COLUMNS = "row, id, body, stored, defines"
"""Of table ``statement``: what :func:`entry` takes."""
READ_AT_ONCE = 200
"""Statements in memory at a time while many are read."""
READ_BYTES = 4 << 20
"""Of these, unless one alone is larger: parsed they take ten times that, and anybody may send large ones."""


@dataclass(slots=True)
class Entry:
    """A statement that is in the table and not erased."""

    row: int
    id: str
    value: Mapping[str, Any]
    at: int
    """Its own time (``timestamp``), µs since 1970."""
    defines: Defines = Defines.EVERYTHING

    def definitions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(IRI, definition) of each activity that it may define, in order."""
        return definitions.counted(self.value, self.defines)

    def attachments(self) -> list[str]:
        """``sha2`` of its attachments, in lower case, each once."""
        return attachments(self.value)


def entries(conn: sqlite3.Connection, rows: Iterable[int]) -> Iterator[Entry]:
    """Those of ``rows`` that are not erased, in the order of ``rows``' chunks, ascending when ``rows`` are."""
    for chunk in portions(conn, rows):
        found = conn.execute(
            f"SELECT {COLUMNS} FROM statement WHERE row IN ({marks(chunk)}) AND NOT erased ORDER BY row",  # noqa: S608
            chunk,
        ).fetchall()
        for row in found:
            yield entry(row)


def portions(conn: sqlite3.Connection, rows: Iterable[int]) -> Iterator[list[int]]:
    """``rows`` in pieces whose statements may be in memory together, none of them empty."""
    for chunk in chunks(list(rows), READ_AT_ONCE):
        sizes = dict(
            conn.execute(f"SELECT row, length(body) FROM statement WHERE row IN ({marks(chunk)})", chunk).fetchall()  # noqa: S608
        )
        some: list[int] = []
        room = READ_BYTES
        for row in chunk:
            size = sizes.get(row, 0)
            if some and size > room:
                yield some
                some, room = [], READ_BYTES
            some.append(row)
            room -= size
        yield some


def entry(row: sqlite3.Row) -> Entry:
    """From :data:`COLUMNS`."""
    value = json.loads(row["body"])
    return Entry(row["row"], row["id"], value, moment(value, row["stored"]), Defines(row["defines"]))


def moment(value: Mapping[str, Any], stored: str) -> int:
    """The time of a statement: its ``timestamp``, or ``stored`` when it has none."""
    told = values.timestamp(value["timestamp"]) if "timestamp" in value else None
    return times.read(stored) if told is None else times.of(told)


def attachments(value: Mapping[str, Any]) -> list[str]:
    """``sha2`` of a statement's attachments, in lower case, each once."""
    return list(dict.fromkeys(told["sha2"].lower() for told in multipart.attachments(value)))
