# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is written into the audit (:mod:`appliance.store.audit`), and how often.

Nobody can fill the card with it: what was refused or failed, and what pupils do, has a bounded place. What is over it
is counted, and the count is written as soon as there is room.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import CartableError
from appliance.ports import Clock, Now
from appliance.store import audit, times
from appliance.store.commit import GroupCommit
from appliance.store.db import Connection

log = logging.getLogger(__name__)

MOST_BAD, BAD_EACH_S = 100, 60.0
"""Refusals and failures that are written at once; one more in this time."""
MOST_OF_PUPILS, PUPILS_EACH_S = 600, 20.0
SOON_S = 1.0
NOT_WRITTEN = "not written"


class _Bucket:
    def __init__(self, most: int, each_s: float) -> None:
        self._most, self._each_s = most, each_s
        self._left, self._at = float(most), 0.0
        self.missed = 0

    def takes(self, now: float) -> bool:
        self._left = min(self._most, self._left + max(0.0, now - self._at) / self._each_s)
        self._at = now
        if self._left < 1:
            self.missed += 1
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class _Act:
    """An act that was noted, not written yet."""

    now: Now
    who: str
    role: str
    act: str
    subject: str


class Trail:
    """The audit's only writer. Thread-safe."""

    def __init__(self, commit: GroupCommit, clock: Clock) -> None:
        self._commit = commit
        self._clock = clock
        self._lock = threading.Lock()
        self._bad = _Bucket(MOST_BAD, BAD_EACH_S)
        self._sign_ins = _Bucket(MOST_BAD, BAD_EACH_S)
        self._recovery = _Bucket(MOST_BAD, BAD_EACH_S)
        self._pupils = _Bucket(MOST_OF_PUPILS, PUPILS_EACH_S)
        self._soon: list[_Act] = []

    def note(self, act: str, *, who: str = "", role: str = "nobody", subject: str = "", outcome: str = audit.DONE
             ) -> None:  # fmt: skip
        """Write one act, durably, unless its kind has used up its place.

        ``act``: short English words, for people. ``subject``: ids and counts, never a name. A disk that is full is
        logged: nobody is kept out of their class for it.
        """
        bucket = self._bucket(act, role, subject, outcome)
        with self._lock:
            if bucket is not None and not bucket.takes(self._clock.now().monotonic):
                return
            missed = 0
            if bucket is not None:
                missed, bucket.missed = bucket.missed, 0
        waiting = self._waiting()

        def write(conn: Connection) -> None:
            self._write_acts(conn, waiting)
            self._write(conn, missed, who, role, act, subject, outcome)

        self._run(write, act)

    def note_soon(self, act: str, *, who: str, role: str, subject: str) -> None:
        """Note one act of a pupil; it is written with the next one, or within :data:`SOON_S`.

        Sixty pupils who come in then cost a write or two. A pulled plug takes what was noted within that time.
        """
        now = self._clock.now()
        with self._lock:
            if not self._pupils.takes(now.monotonic):
                return
            first = not self._soon
            if self._pupils.missed:
                self._soon.append(_Act(now, "", role, NOT_WRITTEN, str(self._pupils.missed)))
                self._pupils.missed = 0
            self._soon.append(_Act(now, who, role, act, subject))
        if first:
            timer = threading.Timer(SOON_S, self.flush)
            timer.daemon = True
            timer.start()

    def flush(self) -> None:
        """Write what was noted: before the audit is read, and at the end."""
        waiting = self._waiting()
        if waiting:
            self._run(lambda conn: self._write_acts(conn, waiting), waiting[0].act)

    def _waiting(self) -> list[_Act]:
        with self._lock:
            waiting, self._soon = self._soon, []
        return waiting

    def _run(self, write: Callable[[Connection], None], act: str) -> None:
        try:
            self._commit.run(write)
        except CartableError as error:
            log.warning("The audit misses %r: %s", act, error)

    def _bucket(self, act: str, role: str, subject: str, outcome: str) -> _Bucket | None:
        """Wrong passphrases and wrong keys have places of their own: no other noise hides them."""
        if outcome == audit.DONE:
            return self._pupils if role in ("pupil", "nobody") else None
        if act != "sign-in":
            return self._bad
        return self._recovery if subject == "recovery key" else self._sign_ins

    def note_in(self, conn: Connection, act: str, *, who: str, role: str, subject: str = "") -> None:
        """Within the transaction of the act itself."""
        self._write(conn, 0, who, role, act, subject, audit.DONE)

    def _write_acts(self, conn: Connection, acts: list[_Act]) -> None:
        for each in acts:
            audit.add(conn, at=times.rfc3339(each.now.wall), trusted=each.now.trusted, who=each.who, role=each.role,
                      act=each.act, subject=each.subject, outcome=audit.DONE)  # fmt: skip

    def _write(self, conn: Connection, missed: int, who: str, role: str, act: str, subject: str, outcome: str) -> None:
        now = self._clock.now()
        at = times.rfc3339(now.wall)
        if missed:
            audit.add(conn, at=at, trusted=now.trusted, who="", role=role, act=NOT_WRITTEN, subject=str(missed),
                      outcome=outcome)  # fmt: skip
        audit.add(conn, at=at, trusted=now.trusted, who=who, role=role, act=act, subject=subject, outcome=outcome)
