# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The learning record store: the one way in which statements are written and read.

One writer at a time, many readers. What :meth:`Records.append` returned is on the disk.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from appliance.errors import Busy, StorageError
from appliance.ports import Clock, Now
from appliance.store import (
    record_definitions,
    record_merge,
    record_names,
    record_queries,
    record_rebuild,
    record_settling,
    record_times,
    rewrite,
    times,
)
from appliance.store.attachments import Attachments
from appliance.store.commit import GroupCommit
from appliance.store.db import PATIENCE_S, Database
from appliance.store.durable import disk_errors
from appliance.store.record_append import Append, Beside, Unsettled
from appliance.store.record_fold import Fold
from appliance.store.record_lines import Statement as Foreign
from appliance.store.record_merge import MergeResult
from appliance.store.record_queries import Found, Page, Query
from appliance.xapi.definitions import Defines
from appliance.xapi.preparing import Prepared

__all__ = ["Foreign", "Found", "MergeResult", "Page", "Query", "Records"]

log = logging.getLogger(__name__)


_COPIES = 3
"""Of a byte in the database: itself, and two while the file is written anew (or one in the write-ahead log)."""


def _everything(_: Prepared) -> Defines:
    return Defines.EVERYTHING


class Records:
    """The store. Thread-safe."""

    def __init__(self, db: Database, clock: Clock, box_id: str, folder: Path, *, keep_free: int = 0) -> None:
        """Open the records of ``db``; files stand in ``folder``/records (``folder``: the box's state).

        ``keep_free``: bytes that :meth:`expect_room` keeps free; 0: it refuses nothing.

        What a death left half done is finished or removed, and what the previous release wrote is indexed.
        """
        self.db = db
        self.folder = folder
        self.clock = clock
        self.box_id = box_id
        self.fold = Fold(box_id)
        self.commit = GroupCommit(db, self.fold.ended)
        self.attachments = Attachments(folder / "records" / "attachments", db)
        self.arrivals = record_times.Arrivals(clock)
        self._keep_free = keep_free
        self._rebuilding = False
        self._settling = threading.Lock()
        self._linking = threading.Lock()
        self.commit.run(lambda conn: record_times.begin(conn, self.arrivals, clock.now()))
        self.catch_up()

    def append(
        self,
        batch: Sequence[Prepared],
        *,
        attachments: Mapping[str, bytes] | None = None,
        define: Callable[[Prepared], Defines] = _everything,
    ) -> list[str]:
        """Keep ``batch``, all or nothing, durably; returns the ids in its order.

        A statement that is there already, and says the same, is simply listed; so is one that was erased, which does
        not come back. ``attachments``: bytes by ``sha2``. ``define``: which definitions of each
        become what the box knows of activities. Raises :class:`Conflict` when an id stands for another statement,
        :class:`BadInput` when it comes twice in the batch, :class:`StorageError` when the disk is full, :class:`Busy`
        while a rebuild, or writing the file anew, keeps the writer's turn.
        """
        self.expect_turn()
        with self.attachments.kept(attachments or {}):
            self._take(batch, define=define, each=False)
        return [prepared.id for prepared in batch]

    def append_each(self, batch: Sequence[Prepared], beside: Mapping[str, Beside] | None = None) -> dict[str, str]:
        """Keep, durably, each statement of ``batch`` that can be; returns {id: reason} of the others.

        ``beside``: what is to be written in the same transaction as the statement with that id, once, when it is new.
        """
        return self._take(batch, define=_everything, each=True, beside=beside or {})

    def _take(
        self,
        batch: Sequence[Prepared],
        *,
        define: Callable[[Prepared], Defines],
        each: bool,
        beside: Mapping[str, Beside] = MappingProxyType({}),
    ) -> dict[str, str]:
        self.expect_turn()
        if not batch:
            return {}
        work = Append(self.fold, self.arrivals, self.clock, self.box_id, batch, define=define, each=each,
                      beside=beside)  # fmt: skip
        while True:
            try:
                refused = self.commit.run(work, patience_s=PATIENCE_S)
            except Unsettled:
                self.settle_clock(self.clock.now())
            else:
                self._link()  # before ``landed``: what cannot be found yet is not announced
                return refused
            finally:
                self.arrivals.landed(work)

    def expect_turn(self) -> None:
        """Raises :class:`Busy` while a rebuild keeps the writer's turn: minutes, for which no request may wait."""
        if self._rebuilding:
            raise Busy("The learning records are being rebuilt: try again in a few minutes.")

    def expect_room(self, size: int, attached: int = 0) -> None:
        """Raises :class:`StorageError` unless so many bytes in the database, and in files, leave enough free.

        Enough is ``keep_free``, for answers, beside the room for writing the file anew: an erasure must be able to end.
        For what tools send; nobody asks before an answer of a pupil or an erasure is written.
        """
        keep = self._keep_free + rewrite.room_needed(self.db.reading())
        with disk_errors(self.db.path):
            free = shutil.disk_usage(self.db.path.parent).free
        missing = keep + _COPIES * size + attached - free
        if self._keep_free and missing > 0:
            raise StorageError(
                "The box keeps the rest of its disk for the pupils' answers and for erasures: remove resources or old "
                "documents until %(needed)s MB more are free, then send this again.",
                needed=rewrite.megabytes(missing),
            )

    def get(self, statement_id: str, *, voided: bool = False) -> Found | None:
        """The statement with this id, or the voided one; None when there is none."""
        return record_queries.get(self.db.reading(), statement_id, voided=voided)

    def query(self, query: Query) -> Page:
        """A page of those that match. Raises :class:`BadInput` for a cursor that is none."""
        return record_queries.page(self.db.reading(), query)

    def cursor(self, found: Found) -> str:
        """Where the same query goes on after ``found``."""
        return record_queries.cursor(found.row)

    def consistent_through(self) -> str:
        """RFC 3339: everything stored before it can be read now (Communication 2.1.3)."""
        return times.text(self.arrivals.through())

    def definition(self, iri: str) -> dict[str, Any] | None:
        """What the box knows of an activity, or None."""
        return record_definitions.read(self.db.reading(), iri)

    def definition_text(self, iri: str) -> str | None:
        """The same as JSON, at most :data:`appliance.store.record_definitions.LARGEST` characters."""
        return record_definitions.text(self.db.reading(), iri)

    def names_of(self, agent_value: str) -> list[str]:
        """The names that statements gave an agent, the newest first."""
        return record_names.names(self.db.reading(), agent_value)

    def attachment(self, sha2: str) -> bytes | None:
        """The bytes of an attachment, or None. Raises :class:`Damaged`."""
        return self.attachments.read(sha2)

    def attachment_size(self, sha2: str) -> int:
        """Its bytes, 0 when the box does not have it."""
        return self.attachments.size(sha2)

    def settle_clock(self, now: Now) -> int:
        """Once the clock is trusted, give what came before its true time; returns how many statements."""
        with self._settling:  # in several transactions: each goes on from what the one before it left
            if not now.trusted or not self.arrivals.held:
                return 0
            return record_settling.settle(self.commit.run, self.arrivals, self.fold.terms, self.box_id, now)

    def rebuild(self, progress: Callable[[int, int], None]) -> None:
        """Empty everything that is derived from statements, and derive it again: the result is the same.

        One transaction: readers see the former state until its end, a death leaves it. Appending is :class:`Busy`
        meanwhile. ``progress(done, total)``.
        """
        self._rebuilding = True
        try:
            self.commit.run(lambda conn: record_rebuild.rebuild(conn, self.fold, progress), alone=True)
        finally:
            self._rebuilding = False

    def catch_up(self) -> int:
        """Index what the previous release wrote since this one last ran; returns how many."""
        total = 0
        while done := self.commit.run(lambda conn: record_rebuild.catch_up(conn, self.fold)):
            total += done
        self._link()
        return total

    def merge(self, rows: Iterable[Foreign]) -> MergeResult:
        """Take in statements of an export or of another box; see :mod:`appliance.store.record_merge`."""
        self.settle_clock(self.clock.now())
        self.arrivals.held = True
        turn, clock = self.commit.run, self.clock
        try:
            return record_merge.merge(turn, self.fold, self.arrivals, clock, self.box_id, rows, self.settle_clock)
        finally:
            self._link()

    def _link(self) -> None:
        """Finish, in turns between those of others, what references left for later: whoever sent many waits longer.

        One thread does it for all. What the disk refuses stays for the next one, or the next start.
        """
        while self.fold.links.waiting and not self._rebuilding and self._linking.acquire(blocking=False):
            try:
                while self.commit.run(self.fold.links.go_on):
                    pass
            except StorageError as error:
                log.warning("Filters do not follow all references yet: %s", error)
                return
            finally:
                self._linking.release()
