# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Everything that is derived from statements, brought up to date in the transaction that writes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from appliance.store import oral, record_links, record_projections, record_terms, statements
from appliance.store.durable import step
from appliance.store.record_definitions import Definitions, defined
from appliance.store.record_entries import Entry, entries
from appliance.store.record_projections import Tally, facts
from appliance.store.record_terms import Terms, chunks, marks
from appliance.xapi.terms import reference, voids


class Fold:
    """Index, voiding, references, projections. Used in the writer's turn only."""

    def __init__(self, box_id: str) -> None:
        self.terms = Terms()
        self.links = record_links.Links(self.terms)
        self._box_id = box_id
        self._definitions = Definitions()

    def ended(self, kept: bool) -> None:
        """The writer's turn ended; was it kept?"""
        self.terms.ended(kept)
        self.links.ended(kept)
        self._definitions.ended(kept)

    def clear(self) -> None:
        """Rows that were remembered may be gone."""
        self.terms.clear()
        self._definitions.clear()

    def add(self, conn: sqlite3.Connection, new: list[Entry]) -> None:
        """Derive what ``new``, just written, in ascending order, add."""
        if not new:
            return
        own = [(entry, record_terms.of(entry.value)) for entry in new]
        number = self.terms.numbers(conn, set().union(*(found for _, found in own)))
        step("write postings")
        postings = [(number[term], entry.row, 0) for entry, found in own for term in found]
        self.terms.arrived(conn, record_terms.write(conn, postings, new[0].row))
        self.links.add(conn, new)
        void, undone = self._void(conn, new)
        live = [entry for entry in new if entry.row not in void]
        step("write projections")
        tally = Tally(number)
        for entry in live:
            tally.add(facts(entry))
        tally.write(conn)
        self._take_away(conn, undone)  # only now: it counts some anew from the index, where ``new`` stands already
        statements.fold(conn, self._box_id, live)
        oral.fold(conn, self._box_id, live)
        self._definitions.add(conn, new)

    def _void(self, conn: sqlite3.Connection, new: list[Entry]) -> tuple[set[int], list[Entry]]:
        """Mark what ``new`` voids, or is voided of it (Data 2.3.2); returns the rows of ``new`` that are voided, and
        the older statements that are from now on."""
        voiding = {entry.row: target for entry in new if (target := voids(entry.value)) is not None}
        conn.executemany("INSERT OR IGNORE INTO statement_void VALUES (?, ?)",
                         [(target, row) for row, target in voiding.items()])  # fmt: skip
        void = {
            entry.row for entry in new if entry.row not in voiding
        } & self._rows(conn, "SELECT row FROM statement WHERE id IN ({}) AND id IN (SELECT target FROM statement_void)",
                       [entry.id for entry in new])  # fmt: skip
        older = self._rows(conn, "SELECT row FROM statement WHERE id IN ({}) AND NOT voided AND NOT erased",
                           voiding.values()) - {entry.row for entry in new}  # fmt: skip
        undone = [entry for entry in entries(conn, sorted(older)) if voids(entry.value) is None]
        void_rows = [(row,) for row in [*sorted(void), *(entry.row for entry in undone)]]
        if void_rows:
            step("void")
            conn.executemany("UPDATE statement SET voided = 1 WHERE row = ?", void_rows)
        return void, undone

    @staticmethod
    def _rows(conn: sqlite3.Connection, sql: str, names: Iterable[str]) -> set[int]:
        return {row["row"] for chunk in chunks(list(names)) for row in conn.execute(sql.format(marks(chunk)), chunk)}

    def _take_away(self, conn: sqlite3.Connection, gone: list[Entry]) -> None:
        """From the projections, what they had added."""
        if gone:
            record_projections.take_away(conn, self.terms, [facts(entry) for entry in gone])
            for table in ("answer", "oral_attempt"):
                conn.executemany(f"DELETE FROM {table} WHERE statement = ?", [(entry.id,) for entry in gone])  # noqa: S608

    def forget(self, conn: sqlite3.Connection, rows: Iterable[int]) -> set[str]:
        """Erase: empty the bodies of ``rows`` and remove everything that was derived from them.

        Left: the shell of the row, its place in time, which may have to be put right, and whether it voids another
        statement. Returns the activities that these statements defined: they have no definition any more until
        :meth:`define` makes it from the others (it reads all of these, so it is for the end of a long erasure). The
        bytes are overwritten once the write-ahead log is truncated; files of attachments are the caller's
        (:mod:`appliance.store.attachments`).
        """
        gone = list(entries(conn, rows))
        used = record_terms.remove(conn, self.links.of(conn, gone))
        emptied = [(entry.row,) for entry in gone]
        live = {
            row
            for chunk in chunks([entry.row for entry in gone])
            for (row,) in conn.execute(
                f"SELECT row FROM statement WHERE NOT voided AND row IN ({marks(chunk)})",  # noqa: S608
                chunk,
            )
        }
        step("empty bodies")
        conn.executemany("UPDATE statement SET body = x'', erased = 1 WHERE row = ?", emptied)
        step("erase what was derived")
        self._take_away(conn, [entry for entry in gone if entry.row in live])
        record_terms.drop_unused(conn, used)
        conn.executemany("DELETE FROM statement_reference WHERE row = ? AND target = ?",
                         [(entry.row, target) for entry in gone if (target := reference(entry.value))])  # fmt: skip
        conn.executemany("DELETE FROM statement_attachment WHERE sha256 = ? AND row = ?",
                         [(sha2, entry.row) for entry in gone for sha2 in entry.attachments()])  # fmt: skip
        iris = defined(gone)
        self._definitions.drop(conn, iris)
        self.clear()
        return iris

    def define(self, conn: sqlite3.Connection, iris: Iterable[str]) -> None:
        """Make the definitions of these activities from the statements that are left."""
        self._definitions.again(conn, sorted(iris))
