# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The staff's sessions that live: a cookie of any other, played again, is worth nothing.

They stand in a file of the run folder, so that a hub that restarts in the middle of a lesson knows them: nobody is
signed out, nobody who signed out is let in again. A new boot has none.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

FILE = "staff-sessions.json"
"""In the run folder."""
MOST_EACH = 200
"""Sessions of one account, or of all who typed the box's code; one more ends the oldest of these."""


class LiveSessions:
    """Session -> whose it is, until when. Thread-safe."""

    def __init__(self, path: Path | None = None) -> None:
        """``path``: where they are kept; None: in memory only."""
        self._path = path
        self._lock = threading.Lock()
        self._live: dict[str, tuple[str, float]] = _read(path) if path else {}

    def begin(self, name: str, who: str, until: float, now: float) -> None:
        """``until``, ``now``: of the monotonic clock. Sessions whose time is over are forgotten."""
        with self._lock:
            live = {each: held for each, held in self._live.items() if held[1] > now}
            theirs = [each for each, held in live.items() if held[0] == who]
            for oldest in theirs[: max(0, len(theirs) - MOST_EACH + 1)]:
                del live[oldest]
            live[name] = who, until
            self._keep(live)

    def is_live(self, name: str) -> bool:
        """Whether it began here, and nobody ended it."""
        with self._lock:
            return name in self._live

    def end(self, *names: str) -> None:
        """They are over."""
        self._drop(lambda name, _: name in names)

    def end_others(self, who: str, spared: str = "") -> list[str]:
        """End every session of ``who`` but ``spared``; returns them."""
        return self._drop(lambda name, owner: owner == who and name != spared)

    def _drop(self, over: Callable[[str, str], bool]) -> list[str]:
        with self._lock:
            ended = [name for name, held in self._live.items() if over(name, held[0])]
            if ended:
                self._keep({name: held for name, held in self._live.items() if name not in ended})
            return ended

    def _keep(self, live: dict[str, tuple[str, float]]) -> None:
        """A run folder that is full is logged: this process knows them all the same."""
        self._live = live
        if self._path is None:
            return
        fresh = self._path.with_suffix(".new")
        try:
            fresh.touch(0o600)
            fresh.write_text(json.dumps(live), encoding="ascii")
            fresh.replace(self._path)
        except OSError as error:
            log.warning("Who is signed in is not kept for a restart: %s", error)


def _read(path: Path) -> dict[str, tuple[str, float]]:
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        return {str(name): (str(who), float(until)) for name, (who, until) in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("Who was signed in is not known any more: %s", error)
        return {}
