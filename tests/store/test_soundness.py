# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The database looked at by the doctor: sound, damaged, locked, old, new, read-only; and never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
from pathlib import Path

import pytest

from appliance.errors import Busy, CartableError, Damaged, NotFound
from appliance.facts import DatabaseFacts
from appliance.store import soundness
from appliance.store.migrations import migrate, names


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "state" / "cartable.sqlite"
    migrate(made)
    return made


def looked(path: Path) -> tuple[DatabaseFacts, tuple[bool | None, str]]:
    with soundness.looking(path) as conn:
        return soundness.with_schema(conn, path), soundness.soundness(conn, 10)


def test_a_sound_one(path: Path) -> None:
    facts, sound = looked(path)
    assert (facts.pending, facts.later, facts.writable) == ((), (), True)
    assert facts.size > 4096
    assert sound == (True, "")
    with soundness.looking(path) as conn:
        records = soundness.records(conn, path)
    assert (records.statements, records.held, records.set_aside, records.key, records.attachments) == (0, 0, 0, None, 0)


def test_nothing_is_written(path: Path) -> None:
    before = hashlib.sha256(path.read_bytes()).digest()
    looked(path)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    with soundness.looking(path) as conn, pytest.raises(sqlite3.OperationalError, match="readonly"):
        conn.execute("DELETE FROM setting")


@pytest.mark.parametrize("content", [None, b"", b"no database, but long enough to be one" * 200])
def test_what_is_no_database(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "cartable.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Damaged if content else NotFound):
        looked(path)
    assert path.exists() is (content is not None)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "cartable.sqlite").mkdir()
    with pytest.raises(CartableError):
        looked(tmp_path / "cartable.sqlite")


def test_a_damaged_page_is_found(path: Path) -> None:
    """Every page but the first is overwritten in turn: whatever it held, it is noticed or was free."""
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.executescript("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;")
        size = int(conn.execute("PRAGMA page_size").fetchone()[0])
    whole = path.read_bytes()
    found = 0
    for start in range(size, len(whole), size):
        path.write_bytes(whole[:start] + b"\xa5" * size + whole[start + size :])
        try:
            sound, words = looked(path)[1]
        except Damaged:
            found += 1
            continue
        found += sound is False and bool(words)
    assert found == len(whole) // size - 1


def test_a_table_that_is_missing_is_damage(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP TABLE held")
    with soundness.looking(path) as conn, pytest.raises(Damaged):
        soundness.records(conn, path)


def test_an_earlier_and_a_later_release(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'references'")
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('cartable', 'sixth', '')"
        )
    facts = looked(path)[0]
    assert (facts.pending, facts.later) == (("references",), ("sixth",))
    assert "references" in names()


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "cartable.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE recipe (name)")
    facts, sound = looked(path)
    assert facts.pending == tuple(names())
    assert sound == (True, "")


def test_a_check_that_takes_too_long_is_given_up(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 400000) "
                     "SELECT i, hex(randomblob(40)) AS x FROM n")  # fmt: skip
        conn.execute("CREATE INDEX big_x ON big (x)")
    with soundness.looking(path) as conn:
        assert soundness.soundness(conn, 0.001) == (None, "interrupted")
        assert soundness.soundness(conn, 60)[0] is True


def test_a_lock_of_somebody_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "BUSY_S", 0.05)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode=DELETE")
        conn.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Busy):
            looked(path)


def test_a_signing_key_that_is_none(path: Path) -> None:
    for value, good in (("00" * 32, True), ("00" * 31, False), ("é", False)):
        with contextlib.closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("INSERT OR REPLACE INTO setting VALUES ('signing_key', ?)", (value,))
        with soundness.looking(path) as look:
            assert soundness.records(look, path).key is good


def test_attachments_are_counted_or_not_readable(path: Path) -> None:
    folder = path.parent / "records" / "attachments"
    folder.mkdir(parents=True)
    (folder / ("0" * 64)).write_bytes(b"x")
    with soundness.looking(path) as conn:
        assert soundness.records(conn, path).attachments == 1
    (folder / ("0" * 64)).unlink()
    folder.rmdir()
    folder.write_text("not a folder")
    with soundness.looking(path) as conn:
        assert soundness.records(conn, path).attachments is None


def test_what_a_death_left_in_the_log_is_read(path: Path) -> None:
    """Killed with rows in the write-ahead log only: they are seen, and stay there for the hub to take in."""
    code = (
        "import os, sqlite3, sys\n"
        "conn = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "conn.execute('PRAGMA wal_autocheckpoint=0')\n"
        "conn.execute(\"INSERT INTO held VALUES (1, 'b', 1.0, NULL)\")\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code, str(path)]) == -9
    log = path.with_name("cartable.sqlite-wal")
    before = log.read_bytes()
    assert before
    with soundness.looking(path) as conn:
        assert soundness.records(conn, path).held == 1
    assert log.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_leaves_no_file_that_the_box_cannot_open(path: Path) -> None:
    for each in (path.parent, *path.parent.iterdir()):
        os.chown(each, 12345, 12345)
    looked(path)
    assert {each.stat().st_uid for each in path.parent.iterdir()} == {12345}
