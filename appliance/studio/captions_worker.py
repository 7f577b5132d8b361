# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The process that writes down what is said: it steps back before everything else, and keeps nothing.

A request carries the next piece of sound, and whether the phrase that is being said is wanted.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from appliance import child
from appliance.ports import CaptionEngine

NICENESS = 10
"""A tenth of what the hub gets of a core that both want (sched(7)): pages come first."""
LIMIT_S = 20.0
"""A piece that takes longer ends the process."""


def main(descriptor: int, make: Callable[[], CaptionEngine], memory: int) -> int:
    """Serve the socket ``descriptor`` until it closes; returns the exit code. ``memory``: bytes of heap at most."""
    child.confine(memory, NICENESS)

    def ready() -> child.Answer:
        engine = make()
        engine.load()

        def answer(request: dict[str, Any], sound: bytes) -> Any:
            begun = time.process_time()
            lines = list(engine.hear(sound))
            partial = engine.partial() if request["partial"] else None
            return {"lines": lines, "partial": partial, "cpu_s": time.process_time() - begun}

        return answer

    return child.serve(socket.socket(fileno=descriptor), ready, LIMIT_S)
