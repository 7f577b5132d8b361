# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whether the class is too noisy for tablets to judge what pupils say: the teacher alone can do something about it.

In memory only, of a minute or two; who spoke is not in it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_S = 120.0
LEAST = 4
"""Turns: two tablets beside a drill are no noisy class."""
SHARE = 0.5
"""Of the turns of :data:`WINDOW_S` that came to nothing for the noise."""
MOST = 240


class Noise:
    """What became of the last turns of a lesson. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._lesson = ""
        self._turns: deque[tuple[float, bool]] = deque(maxlen=MOST)

    def hear(self, lesson: str, noisy: bool) -> None:
        """A tablet of ``lesson`` had an answer; ``noisy``: that there is too much noise."""
        with self._lock:
            if lesson != self._lesson:
                self._lesson = lesson
                self._turns.clear()
            self._turns.append((self._clock(), noisy))

    def too_loud(self, lesson: str) -> bool:
        """Whether half of the last turns could not be judged."""
        with self._lock:
            since = self._clock() - WINDOW_S
            recent = [noisy for at, noisy in self._turns if at >= since]
            told = lesson == self._lesson and len(recent) >= LEAST
            return told and sum(recent) >= SHARE * len(recent)
