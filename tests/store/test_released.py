# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is known of the schema without loading migrations is what they say themselves."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from appliance.errors import Damaged
from appliance.store.migrations import migrate, names
from appliance.store.released import MIGRATIONS, current

ADD = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, '')"


def test_the_names_are_those_of_the_migrations() -> None:
    assert list(MIGRATIONS) == names()


def test_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "cartable.sqlite"
    assert not current(path)
    assert not path.exists()
    migrate(path)
    assert current(path)
    assert migrate(path) == []


@pytest.mark.parametrize("name", MIGRATIONS)
def test_one_that_is_missing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "cartable.sqlite"
    migrate(path)
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (name,))
        conn.execute(ADD, ("other", name))
    assert not current(path)


def test_a_later_release_has_more(tmp_path: Path) -> None:
    path = tmp_path / "cartable.sqlite"
    migrate(path)
    with contextlib.closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(ADD, ("cartable", "later"))
    assert current(path)


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "cartable.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE recipe (name)")
    assert not current(path)


def test_no_database(tmp_path: Path) -> None:
    path = tmp_path / "cartable.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Damaged):
        current(path)
