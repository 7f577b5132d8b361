# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's name on the LAN while the hub runs, and in the run folder for whoever shows it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from appliance.ports import Advert

EVERY_S = 2.0
"""How often the name is looked at: it changes when another box had it first."""


class Announcement:
    """One thread, between :meth:`start` and :meth:`stop`; publishing a name takes a second or more.

    ``file`` holds the address (``http://cartable.local/``) from the first to the last moment that it is known.
    """

    def __init__(self, advert: Advert, name: str, port: int, file: Path, every_s: float = EVERY_S) -> None:
        self._advert = advert
        self._name = name
        self._port = port
        self._file = file
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._announce, name="announcement", daemon=True)

    def start(self) -> None:
        """Publish from now on; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Withdraw the name; returns when that is done."""
        self._over.set()
        self._thread.join()

    def _announce(self) -> None:
        told = ""
        name = self._advert.start(self._name, self._port)
        try:
            while True:
                if name != told:
                    told = name
                    self._tell(name)
                if self._over.wait(self._every_s):
                    return
                name = self._advert.name
        finally:
            self._advert.stop()
            with contextlib.suppress(OSError):
                self._file.unlink()

    def _tell(self, name: str) -> None:
        address = f"http://{name}/" if self._port == 80 else f"http://{name}:{self._port}/"
        with contextlib.suppress(OSError):  # a full disk: those who read it then say what is configured
            self._file.write_text(f"{address}\n", encoding="utf-8")
