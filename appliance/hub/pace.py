# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How many answers the box takes of one pupil: far more than anybody gives, and not all that a script can send.

What comes too fast is not refused: the tablet keeps it and sends it again, so that nobody who sends in somebody else's
place can have an answer thrown away.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable

AT_ONCE = 1000.0
"""Answers of a pupil in a lesson; then one for each :data:`EACH_S`."""
EACH_S = 2.0
REMEMBERED = 2000
"""Pupils in lessons; the one not heard for longest is forgotten first."""


class Pace:
    """Thread-safe; in memory only."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def takes(self, keys: Collection[Hashable]) -> bool:
        """Whether one more answer may come now of each of these; then it is counted."""
        now = self._monotonic()
        with self._lock:
            left = {key: self._of(key, now) for key in keys}
            taken = all(each >= 1 for each in left.values())
            for key, each in left.items():
                self._left[key] = each - taken, now
                self._left.move_to_end(key)
            while len(self._left) > REMEMBERED:
                self._left.popitem(last=False)
        return taken

    def _of(self, key: Hashable, now: float) -> float:
        left, at = self._left.get(key, (AT_ONCE, now))
        return min(AT_ONCE, left + (now - at) / EACH_S)
