# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Gives held statements their true time soon after the clock is set right, even when no other statement arrives."""

from __future__ import annotations

from typing import Protocol

from appliance.hub.periodic import Periodic
from appliance.ports import Clock, Now

EVERY_S = 10.0


class Settles(Protocol):
    """What holds statements whose time is not known yet (:class:`appliance.store.records.Records`)."""

    def settle_clock(self, now: Now) -> int:
        """Give them their time; returns how many were left to do."""
        ...


class ClockWatch(Periodic):
    """Looks at the clock every ``every_s`` seconds."""

    def __init__(self, records: Settles, clock: Clock, every_s: float = EVERY_S) -> None:
        super().__init__("clock-watch", every_s, self._look)
        self._records = records
        self._clock = clock

    def _look(self) -> None:
        now = self._clock.now()
        if now.trusted:
            self._records.settle_clock(now)
