# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Arithmetic of ``stored``: whole microseconds since 1970, UTC, so that nothing is lost by rounding.

As text a time is always RFC 3339 with six digits and ``Z``: 27 characters, whose order is the order of time.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from appliance.ports import Now

SECOND = 1_000_000
LATEST = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z: the last that RFC 3339 can write."""
BELIEVABLE = 2_398_377_600_000_000
"""2046: twenty years after this release. Without a trusted clock nothing later is believed, from whomever it comes."""
CEILING = 253_370_764_800_000_000
"""9999-01-01: no clock is believed beyond it, so that ``stored`` can go on growing by microseconds for a year."""
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


def micros(seconds: float) -> int:
    """Seconds since 1970 as microseconds, kept within what :func:`text` can write."""
    return min(max(0, round(seconds * SECOND)), LATEST)


def text(moment: int) -> str:
    """RFC 3339, always 27 characters: ``2026-11-22T06:52:30.000001Z``."""
    wall = _EPOCH + datetime.timedelta(microseconds=min(max(0, moment), LATEST))
    return wall.isoformat(timespec="microseconds")[:26] + "Z"


def rfc3339(wall: float) -> str:
    """:func:`text` of seconds since 1970."""
    return text(micros(wall))


def read(stored: str) -> int:
    """Microseconds of a time that :func:`text` wrote. Raises ValueError for anything else that is no time."""
    return of(datetime.datetime.fromisoformat(stored))


def of(moment: datetime.datetime) -> int:
    """Microseconds of a moment that knows its zone; before 1970 they are negative."""
    return (moment - _EPOCH) // _MICROSECOND


@dataclass(slots=True)
class Anchor:
    """The last arrival of this start of the machine: where time goes on from when the clock cannot be believed."""

    stored: int
    monotonic: int


def arrival(now: Now, last: int, anchor: Anchor | None) -> int:
    """When something that arrives at ``now`` arrived, in microseconds.

    ``last``: the latest ``stored`` so far. A trusted clock is believed, whatever it says. One that is not is believed
    from ``last`` to :data:`BELIEVABLE`; else (a Raspberry Pi without a clock starts in the past) time goes on from
    ``anchor`` by the monotonic clock.
    """
    wall = min(micros(now.wall), CEILING)
    if now.trusted or last <= wall <= BELIEVABLE:
        return wall
    if anchor is None:
        return last
    return max(last, anchor.stored + micros(now.monotonic) - anchor.monotonic)


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive held rows that are settled by one rule.

    ``after`` and ``before``: ``stored`` of the settled rows around them (exclusive bounds).
    """

    first: int
    last: int
    after: int
    before: int

    def settled(self, row: int, estimate: int) -> int:
        """``estimate`` brought between the bounds, at least a microsecond from any other row of the run.

        It depends on nothing but the row, and grows with it where the estimates do: rows can be settled in any order,
        and the settling can be killed and taken up again.
        """
        high = self.before - 1 - (self.last - row)
        low = self.after + 1 + (row - self.first)
        return max(min(estimate, high), low)


def true_time(now: Now, monotonic: int) -> int:
    """When the monotonic clock of this start showed ``monotonic`` (µs), by a clock that is right ``now``."""
    return micros(now.wall) - (micros(now.monotonic) - monotonic)
