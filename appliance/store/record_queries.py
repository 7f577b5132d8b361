# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Reading statements: one by its id, or pages of those that match a filter, in the order of arrival."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.errors import BadInput
from appliance.store import times
from appliance.store.record_entries import attachments
from appliance.store.record_terms import Term, first_fresh, numbers, rarest_first
from appliance.xapi import preparing

LOOKED_AT = 10_000
"""Postings that one page may look at: a filter that matches little gives short pages, never a slow one."""
MOST = 500
"""Statements of a page."""
MOST_BYTES = 4 << 20
"""Of the statements of a page, unless the first of them is larger."""
_CURSOR = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Query:
    """GET statements (Communication 2.1.3). Agent, verb… are values of :mod:`appliance.xapi.terms`; None: any."""

    agent: str | None = None
    verb: str | None = None
    activity: str | None = None
    registration: str | None = None
    related_agents: bool = False
    related_activities: bool = False
    since: datetime | None = None
    """In UTC; statements stored after it."""
    until: datetime | None = None
    """Stored at or before it."""
    limit: int = MOST
    """Statements of a page, at most :data:`MOST`; 0: as many as a page may hold."""
    most_bytes: int = MOST_BYTES
    """Of all statements of a page; one is given whatever its size."""
    ascending: bool = False
    cursor: str | None = None
    """:attr:`Page.next` of the same query; anything else is :class:`BadInput`."""
    within: str | None = None
    """An agent value that must be named besides, in whatever place (scope statements/read/mine)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A statement as it is sent."""

    row: int
    id: str
    body: bytes
    """Complete JSON, ``stored`` included."""
    stored: str

    @property
    def attachments(self) -> Sequence[str]:
        """``sha2`` of its attachments; whether the box has their bytes is another question."""
        return attachments(json.loads(self.body)) if b'"attachments"' in self.body else ()


@dataclass(frozen=True, slots=True)
class Page:
    """``next``: the cursor of the next page, None on the last one. A page may be short, or empty, and have a next."""

    found: list[Found]
    next: str | None


def get(conn: sqlite3.Connection, statement_id: str, *, voided: bool = False) -> Found | None:
    """The statement with this id if it is (``voided``) or is not voided; None when there is no such one."""
    row = conn.execute(
        "SELECT row, id, body, given, stored FROM statement WHERE id = ? AND voided = ? AND NOT erased",
        (statement_id.lower(), voided),
    ).fetchone()
    return None if row is None else _found(row)


def page(conn: sqlite3.Connection, query: Query) -> Page:
    """One page, as the database stands at one moment. Raises :class:`BadInput` for a wrong cursor."""
    conn.execute("BEGIN")
    try:
        return _page(conn, query)
    finally:
        conn.execute("COMMIT")


def _page(conn: sqlite3.Connection, query: Query) -> Page:
    low, high = _bounds(conn, query)
    wanted = _wanted(query)
    known = numbers(conn, wanted)
    if len(known) < len(wanted) or low > high:
        return Page([], None)
    terms = rarest_first(conn, known.values()) if len(known) > 1 else list(known.values())
    found: list[Found] = []
    last: int | None = None
    for table, first, end in _parts(conn, terms, low, high, ascending=query.ascending):
        last = _collect(conn, table, terms, first, end, query, found)
        if last is not None:
            break
    return Page(found, None if last is None else cursor(last))


def _parts(
    conn: sqlite3.Connection, terms: list[int], low: int, high: int, *, ascending: bool
) -> list[tuple[str, int, int]]:
    """(table, first row, last row): where to look, in this order."""
    if not terms:
        return [("statement", low, high)]
    fresh = first_fresh(conn) or high + 1
    parts = [("posting", low, min(high, fresh - 1)), ("posting_fresh", max(low, fresh), high)]
    return [part for part in (parts if ascending else parts[::-1]) if part[1] <= part[2]]


def _wanted(query: Query) -> list[Term]:
    kinds = {
        "any_agent" if query.related_agents else "agent": query.agent,
        "verb": query.verb,
        "any_activity" if query.related_activities else "activity": query.activity,
        "registration": query.registration,
    }
    wanted = {(kind, value) for kind, value in kinds.items() if value is not None}
    return sorted(wanted | ({("any_agent", query.within)} if query.within is not None else set()))


