# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Work of minutes (reading every byte of the library, a rebuild): in a thread, followed by whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from appliance.errors import CartableError
from appliance.ports import Progress

T = TypeVar("T")


class LongTask(Generic[T]):
    """One run at a time of ``work``, which is given where to tell how far it is."""

    def __init__(self, name: str, work: Callable[[Progress], T]) -> None:
        self.progress = 0.0
        self.what = ""
        """What is being worked on, as ``work`` tells it."""
        self.result: T | None = None
        """Of the last run that ended well; None during a run."""
        self.error: CartableError | None = None
        self._name = name
        self._work = work
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Nothing is going on: ``result`` and ``error`` tell how the last run ended."""
        return self._thread is None or not self._thread.is_alive()

    def start(self) -> None:
        """Unless one runs already."""
        with self._lock:
            if self.over:
                self.progress, self.what, self.result, self.error = 0.0, "", None, None
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._work(self._note)
        except CartableError as error:
            self.error = error

    def _note(self, done: float, what: str) -> None:
        self.progress, self.what = done, what
