# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The service's side of its workers: a few, started when somebody speaks, ended when nobody does."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.child import Child
from appliance.errors import Busy, CartableError, Unreachable
from appliance.i18n import N_
from appliance.speech.verdict import Asked
from appliance.speech.worker import request_of

STARTS_S = 30.0
"""A model takes seconds to load, from a card more."""
WAIT_S = 5.0
"""How long an attempt waits for a worker before it is told to come back."""
SERVES = 500
"""Attempts of one worker: what its libraries leak goes with it."""

_BUSY = N_("Many speak at once: listen to the model, then try again.")
_STOPPED = N_("The box could not listen this time: try again.")


class NoEngine(Unreachable):
    """No worker can listen, whatever is said: there is no engine, or no model."""


@dataclass(slots=True, eq=False)
class _Worker:
    child: Child
    served: int = 0
    since: float = 0.0
    """When it came free (monotonic)."""

    def spent(self) -> bool:
        return self.served >= SERVES or self.child.process.poll() is not None


class Workers:
    """At most ``most`` processes of ``command``. Thread-safe."""

    def __init__(self, command: Sequence[str], most: int, limit_s: float) -> None:
        """``limit_s``: a worker that takes longer over an attempt is ended."""
        self._command = command
        self._limit_s = limit_s
        self._places = threading.Semaphore(most)
        self._lock = threading.Lock()
        self._free: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._stopped = False

    def judge(self, sound: bytes, asked: Asked) -> dict[str, Any]:
        """The verdict on one attempt, as :func:`dataclasses.asdict` makes it.

        Raises :class:`Busy` when too many speak, :class:`Unreachable` when the worker died or was too slow,
        :class:`NoEngine`, and what the worker raises: :class:`BadInput` for a recording that is none.
        """
        if not self._places.acquire(timeout=WAIT_S):
            raise Busy(_BUSY)
        try:
            with self._worker() as worker:
                verdict: dict[str, Any] = worker.child.ask(request_of(asked), self._limit_s, sound)
                return verdict
        finally:
            self._places.release()

    def warm(self) -> None:
        """Have one worker ready: somebody is about to speak. Raises as :meth:`judge`."""
        if self._places.acquire(blocking=False):
            try:
                with self._worker():
                    pass
            finally:
                self._places.release()

    def end_idle(self, idle_s: float) -> int:
        """End the workers that nobody needed for ``idle_s``; returns how many are left."""
        with self._lock:
            before = time.monotonic() - idle_s
            idle = [worker for worker in self._free if worker.since <= before or worker.spent()]
            self._free = [worker for worker in self._free if worker not in idle]
            left = len(self._free)
        for worker in idle:
            worker.child.close(1.0)
        return left

    def stop(self) -> None:
        """End them all; who speaks now gets :class:`Unreachable`."""
        with self._lock:
            self._stopped = True
            busy = list(self._busy)
        for worker in busy:
            worker.child.process.kill()
        self.end_idle(-1.0)

    @contextlib.contextmanager
    def _worker(self) -> Iterator[_Worker]:
        """A worker that is ready; it goes back only when it has answered: an error of its own is an answer."""
        worker, answered = self._taken(), False
        try:
            _wake(worker)
            try:
                yield worker
            except CartableError:
                answered = True
                raise
            answered = True
        except CartableError:
            raise
        except (EOFError, OSError) as error:
            raise Unreachable(_STOPPED) from error
        finally:
            self._back(worker, answered)

    def _taken(self) -> _Worker:
        while True:
            with self._lock:
                if self._stopped:
                    raise Unreachable(_STOPPED)
                worker = self._free.pop() if self._free else _Worker(Child(self._command))
                if not worker.spent():
                    self._busy.add(worker)
                    return worker
            worker.child.close()

    def _back(self, worker: _Worker, healthy: bool) -> None:
        worker.served += 1
        worker.since = time.monotonic()
        with self._lock:
            self._busy.discard(worker)
            if healthy and not self._stopped:
                self._free.append(worker)
                return
        worker.child.close()


def _wake(worker: _Worker) -> None:
    """Wait until it can listen. Raises :class:`NoEngine`, EOFError or OSError."""
    try:
        worker.child.wait_ready(STARTS_S)
    except CartableError as error:
        raise NoEngine(error.message, **error.params) from error
