# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Statements about statements: a StatementRef makes its statement match whatever the target matches.

Communication 2.1.3, "Filter Conditions for StatementRefs": recursively. A statement has one object, so what it reaches
is a path. Each statement of the path lends its terms to the first, as postings whose ``via`` is the lender's row. The
path ends where a statement is missing, erased, or met for the second time, and at three bounds (:data:`FARTHEST`,
:data:`LENT`, :data:`LARGEST`), so that a few bytes never make many postings. What is lent depends only on the
statements that are there, never on the order in which they came or on how the work was cut into turns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.store import record_terms
from appliance.store.durable import step
from appliance.store.record_entries import COLUMNS, Entry, entry
from appliance.store.record_terms import Posting, Terms, chunks, marks
from appliance.xapi.terms import reference

FARTHEST = 20
"""Statements that a path has at most."""
LENT = 500
"""Terms that a statement borrows at most: the path ends before the statement with which there would be more."""
LARGEST = 256 * 1024
"""Bytes. A path ends before a larger statement, which would have to be read anew for each one about it."""
TURN = 10_000
"""Steps (statements read, postings written) of one turn of the writer; the rest waits in ``reference_waiting``."""
SEEN_AT_ONCE = 500
"""Waiting statements that a turn looks at, at most."""

Item = tuple[int, int]
"""Row of a statement, row of the first of its path that lends it terms; both the same: the whole path lends."""


@dataclass(slots=True)
class _Node:
    row: int
    terms: list[int]
    target: str | None


class Links:
    """What statements borrow. Used in the writer's turn only, except :attr:`waiting`."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._left = TURN
        self.waiting = True
        """There may be work left for :meth:`go_on`."""

    def ended(self, kept: bool) -> None:
        """The writer's turn ended; was it kept?"""
        if kept:
            self._left = TURN
        else:
            self.waiting = True

    def add(self, conn: sqlite3.Connection, new: list[Entry]) -> None:
        """Carry terms to and over ``new``, whose own postings are written; what is too much for a turn waits."""
        targets = [(target, item.row) for item in new if (target := reference(item.value)) is not None]
        conn.executemany("INSERT OR IGNORE INTO statement_reference VALUES (?, ?)", targets)
        todo: list[Item] = [(row, row) for _, row in targets]
        todo += sorted(_before(conn, {item.id: item.row for item in new}).items())
        if not todo:
            return
        done, steps = self._carry(conn, todo, self._left)
        self._left -= steps
        if done < len(todo):
            step("leave references for later")
            conn.executemany("INSERT OR IGNORE INTO reference_waiting VALUES (?, ?)", todo[done:])
            self.waiting = True

    def go_on(self, conn: sqlite3.Connection) -> bool:
        """Do a turn's worth of what waits; returns whether there is more."""
        todo = [
            (item["row"], item["lender"])
            for item in conn.execute("SELECT row, lender FROM reference_waiting LIMIT ?", (SEEN_AT_ONCE,))
        ]
        done, _ = self._carry(conn, todo, TURN)
        conn.executemany("DELETE FROM reference_waiting WHERE row = ? AND lender = ?", todo[:done])
        self.waiting = conn.execute("SELECT 1 FROM reference_waiting LIMIT 1").fetchone() is not None
        return self.waiting

    def of(self, conn: sqlite3.Connection, gone: list[Entry]) -> Iterator[Posting]:
        """The postings that are there because ``gone`` are: their own, and those that reach or leave them on a path.

        To be used up before their bodies are emptied. Those that still wait are among them though nobody wrote them.
        """
        reader, rows = _Reader(conn, self._terms), {item.row for item in gone}
        for item in gone:
            numbers = self._terms.numbers(conn, record_terms.of(item.value)).values()
            yield from ((number, item.row, 0) for number in numbers)
            yield from reader.lent(item.row, item.row)
        for row, first in _before(conn, {item.id: item.row for item in gone}).items():
            if row not in rows:
                yield from reader.lent(row, first)

    def _carry(self, conn: sqlite3.Connection, todo: list[Item], most: int) -> tuple[int, int]:
        """Write what the first of ``todo`` borrow; returns how many it did, and in how many steps."""
        reader = _Reader(conn, self._terms)
        found: list[Posting] = []
        done = 0
        for row, first in todo:
            if reader.steps >= most:
                break
            found += reader.lent(row, first)
            done += 1
        if found:
            step("write references")
            self._terms.arrived(conn, record_terms.write(conn, found))
        return done, reader.steps


class _Reader:
    """One look at some paths; reads each statement of them once."""

    def __init__(self, conn: sqlite3.Connection, terms: Terms) -> None:
        self._conn = conn
        self._terms = terms
        self._nodes: dict[str, _Node | None] = {}
        self.steps = 0

    def lent(self, row: int, first: int) -> list[Posting]:
        """What the statement ``row`` borrows from ``first`` on, itself meaning from the beginning of its path."""
        path = list(self._path(row))
        begin = 0 if first == row else next((n for n, node in enumerate(path) if node.row == first), len(path))
        found = [(term, row, node.row) for node in path[begin:] for term in node.terms]
        self.steps += 1 + len(path) + len(found)
        return found

    def _path(self, row: int) -> Iterator[_Node]:
        seen, terms = {row}, 0
        start = self._conn.execute("SELECT target FROM statement_reference WHERE row = ?", (row,)).fetchone()
        node = self._node(start["target"]) if start else None
        while node is not None and node.row not in seen and len(seen) <= FARTHEST:
            terms += len(node.terms)
            if terms > LENT:
                return
            yield node
            seen.add(node.row)
            node = self._node(node.target) if node.target is not None else None

    def _node(self, name: str) -> _Node | None:
        if name not in self._nodes:
            row = self._conn.execute(
                f"SELECT {COLUMNS} FROM statement WHERE id = ? AND NOT erased AND length(body) <= ?",  # noqa: S608
                (name, LARGEST),
            ).fetchone()
            self._nodes[name] = None if row is None else self._made(entry(row))
        return self._nodes[name]

    def _made(self, about: Entry) -> _Node:
        numbers = self._terms.numbers(self._conn, record_terms.of(about.value))
        return _Node(about.row, list(numbers.values()), reference(about.value))


def _before(conn: sqlite3.Connection, reached: dict[str, int]) -> dict[int, int]:
    """Row of each statement whose path leads to one of ``reached`` (id: row) -> the row of the first that it meets.

    Ways that lead through one of ``reached`` to another end at the first.
    """
    own = set(reached.values())
    found: dict[int, int] = {}
    level = list(reached.items())
    for _ in range(FARTHEST):
        further: list[tuple[str, int]] = []
        for chunk in chunks(level):
            meant = dict(chunk)
            for row in conn.execute(
                "SELECT target, s.row, id FROM statement_reference r CROSS JOIN statement s ON s.row = r.row "  # noqa: S608
                f"WHERE target IN ({marks(chunk)})",
                list(meant),
            ):
                if row["row"] not in own and row["row"] not in found:
                    found[row["row"]] = meant[row["target"]]
                    further.append((row["id"], meant[row["target"]]))
        if not further:
            break
        level = further
    return found
