# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How the teacher proves to be one.

The presence code is shown by the box itself (terminal now, HDMI page later): knowing it proves presence. Where a
passphrase was set it does as well.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from appliance.errors import Busy

T = TypeVar("T")

FREE_TRIES = 5
REMEMBERED_ADDRESSES = 1000
WRONG_IN_ALL = 100
"""Wrong tries that the box takes at once, whoever makes them."""
PATIENCE_S = 2.0
"""What a passphrase waits for while another is looked at."""
MOST_WAITING = 3
"""Threads of the hub that may do so."""
FORGIVEN_EACH_S = 6.0
"""One of them is forgiven in this time: guessing from thousands of (IPv6) addresses takes weeks."""


class PresenceCode:
    """Six digits that only someone near the box can read.

    Five wrong tries in a row from one address cost that address a wait that doubles; others (the teacher's own
    device) are not locked out by a pupil who plays with the page. Wrong tries from many addresses slow everyone down.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        code: str | None = None,
        passphrase: Callable[[str], bool] | None = None,
        path: Path | None = None,
    ) -> None:
        """``passphrase``: whether a text is the teacher's; None where the box has none. ``path``: see :func:`kept`."""
        self._path = path
        self.code = code or f"{secrets.randbelow(10**6):06d}"
        self._passphrase = passphrase
        self._monotonic = monotonic
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._wrong, self._counted_at = 0.0, monotonic()
        self._lock = threading.Lock()
        self._hashing = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    @property
    def takes_passphrase(self) -> bool:
        """Whether a passphrase of the box's configuration does as well as the code."""
        return self._passphrase is not None

    def check(self, given: str, address: str) -> bool:
        """Whether ``given`` is the code or the passphrase. Raises as :meth:`attempt`."""
        passphrase = self._passphrase
        return (
            self.attempt(given, address, (lambda words: passphrase(words) or None) if passphrase else None) is not None
        )

    def attempt(self, given: str, address: str, judge: Callable[[str], T | None] | None) -> T | Literal["code"] | None:
        """``"code"`` for the code; else what ``judge`` says of it, None for nothing. Digits alone are never judged.

        Raises :class:`Busy` while tries from ``address`` are suspended, and when others have been looked at for
        :data:`PATIENCE_S`: each takes a second and much memory, and who waits holds one of the hub's few threads.
        """
        digits = "".join(given.split())
        with self._lock:
            self._admit(address)
            if digits.isascii() and hmac.compare_digest(digits, self.code):
                self._failures.pop(address, None)
                return "code"
            if judge is None or digits.isdecimal() or not digits:
                self._failed(address)
                return None
        return self.judged(given, address, judge)

    def judged(self, given: str, address: str, judge: Callable[[str], T | None]) -> T | None:
        """What ``judge`` says, under the same limits, without a look at the code. Raises as :meth:`attempt`."""
        with self._lock:
            self._admit(address)
            self._failed(address)  # until it proves right: many at once are no way round
        try:
            with self.hashing():
                found = judge(given)
        except Busy:
            self._not_looked_at(address)
            raise
        if found is not None:
            with self._lock:
                self._failures.pop(address, None)
                self._wrong = max(0.0, self._wrong - 1)
        return found

    @contextlib.contextmanager
    def hashing(self) -> Iterator[None]:
        """One passphrase or PIN is computed at a time, whoever typed it. Raises :class:`Busy` after a short wait."""
        if not self._hashing.acquire(blocking=False) and not self._waits():
            raise _hashing()
        try:
            yield
        finally:
            self._hashing.release()

    def _waits(self) -> bool:
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._hashing.acquire(timeout=PATIENCE_S)
        finally:
            self._waiting.release()

    def refuse(self, address: str) -> None:
        """Count a try that could not be right, against its address only. Raises :class:`Busy` while it is suspended."""
        with self._lock:
            self._admit(address)
            self._failed(address)
            self._wrong = max(0.0, self._wrong - 1)

    def renew(self) -> None:
        """Another code, on show from now on: the one before has made an account."""
        with self._lock:
            self.code = f"{secrets.randbelow(10**6):06d}"
            if self._path is not None:
                _write(self._path, self.code)

    def _not_looked_at(self, address: str) -> None:
        with self._lock:
            failures, closed_until = self._failures.get(address, (1, 0.0))
            self._failures[address] = failures - 1, closed_until if failures > FREE_TRIES else 0.0
            self._wrong = max(0.0, self._wrong - 1)

    def _admit(self, address: str) -> None:
        failures, closed_until = self._failures.get(address, (0, 0.0))
        wait = max(closed_until - self._monotonic(), self._slowed())
        if wait > 0:
            if failures:
                self._failures.move_to_end(address)
            raise Busy("Too many wrong codes: wait %(seconds)s seconds, then try again.", seconds=int(wait) + 1)

    def _failed(self, address: str) -> None:
        failures = self._failures.pop(address, (0, 0.0))[0] + 1
        self._wrong += 1
        delay = min(3600, 30 * 2 ** (failures - FREE_TRIES)) if failures >= FREE_TRIES else 0
        self._failures[address] = failures, self._monotonic() + delay
        if len(self._failures) > REMEMBERED_ADDRESSES:
            self._failures.popitem(last=False)

    def _slowed(self) -> float:
        """Seconds until the box takes another try from anyone."""
        now = self._monotonic()
        self._wrong = max(0.0, self._wrong - (now - self._counted_at) / FORGIVEN_EACH_S)
        self._counted_at = now
        return max(0.0, self._wrong + 1 - WRONG_IN_ALL) * FORGIVEN_EACH_S


def _hashing() -> Busy:
    return Busy("Another passphrase is being looked at: try again in a moment, or type the code.")


def kept(path: Path, passphrase: Callable[[str], bool] | None = None) -> PresenceCode:
    """The code in ``path`` (made when missing), so that a hub that restarts keeps the one that is on show.

    ``path`` stands in the run folder: a new boot makes a new code.
    """
    try:
        known = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        known = ""
    if len(known) == 6 and known.isascii() and known.isdigit():
        return PresenceCode(code=known, passphrase=passphrase, path=path)
    fresh = PresenceCode(passphrase=passphrase, path=path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, fresh.code)
    return fresh


def _write(path: Path, code: str) -> None:
    path.touch(0o600)
    path.write_text(code, encoding="ascii")
