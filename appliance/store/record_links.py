# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Statements about statements: a StatementRef makes its statement match whatever the target matches.

Communication 2.1.3, "Filter Conditions for StatementRefs": recursively, without end. A statement has one object, so
what it reaches is a path, which ends where a statement is missing, erased, or met for the second time. Each statement
of the path lends its terms to those before it, as postings whose ``via`` is its row.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.store import record_terms
from appliance.store.record_entries import COLUMNS, Entry, entry
from appliance.store.record_terms import Posting, Terms, chunks, marks
from appliance.xapi.terms import reference

FARTHEST = 100
"""Statements of a path that count: a chain of n would make n² postings."""


@dataclass(slots=True)
class _Node:
    row: int
    id: str
    terms: list[int]
    target: str | None


class Links:
    """One look at the references around some statements; reads each of them once."""

    def __init__(self, conn: sqlite3.Connection, terms: Terms) -> None:
        self._conn = conn
        self._terms = terms
        self._nodes: dict[str, _Node | None] = {}

    def postings(self, about: Entry) -> set[Posting]:
        """The postings with a ``via`` that are there because ``about`` is: its own, and those it carries to others."""
        start = self._made(about)
        path = list(itertools.islice(self._after(start), FARTHEST))
        found = {(term, start.row, node.row) for node in path for term in node.terms}
        for way in self._before(start):
            passed = {node.row for node in way}
            lent = itertools.takewhile(lambda node: node.row not in passed, [start, *path])  # noqa: B023 - used at once
            for node in itertools.islice(lent, FARTHEST + 1 - len(way)):
                found.update((term, way[-1].row, node.row) for term in node.terms)
        return found

    def _after(self, start: _Node) -> Iterator[_Node]:
        seen, node = {start.row}, self._node(start.target)
        while node is not None and node.row not in seen:
            yield node
            seen.add(node.row)
            node = self._node(node.target)

    def _before(self, start: _Node) -> Iterator[list[_Node]]:
        """Each statement that reaches ``start``, last in the list of those between (nearest to ``start`` first)."""
        ways: list[list[_Node]] = [[]]
        while ways:
            way = ways.pop()
            near = way[-1] if way else start
            if len(way) >= FARTHEST:
                continue
            for name in self._referring(near.id):
                node = self._node(name)
                if node is not None and node.row != start.row and all(node.row != other.row for other in way):
                    ways.append([*way, node])
                    yield ways[-1]

    def _referring(self, target: str) -> list[str]:
        rows = self._conn.execute(
            "SELECT id FROM statement_reference JOIN statement USING (row) WHERE target = ? ORDER BY row", (target,)
        )
        return [row["id"] for row in rows]

    def _node(self, name: str | None) -> _Node | None:
        if name is None:
            return None
        if name not in self._nodes:
            row = self._conn.execute(
                f"SELECT {COLUMNS} FROM statement WHERE id = ? AND NOT erased",  # noqa: S608
                (name,),
            ).fetchone()
            self._nodes[name] = None if row is None else self._made(entry(row))
        return self._nodes[name]

    def _made(self, about: Entry) -> _Node:
        known = self._nodes.get(about.id)
        if known is not None:
            return known
        numbers = self._terms.numbers(self._conn, record_terms.of(about.value))
        self._nodes[about.id] = made = _Node(about.row, about.id, list(numbers.values()), reference(about.value))
        return made


def note(conn: sqlite3.Connection, entries: list[Entry]) -> list[Entry]:
    """Write down what ``entries`` refer to; returns those that refer to something or that something refers to."""
    targets = {e.row: target for e in entries if (target := reference(e.value)) is not None}
    conn.executemany("INSERT OR IGNORE INTO statement_reference VALUES (?, ?)",
                     [(target, row) for row, target in targets.items()])  # fmt: skip
    meant = {
        row["target"]
        for chunk in chunks([e.id for e in entries])
        for row in conn.execute(
            f"SELECT DISTINCT target FROM statement_reference WHERE target IN ({marks(chunk)})",  # noqa: S608
            chunk,
        )
    }
    return [e for e in entries if e.row in targets or e.id in meant]
