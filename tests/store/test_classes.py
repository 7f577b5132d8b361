# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Classes, need groups and who sits in them; the vault's keys follow a pupil who moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import sealing
from appliance.errors import BadInput, Conflict, NotFound
from appliance.store import classes, people, vault
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate

AT = "2026-11-22T10:00:00Z"
FOX, OWL, WOLF = ("1F98A", "Renard"), ("1F989", "Hibou"), ("1F43A", "Loup")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate(tmp_path / "x.sqlite")
    opened = Database(tmp_path / "x.sqlite", Role.HUB)
    yield opened
    opened.close()


def made(db: Database, name: str = "CE2", *animals: tuple[str, str]) -> tuple[str, list[str]]:
    with db.writing() as conn:
        group = classes.add(conn, name)
        return group, classes.add_pupils(conn, group, animals)


def test_a_class_is_made_changed_and_put_away(db: Database) -> None:
    group, _ = made(db, " CE2  B ", FOX)
    assert classes.get(db, group) == classes.SchoolClass(group, "CE2 B", "class", "animals", "", False, None, 1)
    with db.writing() as conn:
        classes.change(conn, group, name="CM1", regime="named", level="cm1", names_shown=True)
        classes.archive(conn, group, AT)
    assert classes.every(db) == []
    assert people.groups(db) == []
    assert [(each.name, each.level, each.names_shown) for each in classes.every(db, archived=True)] == [
        ("CM1", "cm1", True)
    ]
    with db.writing() as conn:
        classes.archive(conn, group, None)
    assert len(classes.every(db)) == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b"])
def test_a_class_has_a_name(db: Database, name: str) -> None:
    with pytest.raises(BadInput, match="name"), db.writing() as conn:
        classes.add(conn, name)


def test_unknown_classes_levels_and_regimes(db: Database) -> None:
    with pytest.raises(NotFound):
        classes.get(db, "none")
    with pytest.raises(NotFound), db.writing() as conn:
        classes.change(conn, "none", name="a", regime="animals", level="", names_shown=False)
    for regime, level in (("all", ""), ("animals", "ce9")):
        with pytest.raises(BadInput), db.writing() as conn:
            classes.add(conn, "a", regime=regime, level=level)


def test_a_class_whose_lesson_runs_is_not_put_away(db: Database) -> None:
    group, _ = made(db)
    with db.writing() as conn:
        conn.execute("INSERT INTO lesson (id, school_group, title, started_at) VALUES ('l', ?, 'x', ?)", (group, AT))
    with pytest.raises(Conflict, match="bell"), db.writing() as conn:
        classes.archive(conn, group, AT)


def test_every_animal_once(db: Database) -> None:
    group, _ = made(db, "CE2", FOX)
    with pytest.raises(BadInput, match="same animal"), db.writing() as conn:
        classes.add_pupils(conn, group, [FOX])
    with pytest.raises(BadInput, match="at most 48"), db.writing() as conn:
        classes.add_pupils(conn, group, [(str(n), "x") for n in range(48)])
    assert [pupil.alias for pupil in classes.pupils(db, group)] == ["Renard"]


def test_animals_swap(db: Database) -> None:
    group, (fox, owl) = made(db, "CE2", FOX, OWL)
    with db.writing() as conn:
        classes.set_animal(conn, fox, *OWL)
    assert {pupil.id: pupil.avatar for pupil in classes.pupils(db, group)} == {fox: OWL[0], owl: FOX[0]}
    with db.writing() as conn:
        classes.leave(conn, owl, AT)
        classes.set_animal(conn, fox, *FOX)
    assert people.pupil(db, owl).avatar == FOX[0]
    assert people.pupil(db, fox).avatar == FOX[0]


def test_a_need_group_holds_pupils_of_classes(db: Database) -> None:
    (first, (fox, owl)), (second, (wolf,)) = made(db, "CE2", FOX, OWL), made(db, "CM1", WOLF)
    with db.writing() as conn:
        need = classes.add(conn, "Lecture", kind=classes.NEED)
        classes.set_members(conn, need, first, [owl])
        classes.set_members(conn, need, second, [wolf])
    assert {pupil.id for pupil in classes.pupils(db, need)} == {owl, wolf}
    assert classes.get(db, need).pupils == 2
    with db.writing() as conn:
        classes.set_members(conn, need, first, [fox])
    assert {pupil.id for pupil in people.pupils(db, need)} == {fox, wolf}
    with pytest.raises(BadInput), db.writing() as conn:
        classes.set_members(conn, need, first, [wolf])
    with db.writing() as conn:
        classes.leave(conn, fox, AT)
    assert [pupil.id for pupil in classes.pupils(db, need)] == [wolf]
    assert [pupil.id for pupil in classes.pupils(db, first)] == [owl]
    assert {pupil.id for pupil in people.pupils(db, first)} == {fox, owl}


def test_settings_of_a_pupil(db: Database) -> None:
    _, (fox,) = made(db, "CE2", FOX)
    assert classes.details(db, fox) == {}
    with db.writing() as conn:
        classes.set_details(conn, fox, {"reading": "dark.dys.."})
        classes.set_details(conn, fox, {"badge": 2})
    assert classes.details(db, fox) == {"reading": "dark.dys..", "badge": 2}
    with pytest.raises(NotFound), db.writing() as conn:
        classes.set_details(conn, "nobody", {})


def test_a_pupil_moves_with_the_name(db: Database, tmp_path: Path) -> None:
    (first, (fox,)), (second, _) = made(db, "CE2", FOX), made(db, "CM1", OWL)
    teacher = sealing.pair()
    with db.writing() as conn:
        for group in (first, second):
            vault.put_class_keys(conn, group, {"t": teacher.public})
        vault.seal(conn, fox, vault.NAME, "Léa".encode())
        private = vault.open_grant(conn, first, "t", teacher.private)
    with pytest.raises(Conflict, match="locked"), db.writing() as conn:
        classes.move(conn, fox, second, FOX, None)
    with db.writing() as conn:
        classes.move(conn, fox, second, WOLF, private)
    conn = db.reading()
    opened = vault.open_pupil_key(conn, fox, vault.open_grant(conn, second, "t", teacher.private))
    assert vault.unseal(conn, vault.items(conn, fox)[0].id, opened, tmp_path) == "Léa".encode()
    assert [pupil.avatar for pupil in classes.pupils(db, second)] == [OWL[0], WOLF[0]]
    third, _ = made(db, "CM2")
    with pytest.raises(Conflict, match="lost"), db.writing() as writing:
        classes.move(writing, fox, third, FOX, vault.open_grant(writing, second, "t", teacher.private))
    with pytest.raises(NotFound), db.writing() as writing:
        classes.move(writing, fox, "none", FOX, None)
