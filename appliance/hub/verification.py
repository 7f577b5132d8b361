# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The reading of every byte of the library, in a thread: minutes on a full card."""

from __future__ import annotations

import threading

from appliance.errors import CartableError
from appliance.hub.imports import Library
from appliance.store.blobs import Damage


class Verification:
    """One check at a time, followed by whoever asks."""

    def __init__(self, library: Library) -> None:
        self.progress = 0.0
        self.what = ""
        """Title of the resource being read."""
        self.found: list[Damage] = []
        self.error: CartableError | None = None
        self._library = library
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Nothing is being read: ``found`` and ``error`` tell how it ended."""
        return self._thread is None or not self._thread.is_alive()

    def start(self) -> None:
        """Unless one runs already."""
        with self._lock:
            if self.over:
                self.progress, self.what, self.found, self.error = 0.0, "", [], None
                self._thread = threading.Thread(target=self._run, name="library-verify", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            self.found = self._library.verify(self._note)
        except CartableError as error:
            self.error = error

    def _note(self, done: float, what: str) -> None:
        self.progress, self.what = done, what
