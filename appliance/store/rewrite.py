# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The end of an erasure: the whole file is written anew, so that no gap of a page holds a byte of what is gone.

A statement dropped from the quarantine ends in the same way.

``secure_delete`` zeroes cells that are freed and pages that become free. It does not reach the copies that SQLite
leaves in the unused middle of a page when it splits, joins or defragments pages
(https://www.sqlite.org/pragma.html#pragma_secure_delete). ``VACUUM`` copies the rows that there are to an unnamed
file, and that file over the database through the write-ahead log: a death at any moment leaves the old file or the new.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from appliance.errors import Busy, StorageError
from appliance.store.commit import GroupCommit
from appliance.store.db import Database, Role, connect, translated
from appliance.store.durable import disk_errors, step

POLL_S = 0.1
SPARE = 4 << 20
"""Bytes that must be left when both copies, the unnamed file and the log, are on the card."""
_MARK = "rewriting"
"""Setting: no row: the file was never written anew; "": nothing to do; else the name of the last erasure to end."""


class Rewrite:
    """Of the file of one database. Safe to use from several threads."""

    def __init__(self, db: Database, commit: GroupCommit, patience_s: float) -> None:
        """``patience_s``: how long to wait for a reader that holds old pages in the log."""
        self._db = db
        self._commit = commit
        self._patience_s = patience_s

    def run(self) -> None:
        """Do it when it is pending, whoever asked for it; on return no file holds what was erased before.

        Readers go on meanwhile, writers wait. Raises :class:`StorageError` when the disk has no room for it,
        :class:`Busy` when a reader holds the old bytes: it stays pending then.
        """
        if pending(self._db.reading()) is None:
            return
        self._empty_log()
        with self._db.turn():
            done = pending(self._db.reading())  # another thread's rewrite, just over, may have been for this one too
            if done is not None:
                self._vacuum()
        if done is None:
            return
        step("rewritten")
        self._empty_log()
        step("erased")
        self._commit.run(lambda conn: _clear(conn, done))

    def _vacuum(self) -> None:
        needed, free = room_needed(self._db.reading()), _free(self._db.path)
        if free < needed:
            raise _no_room(needed)
        step("rewrite")
        with self.connected() as conn:
            try:
                with translated(self._db.path):
                    conn.execute("VACUUM")
            except StorageError as error:
                full = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
                # The log holds what could be written of the copy: give the room back.
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if full:
                    raise _no_room(needed) from error
                raise

    @contextlib.contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """The connection that may ``VACUUM``. SQLite puts its unnamed files beside the database meanwhile.

        They hold what is kept, not what is erased, but /tmp may be memory, or another disk.
        """
        folder = str(self._db.path.parent.resolve()).replace("'", "''")
        with contextlib.closing(connect(self._db.path, Role.REWRITE)) as conn:
            conn.execute("PRAGMA temp_store = FILE")
            conn.execute(f"PRAGMA temp_store_directory = '{folder}'")
            try:
                yield conn
            finally:
                conn.execute("PRAGMA temp_store_directory = ''")  # it is the whole process's

    def _empty_log(self) -> None:
        """Bring the log into the file and cut it to nothing."""
        step("truncate log")
        deadline = time.monotonic() + self._patience_s
        path = self._db.path
        with translated(path), contextlib.closing(connect(path, Role.HUB)) as conn:
            # While SQLite itself waits for readers here, no writer has its turn: so it may not wait for long.
            conn.execute(f"PRAGMA busy_timeout = {int(POLL_S * 1000)}")
            while conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > deadline:
                    raise Busy(
                        "It is erased and nothing shows it any more, but its bytes are still on the card while an "
                        "export is being read. They are overwritten at the next start or erasure after its end."
                    )
                time.sleep(POLL_S)


def mark(conn: sqlite3.Connection) -> None:
    """In the transaction of an erasure: the file is to be written anew."""
    _put(conn, secrets.token_hex(8))


def mark_first(conn: sqlite3.Connection) -> None:
    """The same, unless the file was written anew before: what an earlier release erased may be left in it."""
    conn.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (_MARK, secrets.token_hex(8)))


def pending(conn: sqlite3.Connection) -> str | None:
    """The name of the last erasure for which the file must be written anew; None: nothing is to be done."""
    row = conn.execute("SELECT value FROM setting WHERE key = ?", (_MARK,)).fetchone()
    return str(row["value"]) or None if row is not None else None


def never(conn: sqlite3.Connection) -> bool:
    """Whether the file was never written anew, nor is to be."""
    return conn.execute("SELECT 1 FROM setting WHERE key = ?", (_MARK,)).fetchone() is None


def room_needed(conn: sqlite3.Connection) -> int:
    """Bytes that must be free: the rows twice, in the unnamed file and in the log (24 bytes more for each page)."""
    pages, free, size = (conn.execute(f"PRAGMA {name}").fetchone()[0] for name in
                         ("page_count", "freelist_count", "page_size"))  # fmt: skip
    return int((pages - free) * (2 * size + 24)) + SPARE


def megabytes(size: int) -> int:
    """Rounded up."""
    return -(-size >> 20)


def _put(conn: sqlite3.Connection, value: str) -> None:
    conn.execute("INSERT INTO setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                 (_MARK, value))  # fmt: skip


def _clear(conn: sqlite3.Connection, done: str) -> None:
    """Unless another erasure came since."""
    if pending(conn) == done:
        _put(conn, "")


def _free(path: Path) -> int:
    with disk_errors(path):
        return shutil.disk_usage(path.parent).free


def _no_room(needed: int) -> StorageError:
    return StorageError(
        "It is erased and nothing shows it any more, but remains of it may be left inside the database file. They are "
        "overwritten at the next start or erasure when %(needed)s MB are free: make room on the card.",
        needed=megabytes(needed),
    )
