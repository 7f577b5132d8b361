# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Work that comes back every so often, on a thread of its own, for as long as the hub runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from appliance.errors import CartableError

_log = logging.getLogger(__name__)


class Periodic:
    """Calls ``work`` every ``every_s`` seconds between :meth:`start` and :meth:`stop`; never at once.

    What it raises of our errors (a full disk, most likely) is logged, and it is called again in its time.
    """

    def __init__(self, name: str, every_s: float, work: Callable[[], object]) -> None:
        self._every_s = every_s
        self._work = work
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Count from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self._work()
            except CartableError as error:
                _log.warning("%s", error)
