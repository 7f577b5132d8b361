# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from appliance.errors import Busy, Damaged, StorageError
from appliance.store.db import OWNERS, Database, Role, connect
from appliance.store.migrations import migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrate(tmp_path / "cartable.sqlite")
    return tmp_path / "cartable.sqlite"


@pytest.mark.parametrize("table", OWNERS)
def test_only_its_owner_writes_a_table(path: Path, table: str) -> None:
    conn = connect(path, Role.READER)
    for statement in (f"DELETE FROM {table}", f"DROP TABLE {table}", f"INSERT INTO {table} DEFAULT VALUES"):
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            conn.execute(statement)
    conn.close()


def test_even_the_owner_may_not_change_the_schema(path: Path) -> None:
    conn = connect(path, Role.HUB)
    for statement in ("DROP TABLE pupil", "CREATE TABLE x (y)", "ATTACH 'z' AS z", "PRAGMA writable_schema = 1"):
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            conn.execute(statement)
    conn.close()


def test_settings_that_survive_a_pulled_plug_are_on(path: Path) -> None:
    conn = connect(path, Role.HUB)
    assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert conn.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    conn.close()


def test_who_may_not_wait_is_told_so(path: Path) -> None:
    db = Database(path, Role.HUB)
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with db.turn():
            taken.set()
            assert leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(30)
    with pytest.raises(Busy, match="try again"), db.writing(patience_s=0.05):
        pytest.fail("another one has the turn")
    leave.set()
    with db.writing(patience_s=None) as conn:
        conn.execute("INSERT INTO setting VALUES ('a', 'b')")
    holder.join()
    assert db.reading().execute("SELECT count(*) FROM setting").fetchone()[0] == 1
    db.close()


def test_a_block_that_raises_leaves_nothing(path: Path) -> None:
    db = Database(path, Role.HUB)

    def fail() -> None:
        with db.writing() as conn:
            conn.execute("INSERT INTO setting VALUES ('a', 'b')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert db.reading().execute("SELECT count(*) FROM setting").fetchone()[0] == 0
    db.close()


def test_a_full_disk_is_said_in_words_and_loses_nothing(path: Path) -> None:
    """``max_page_count`` makes SQLite meet SQLITE_FULL just as a full disk does."""
    db = Database(path, Role.HUB)
    with db.writing() as conn:
        conn.execute("INSERT INTO setting VALUES ('kept', 'x')")
    db._writer.set_authorizer(None)
    pages = db._writer.execute("PRAGMA page_count").fetchone()[0]
    db._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="disk is full"), db.writing() as conn:
        conn.execute("INSERT INTO setting VALUES ('big', ?)", ("x" * 200_000,))
    assert [row["key"] for row in db.reading().execute("SELECT key FROM setting")] == ["kept"]
    db.close()


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cartable.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(Damaged, match="restore the last backup"):
        migrate(path)


def test_migrations_can_be_run_again(path: Path) -> None:
    assert migrate(path) == []
