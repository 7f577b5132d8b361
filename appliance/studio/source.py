# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The microphone for all who listen at once: opened for the first, closed after the last.

Each has a short queue of its own: who is slow loses the oldest sound, and costs nobody memory. Nothing else is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator

from appliance.errors import Busy, Unreachable
from appliance.ports import Microphone
from appliance.studio.meter import Level, Meter

WAITING = 50
"""Blocks that wait for one listener: five seconds, 160 kB."""
MOST = 16
"""Listeners at once."""


class Listener:
    """One who listens. Blocks come as they are recorded; ``lost``: how many were thrown away, since they came too late
    to take them."""

    def __init__(self) -> None:
        self.lost = 0
        self._blocks: deque[bytes] = deque()
        self._ended: Unreachable | None = None
        self._more = asyncio.Event()

    def waiting(self) -> int:
        """Blocks that can be had at once."""
        return len(self._blocks)

    async def next(self) -> bytes:
        """The next block. Raises :class:`appliance.errors.Unreachable` once the microphone gave its last one."""
        while not self._blocks:
            if self._ended is not None:
                raise self._ended
            self._more.clear()
            await self._more.wait()
        return self._blocks.popleft()

    def give(self, block: bytes) -> None:
        """By the source."""
        if len(self._blocks) >= WAITING:
            self._blocks.popleft()
            self.lost += 1
        self._blocks.append(block)
        self._more.set()

    def end(self, error: Unreachable) -> None:
        """By the source: the microphone is gone."""
        self._ended = error
        self._more.set()


class Source:
    """Used in one event loop; the device is read in a thread, which never holds it up."""

    def __init__(self, microphone: Microphone) -> None:
        self.microphone = microphone
        self.level: Level | None = None
        """While it is open."""
        self._listeners: list[Listener] = []
        self._thread: threading.Thread | None = None
        self._meter = Meter()

    @property
    def open(self) -> bool:
        """Whether it records now."""
        return self._thread is not None

    @contextlib.asynccontextmanager
    async def listen(self) -> AsyncIterator[Listener]:
        """One more listener, for as long as the block lasts. Raises :class:`appliance.errors.Busy`."""
        if len(self._listeners) >= MOST:
            raise Busy("Too many listen to the microphone at once: close some pages.")
        listener = Listener()
        self._listeners.append(listener)
        if self._thread is None:
            self._start()
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._meter = Meter()
        self._thread = threading.Thread(target=self._record, args=(loop,), name="microphone", daemon=True)
        self._thread.start()

    def _record(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the thread."""
        failed: Unreachable | None = None
        try:
            with self.microphone.open() as blocks:
                for block in blocks:
                    loop.call_soon_threadsafe(self._spread, block)
                    if not self._listeners:
                        break
        except Unreachable as error:
            failed = error
        except RuntimeError:
            return  # the loop is closed: the service ends
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._closed, failed)

    def _spread(self, block: bytes) -> None:
        self.level = self._meter.hear(block)
        for listener in self._listeners:
            listener.give(block)

    def _closed(self, failed: Unreachable | None) -> None:
        self._thread, self.level = None, None
        if failed is not None:
            for listener in self._listeners:
                listener.end(failed)
        elif self._listeners:  # somebody came just when the last one had left
            self._start()
