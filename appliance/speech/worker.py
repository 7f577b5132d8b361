# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The process that listens to one utterance after another: bounded, writes nothing, gone when the service is.

A request carries the recording as it came and what was asked; the answer is the verdict. What is heard stays in this
process's memory until the next request takes its place.
"""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance import child
from appliance.speech.verdict import Asked, Verdict

NICENESS = 5
ENDS_FIRST = 700
"""Of 1000 (proc(5), oom_score_adj): after an import, before the hub."""

Decode = Callable[[bytes], bytes]
"""A recording -> samples (:data:`appliance.ports.RATE`, one channel, s16le). Raises :class:`BadInput`."""
Judge = Callable[[bytes, Asked], Verdict]
"""Samples and what was asked -> the verdict."""


def main(descriptor: int, decode: Decode, make: Callable[[], Judge], memory: int, limit_s: float) -> int:
    """Serve the socket ``descriptor`` until it closes; returns the exit code. ``memory``: bytes of heap at most;
    ``limit_s``: an attempt that takes longer ends the process."""
    child.confine(memory, NICENESS)

    def ready() -> child.Answer:
        judge = make()

        def answer(request: dict[str, Any], sound: bytes) -> Any:
            return dataclasses.asdict(judge(decode(sound), asked(request)))

        return answer

    return child.serve(socket.socket(fileno=descriptor), ready, limit_s)


def request_of(what: Asked) -> dict[str, Any]:
    """What :func:`asked` reads."""
    return dataclasses.asdict(what)


def asked(request: dict[str, Any]) -> Asked:
    """What was asked, out of a request."""
    return Asked(request["text"], tuple(request["focus"]), tuple(request["items"]), dict(request["pronunciations"]))


def end_first() -> None:
    """Where memory runs short, this process ends, and not the one that answers pages."""
    Path("/proc/self/oom_score_adj").write_text(str(ENDS_FIRST), encoding="ascii")
