# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from appliance.errors import StorageError
from appliance.hub.clock_watch import ClockWatch
from appliance.ports import Now


class Clock:
    trusted = False

    def now(self) -> Now:
        return Now(0.0, self.trusted, 0.0)


class Store:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.looked, self.settled = threading.Semaphore(0), threading.Semaphore(0)
        self.fails = 0

    def settle_clock(self, now: Now) -> int:
        assert now.trusted, "an untrusted clock settles nothing"
        self.settled.release()
        if self.fails:
            self.fails -= 1
            raise StorageError("The disk is full: nothing was lost, but free some space, then try again.")
        return 0


@pytest.fixture
def store() -> Store:
    return Store(Clock())


def test_it_settles_once_the_clock_is_right_and_stops(store: Store) -> None:
    before = set(threading.enumerate())
    watch = ClockWatch(store, store.clock, every_s=0.005)
    watch.start()
    assert not store.settled.acquire(timeout=0.05)
    store.clock.trusted = True
    assert store.settled.acquire(timeout=10)
    watch.stop()
    assert not set(threading.enumerate()) - before


def test_a_full_disk_does_not_end_it(store: Store) -> None:
    store.clock.trusted, store.fails = True, 2
    watch = ClockWatch(store, store.clock, every_s=0.005)
    watch.start()
    for _ in range(3):
        assert store.settled.acquire(timeout=10)
    watch.stop()
