# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The inverted index: what a statement can be found by, numbered, and where each occurs in the order of arrival."""

from __future__ import annotations

import collections
import itertools
import sqlite3
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from appliance.store.durable import step
from appliance.xapi import terms as vocabulary

Term = tuple[str, str]
"""Kind and value, as :func:`appliance.xapi.terms.terms` gives them."""
T = TypeVar("T")
Posting = tuple[int, int, int]
"""Term, row, via."""

CACHED = 20_000
"""Terms whose number is remembered: some 4 MB."""
CHUNK = 400
"""Values in one ``IN (…)``."""
FREQUENT = 10_000
"""Statements from which on it does not matter how many a term leads to."""
FRESH = 2_000
"""Rows whose postings wait in the order of arrival: a search looks at each of them."""
MOST_FRESH = 50_000
"""Postings that wait so: twice what as many usual statements have. It bounds how long sorting them takes."""
WRITTEN = 100
"""Postings in one SQL statement: half the work of as many statements."""
UNUSED = "NOT EXISTS (SELECT 1 FROM posting WHERE posting.term = term.id)"


class Terms:
    """Numbers of terms. Used in the writer's turn only; told by :meth:`ended` how the turn ended."""

    def __init__(self) -> None:
        self._known: collections.OrderedDict[Term, int] = collections.OrderedDict()
        self._new: list[Term] = []
        self._fresh = 0

    def ended(self, kept: bool) -> None:
        """Forget the numbers given since the last end, if they were not kept."""
        if not kept:
            for term in self._new:
                self._known.pop(term, None)
        self._new.clear()

    def clear(self) -> None:
        """Forget everything: rows of ``term`` were deleted."""
        self._known.clear()
        self._new.clear()

    def arrived(self, conn: sqlite3.Connection, count: int) -> None:
        """So many postings went to ``posting_fresh``: sort them before they are more than a turn can sort."""
        self._fresh += count
        if self._fresh >= MOST_FRESH:
            sort(conn)
            self._fresh = 0

    def numbers(self, conn: sqlite3.Connection, wanted: Iterable[Term]) -> dict[Term, int]:
        """The number of each, given now to those that have none."""
        found: dict[Term, int] = {}
        unknown = []
        for term in wanted:
            number = self._known.get(term)
            if number is None:
                unknown.append(term)
            else:
                found[term] = number
        if unknown:
            found.update(self._looked_up(conn, unknown))
        return found

    def _looked_up(self, conn: sqlite3.Connection, unknown: list[Term]) -> dict[Term, int]:
        found = numbers(conn, unknown)
        missing = sorted(set(unknown) - found.keys())
        if missing:
            first = 1 + (conn.execute("SELECT max(id) FROM term").fetchone()[0] or 0)
            given = dict(zip(missing, range(first, first + len(missing)), strict=True))
            conn.executemany("INSERT INTO term (id, kind, value) VALUES (?, ?, ?)",
                             [(number, *term) for term, number in given.items()])  # fmt: skip
            found.update(given)
        self._known.update(found)
        self._new.extend(found)
        while len(self._known) > CACHED:
            self._known.popitem(last=False)
        return found


def numbers(conn: sqlite3.Connection, wanted: Iterable[Term]) -> dict[Term, int]:
    """The number of each term that has one."""
    values: dict[str, list[str]] = {}
    for kind, value in wanted:
        values.setdefault(kind, []).append(value)
    return {
        (kind, value): number
        for kind, all_of_kind in values.items()
        for chunk in chunks(all_of_kind)
        for number, value in conn.execute(
            f"SELECT id, value FROM term WHERE kind = ? AND value IN ({marks(chunk)})",  # noqa: S608
            [kind, *chunk],
        )
    }


def rarest_first(conn: sqlite3.Connection, terms: Iterable[int]) -> list[int]:
    """Terms in the order in which they lead to few statements; all that are frequent count the same."""
    uses = {
        term: conn.execute("SELECT count(*) FROM (SELECT 1 FROM posting WHERE term = ? LIMIT ?)",
                           (term, FREQUENT)).fetchone()[0]
        for term in terms
    }  # fmt: skip
    return sorted(uses, key=lambda term: (uses[term], term))


def chunks(values: list[T], size: int = CHUNK) -> Iterator[list[T]]:
    """``values`` in pieces that fit in one SQL statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def marks(values: list[Any]) -> str:
    """As many question marks, for ``IN (…)``."""
    return ",".join("?" * len(values))


def write(conn: sqlite3.Connection, postings: Collection[Posting], first_new: int | None = None) -> int:
    """Add those of ``postings`` that are not there yet; rows from ``first_new`` on are new, None: none is.

    New ones go to ``posting_fresh``, in the order of arrival: a page or two for a batch, where ``posting`` would take
    one for each of its terms. All postings of a row stand in the same of the two tables. Returns how many went there.
    """
    known = first_fresh(conn) or first_new
    fresh = sys.maxsize if known is None else known
    arrived = sorted((row, term, via) for term, row, via in postings if row >= fresh)
    for chunk in chunks(arrived, WRITTEN):
        conn.execute(
            f"INSERT OR IGNORE INTO posting_fresh VALUES {','.join(['(?,?,?)'] * len(chunk))}",  # noqa: S608
            list(itertools.chain.from_iterable(chunk)),
        )
    older = [posting for posting in postings if posting[1] < fresh]
    if older:
        conn.executemany("INSERT OR IGNORE INTO posting VALUES (?, ?, ?)", older)
    if arrived and arrived[-1][0] - fresh >= FRESH:
        sort(conn)
    return len(arrived)


def first_fresh(conn: sqlite3.Connection) -> int | None:
    """The first row whose postings are in ``posting_fresh``: those of all later ones are too. None: there is none."""
    found: int | None = conn.execute("SELECT min(row) FROM posting_fresh").fetchone()[0]
    return found


def sort(conn: sqlite3.Connection) -> None:
    """Move everything from ``posting_fresh`` to ``posting``."""
    if first_fresh(conn) is not None:
        step("sort postings")
        conn.execute("INSERT INTO posting SELECT term, row, via FROM posting_fresh ORDER BY term, row, via")
        conn.execute("DELETE FROM posting_fresh")


def remove(conn: sqlite3.Connection, postings: Iterable[Posting]) -> set[int]:
    """Take away those of ``postings`` that are there; returns their terms, for :func:`drop_unused`."""
    sort(conn)
    terms: set[int] = set()

    def each() -> Iterator[Posting]:
        for posting in postings:
            terms.add(posting[0])
            yield posting

    conn.executemany("DELETE FROM posting WHERE term = ? AND row = ? AND via = ?", each())
    return terms


def drop_unused(conn: sqlite3.Connection, terms: Iterable[int]) -> None:
    """Forget those of ``terms`` that nothing uses any more."""
    conn.executemany(f"DELETE FROM term WHERE id = ? AND {UNUSED}", [(term,) for term in terms])  # noqa: S608


def of(value: Mapping[str, Any]) -> set[Term]:
    """The terms of a statement."""
    return vocabulary.terms(value)
