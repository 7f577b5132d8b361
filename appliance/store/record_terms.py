# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The inverted index: what a statement can be found by, numbered, and where each occurs in the order of arrival."""

from __future__ import annotations

import collections
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

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


class Terms:
    """Numbers of terms. Used in the writer's turn only; told by :meth:`ended` how the turn ended."""

    def __init__(self) -> None:
        self._known: collections.OrderedDict[Term, int] = collections.OrderedDict()
        self._new: list[Term] = []

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
    return {
        (kind, value): number
        for chunk in chunks(list(wanted))
        for kind, value, number in conn.execute(
            f"SELECT kind, value, id FROM term WHERE (kind, value) IN (VALUES {','.join(['(?, ?)'] * len(chunk))})",  # noqa: S608
            [part for term in chunk for part in term],
        )
    }


def chunks(values: list[T], size: int = CHUNK) -> Iterator[list[T]]:
    """``values`` in pieces that fit in one SQL statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def marks(values: list[Any]) -> str:
    """As many question marks, for ``IN (…)``."""
    return ",".join("?" * len(values))


def write(conn: sqlite3.Connection, postings: Iterable[Posting]) -> None:
    """Add postings that are not there yet, and count them in ``term.uses``."""
    postings = list(postings)
    conn.executemany("INSERT INTO posting VALUES (?, ?, ?)", postings)
    _count(conn, postings, 1)


def remove(conn: sqlite3.Connection, postings: Iterable[Posting]) -> None:
    """Take postings away that are there, and terms that nothing uses any more."""
    postings = list(postings)
    conn.executemany("DELETE FROM posting WHERE term = ? AND row = ? AND via = ?", postings)
    _count(conn, postings, -1)
    conn.executemany("DELETE FROM term WHERE id = ? AND uses = 0", [(term,) for term in {p[0] for p in postings}])


def _count(conn: sqlite3.Connection, postings: list[Posting], sign: int) -> None:
    uses = collections.Counter(posting[0] for posting in postings)
    conn.executemany("UPDATE term SET uses = uses + ? WHERE id = ?", [(sign * n, term) for term, n in uses.items()])


def of(value: Mapping[str, Any]) -> set[Term]:
    """The terms of a statement."""
    return vocabulary.terms(value)
