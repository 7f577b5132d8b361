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
QUIET_S = 5.0

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


def noticing(application: Wsgi, shown: threading.Event) -> Wsgi:
    """``application``, which sets ``shown`` when it has answered with a page (not on the way to one)."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if shown.is_set():
            return application(environ, start_response)
        said: list[str] = []

        def noted(status: str, *rest: Any) -> Any:
            said.append(status)
            return start_response(status, *rest)

        body = application(environ, noted)
        if said and said[0].startswith("200"):
            shown.set()
        return body

    return answer


class Afterwards:
    """Calls each of ``starts``, in a thread of its own, once the service on the socket ``path`` answers and ``shown``
    is set: somebody has a first page. When nobody asks for one, :data:`QUIET_S` later."""

    def __init__(self, path: Path, starts: Sequence[Start], shown: threading.Event) -> None:
        self._path, self._starts, self._shown = path, starts, shown
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="afterwards", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nothing is started any more when this returns."""
        self._over.set()
        self._shown.set()
        self._thread.join()

    def _run(self) -> None:
        while not serve.answers(self._path, ANSWER_S):
            if self._over.wait(POLL_S):
                return
        self._shown.wait(QUIET_S)
        for start in self._starts:
            if not self._over.is_set():
                start()