def _collect(
    conn: sqlite3.Connection,
    table: str,
    terms: list[int],
    low: int,
    high: int,
    query: Query,
    found: list[Found],
) -> int | None:
    """Append to ``found`` until the page is full; the last row that was looked at, None: there is nothing after."""
    limit, ascending = min(query.limit or MOST, MOST), query.ascending
    edge = _edge(conn, table, terms, low, high, ascending=ascending)
    if edge is not None:
        low, high = (low, edge) if ascending else (edge, high)
    room = query.most_bytes - sum(len(item.body) for item in found)
    for row in conn.execute(_sql(table, len(terms), ascending=ascending), [*terms[1:], *terms[:1], low, high]):
        if found and found[-1].row == row["row"]:  # it matches in more than one way
            continue
        if found and (len(found) == limit or row["size"] > room):
            return found[-1].row
        found.append(_read(conn, row["row"]))
        room -= len(found[-1].body)
    return edge


def _edge(
    conn: sqlite3.Connection, table: str, terms: list[int], low: int, high: int, *, ascending: bool
) -> int | None:
    """The last row that this page may look at; None when it may look at all."""
    if table == "posting_fresh":
        return None
    if not terms:
        last = low + LOOKED_AT if ascending else high - LOOKED_AT
        return last if low < last < high else None
    order = "ASC" if ascending else "DESC"
    row = conn.execute(
        f"SELECT row FROM posting WHERE term = ? AND row BETWEEN ? AND ? ORDER BY row {order} LIMIT 1 OFFSET ?",  # noqa: S608
        (terms[0], low, high, LOOKED_AT),
    ).fetchone()
    return None if row is None else int(row["row"])


def _sql(table: str, terms: int, *, ascending: bool) -> str:
    """Rows and their sizes. Parameters: the terms but the rarest, the rarest, first and last row.

    CROSS JOIN: the rarest drives. No body is read here: a page may have no room for it.
    """
    order = "ASC" if ascending else "DESC"
    columns = "SELECT s.row, length(s.body) AS size FROM"
    if not terms:
        return f"{columns} statement s WHERE s.row BETWEEN ? AND ? AND NOT voided AND NOT erased ORDER BY s.row {order}"
    joins = " ".join(
        f"CROSS JOIN {table} p{n} ON p{n}.term = ? AND p{n}.row = p0.row AND p{n}.via = p0.via" for n in range(1, terms)
    )
    return (
        f"{columns} {table} p0 {joins} CROSS JOIN statement s ON s.row = p0.row WHERE p0.term = ? "
        f"AND p0.row BETWEEN ? AND ? AND NOT s.voided AND NOT s.erased ORDER BY p0.row {order}"
    )


def _read(conn: sqlite3.Connection, row: int) -> Found:
    columns = "SELECT row, id, body, given, stored FROM statement WHERE row = ?"
    return _found(conn.execute(columns, (row,)).fetchone())


def _found(row: sqlite3.Row) -> Found:
    body = preparing.output(bytes(row["body"]), row["given"], row["stored"])
    return Found(row["row"], row["id"], body, row["stored"])


def _bounds(conn: sqlite3.Connection, query: Query) -> tuple[int, int]:
    """The rows, inclusive, between which a page lies."""
    top = conn.execute("SELECT max(row) FROM statement").fetchone()[0] or 0
    low, high = 1, top
    if query.cursor is not None:
        row = _read_cursor(query.cursor)
        low, high = (row + 1, high) if query.ascending else (low, min(high, row - 1))
    if query.since is not None:
        low = max(low, first_after(conn, times.of(query.since), top))
    if query.until is not None:
        high = min(high, first_after(conn, times.of(query.until), top) - 1)
    return low, high


def first_after(conn: sqlite3.Connection, moment: int, top: int) -> int:
    """The first row until ``top`` stored after ``moment`` (µs), or the one after: ``stored`` grows with the row, so
    halving finds it."""
    wanted = times.text(moment)
    low, high = 1, top + 1
    while low < high:
        middle = (low + high) // 2
        row = conn.execute(
            "SELECT row, stored FROM statement WHERE row >= ? ORDER BY row LIMIT 1", (middle,)
        ).fetchone()
        if row["stored"] > wanted:
            high = middle
        else:
            low = row["row"] + 1
    return low


def cursor(row: int) -> str:
    """Where the page after ``row`` begins."""
    return str(row)


def _read_cursor(text: str) -> int:
    if not _CURSOR.fullmatch(text):
        raise BadInput("This cursor is none that the box gave: start again from the first page.")
    return int(text)
