# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Tables of which somebody is choosing the columns: in this process's memory, few, and for minutes only."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from appliance.connectors.roster import Table
from appliance.errors import NotFound

KEPT_S = 900.0
MOST = 4


class Drafts:
    """What was given lately, by a random name, and forgotten ``kept_s`` later even if nobody asks for anything.

    Thread-safe; nothing of it reaches a file.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, kept_s: float = KEPT_S) -> None:
        self._monotonic = monotonic
        self._kept_s = kept_s
        self._lock = threading.Lock()
        self._tables: OrderedDict[str, tuple[float, Table]] = OrderedDict()

    def put(self, table: Table) -> str:
        """Its name, which only the page that asks for the columns knows."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._drop_old()
            self._tables[name] = self._monotonic(), table
            while len(self._tables) > MOST:
                self._tables.popitem(last=False)
        timer = threading.Timer(self._kept_s, self.drop, (name,))
        timer.daemon = True
        timer.start()
        return name

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._tables)

    def get(self, name: str) -> Table:
        """Raises :class:`NotFound` once it is too old, was used, or had to make room."""
        with self._lock:
            self._drop_old()
            found = self._tables.get(name)
        if found is None:
            raise NotFound("This list is no longer in the box's memory: give the file again.")
        return found[1]

    def drop(self, name: str) -> None:
        """The columns are chosen, or nobody chose them in time."""
        with self._lock:
            self._tables.pop(name, None)

    def _drop_old(self) -> None:
        since = self._monotonic() - self._kept_s
        for name in [name for name, (at, _) in self._tables.items() if at < since]:
            del self._tables[name]
