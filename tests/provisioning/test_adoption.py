# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The identity of the file and the one of the database become one, and no sequence number is given twice."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import identity_file
from appliance.config import BoxConfig, Config
from appliance.errors import Damaged
from appliance.identity_file import Identities, Machine, fresh
from appliance.store import adoption, identity, settings
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate
from tests.records.boxes import Box

HERE, ELSEWHERE = Machine("a" * 64, "b" * 64), Machine("a" * 64, "c" * 64)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(BoxConfig(state=tmp_path, run=tmp_path / "run"))


@pytest.fixture
def db(config: Config) -> Iterator[Database]:
    migrate(config.database)
    opened = Database(config.database, Role.HUB)
    yield opened
    opened.close()


def written(config: Config, offered: bool = False) -> Identities:
    made = Identities(fresh(HERE), fresh(ELSEWHERE) if offered else None)
    identity_file.write(config.identity_file, made)
    return made


def test_a_new_database_takes_the_identity_of_the_file(config: Config, db: Database) -> None:
    made = written(config)
    assert not adoption.adopt(db, config.identity_file)
    own = identity.identity(db)
    assert (own.box, own.seed.hex()) == (made.own.box, made.own.seed)
    assert identity.verified(own.key, own.sign(b"x"), b"x")
    before = config.identity_file.stat().st_mtime_ns
    assert not adoption.adopt(db, config.identity_file)
    assert config.identity_file.stat().st_mtime_ns == before


def test_an_older_database_keeps_its_own_and_the_file_follows(config: Config, db: Database) -> None:
    own, made = identity.identity(db), written(config)
    assert not adoption.adopt(db, config.identity_file)
    assert identity.identity(db) == own
    found = identity_file.read(config.identity_file)
    assert found is not None
    assert (found.own.box, found.own.seed, found.own.machine) == (own.box, own.seed.hex(), HERE)
    assert found.former == (made.own,)


def test_without_a_readable_file_the_hub_does_as_before(config: Config, db: Database) -> None:
    assert not adoption.adopt(db, config.identity_file)
    assert settings.get(db, "box_id") is None
    config.identity_file.write_text("{")
    assert not adoption.adopt(db, config.identity_file)
    assert settings.get(db, "box_id") is None


def test_an_unused_copy_becomes_another_box(config: Config, db: Database) -> None:
    made = written(config)
    adoption.adopt(db, config.identity_file)
    old_secret = settings.secret(db)
    offered = dataclasses.replace(made, offered=fresh(ELSEWHERE))
    identity_file.write(config.identity_file, offered)
    assert not adoption.adopt(db, config.identity_file)
    found = identity_file.read(config.identity_file)
    assert found == Identities(offered.offered or made.own, None, (made.own,))
    assert identity.identity(db).box == found.own.box
    assert settings.secret(db) != old_secret


def test_a_copy_with_records_keeps_its_identity_and_says_so(tmp_path: Path) -> None:
    """Its pupils are named after it; what it holds can still be exported under the old name, and erased."""
    box = Box(tmp_path)
    box.add(box.answer("p1"))
    config = Config(BoxConfig(state=tmp_path, run=tmp_path / "run"))
    identity_file.write(config.identity_file, Identities(fresh(HERE)))
    assert not adoption.adopt(box.db, config.identity_file)
    made = identity_file.read(config.identity_file)
    assert made is not None
    assert made.own.box == box.id
    identity_file.write(config.identity_file, dataclasses.replace(made, offered=fresh(ELSEWHERE)))
    for _ in range(2):
        assert adoption.adopt(box.db, config.identity_file)
        box = box.again()
        assert (box.id, box.records.box_id) == (made.own.box, made.own.box)
    assert b"p1" in box.export()
    box.close()
    run = subprocess.run([sys.executable, "-m", "appliance", "--state", str(tmp_path), "migrate"],
                         capture_output=True, text=True, check=True)  # fmt: skip
    assert "semble être une copie" in run.stderr


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_cut_off_anywhere(config: Config, number: int, tmp_path: Path) -> None:
    migrate(config.database)
    made = written(config, offered=True)
    command = [sys.executable, "-m", "appliance", "--state", str(tmp_path), "migrate"]
    environment = {**os.environ, "CARTABLE_FAIL_AT": f"{number}:{tmp_path / 'log'}"}
    assert subprocess.run(command, env=environment, check=False).returncode == 137
    assert subprocess.run(command, check=False).returncode == 0
    assert made.offered is not None
    assert identity_file.read(config.identity_file) == made.promoted()
    opened = Database(config.database, Role.HUB)
    assert identity.identity(opened).box == made.offered.box
    opened.close()


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"own": 1}', "[" * 100_000, "\0", '{"own": {"box": "x", "seed": "y"}}', json.dumps(None)],
)
def test_a_damaged_file_is_said(config: Config, body: str) -> None:
    config.identity_file.write_text(body)
    with pytest.raises(Damaged):
        identity_file.read(config.identity_file)


@pytest.mark.parametrize(
    ("made_on", "here", "copied"),
    [
        (Machine("b1", "c1"), Machine("b1", "c1"), False),
        (Machine("b1", "c1"), Machine("b2", "c1"), False),  # the card was put into another board
        (Machine("b1", "c1"), Machine("b1", "c2"), True),
        (Machine("b1", "c1"), Machine("b2", "c2"), True),
        (Machine("b1", ""), Machine("b2", ""), True),  # no card: a disk without a number
        (Machine("b1", ""), Machine("b1", ""), False),
        (Machine("b1", "c1"), Machine("", ""), False),  # nobody can tell
        (Machine(), Machine("b1", "c1"), False),
    ],
)
def test_what_counts_as_a_copy(made_on: Machine, here: Machine, copied: bool) -> None:
    assert here.holds_copy_of(made_on) is copied
