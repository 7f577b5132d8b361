# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""After a roll-back the previous release reads and writes the file; after the next update nothing is missing.

Its queries, frozen, run on a file that its own first migration made and that grew up here, and on a new one.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import sealing
from appliance.store import classes, migrations, settings, vault
from appliance.store.db import Database, Role
from appliance.store.records import Query
from appliance.xapi import identifiers
from tests.records import previous_release
from tests.records.boxes import Box, SetClock, body_of, fill
from tests.records.previous_release import QUESTIONS, PreviousRelease

BOX = "7d4fb7a1-3c26-4f59-8f36-0d4a5a2f5b11"
BEFORE = [str(uuid.UUID(int=n)) for n in range(1, 4)]
STORED = "2026-10-01T08:00:00.000001Z"
SINCE = ("quiz_media", "merged_pupils", "spoken_english")
COUNTS = {"fractions": {"answers": 3, "right": 2, "pupils": 2}}


def grown_up(path: Path) -> None:
    """A file that lived on the previous release, then met this one."""
    path.parent.mkdir()
    assert previous_release.migrate(path) == ["first"]
    old = PreviousRelease(path)
    settle(old)
    old.close()
    assert migrations.migrate(path) == ["records", "references", "class_and_vault", "quizzes", *SINCE]


def new(path: Path) -> None:
    """A file that never saw the previous release."""
    assert migrations.migrate(path) == ["first", "records", "references", "class_and_vault", "quizzes", *SINCE]
    old = PreviousRelease(path)
    settle(old)
    old.close()


def settle(old: PreviousRelease) -> None:
    """Everything that the previous release ever wrote."""
    old.once("box_id", BOX)
    old.put("secret", "00" * 32)
    old.put_class()
    old.add_resource()
    for name, pupil, choice in zip(BEFORE, ("p1", "p1", "p2"), ("b", "a", "a"), strict=True):
        old.record(BOX, pupil, name, choice, STORED.replace("01Z", f"{int(name[-2:], 16):02d}Z"))


@pytest.fixture(params=[grown_up, new])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    request.param(folder / "cartable.sqlite")
    return folder / "cartable.sqlite"


@pytest.fixture
def old(path: Path) -> Iterator[PreviousRelease]:
    opened = PreviousRelease(path)
    yield opened
    opened.close()


def opened(path: Path, wall: float = 1_800_000_000.0) -> Box:
    return Box(path.parent, SetClock(wall))


def test_its_migration_finds_nothing_to_do(path: Path) -> None:
    assert previous_release.migrate(path) == []
    assert migrations.migrate(path) == []


def test_its_schema_is_still_there(path: Path, tmp_path: Path) -> None:
    """Every old column at its place (it writes ``INSERT INTO answer VALUES``), whatever was added."""
    alone = tmp_path / "alone.sqlite"
    previous_release.migrate(alone)
    before, after = (sqlite3.connect(p) for p in (alone, path))
    for (table,) in before.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*'"):
        asked = f"SELECT name, type, [notnull], dflt_value, pk FROM pragma_table_info('{table}')"
        then, now = before.execute(asked).fetchall(), after.execute(asked).fetchall()
        assert now[: len(then)] == then
        assert all(column[3] is not None or not column[2] for column in now[len(then) :])
        if table in ("answer", "setting", "pupil", "activity", "school_group"):
            assert len(now) == len(then), f"the previous release writes {table} without naming columns"
    before.close()
    after.close()


def reads(old: PreviousRelease, counts: object = COUNTS, last: str = "a") -> None:
    assert old.setting("box_id") == BOX
    assert old.groups() == [("g", "CM1")]
    assert old.pupils() == [("p1", "g", "Renard", "1F98A"), ("p2", "g", "Loup", "1F43A")]
    assert (old.pupil("p1"), old.pupil("p3")) == ("Renard", None)
    assert old.running_lesson() == ("lesson", "g", "Maths", "2026-10-01T08:00:00Z")
    assert old.activities() == [("fractions", "Fractions", QUESTIONS)]
    assert old.results("p1") == {"moitie": (last, last == "a")}
    assert old.counts() == counts
    assert old.resources() == ["volcans.pdf"]
    assert old.jobs() == [("j1", "queued")]


def test_it_reads_everything(old: PreviousRelease) -> None:
    reads(old)


def test_it_writes_everything(old: PreviousRelease) -> None:
    assert old.once("box_id", "another") == BOX
    old.put_class()
    assert old.record(BOX, "p2", str(uuid.uuid4()), "b")
    assert not old.record(BOX, "p1", BEFORE[0], "b")
    assert old.edit_resource('{"subject": "sciences"}') == 1
    assert old.finish_job() == 1
    old.put("secret", "11" * 32)
    assert (old.setting("secret"), old.jobs()) == ("11" * 32, [])
    assert old.counts() == {"fractions": {"answers": 4, "right": 2, "pupils": 2}}


