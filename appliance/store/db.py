# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The one SQLite file: WAL, FULL, one table one writer.

WAL with ``synchronous=FULL`` lost no acknowledged commit under power cuts where NORMAL lost hundreds. An authorizer
refuses, at prepare time, any write to a table that the connection's role does not own.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.errors import Busy, CartableError, Damaged, StorageError, reason

PATIENCE_S = 5.0
"""How long a request waits for its turn to write: a rebuild, or writing the file anew, takes minutes."""


Connection = sqlite3.Connection
"""For who hands a transaction on without writing SQL."""


class Role(enum.StrEnum):
    """Who opens the file. Each table has exactly one writing role (see :data:`OWNERS`)."""

    HUB = "hub"
    READER = "reader"
    MIGRATE = "migrate"
    REWRITE = "rewrite"
    """``VACUUM``, and nothing else."""


OWNERS: dict[str, Role] = {
    "resource": Role.HUB,
    "import_job": Role.HUB,
    "school_group": Role.HUB,
    "pupil": Role.HUB,
    "lesson": Role.HUB,
    "activity": Role.HUB,
    "statement": Role.HUB,
    "answer": Role.HUB,
    "oral_attempt": Role.HUB,
    "setting": Role.HUB,
    "held": Role.HUB,
    "term": Role.HUB,
    "posting": Role.HUB,
    "posting_fresh": Role.HUB,
    "statement_reference": Role.HUB,
    "reference_waiting": Role.HUB,
    "statement_void": Role.HUB,
    "statement_attachment": Role.HUB,
    "activity_definition": Role.HUB,
    "progress": Role.HUB,
    "actor_seen": Role.HUB,
    "verb_count": Role.HUB,
    "document": Role.HUB,
    "record_key": Role.HUB,
    "tombstone": Role.HUB,
    "quarantine": Role.HUB,
    "group_detail": Role.HUB,
    "pupil_detail": Role.HUB,
    "pupil_merged": Role.HUB,
    "activity_detail": Role.HUB,
    "activity_question": Role.HUB,
    "quiz_medium": Role.HUB,
    "member": Role.HUB,
    "staff": Role.HUB,
    "staff_key": Role.HUB,
    "device": Role.HUB,
    "group_key": Role.HUB,
    "group_grant": Role.HUB,
    "pupil_key": Role.HUB,
    "sealed_item": Role.HUB,
    "audit": Role.HUB,
}
"""Table -> the role that writes it. A table missing here is written by nobody but a migration."""

_APPENDED = ("audit",)
"""Rows are added, and deleted by retention, but never changed."""
_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
_READS = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_RECURSIVE,
}
_PRAGMAS = {"journal_mode", "synchronous", "foreign_keys", "busy_timeout", "wal_checkpoint", "integrity_check",
            "cache_size", "user_version", "data_version", "secure_delete", "page_count", "page_size",
            "freelist_count"}  # fmt: skip


def connect(path: Path, role: Role) -> sqlite3.Connection:
    """Open the database as ``role``, in autocommit (transactions are explicit, see :class:`Database`).

    Raises :class:`StorageError` when the file cannot be opened, :class:`Damaged` when it is not a database.
    """
    with translated(path):
        conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            conn.row_factory = sqlite3.Row
            if role is not Role.READER:
                conn.execute("PRAGMA journal_mode=WAL").fetchone()
            conn.execute("PRAGMA synchronous=FULL")
            conn.execute("PRAGMA foreign_keys=ON")
            conn.execute(f"PRAGMA cache_size=-{8000 if role is Role.HUB else 2000}")  # KiB
            conn.execute("PRAGMA wal_autocheckpoint=4000")  # 16 MB: a page written often goes to the file less often
            conn.execute("PRAGMA secure_delete=ON")  # what is erased leaves no bytes in free pages
        except sqlite3.Error:
            conn.close()
            raise
    if role is Role.REWRITE:
        conn.set_authorizer(_rewriting)
    elif role is not Role.MIGRATE:
        conn.set_authorizer(_authorizer(role))
    return conn


def _authorizer(role: Role) -> Callable[..., int]:
    def allow(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action in _READS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_UPDATE and first in _APPENDED:
            return sqlite3.SQLITE_DENY
        if action in _WRITES:
            return sqlite3.SQLITE_OK if OWNERS.get(first or "") is role else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA:
            return sqlite3.SQLITE_OK if (first or "").lower() in _PRAGMAS else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_DENY

    return allow


def _rewriting(action: int, first: str | None, _: str | None, database: str | None, *__: str | None) -> int:
    """What ``VACUUM`` does: attach an unnamed database, called ``vacuum_…``, and make every table again in that one."""
    if action in _READS or (database or "").startswith("vacuum_"):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_ATTACH:
        return sqlite3.SQLITE_DENY if first else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        known = (first or "").lower() in {*_PRAGMAS, "temp_store", "temp_store_directory"}
        return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, with what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise StorageError("The disk is full: nothing was lost, but free some space, then try again.") from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
            raise StorageError(
                "%(path)s cannot be written: check that the card is not locked or worn out.", path=path
            ) from error
        raise
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise Damaged("The database %(path)s is damaged: restore the last backup.", path=path) from error
        raise


class Database:
    """One writing connection, taken in turn, and a reading one per thread."""

    def __init__(self, path: Path, role: Role) -> None:
        self.path = path
        self.role = role
        self._write_lock = threading.Lock()
        self._readers_lock = threading.Lock()  # another one: a rewrite holds the writer's turn for long
        self._writer = connect(path, role)
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False

    def reading(self) -> sqlite3.Connection:
        """This thread's read connection."""
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = connect(self.path, Role.READER)
            self._local.conn = conn
            with self._readers_lock:
                self._readers.append(conn)
        return conn

    @contextlib.contextmanager
    def writing(self, *, patience_s: float | None = PATIENCE_S) -> Iterator[sqlite3.Connection]:
        """One durable transaction: committed (and on disk) when the block ends, undone when it raises.

        ``patience_s``: seconds to wait for one's turn, None: as long as it takes (for threads on which no page waits).
        Raises :class:`Busy` when it did not come, :class:`StorageError` when the disk is full or read-only; then
        nothing of the block is kept.
        """
        with self.turn(patience_s=patience_s), self.transaction() as conn:
            yield conn

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The transaction of :meth:`writing`, for who has the writer's turn (:meth:`turn`)."""
        with translated(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:  # whatever stopped it, nothing of it is kept
                    self._writer.execute("ROLLBACK")

    @contextlib.contextmanager
    def turn(self, *, patience_s: float | None = None) -> Iterator[None]:
        """The writer's turn, without a transaction yet: nobody writes through this object until the block ends.

        Raises :class:`Busy` as :meth:`writing`.
        """
        if not self._write_lock.acquire(timeout=-1 if patience_s is None else patience_s):
            raise busy()
        try:
            yield
        finally:
            self._write_lock.release()

    def close(self) -> None:
        """Close every connection; the object is of no use afterwards."""
        for conn in [*self._readers, self._writer]:
            conn.close()


def busy() -> Busy:
    """The refusal of who may not wait for the writer's turn any longer."""
    return Busy("The box is rewriting its learning records, and nothing can be saved meanwhile: try again in a few "
                "minutes.")  # fmt: skip


def disk_error(error: OSError, path: Path) -> CartableError:
    """The house's error for an OSError met while writing a file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError("The disk is full: nothing was lost, but free some space, then try again.")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageError("%(path)s cannot be written: check that the card is not locked or worn out.", path=path)
    return StorageError("%(path)s: %(why)s", path=path, why=reason(error))
