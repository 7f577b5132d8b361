# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Live captions: the microphone's sound to a worker, its words to whoever reads. In memory, the last lines only.

They are started by the teacher and end when they are stopped, or when nobody has read them for a while: the microphone
is open as long, which every page that shows them says.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from appliance.child import Child
from appliance.errors import CartableError, Unreachable
from appliance.i18n import N_
from appliance.studio.captions_worker import LIMIT_S
from appliance.studio.pace import BLOCK_S, MOST_BLOCKS, PIECE_BLOCKS, Pace
from appliance.studio.source import Listener, Source

LINES = 12
"""Phrases that can still be read."""
LONGEST_LINE = 400
STARTS_S = 60.0
"""A model takes seconds to load, from a card more."""
UNREAD_S = 300.0
"""Captions that nobody reads for so long end."""
AWAY_S = 1.0
"""How often a microphone that went away is looked for."""
SPENT_S = 10.0
"""The worker's share of the processor is told over so long."""

_STOPPED = N_("The captions stopped by themselves: start them again.")
_NO_MODEL = N_("No French speech model is installed on this box: the technician installs one.")


class Captions:
    """Used in one event loop. ``command``: of the worker; ``can``: whether it has something to write with."""

    def __init__(
        self, source: Source, command: Sequence[str], can: Callable[[], bool], unread_s: float = UNREAD_S
    ) -> None:
        self._source = source
        self._command = command
        self.can = can
        self._unread_s = unread_s
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._read = 0.0
        self._forget()

    def _forget(self) -> None:
        self._lines: deque[str] = deque(maxlen=LINES)
        self._partial = ""
        self._trouble: CartableError | None = None
        self._ready = self._behind = False
        self._cpu = 0.0

    @property
    def running(self) -> bool:
        """Whether they were started and not stopped."""
        return self._task is not None

    def start(self) -> None:
        """Raises :class:`appliance.errors.Unreachable` without a model."""
        if self._task is not None:
            return
        if not self.can():
            raise Unreachable(_NO_MODEL)
        self._forget()
        self._read = time.monotonic()
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._tell()

    async def stop(self) -> None:
        """Nothing of them is left."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._forget()
        self._tell()

    def told(self, gettext: Callable[[str], str]) -> dict[str, Any]:
        """All that there is to read now. ``cpu``: of one core, 0 to 1."""
        self._read = time.monotonic()
        return {
            "running": self.running, "ready": self._ready, "lines": list(self._lines),
            "partial": self._partial, "behind": self._behind, "cpu": round(self._cpu, 2),
            "trouble": self._trouble.localized(gettext) if self._trouble else "",
        }  # fmt: skip

    async def changes(self, gettext: Callable[[str], str], least_s: float, most_s: float) -> AsyncIterator[object]:
        """What there is to read, at each change, not more often than each ``least_s``, and each ``most_s`` anyway."""
        while True:
            changed = self._changed
            yield self.told(gettext)
            await asyncio.sleep(least_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), most_s - least_s)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _run(self) -> None:
        """Until cancelled, unread, or failed for good."""
        child = Child(self._command)
        try:
            await _during(child, child.wait_ready, STARTS_S)
            self._ready = True
            self._tell()
            while not self._unread():
                try:
                    async with self._source.listen() as listener:
                        self._trouble = None
                        await self._follow(child, listener)
                except Unreachable as error:
                    self._trouble = error
                    self._tell()
                    await asyncio.sleep(AWAY_S)
            self._end(None)
        except CartableError as error:
            self._end(error)
        except (EOFError, OSError):
            self._end(Unreachable(_STOPPED))
        finally:
            child.close()

    def _unread(self) -> bool:
        return time.monotonic() - self._read > self._unread_s

    def _end(self, error: CartableError | None) -> None:
        self._task = None
        self._forget()
        self._trouble = error
        self._tell()

    async def _follow(self, child: Child, listener: Listener) -> None:
        pace, lost = Pace(), 0
        begun, cpu_s = time.monotonic(), 0.0
        while not self._unread():
            piece = await _piece(listener)
            partial = pace.partial(len(piece) * BLOCK_S, listener.waiting() * BLOCK_S, listener.lost > lost)
            lost = listener.lost
            reply = await _during(child, child.ask, {"partial": partial}, LIMIT_S, b"".join(piece))
            cpu_s += reply["cpu_s"]
            if time.monotonic() - begun > SPENT_S:
                self._cpu = cpu_s / (time.monotonic() - begun)
                begun, cpu_s = time.monotonic(), 0.0
            self._take(reply, behind=pace.behind)

    def _take(self, reply: dict[str, Any], *, behind: bool) -> None:
        before = (len(self._lines), self._partial, self._behind)
        self._behind = behind
        if reply["partial"] is not None:
            self._partial = _shown(reply["partial"])
        if reply["lines"]:
            self._lines.extend(_shown(line) for line in reply["lines"])
            self._partial = ""
        if reply["lines"] or before != (len(self._lines), self._partial, self._behind):
            self._tell()


async def _during(child: Child, work: Callable[..., Any], *given: object) -> Any:
    """``work(*given)``, in a thread. Cancelled, it ends the child, and with it the thread's waiting: nobody else may be
    given its descriptor before."""
    future = asyncio.get_running_loop().run_in_executor(None, work, *given)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        child.process.kill()
        await asyncio.gather(future, return_exceptions=True)
        raise


async def _piece(listener: Listener) -> list[bytes]:
    """The next blocks, together as many as wait."""
    blocks = [await listener.next() for _ in range(PIECE_BLOCKS)]
    while listener.waiting() and len(blocks) < MOST_BLOCKS:
        blocks.append(await listener.next())
    return blocks


def _shown(text: str) -> str:
    return text[:1].upper() + text[1:LONGEST_LINE]
