# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Group commit: callers that come while another's transaction is being flushed share the next one, and its flush.

Nobody waits for company: whoever finds no transaction under way leads one at once, for itself alone.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from appliance.errors import CartableError
from appliance.store.db import Database, busy
from appliance.store.durable import step

T = TypeVar("T")
Ended = Callable[[bool], None]

MOST = 64
"""Callers in one transaction: bounds its size, and how long the first of them waits for the last."""


class _Job:
    __slots__ = ("alone", "error", "lead", "patience_s", "result", "wake", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], Any], patience_s: float | None, *, alone: bool) -> None:
        self.work = work
        self.alone = alone
        self.patience_s = patience_s
        self.wake = threading.Event()
        self.lead = False
        self.result: Any = None
        self.error: BaseException | None = None


class GroupCommit:
    """The writers' queue. Thread-safe."""

    def __init__(self, db: Database, ended: Ended | None = None) -> None:
        """``ended(kept)`` is called, in the writer's turn, after each work that was undone and each transaction."""
        self._db = db
        self._ended: Ended = ended or (lambda kept: None)
        self._lock = threading.Lock()
        self._waiting: list[_Job] = []
        self._led = False

    def run(
        self, work: Callable[[sqlite3.Connection], T], *, patience_s: float | None = None, alone: bool = False
    ) -> T:
        """What ``work`` returns, once it is on the disk.

        ``patience_s``: seconds to wait until it begins, None: as long as it takes. Raises
        :class:`appliance.errors.Busy` when it did not, and will not. ``alone``: it takes minutes, and nobody else may
        be made to wait for its end.

        ``work`` writes on the connection it is given, within a savepoint of its own: when it raises, it alone is undone
        and the error is raised here. Raises :class:`appliance.errors.StorageError` when the disk is full or failing:
        then nothing of the whole group is kept, and each caller is told.
        """
        job = _Job(work, patience_s, alone=alone)
        with self._lock:
            self._waiting.append(job)
            leads = not self._led
            self._led = True
        if not leads:
            if not job.wake.wait(patience_s) and self._gave_up(job):
                raise busy()
            job.wake.wait()
            leads = job.lead
        if leads:
            self._lead(job)
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def _gave_up(self, job: _Job) -> bool:
        """Leave the queue; False: too late, it is this one's turn."""
        with self._lock:
            if job not in self._waiting or job.lead:
                return False
            self._waiting.remove(job)
            return True

    def _lead(self, own: _Job) -> None:
        """Commit everything that waits, this caller's own work (the first) among it, then hand over."""
        group: list[_Job] = []
        try:
            with self._db.turn(patience_s=own.patience_s):
                group = self._called()
                self._commit(group)
        except BaseException as error:  # whatever it was, nothing is kept: nobody may be left waiting for it
            if group:
                self._ended(False)
            group = group or self._called(1)
            for job in group:
                job.error = job.error or error
            if not isinstance(error, CartableError | sqlite3.Error):
                raise
        else:
            self._ended(True)
        finally:
            self._hand_over(group)

    def _called(self, most: int = MOST) -> list[_Job]:
        """Who is in the next transaction; the others wait on, and may leave."""
        with self._lock:
            alone = next((place for place, job in enumerate(self._waiting) if job.alone), most)
            size = min(most, max(1, alone))
            group, self._waiting = self._waiting[:size], self._waiting[size:]
            return group

    def _commit(self, group: list[_Job]) -> None:
        with self._db.transaction() as conn:
            for job in group:
                self._attempt(conn, job)
            step("commit")
        step("committed")

    def _attempt(self, conn: sqlite3.Connection, job: _Job) -> None:
        conn.execute("SAVEPOINT work")
        try:
            job.result = job.work(conn)
        except BaseException as error:
            if isinstance(error, sqlite3.OperationalError) or not isinstance(error, Exception):
                raise  # the disk, which fails for everybody; or the end of the process
            conn.execute("ROLLBACK TO work")
            self._ended(False)
            job.error = error
        conn.execute("RELEASE work")

    def _hand_over(self, group: list[_Job]) -> None:
        with self._lock:
            successor = self._waiting[0] if self._waiting else None
            self._led = successor is not None
            if successor is not None:
                successor.lead = True
        for job in group:
            job.wake.set()
        if successor is not None:
            successor.wake.set()
