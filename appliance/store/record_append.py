# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One batch of new statements, written within a turn of the writer."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from appliance.errors import BadInput, CartableError, Conflict
from appliance.ports import Clock, Now
from appliance.store import record_times, times, tombstones
from appliance.store.durable import step
from appliance.store.record_entries import Entry, moment
from appliance.store.record_fold import Fold
from appliance.store.record_rebuild import mark
from appliance.store.record_terms import chunks, marks, of
from appliance.store.record_times import Arrivals
from appliance.xapi import preparing
from appliance.xapi.comparison import same
from appliance.xapi.definitions import Defines
from appliance.xapi.preparing import Prepared

Beside = Callable[[sqlite3.Connection], object]
"""Something to write in the transaction of a statement."""

INSERT = """
INSERT INTO statement (row, id, origin, sequence, body, given, sha256, stored, trusted, defines)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Unsettled(Exception):
    """The clock is trusted again, and what came before it was is to be settled first."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the table."""

    row: int
    sequence: int
    """Highest of an origin."""
    stored: int


class Append:
    """The work of one caller; raises what :meth:`appliance.store.records.Records.append` says."""

    def __init__(self, fold: Fold, arrivals: Arrivals, clock: Clock, box_id: str, batch: Sequence[Prepared], *,
                 define: Callable[[Prepared], Defines], each: bool,
                 beside: Mapping[str, Beside] = MappingProxyType({})) -> None:  # fmt: skip
        self._fold = fold
        self._arrivals = arrivals
        self._clock = clock
        self._box_id = box_id
        self._batch = batch
        self._define = define
        self._each = each
        self._beside = beside

    def __call__(self, conn: sqlite3.Connection) -> dict[str, str]:
        """Write; returns {id: reason} of those that are refused one by one."""
        refused: dict[str, str] = {}
        new = self._new(conn, refused)
        if new:
            now = self._clock.now()
            if now.trusted and self._arrivals.held:
                raise Unsettled
            self._write(conn, new, now)
        return refused

    def _new(self, conn: sqlite3.Connection, refused: dict[str, str]) -> list[Prepared]:
        """Those of the batch that are not there yet and may come in."""
        known = _known(conn, [prepared.id for prepared in self._batch])
        graves = conn.execute("SELECT 1 FROM tombstone LIMIT 1").fetchone() is not None
        new: dict[str, Prepared] = {}
        for prepared in self._batch:
            try:
                if prepared.id in known:
                    _expect_same(conn, prepared)
                elif prepared.id in new:
                    self._twice(new[prepared.id], prepared)
                elif not graves or not tombstones.erased(conn, agents(prepared.value), self._box_id):
                    new[prepared.id] = prepared
            except CartableError as error:
                if not self._each:
                    raise
                refused[prepared.id] = error.message
        return list(new.values())

    def _twice(self, first: Prepared, again: Prepared) -> None:
        if not self._each:
            raise BadInput("Two statements of this request have the same id %(id)s.", id=again.id)
        added = {*first.added, *(("timestamp",) if first.stamp else ())}
        if not same(first.value, added, again.value):
            raise _conflict(again)

    def _write(self, conn: sqlite3.Connection, new: list[Prepared], now: Now) -> None:
        end = tail(conn, self._box_id)
        first = self._arrivals.take(self, now, end.stored, len(new))
        rows, entries = [], []
        for place, prepared in enumerate(new):
            row, stored = end.row + 1 + place, first + place
            text = times.text(stored)
            stamp = None
            if prepared.stamp:
                stamp = times.text(stored - times.micros(prepared.age_s)) if prepared.age_s else text
            body, given = preparing.finish(prepared, stamp)
            defines = self._define(prepared)
            rows.append((row, prepared.id, self._box_id, end.sequence + 1 + place, body, given,
                         hashlib.sha256(body).digest(), text, int(now.trusted), int(defines)))  # fmt: skip
            at = times.read(stamp) if stamp else moment(prepared.value, text)
            entries.append(Entry(row, prepared.id, prepared.value, at, defines))
        step("write statements")
        conn.executemany(INSERT, rows)
        if not now.trusted:
            step("write held")
            ages = [prepared.age_s if prepared.stamp else None for prepared in new]
            record_times.hold(conn, now, list(zip((entry.row for entry in entries), ages, strict=True)))
        for prepared in new:
            if prepared.id in self._beside:
                self._beside[prepared.id](conn)
        name_attachments(conn, ((entry.row, item.attachments) for entry, item in zip(entries, new, strict=True)))
        self._fold.add(conn, entries)
        mark(conn, end.row, entries[-1].row)


def name_attachments(conn: sqlite3.Connection, named: Iterable[tuple[int, Iterable[str]]]) -> None:
    """Note which rows name which attachments."""
    pairs = [(sha2, row) for row, names in named for sha2 in names]
    if pairs:
        conn.executemany("INSERT OR IGNORE INTO statement_attachment VALUES (?, ?)", pairs)


def tail(conn: sqlite3.Connection, origin: str) -> Tail:
    """Where the next statement of ``origin`` goes."""
    last = conn.execute("SELECT row, stored FROM statement ORDER BY row DESC LIMIT 1").fetchone()
    sequence = conn.execute("SELECT max(sequence) FROM statement WHERE origin = ?", (origin,)).fetchone()[0]
    return Tail(last["row"] if last else 0, sequence or 0, times.read(last["stored"]) if last else -1)


def agents(value: Mapping[str, Any]) -> list[str]:
    """Whoever a statement names, in whatever place."""
    return [name for kind, name in of(value) if kind == "any_agent"]


def _known(conn: sqlite3.Connection, names: list[str]) -> set[str]:
    return {
        row["id"]
        for chunk in chunks(names)
        for row in conn.execute(
            f"SELECT id FROM statement WHERE id IN ({marks(chunk)})",  # noqa: S608
            chunk,
        )
    }


def _expect_same(conn: sqlite3.Connection, again: Prepared) -> None:
    """Raises :class:`Conflict` unless the statement that is there says the same, or was erased.

    One is read at a time: a few bytes name one of 8 MB.
    """
    known = conn.execute("SELECT body, given, erased FROM statement WHERE id = ?", (again.id,)).fetchone()
    if not known["erased"] and not same(json.loads(known["body"]), added_keys(known), again.value):
        raise _conflict(again)


def added_keys(row: sqlite3.Row) -> set[str]:
    """The members of a kept statement that its sender did not give (``body, given``)."""
    if row["given"] is None:  # the previous release made its statements whole
        return {"timestamp", "stored", "version", "authority"}
    rest = bytes(row["body"])[row["given"] :]
    return set(json.loads(b"{" + rest.lstrip(b",")))


def _conflict(again: Prepared) -> Conflict:
    return Conflict("Another statement already has this id: %(id)s.", id=again.id)
