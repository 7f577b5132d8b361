# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A look at the database that changes nothing: for the health of the box, beside a running hub or without one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from appliance.errors import Busy, Damaged, NotFound, StorageError
from appliance.facts import DatabaseFacts, RecordsFacts
from appliance.store.db import translated
from appliance.store.identity import KEY_BYTES, of_hex

BUSY_S = 2.0
"""How long to wait for a lock of somebody else's."""
VERSION = sqlite3.sqlite_version
"""Of the SQLite library in use."""
_TAKEN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextlib.contextmanager
def looking(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, nor repair what a death left in the write-ahead log.

    Raises :class:`NotFound` when there is no database, :class:`StorageError`, :class:`Damaged` or :class:`Busy` when
    it cannot be read.
    """
    with _told(path):
        try:
            there = path.stat().st_size > 0
        except FileNotFoundError:
            there = False
        except OSError as error:
            raise StorageError("%(path)s cannot be read.", path=path) from error
        if not there:
            raise NotFound("There is no database at %(path)s: the box was never started, or its card is not the right "
                           "one.", path=path)  # fmt: skip
        conn = _open(path)
    with contextlib.closing(conn):
        yield conn


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Every error of SQLite's as one of ours: a table that is missing is damage too."""
    try:
        with translated(path):
            yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _TAKEN:
            raise Busy("The database is in use: try again in a moment.") from error
        raise Damaged("The database %(path)s is damaged: restore the last backup.", path=path) from error


def _open(path: Path) -> sqlite3.Connection:
    """Read-only; where not even the index of the log can be made (a folder that is read-only, a full disk), as a file
    that never changes, provided that its log is empty."""
    try:
        return _connected(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _TAKEN or _size(path.with_name(f"{path.name}-wal")):
            raise
        return _connected(path, "mode=ro&immutable=1")


def _connected(path: Path, options: str) -> sqlite3.Connection:
    conn = sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=BUSY_S, isolation_level=None,
                           check_same_thread=False)  # fmt: skip
    try:
        conn.row_factory = sqlite3.Row
        conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        conn.close()
        raise
    return conn


def database(path: Path) -> DatabaseFacts:
    """Its size, and whether this process may write it."""
    return DatabaseFacts(
        writable=os.access(path, os.W_OK) and os.access(path.parent, os.W_OK),
        size=sum(_size(path.with_name(path.name + end)) for end in ("", "-wal")),
    )


def with_schema(conn: sqlite3.Connection, path: Path) -> DatabaseFacts:
    """:func:`database`, and its schema against this release's. Loads what makes migrations: not for the hub."""
    from appliance.store.migrations import migrations, names

    table = migrations.migrations_table
    with _told(path):
        made = conn.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        query = f"SELECT name FROM {table} WHERE migration_set = ? ORDER BY id"  # noqa: S608 - a constant
        applied = [str(row["name"]) for row in conn.execute(query, (migrations.name,))] if made else []
    known = names()
    pending = tuple(name for name in known if name not in applied)
    return replace(database(path), pending=pending, later=tuple(name for name in applied if name not in known))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def records(conn: sqlite3.Connection, path: Path) -> RecordsFacts:
    """Counts of the learning records of the database at ``path``; raises as :func:`looking`."""
    with _told(path):
        key = conn.execute("SELECT value FROM setting WHERE key = 'signing_key'").fetchone()
        return RecordsFacts(
            statements=_figure(conn, "SELECT max(row) FROM statement"),  # rows are never taken away
            held=_figure(conn, "SELECT count(*) FROM held"),
            set_aside=_figure(conn, "SELECT count(*) FROM quarantine"),
            key=None if key is None else of_hex(str(key["value"]), KEY_BYTES) is not None,
            attachments=_attachments(path.parent / "records" / "attachments"),
        )


def _figure(conn: sqlite3.Connection, query: str) -> int:
    return int(conn.execute(query).fetchone()[0] or 0)


def _attachments(folder: Path) -> int | None:
    try:
        with os.scandir(folder) as entries:
            return sum(1 for _ in entries)
    except FileNotFoundError:
        return 0
    except OSError:
        return None


def soundness(conn: sqlite3.Connection, limit_s: float) -> tuple[bool | None, str]:
    """``PRAGMA quick_check``: (sound, SQLite's first words on what is not); None when it took longer than ``limit_s``,
    or was kept from reading."""
    over = threading.Event()
    watch = threading.Thread(target=_interrupt, args=(conn, limit_s, over), name="soundness", daemon=True)
    watch.start()
    try:
        told = str(conn.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        return None, str(error)
    except sqlite3.DatabaseError as error:
        return False, str(error)
    finally:
        over.set()
        watch.join()
    return told == "ok", "" if told == "ok" else told.splitlines()[-1]


def _interrupt(conn: sqlite3.Connection, limit_s: float, over: threading.Event) -> None:
    """Again and again: between two steps of SQLite's an interruption is lost."""
    while not over.wait(limit_s):
        conn.interrupt()
        limit_s = 0.02
