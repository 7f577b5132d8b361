# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A verdict on every attempt, whatever becomes of the workers; and whether anybody can listen at all."""

from __future__ import annotations

import enum
import sys
import threading
import time

from appliance.errors import BadInput, Busy, CartableError
from appliance.speech import feedback
from appliance.speech.verdict import Asked, Verdict
from appliance.speech.workers import NoEngine, Workers

AGAIN_S = 30.0
"""After this an engine that could not be loaded is tried again: a model may have been installed."""


class Listening(enum.StrEnum):
    """Whether the box listens."""

    YES = "yes"
    NO = "no"
    """No engine can be used: pupils compare themselves with the model."""
    UNKNOWN = "unknown"
    """Nobody has asked for long, or it is being found out."""


class Listener:
    """The service's ear: workers, and what is known of them. Thread-safe."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._none_until = 0.0
        self._woken = False
        self._waking = threading.Lock()
        self._stopped = False

    @property
    def listening(self) -> Listening:
        """What is known now."""
        with self._lock:
            if time.monotonic() < self._none_until:
                return Listening.NO
            return Listening.YES if self._woken else Listening.UNKNOWN

    def judge(self, sound: bytes, asked: Asked) -> Verdict | None:
        """The verdict on ``sound`` (any container that a recorder makes); *panne* when the workers fail; None where no
        engine can be used. Raises :class:`Busy` and :class:`BadInput`, which are said to whoever sent it."""
        if self.listening is Listening.NO:
            return None
        try:
            told = self._workers.judge(sound, asked)
        except NoEngine as error:
            self._nobody(error)
            return None
        except (Busy, BadInput):
            raise
        except CartableError as error:
            _note(error)
            return feedback.failed()
        self._somebody()
        return Verdict.of(told)

    def wake(self) -> None:
        """Have a worker ready, in the background; at once."""
        if self.listening is not Listening.NO and self._waking.acquire(blocking=False):
            threading.Thread(target=self._wake, name="wake", daemon=True).start()

    def rest(self, idle_s: float) -> None:
        """End the workers that nobody needed for so long."""
        if self._workers.end_idle(idle_s) == 0:
            with self._lock:
                self._woken = False

    def stop(self) -> None:
        """End all workers; who speaks now gets *panne*."""
        self._stopped = True
        self._workers.stop()

    def _wake(self) -> None:
        try:
            self._workers.warm()
            self._somebody()
        except NoEngine as error:
            self._nobody(error)
        except CartableError as error:
            if not self._stopped:  # a worker that loads while the service ends is no trouble
                _note(error)
        finally:
            self._waking.release()

    def _somebody(self) -> None:
        with self._lock:
            self._woken = True

    def _nobody(self, error: CartableError) -> None:
        _note(error)
        with self._lock:
            self._woken = False
            self._none_until = time.monotonic() + AGAIN_S


def _note(error: CartableError) -> None:
    """For the journal: never a word of what was said."""
    print(f"cartable: {error}", file=sys.stderr, flush=True)
