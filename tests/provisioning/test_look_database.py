# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The look before cartable-migrate.service (``systemd/provision``): it starts unless this release has seen the file."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from appliance.store.migrations import migrate
from appliance.store.released import VERSION, current
from imaging import rootfs
from tests import units


def started(path: Path) -> bool:
    """Whether the unit would start, in an image of this release."""
    ours, card = path.parent / "usr/lib/cartable", path.parent / "card"
    if not ours.exists():
        ours.mkdir(parents=True)
        card.mkdir()
        rootfs.named(path.parent, "1.0 abc")
    environ = {**os.environ, "CARTABLE_STATE": str(path.parent), "CARTABLE_CARD": str(card), "CARTABLE_OURS": str(ours),
               "CARTABLE": "/bin/false"}  # fmt: skip
    subprocess.run(["sh", units.SOURCE / "provision"], capture_output=True, env=environ, check=False)
    condition = units.read("cartable-migrate.service").all("Unit", "ConditionPathExists")
    assert condition == ["!/run/cartable-card/schema-known"]
    return not (card / "schema-known").exists()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that this release has brought up to date."""
    path = tmp_path / "cartable.sqlite"
    assert started(path)
    assert migrate(path)
    return path


def test_a_database_of_this_release_starts_no_python(path: Path) -> None:
    assert not started(path)
    assert current(path)
    with contextlib.closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (VERSION,)
        conn.execute("VACUUM")
    assert not started(path)


@pytest.mark.parametrize("version", [0, 1, VERSION + 1, VERSION ^ 0x01000000])
def test_of_another_release_it_does_and_is_then_this_one_s(path: Path, version: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version={version}")
    assert started(path)
    assert not current(path)
    assert migrate(path) == []
    assert not started(path)
    assert current(path)


@pytest.mark.parametrize("said", [None, "", "00 00 00 00", "none"])
def test_an_image_that_does_not_say_its_schema_trusts_nothing(path: Path, said: str | None) -> None:
    file = path.parent / "usr/lib/cartable/schema"
    file.unlink()
    if said is not None:
        file.write_text(said)
    assert started(path)


def test_what_was_migrated_and_not_noted_is_looked_at_again(path: Path) -> None:
    """The plug was pulled between the two."""
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA user_version=0")
    assert started(path)


def test_the_note_alone_does_not_deceive_the_hub(tmp_path: Path) -> None:
    """A file that bears the number and not the tables."""
    path = tmp_path / "cartable.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version={VERSION}")
        conn.execute("CREATE TABLE other (x)")
    assert not started(path)
    assert not current(path)


@pytest.mark.parametrize("damage", ["short", "empty", "link", "folder", "pipe", "no-database"])
def test_whatever_else_stands_there_is_for_the_command(path: Path, damage: str) -> None:
    whole = path.read_bytes()
    path.unlink()
    if damage == "link":
        path.with_name("other").write_bytes(whole)
        path.symlink_to("other")
    elif damage == "folder":
        path.mkdir()
    elif damage == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes({"short": whole[:63], "empty": b"", "no-database": b"x" * 4096}[damage])
    assert started(path)
