# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Photos and voices that are not kept: in this process's memory while their lesson is there to be looked at.

Those of an anonymous lesson, and of a class that keeps no portfolio. The next lesson empties it, and so does any end of
the process.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from appliance.errors import Conflict, NotFound, TooLarge

MOST_BYTES = 64 << 20
"""Of all together, where the board has a gigabyte."""
PART = 16
"""Of the board's memory, one in so many: the hub of a Zero 2 W has 90 MB to spare, and a photo on its way takes 30."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A medium in memory."""

    id: str
    """Of the statement that tells of it."""
    mark: str
    """What other bytes would not have."""
    pupil: str
    lesson: str
    activity: str
    question: str
    media_type: str
    body: bytes = field(repr=False)


def room(memory: int) -> int:
    """How many bytes of media a hub holds where the board has ``memory`` bytes."""
    return min(MOST_BYTES, memory // PART)


class Passing:
    """Media of one lesson at a time. Thread-safe, bounded."""

    def __init__(self, most_bytes: int = 0) -> None:
        """``most_bytes``: of all together; 0: as much as the board has room for."""
        self._most = most_bytes or room(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        self._lock = threading.Lock()
        self._lesson = ""
        self._media: dict[str, Passed] = {}

    def enter(self, lesson: str) -> None:
        """Another lesson goes on: what is of an earlier one goes."""
        if lesson == self._lesson:
            return
        with self._lock:
            self._lesson, self._media = lesson, {}

    def hold(self, medium: Passed) -> bool:
        """Keep one; returns whether it is new.

        Raises :class:`TooLarge` when there is no room left, :class:`NotFound` for another lesson than that of now,
        :class:`Conflict` for other bytes under the same id.
        """
        with self._lock:
            before = self._media.get(medium.id)
            if before is not None and before.mark != medium.mark:
                raise Conflict("Another photo or voice came under the same identifier: this one is not kept.")
            if before is not None:
                return False
            if medium.lesson != self._lesson:
                raise NotFound("That lesson is over, and its class keeps no photos and no voices: this is not kept.")
            if self._size() + len(medium.body) > self._most:
                raise TooLarge("This lesson holds as many photos and voices as it can: delete some, or open another.")
            self._media[medium.id] = medium
            return True

    def knows(self, name: str, mark: str) -> bool:
        """Whether the very same is here."""
        with self._lock:
            return name in self._media and self._media[name].mark == mark

    def listed(self, lesson: str) -> list[Passed]:
        """Those of a lesson, in the order of arrival."""
        with self._lock:
            return [each for each in self._media.values() if each.lesson == lesson]

    def get(self, name: str) -> Passed:
        """Raises :class:`NotFound`."""
        with self._lock:
            if name not in self._media:
                raise NotFound("This was erased, or never was.")
            return self._media[name]

    def used(self, lesson: str, pupil: str) -> tuple[int, int]:
        """How many of a pupil's there are, and their bytes."""
        own = [len(each.body) for each in self.listed(lesson) if each.pupil == pupil]
        return len(own), sum(own)

    def remove(self, name: str) -> None:
        """Forget one."""
        with self._lock:
            self._media.pop(name, None)

    def forget_pupil(self, pupil: str) -> None:
        """Forget all of a pupil."""
        with self._lock:
            self._media = {name: each for name, each in self._media.items() if each.pupil != pupil}

    def _size(self) -> int:
        return sum(len(each.body) for each in self._media.values())