def test_it_reads_and_continues_what_this_release_wrote(path: Path) -> None:
    box = opened(path)
    box.add(box.answer("p1", "b"), box.answer("p2"))
    box.clock.trusted = False
    box.add(box.answer("p1", "b"))
    box.close()
    old = PreviousRelease(path)
    reads(old, {"fractions": {"answers": 6, "right": 3, "pupils": 2}}, last="b")
    assert old.record(BOX, "p1", str(uuid.uuid4()), "a")
    reads(old, {"fractions": {"answers": 7, "right": 4, "pupils": 2}})
    rows = old.conn.execute("SELECT sequence, stored FROM statement ORDER BY row").fetchall()
    assert [row["sequence"] for row in rows] == list(range(1, 8))
    assert [row["stored"] for row in rows] == sorted({row["stored"] for row in rows})
    old.close()


def test_the_next_update_indexes_what_it_wrote(path: Path) -> None:
    box = opened(path)
    box.add(box.answer("p1"), box.answer("p2"))
    box.close()
    names = [str(uuid.uuid4()) for _ in range(230)]
    old = PreviousRelease(path)
    for name in names:
        old.record(BOX, "p1", name, "a")
    old.close()
    box = opened(path)
    everyone = box.derived()["verb"]
    assert [(row[0].rpartition(" ")[2], row[2]) for row in everyone] == [("p1", 233), ("p2", 2)]
    actor = f"account {identifiers.base(BOX)} p1"
    newest = box.records.query(Query(agent=actor, limit=3)).found
    assert [found.id for found in newest] == names[:-4:-1]
    found = box.records.get(names[0])
    assert found is not None
    told = json.loads(found.body)
    assert (told["stored"], told["result"]["response"]) == (found.stored, "a")
    derived = box.derived()
    box.records.rebuild(lambda done, total: None)
    assert box.derived() == derived
    assert box.records.catch_up() == 0
    box.close()


def test_what_it_wrote_is_exported_and_imported(path: Path, tmp_path: Path) -> None:
    box = opened(path)
    fill(box)
    other = Box(tmp_path / "other", SetClock(1_900_000_000.0))
    other.take(box.export())
    assert body_of(other.export()) == body_of(box.export())
    again = other.again()  # its rows look like those of the previous release: they are indexed already
    assert again.derived() == box.derived() | {"answer": []}
    again.records.rebuild(lambda done, total: None)
    assert again.derived() == box.derived() | {"answer": []}
    again.close()
    box.close()


def test_it_reads_a_file_from_which_a_pupil_was_erased(path: Path) -> None:
    box = opened(path)
    box.erasure.erase([box.agent("p1")])
    box.close()
    old = PreviousRelease(path)
    assert old.results("p1") == {}
    assert old.counts() == {"fractions": {"answers": 1, "right": 1, "pupils": 1}}
    assert [row[0] for row in old.pupils()] == ["p2"]
    assert not old.record(BOX, "p2", BEFORE[2], "a")
    with pytest.raises(sqlite3.IntegrityError):  # the shell keeps its id: it cannot come back even now
        old.record(BOX, "p1", BEFORE[0], "b")
    assert old.record(BOX, "p2", str(uuid.uuid4()), "b")
    old.close()


def test_it_erases_a_pupil_and_the_next_update_forgets_the_rest(path: Path) -> None:
    """It deletes from its own tables, knows nothing of the newer ones, and nothing there holds it up."""
    box = opened(path)
    with box.db.writing() as conn:
        group = classes.add(conn, "Besoin", kind=classes.NEED)
        classes.set_members(conn, group, "g", ["p1", "p2"])
        classes.set_details(conn, "p1", {"size": "large"})
        vault.put_class_keys(conn, "g", {"t": sealing.pair().public})
        for pupil in ("p1", "p2"):
            vault.seal(conn, pupil, vault.NAME, b"Lina")
    box.close()
    old = PreviousRelease(path)
    with old.writing() as conn:
        conn.execute("DELETE FROM pupil WHERE id = 'p1'")
    old.close()
    box = opened(path)
    for table in ("pupil_key", "sealed_item", "member", "pupil_detail"):
        kept = {row["pupil"] for row in box.db.reading().execute(f"SELECT pupil FROM {table}")}
        assert kept <= {"p2"}, table
        assert kept or table == "pupil_detail"
    box.close()


def test_no_table_of_this_release_holds_up_the_previous_one(path: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.sqlite"
    previous_release.migrate(alone)
    asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*'"
    before, after = (sqlite3.connect(p) for p in (alone, path))
    old = {name for (name,) in before.execute(asked)}
    new = {name for (name,) in after.execute(asked)} - old
    told = "SELECT [table] FROM pragma_foreign_key_list(?)"
    assert {name for name in new for (onto,) in after.execute(told, (name,)) if onto in old} == set()
    before.close()
    after.close()


def test_an_empty_file_of_the_previous_release_grows_up(tmp_path: Path) -> None:
    path = tmp_path / "cartable.sqlite"
    previous_release.migrate(path)
    assert migrations.migrate(path) == ["records", "references", "class_and_vault", "quizzes", *SINCE]
    db = Database(path, Role.HUB)
    assert settings.box_id(db) == settings.box_id(db)
    db.close()
