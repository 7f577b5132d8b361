# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A service as a child of ``cartable dev``: kept running, ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time

from appliance import config
from appliance.config import Config
from appliance.errors import Unreachable, reason
from appliance.i18n import translator
from appliance.listening import HELD_BY_PARENT

FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 10.0
SPARED_DELAY_S = 60.0
"""The longest before a service that a class can do without is tried again."""
STABLE_S = 30.0
"""A service that ran this long starts again at once."""
STOP_S = 4.0
QUICK_CRASHES = 3
"""This many ends in a row before it ever answered: the service cannot start."""


class Supervisor:
    """Keeps one service running: started again when it ends, ended with us."""

    def __init__(self, settings: Config, *words: str, vital: bool = False) -> None:
        """``words``: of the command line that is the service. ``vital``: without it there is no box; any other is
        tried again for ever."""
        self.answered = False
        """Set by whoever saw the service answer; until then, a few ends in a row mean that it cannot start."""
        self._words = words
        self._vital = vital
        self._settings = settings
        self._say = translator(settings.box.language)
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Until cancelled; then the process is ended, killed when it takes more than four seconds.

        Raises :class:`appliance.errors.Unreachable` when a vital service cannot start.
        """
        read, held = os.pipe()
        try:
            await self._keep(read)
        finally:
            await self._end()
            os.close(read)
            os.close(held)

    async def _keep(self, read: int) -> None:
        environ = {**os.environ, **config.environment(self._settings), HELD_BY_PARENT: str(read)}
        delay, ends = FIRST_DELAY_S, 0
        while True:
            begun = time.monotonic()
            command = (sys.executable, "-m", "appliance", *self._words)
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command, env=environ, stdin=asyncio.subprocess.DEVNULL, pass_fds=(read,), start_new_session=True
                )
                end = str(await self._process.wait())
            except OSError as error:  # no process, no memory left
                end = reason(error)
            ends += 1
            if self._vital and not self.answered and ends >= QUICK_CRASHES:
                raise Unreachable("The service %(name)s cannot start: see the messages above.", name=self._words[0])
            delay = FIRST_DELAY_S if time.monotonic() - begun > STABLE_S else delay
            self._tell(end, delay)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY_S if self._vital else SPARED_DELAY_S)

    def _tell(self, end: str, delay: float) -> None:
        _ = self._say
        told = _("The service %(name)s ended (%(code)s); it starts again in %(seconds).1f s.")
        print(told % {"name": self._words[0], "code": end, "seconds": delay}, file=sys.stderr, flush=True)

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
