# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Gives held statements their true time soon after the clock is set right, even when no other statement arrives."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from appliance.errors import CartableError
from appliance.ports import Clock, Now

EVERY_S = 10.0

_log = logging.getLogger(__name__)


class Settles(Protocol):
    """What holds statements whose time is not known yet (:class:`appliance.store.records.Records`)."""

    def settle_clock(self, now: Now) -> int:
        """Give them their time; returns how many were left to do."""
        ...


class ClockWatch:
    """One thread, between :meth:`start` and :meth:`stop`."""

    def __init__(self, records: Settles, clock: Clock, every_s: float = EVERY_S) -> None:
        self._records = records
        self._clock = clock
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="clock-watch", daemon=True)

    def start(self) -> None:
        """Look at the clock from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            now = self._clock.now()
            if now.trusted:
                self._settle(now)

    def _settle(self, now: Now) -> None:
        try:
            self._records.settle_clock(now)
        except CartableError as error:  # a full disk, most likely: it is tried again
            _log.warning("%s", error)
