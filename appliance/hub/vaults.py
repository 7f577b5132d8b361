# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The classes whose vault is open: their private keys, in this process's memory and nowhere else.

A class is opened by a session (a sign-in) and closed by the bell, by the end of the last session that opened it, and by
any end of the process.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import Damaged, Locked, NotFound
from appliance.ports import Clock
from appliance.store import times, vault
from appliance.store.db import Connection, Database

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    private: bytes = field(repr=False)
    by: set[str] = field(default_factory=set)
    """Sessions."""
    names: dict[str, str] = field(default_factory=dict, repr=False)
    """Item -> first name."""


class Vaults:
    """What is open now. Thread-safe. Whether the person who asks may see it is the caller's to know (``auth``)."""

    def __init__(self, db: Database, folder: Path, clock: Clock) -> None:
        """``folder``: where media stand sealed, ``<state>/vault``."""
        self._db = db
        self.folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._open: dict[str, _Open] = {}
        self._holders: dict[str, tuple[str, bytes]] = {}
        self._until: dict[str, float] = {}
        """Session -> when it ends, of the monotonic clock; a bell takes the keys, not the end."""

    def is_open(self, group_id: str) -> bool:
        """Whether names and texts of the class can be read now. A need group is open when a class of its pupils is."""
        with self._lock:
            self._expire()
            return any(home in self._open for home in self._homes(group_id))

    def names(self, group_id: str, may: Callable[[str], bool] = lambda home: True) -> Mapping[str, str]:
        """Pupil id -> first name, in the order of the list; pupils without a name are left out.

        ``may``: whether a class's names may be told to whoever asks. Raises :class:`Locked`; of a need group, the names
        that are open are told.
        """
        with self._lock:
            if not self.is_open(group_id):
                raise _locked()
            listed = vault.sealed_names(self._db.reading(), group_id)
            homes = {home for home in {each.home for each in listed}.intersection(self._open) if may(home)}
            found = ((each.pupil, self._name(each)) for each in listed if each.home in homes)
            told = {pupil: name for pupil, name in found if name is not None}
            self._forget_erased(listed)
            return told

    def read(self, group_id: str, item_id: str) -> bytes:
        """A sealed thing of a pupil of the class. Raises :class:`Locked`, :class:`NotFound`, :class:`Damaged`."""
        conn = self._db.reading()
        with self._lock:
            if not self.is_open(group_id):
                raise _locked()
            found = vault.item(conn, item_id)
            home = vault.home(conn, group_id, found.pupil)
            private = self._pupil(conn, home, found.pupil)
        return vault.unseal(conn, item_id, private, self.folder)

    def keep(self, pupil_id: str, kind: str, body: bytes, *, about: str = "", media_type: str = "") -> str:
        """:func:`appliance.store.vault.seal` in a transaction of its own, dated and with its file; open or not."""
        with self._db.writing() as conn:
            return self.keep_in(conn, pupil_id, kind, body, about=about, media_type=media_type)

    def keep_in(
        self, conn: Connection, pupil_id: str, kind: str, body: bytes, *, about: str = "", media_type: str = ""
    ) -> str:
        """:meth:`keep` within the caller's transaction."""
        now = self._clock.now()
        at = times.rfc3339(now.wall) if now.trusted else ""
        return vault.seal(conn, pupil_id, kind, body, about=about, media_type=media_type, at=at, folder=self.folder)

    def enter(self, holder: str, private: bytes, session: str, until: float = math.inf) -> list[str]:
        """A sign-in: open each class that ``holder`` may, and keep the key for classes to come.

        It ends with :meth:`leave`, and by itself at ``until``, of the monotonic clock.

        Returns the classes opened; one that is damaged stays closed.
        """
        with self._lock:
            self._holders[session], self._until[session] = (holder, private), until
            return self.reopen(session)

    def reopen(self, session: str) -> list[str]:
        """Open what the session's holder may, classes made since among it; nothing after a bell."""
        with self._lock:  # to the end: a bell rung meanwhile must find open what it locks
            self._expire()
            held = self._holders.get(session)
            return [] if held is None else self.unlock(*held, session)

    def holder(self, session: str) -> tuple[str, bytes]:
        """Who signed in, and that person's private key. Raises :class:`Locked` once a bell or a restart dropped it."""
        with self._lock:
            self._expire()
            if session not in self._holders:
                raise Locked("Type your PIN or your passphrase again: the box has locked your key.")
            return self._holders[session]

    def unlock(self, holder: str, private: bytes, session: str) -> list[str]:
        """Open, for ``session``, each class that ``holder`` may; returns them. One that is damaged stays closed."""
        conn = self._db.reading()
        opened = []
        for group_id in vault.granted(conn, holder):
            try:
                self.put(group_id, vault.open_grant(conn, group_id, holder, private), session)
            except Damaged:
                log.warning("The key of class %s for %s is damaged", group_id, holder)
                continue
            opened.append(group_id)
        return opened

    def put(self, group_id: str, private: bytes, session: str) -> None:
        """Keep the class open for ``session``."""
        with self._lock:
            self._open.setdefault(group_id, _Open(private)).by.add(session)

    def private(self, group_id: str) -> bytes:
        """The class's private key, to let somebody else in. Raises :class:`Locked`."""
        with self._lock:
            self._expire()
            if group_id not in self._open:
                raise _locked()
            return self._open[group_id].private

    def lock(self, group_id: str) -> None:
        """Forget the class's keys, and the keys that would open it again: the bell. PIN or passphrase opens it anew."""
        with self._lock:
            for home in self._homes(group_id):
                self._open.pop(home, None)
                for session, (holder, _) in list(self._holders.items()):
                    if vault.holds(self._db.reading(), holder, home):
                        del self._holders[session]

    def leave(self, session: str) -> None:
        """The session is over: classes that nobody else has open are locked."""
        with self._lock:
            self._holders.pop(session, None)
            self._until.pop(session, None)
            for group_id, held in list(self._open.items()):
                held.by.discard(session)
                if not held.by:
                    del self._open[group_id]

    def expire(self) -> None:
        """Forget the keys of the sessions whose time is over: at once, not when somebody next asks for a name."""
        with self._lock:
            self._expire()

    def lock_all(self) -> None:
        """Forget every key."""
        with self._lock:
            self._open.clear()
            self._holders.clear()

    def _expire(self) -> None:
        now = self._clock.now().monotonic
        for session in [name for name, until in self._until.items() if until <= now]:
            self.leave(session)

    def _homes(self, group_id: str) -> list[str]:
        """The classes whose keys are behind a group: itself, or of a need group those of its pupils."""
        return [group_id] if group_id in self._open else vault.homes(self._db.reading(), group_id)

    def _forget_erased(self, listed: Sequence[vault.SealedName]) -> None:
        """A name that was erased, or replaced, does not stay in memory."""
        for home in {each.home for each in listed}.intersection(self._open):
            held = self._open[home]
            if len(held.names) > len(listed):
                known = {each.item for each in listed}
                held.names = {item: name for item, name in held.names.items() if item in known}

    def _pupil(self, conn: Connection, home: str, pupil_id: str) -> bytes:
        held = self._open.get(home)
        if held is None:
            raise _locked()
        return vault.open_pupil_key(conn, pupil_id, held.private)

    def _name(self, listed: vault.SealedName) -> str | None:
        """None: damaged; one bad row hides no other."""
        held = self._open[listed.home]
        if listed.item not in held.names:
            conn = self._db.reading()
            try:
                private = vault.open_pupil_key(conn, listed.pupil, held.private)
                held.names[listed.item] = vault.unseal(conn, listed.item, private, self.folder).decode()
            except (Damaged, NotFound):
                log.warning("The name of pupil %s cannot be read", listed.pupil)
                return None
        return held.names[listed.item]


def _locked() -> Locked:
    return Locked("The first names and texts of this class are locked: the teacher's PIN or passphrase opens them.")
