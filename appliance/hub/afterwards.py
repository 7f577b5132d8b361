# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the first page does not wait for: made when it is asked for, or started once the hub answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from appliance import serve

ANSWER_S = 1.0
"""How long a hub that has just begun to listen may take to answer, before it is asked whether it is to stop."""
POLL_S = 0.1

Start = Callable[[], object]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def at_first_use(make: Callable[[], Wsgi]) -> Wsgi:
    """What ``make`` gives, made at the first request; tried again at the next one if it raises."""
    made: list[Wsgi] = []
    turn = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not made:
            with turn:
                if not made:
                    made.append(make())
        return made[0](environ, start_response)

    return answer


class Afterwards:
    """Calls each of ``starts`` once the service on the socket ``path`` has answered, in a thread of its own."""

    def __init__(self, path: Path, starts: Sequence[Start]) -> None:
        self._path, self._starts = path, starts
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="afterwards", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nothing is started any more when this returns."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not serve.answers(self._path, ANSWER_S):
            if self._over.wait(POLL_S):
                return
        for start in self._starts:
            if not self._over.is_set():
                start()
