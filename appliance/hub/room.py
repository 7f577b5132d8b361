# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What passes by in a lesson: who is here, doing what, hands up, answers that wait in tablets, "Regardez-moi", timer.

In memory only. A hub that starts again knows who is here as soon as the tablets ask again, two seconds later;
"Regardez-moi" and the timer are off then, since nothing may hold anyone. Every duration is monotonic.
"""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

MOST_TABLETS = 240
"""Remembered; the one not heard for longest is forgotten first."""
MOST_WAITING = 9999
MOST_TOGETHER = 4
"""Who may share a tablet."""
LONGEST_PLACE = 200
GONE_AFTER_S = 10.0
"""A tablet that was not heard for so long has dropped off."""
LOOK_MINUTES = (1, 3, 5)
TIMER_MINUTES = (5, 10, 15, 20, 30, 45)


@dataclasses.dataclass(slots=True)
class Tablet:
    """What one tablet last said. ``heard``: monotonic seconds."""

    pupils: tuple[str, ...]
    """One, or those who share it."""
    heard: float
    place: str
    """Path of the page that it shows."""
    waiting: int
    """Answers that it still holds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Presence:
    """A pupil as the room sees them."""

    tablets: int
    """Heard within :data:`GONE_AFTER_S`."""
    gone_s: int
    """Seconds since the last one was heard; 0 while one is here."""
    place: str
    waiting: int


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What a tablet is told; seconds are those left at this moment."""

    tag: str
    """Changes when something happened, never because time passes."""
    lesson: str
    hand: bool
    look_s: float
    timer_s: float
    timer_of_s: float
    """The whole length of the timer; 0: none."""


class Room:
    """One lesson at a time, named by its key. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._reset("")

    def _reset(self, key: str) -> None:
        self._key = key
        self._tablets: OrderedDict[str, Tablet] = OrderedDict()
        self._hands: dict[str, float] = {}
        self._look_until = 0.0
        self._timer_until, self._timer_of = 0.0, 0.0
        self._change = secrets.token_hex(6)

    def enter(self, key: str, minutes: int = 0) -> None:
        """This lesson goes on now (empty: none does). Another one's tablets, hands and timers are forgotten."""
        with self._lock:
            if key != self._key:
                self._reset(key)
                if key and minutes:
                    self._time(minutes)

    def hear(
        self, key: str, tablet: str, pupil: str, place: str, waiting: int = 0, *, team: Sequence[str] = ()
    ) -> None:
        """A tablet of the lesson ``key`` spoke; that of another lesson is not heard. ``team``: who share it."""
        now, pupils = self._monotonic(), tuple(team[:MOST_TOGETHER]) or (pupil,)
        with self._lock:
            if key != self._key or not key:
                return
            self._tablets[tablet] = Tablet(pupils, now, place[:LONGEST_PLACE], min(max(waiting, 0), MOST_WAITING))
            self._tablets.move_to_end(tablet)
            if len(self._tablets) > MOST_TABLETS:
                self._tablets.popitem(last=False)

    def leave(self, tablet: str) -> None:
        """Somebody put it down and said goodbye."""
        with self._lock:
            gone = self._tablets.pop(tablet, None)
            left = {pupil for other in self._tablets.values() for pupil in other.pupils}
            for pupil in gone.pupils if gone is not None else ():
                if pupil not in left:
                    self._hands.pop(pupil, None)

    def raise_hand(self, key: str, pupil: str, *, up: bool) -> None:
        """Raise or lower a hand."""
        with self._lock:
            if key != self._key or not key:
                return
            if up and len(self._hands) < MOST_TABLETS:
                self._hands.setdefault(pupil, self._monotonic())
            elif not up:
                self._hands.pop(pupil, None)

    def hands(self) -> list[str]:
        """Pupils whose hand is up, the one who waits longest first."""
        with self._lock:
            return list(self._hands)

    def look(self, minutes: int) -> None:
        """Ask every tablet to "Regardez-moi" for so long; 0 frees everyone."""
        with self._lock:
            self._look_until = self._monotonic() + 60 * minutes if minutes and self._key else 0.0
            self._change = secrets.token_hex(6)

    def time(self, minutes: int) -> None:
        """Start the screen-time timer anew; 0 takes it away."""
        with self._lock:
            self._time(minutes if self._key else 0)

    def _time(self, minutes: int) -> None:
        self._timer_of = 60.0 * minutes
        self._timer_until = self._monotonic() + self._timer_of if minutes else 0.0
        self._change = secrets.token_hex(6)

    def told(self, pupil: str = "") -> Told:
        """What the tablet of ``pupil`` (empty: nobody's) is told now."""
        now = self._monotonic()
        with self._lock:
            hand, look_s = pupil in self._hands, max(0.0, self._look_until - now)
            tag = f"{self._change}{int(hand)}{int(look_s > 0)}"
            return Told(tag, self._key, hand, look_s, max(0.0, self._timer_until - now), self._timer_of)

    def presence(self) -> dict[str, Presence]:
        """Pupil -> how the room sees them; who never came is not there."""
        now, by_pupil = self._monotonic(), dict[str, list[Tablet]]()
        with self._lock:
            for tablet in self._tablets.values():  # the last heard comes last
                for pupil in tablet.pupils:
                    by_pupil.setdefault(pupil, []).append(dataclasses.replace(tablet))
        return {pupil: _seen(tablets, now) for pupil, tablets in by_pupil.items()}


def _seen(tablets: list[Tablet], now: float) -> Presence:
    here = [tablet for tablet in tablets if now - tablet.heard <= GONE_AFTER_S]
    last = tablets[-1]
    gone_s = 0 if here else int(now - last.heard)
    return Presence(len(here), gone_s, last.place, sum(tablet.waiting for tablet in here or [last]))
