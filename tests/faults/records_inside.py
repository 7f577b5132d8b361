# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The process that the fault tests kill: ``python -m tests.faults.records_inside <plan>``, a :class:`Plan` in JSON.

It writes one line to its output before each request and one after each answer, each by a single ``write(2)``: what
was told before a death stays told.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from appliance.errors import StorageError
from tests.faults import records_clock, records_work
from tests.faults.records_store import Store, opened
from tests.faults.records_work import ERASED, Item

THREADS = 3
PATIENCE = 5
"""Requests refused for want of room, after which the ballast is thrown off."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What to do; ``die_at``: end at that many SQL statements of the writer (0: never)."""

    seed: int
    state: str
    count: int
    clock: dict[str, Any]
    erase: str = ""
    """"", "final" or "past"."""
    die_at: int = 0
    die_in_erasure: bool = False
    """Count for ``die_at`` from the beginning of the erasure on."""
    ballast: str = ""
    """A file to remove once the disk has been full for some time."""
    skip: tuple[int, ...] = ()
    """Numbers of the requests not to send again."""


def main(text: str) -> int:
    told = json.loads(text)
    plan = Plan(**{**told, "skip": tuple(told["skip"])})
    clock = records_clock.ScriptedClock(records_clock.Script.from_json(plan.clock))
    with opened(Path(plan.state), clock) as store:
        _tell("ready")
        if plan.die_at and not plan.die_in_erasure:
            _doom(store, plan)
        run(store, plan, _tell)
        store.db._writer.set_trace_callback(None)
    return 0


def run(store: Store, plan: Plan, tell: Callable[[str], None]) -> None:
    """Send everything, three at a time. ``tell`` gets the lines, also from other threads."""
    work = [i for i in records_work.items(plan.seed, plan.count, erase=bool(plan.erase)) if i.number not in plan.skip]
    turns, lock = iter(work), threading.Lock()
    room = _Room(plan.ballast)
    failed = threading.Event()

    def sender() -> None:
        for item in _shared(turns, lock):
            if failed.is_set():
                return
            tell(f"begin {item.number}")
            tell(f"end {item.number} {_done(store, item, plan, room)}")

    with ThreadPoolExecutor(THREADS) as threads:
        done, going_on = wait([threads.submit(sender) for _ in range(THREADS)], return_when=FIRST_EXCEPTION)
        failed.set()
    for ended in (*done, *going_on):
        ended.result()


def _shared(turns: Iterator[Item], lock: threading.Lock) -> Iterator[Item]:
    while True:
        with lock:
            item = next(turns, None)
        if item is None:
            return
        yield item


def _done(store: Store, item: Item, plan: Plan, room: _Room) -> str:
    """Status and the ids told, or what went wrong."""
    try:
        if item.kind == "erase":
            if plan.die_in_erasure:
                _doom(store, plan)
            store.erase(ERASED, final=plan.erase == "final")
            return "200"
        answer = store.send(item)
    except (StorageError, sqlite3.OperationalError) as error:
        room.refused()
        return f"507 {type(error).__name__}"
    if answer.status == 507:
        room.refused()
    elif answer.status >= 400 and answer.status != 409:
        return f"{answer.status} {answer.body[:300]!r}"
    listed = json.loads(answer.body) if answer.status == 200 and item.statements else []
    return " ".join([str(answer.status), *listed])


class _Room:
    """Throws the ballast off when the disk has been full for a while."""

    def __init__(self, ballast: str) -> None:
        self._ballast = ballast
        self._left = PATIENCE

    def refused(self) -> None:
        self._left -= 1
        if self._ballast and self._left == 0:
            Path(self._ballast).unlink(missing_ok=True)


def _doom(store: Store, plan: Plan) -> None:
    store.db._writer.set_trace_callback(_Death(plan.die_at).tick)


class _Death:
    """Ends the process before the n-th SQL statement of the writer."""

    def __init__(self, at: int) -> None:
        self._left = at

    def tick(self, sql: str) -> None:
        self._left -= 1
        if self._left <= 0:
            os._exit(137)


def _tell(line: str) -> None:
    os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
