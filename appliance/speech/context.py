# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the speech service is made of, for its views."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from appliance.client import Client
from appliance.speech.conductor import Conductor
from appliance.speech.led import Library
from appliance.speech.listener import Listener


class Usage:
    """Whether anybody needs the service, and since when not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._since = time.monotonic()

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Around whatever must not be cut by an idle exit."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._since = time.monotonic()

    def idle_s(self) -> float:
        """Seconds since somebody last needed it; 0 while somebody does."""
        with self._lock:
            return 0.0 if self._users else time.monotonic() - self._since


@dataclass(frozen=True, slots=True)
class Speech:
    """The service's parts."""

    listener: Listener
    hub: Client
    language: str
    """Of what is said to somebody who is not known yet."""
    usage: Usage = field(default_factory=Usage)
    library: Library | None = None
    """What a led activity is made of; None: activities are not led here."""
    conductor: Conductor | None = None
    """With :attr:`library`."""


def speech() -> Speech:
    """Those of the application that answers now."""
    return cast(Speech, current_app.extensions["speech"])
