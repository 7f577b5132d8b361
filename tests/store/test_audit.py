# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The chain of acts: added to, never changed, and a change from outside is seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.store import audit
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    migrate(tmp_path / "x.sqlite")
    return tmp_path / "x.sqlite"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    opened = Database(path, Role.HUB)
    for number in range(1, 7):
        note(opened, f"2026-11-{number:02d}T08:00:00.000000Z", number != 3)
    yield opened
    opened.close()


def note(db: Database, at: str, trusted: bool = True) -> None:
    with db.writing() as conn:
        audit.add(conn, at=at, trusted=trusted, who="t1", role="teacher", act="sign in", subject="", outcome="done")


def test_the_chain_holds(db: Database) -> None:
    assert audit.verify(db.reading()) is None
    assert [entry.number for entry in audit.entries(db.reading(), limit=3)] == [6, 5, 4]
    assert [entry.number for entry in audit.entries(db.reading(), before=3)] == [2, 1]
    assert audit.entries(db.reading(), who="t2") == []
    assert audit.head(db.reading())[0] == 6


def test_nobody_changes_a_row(db: Database) -> None:
    for column in ("who", "hash", "number"):
        with pytest.raises(sqlite3.DatabaseError, match="not authorized"), db.writing() as conn:
            conn.execute(f"UPDATE audit SET {column} = ''")


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit SET who = 't2' WHERE number = 4", "UPDATE audit SET outcome = 'failed' WHERE number = 4",
     "UPDATE audit SET trusted = 0 WHERE number = 4", "UPDATE audit SET hash = x'00' WHERE number = 4",
     "DELETE FROM audit WHERE number = 4", "UPDATE audit SET number = -number WHERE number = 4"],
)  # fmt: skip
def test_a_change_from_outside_is_seen(db: Database, path: Path, change: str) -> None:
    """By somebody who has the card, and writes the file without the box's program."""
    with sqlite3.connect(path) as outside:
        outside.execute(change)
    outside.close()
    assert audit.verify(db.reading()) in (1, 4)


def test_retention_cuts_the_oldest_and_the_chain_still_holds(db: Database) -> None:
    with db.writing() as conn:
        assert audit.drop_before(conn, "2026-11-05T00:00:00Z") == 4
    assert audit.verify(db.reading()) is None
    with db.writing() as conn:
        assert audit.drop_before(conn, "2026-12-01T00:00:00Z") == 2
        assert audit.drop_before(conn, "2026-12-01T00:00:00Z") == 0
    assert audit.verify(db.reading()) is None
    note(db, "2026-12-01T08:00:00.000000Z")
    assert audit.verify(db.reading()) is None
    assert audit.entries(db.reading())[0].number == 7


def test_a_clock_that_went_back_keeps_what_came_after(db: Database) -> None:
    note(db, "1970-01-01T00:00:00.000000Z", trusted=True)
    note(db, "2026-11-08T08:00:00.000000Z")
    with db.writing() as conn:
        assert audit.drop_before(conn, "2026-11-02T00:00:00Z") == 1


def test_long_fields_are_cut(db: Database) -> None:
    with db.writing() as conn:
        audit.add(conn, at="x", trusted=False, who="w" * 999, role="", act="é" * 999, subject="", outcome="done")
    assert audit.verify(db.reading()) is None
    assert len(audit.entries(db.reading())[0].act) == audit.LONGEST
