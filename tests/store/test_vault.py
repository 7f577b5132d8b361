# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Rows of the vault, and what is open of it in the hub's memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance import sealing
from appliance.drivers.clock_system import SystemClock
from appliance.errors import BadInput, Conflict, Damaged, Locked, NotFound
from appliance.hub.vaults import Vaults
from appliance.model import Group, Lesson, Pupil
from appliance.ports import Now
from appliance.store import people, settings, vault
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate

TEACHER = sealing.pair()
PAPER = sealing.pair()
NAMES = {"p1": "Lina", "p2": "Éloïse"}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate(tmp_path / "x.sqlite")
    opened = Database(tmp_path / "x.sqlite", Role.HUB)
    for group, pupils in (("g", ("p1", "p2")), ("h", ("q1",))):
        listed = [Pupil(name, group, "Renard", "1F98A") for name in pupils]
        people.put_class(
            opened, Group(group, group), listed, [], Lesson(f"l{group}", group, "x", "2026-11-02T08:00:00Z")
        )
    settings.put(opened, vault.RECOVERY_SETTING, PAPER.public.hex())
    with opened.writing() as conn:
        for group in "gh":
            vault.put_class_keys(conn, group, {"t1": TEACHER.public})
        for pupil, name in NAMES.items():
            vault.seal(conn, pupil, "name", name.encode())
    yield opened
    opened.close()


@pytest.fixture
def vaults(db: Database, tmp_path: Path) -> Vaults:
    return Vaults(db, tmp_path / "vault", SystemClock())


def test_names_are_read_by_the_teacher_and_by_the_printed_key(db: Database, vaults: Vaults) -> None:
    for holder, pair in (("t1", TEACHER), (vault.RECOVERY, PAPER)):
        assert vaults.unlock(holder, pair.private, "s") == ["g", "h"]
        assert vaults.names("g") == NAMES
        assert vaults.names("h") == {}
        vaults.leave("s")
        assert not vaults.is_open("g")


def test_locked_is_locked(db: Database, vaults: Vaults) -> None:
    item = vaults.keep("p1", "text", b"Mon chien")
    for ask in (lambda: vaults.names("g"), lambda: vaults.read("g", item), lambda: vaults.private("g")):
        with pytest.raises(Locked):
            ask()
    vaults.unlock("t1", TEACHER.private, "one")
    vaults.unlock("t1", TEACHER.private, "two")
    assert vaults.read("g", item) == b"Mon chien"
    vaults.leave("one")
    assert vaults.is_open("g")
    vaults.lock("g")
    assert (vaults.is_open("g"), vaults.is_open("h")) == (False, True)
    vaults.leave("two")
    assert not vaults.is_open("h")


def test_another_class_reads_nothing_of_this_one(db: Database, vaults: Vaults) -> None:
    item = vaults.keep("p1", "text", b"Mon chien")
    vaults.unlock("t1", TEACHER.private, "s")
    with pytest.raises(NotFound):
        vaults.read("h", item)
    vaults.lock("g")
    with pytest.raises(Locked):
        vaults.read("g", item)


def test_a_need_group_reads_what_its_pupils_classes_have_open(db: Database, vaults: Vaults) -> None:
    with db.writing() as conn:
        conn.execute("INSERT INTO school_group VALUES ('n', 'Lecture')")
        conn.execute("INSERT INTO member VALUES ('n', 'p2'), ('n', 'q1')")
        item = vaults.keep_in(conn, "p2", "text", b"x")
    with pytest.raises(Locked):
        vaults.names("n")
    vaults.unlock("t1", TEACHER.private, "s")
    assert vaults.names("n") == {"p2": NAMES["p2"]}
    assert vaults.read("n", item) == b"x"
    vaults.lock("n")
    assert not vaults.is_open("g")


def test_media_are_files_that_say_nothing(db: Database, vaults: Vaults) -> None:
    body = b"JFIF" * 5000
    item = vaults.keep("p1", "media", body, about="s1", media_type="image/jpeg")
    kept = (vaults.folder / item).read_bytes()
    assert b"JFIF" not in kept
    assert (vaults.folder / item).stat().st_mode & 0o077 == 0
    vaults.unlock("t1", TEACHER.private, "s")
    assert vaults.read("g", item) == body
    known = vault.item(db.reading(), item)
    assert (known.kind, known.about, known.media_type, known.size) == ("media", "s1", "image/jpeg", len(kept))
    (vaults.folder / "stray").write_bytes(b"x")
    with db.writing() as conn:
        assert vault.sweep(conn, vaults.folder) == 1
        vault.forget_items(conn, [item])
        assert vault.sweep(conn, vaults.folder) == 1
    assert not list(vaults.folder.iterdir())
    with pytest.raises(NotFound):
        vaults.read("g", item)


def test_rows_that_are_swapped_or_changed_do_not_open(db: Database, vaults: Vaults) -> None:
    first, second = vaults.keep("p1", "text", b"un"), vaults.keep("p1", "text", b"deux")
    other = vaults.keep("p2", "text", b"trois")
    vaults.unlock("t1", TEACHER.private, "s")
    bodies = {
        i: db.reading().execute("SELECT body FROM sealed_item WHERE id = ?", (i,)).fetchone()[0]
        for i in (first, second, other)
    }
    for item, body in ((first, bodies[second]), (first, bodies[other]), (first, bodies[first][:-1] + b"x")):
        with db.writing() as conn:
            conn.execute("UPDATE sealed_item SET body = ? WHERE id = ?", (body, item))
        with pytest.raises(Damaged):
            vaults.read("g", item)
    with db.writing() as conn:
        conn.execute("UPDATE sealed_item SET about = 'elsewhere' WHERE id = ?", (second,))
    with pytest.raises(Damaged):
        vaults.read("g", second)


def test_a_damaged_name_hides_no_other(db: Database, vaults: Vaults) -> None:
    with db.writing() as conn:
        conn.execute("UPDATE sealed_item SET body = x'00' WHERE pupil = 'p1'")
    vaults.unlock("t1", TEACHER.private, "s")
    assert vaults.names("g") == {"p2": NAMES["p2"]}


def test_grants_that_are_swapped_open_nothing(db: Database, vaults: Vaults) -> None:
    with db.writing() as conn:
        sealed = conn.execute("SELECT sealed FROM group_grant WHERE school_group = 'g' AND holder = 't1'").fetchone()[0]
        conn.execute("UPDATE group_grant SET sealed = ? WHERE school_group = 'h'", (sealed,))
    assert vaults.unlock("t1", TEACHER.private, "s") == ["g"]
    assert vaults.unlock("t2", sealing.pair().private, "s") == []


def test_a_name_takes_the_place_of_the_one_before(db: Database, vaults: Vaults) -> None:
    vaults.unlock("t1", TEACHER.private, "s")
    assert vaults.names("g")["p1"] == "Lina"
    vaults.keep("p1", "name", "Zoé".encode())
    assert vaults.names("g")["p1"] == "Zoé"
    sizes = {each.size for name in NAMES for each in vault.items(db.reading(), name, "name")}
    assert len(sizes) == 1, "the length of a name says much about it"


@pytest.mark.parametrize(
    ("kind", "body"),
    [("name", b""), ("name", b"x" * 41), ("name", b"\xff"), ("name", b"a\0b"), ("name", b" "), ("text", b""),
     ("other", b"x"), ("media", b"x" * (vault.MOST_BYTES + 1))],
)  # fmt: skip
def test_what_cannot_be_kept(vaults: Vaults, kind: str, body: bytes) -> None:
    with pytest.raises(BadInput):
        vaults.keep("p1", kind, body)


def test_keys_end_with_their_session(db: Database, tmp_path: Path) -> None:
    hand = Hand()
    vaults = Vaults(db, tmp_path / "vault", hand)
    vaults.enter("t1", TEACHER.private, "s", until=10.0)
    vaults.lock("g")
    assert vaults.is_open("h")
    hand.time = 10.0
    assert not vaults.is_open("h")
    vaults.enter("t1", TEACHER.private, "s", until=20.0)
    hand.time = 20.0
    for ask in (lambda: vaults.private("g"), lambda: vaults.names("g"), lambda: vaults.holder("s")):
        with pytest.raises(Locked):
            ask()
    assert vaults.reopen("s") == []


def test_keys_of_a_session_that_is_over_go_even_if_nobody_asks(db: Database, tmp_path: Path) -> None:
    hand = Hand()
    vaults = Vaults(db, tmp_path / "vault", hand)
    vaults.enter("t1", TEACHER.private, "s", until=10.0)
    vaults.names("g")
    vaults.expire()
    assert vaults._open
    hand.time = 10.0
    vaults.expire()
    assert (vaults._open, vaults._holders, vaults._until) == ({}, {}, {})


@pytest.mark.parametrize("again", [False, True])
def test_a_bell_rung_while_a_class_is_opened_locks_it(
    db: Database, vaults: Vaults, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    vaults.enter("t1", TEACHER.private, "s")
    vaults._open.clear()
    real, bells = vault.open_grant, list[threading.Thread]()

    def slow(*asked: Any) -> bytes:
        if not bells:
            bells.append(threading.Thread(target=vaults.lock, args=("g",)))
            bells[0].start()
            bells[0].join(0.3)
        return real(*asked)

    monkeypatch.setattr(vault, "open_grant", slow)
    if again:
        vaults.reopen("s")
    else:
        vaults.enter("t1", TEACHER.private, "s")
    bells[0].join(20)
    assert not vaults.is_open("g")
    assert vaults.reopen("s") == []


class Hand:
    """A clock moved by hand."""

    time = 0.0

    def now(self) -> Now:
        return Now(1_790_000_000 + self.time, True, self.time, "b")


def test_who_has_no_keys_keeps_nothing(db: Database, vaults: Vaults) -> None:
    with pytest.raises(NotFound):
        vaults.keep("nobody", "text", b"x")
    with db.writing() as conn:
        conn.execute("INSERT INTO school_group VALUES ('bare', 'x')")
        conn.execute("INSERT INTO pupil VALUES ('b1', 'bare', 'Ours', '1F43B', 0)")
        assert vault.without_keys(conn) == ["bare"]
        with pytest.raises(NotFound):
            vault.put_pupil_keys(conn, "bare", "b1")
        with pytest.raises(NotFound):
            vault.put_class_keys(conn, "none", {})
        with pytest.raises(Conflict):
            vault.put_class_keys(conn, "g", {"t1": TEACHER.public})
        vault.put_class_keys(conn, "bare", {})
    vaults.unlock(vault.RECOVERY, PAPER.private, "s")
    item = vaults.keep("b1", "text", b"x")
    assert vaults.read("bare", item) == b"x"


def test_without_anybody_to_open_it_a_class_gets_no_keys(db: Database) -> None:
    with db.writing() as conn:
        conn.execute("DELETE FROM setting WHERE key = ?", (vault.RECOVERY_SETTING,))
        conn.execute("INSERT INTO school_group VALUES ('bare', 'x')")
        with pytest.raises(BadInput):
            vault.put_class_keys(conn, "bare", {})


def test_the_last_holder_stays(db: Database) -> None:
    with db.writing() as conn:
        vault.drop_grant(conn, "g", "t1")
        with pytest.raises(Conflict):
            vault.drop_grant(conn, "g", vault.RECOVERY)


def test_who_is_erased_is_noise(db: Database, vaults: Vaults, tmp_path: Path) -> None:
    item = vaults.keep("p1", "media", b"JFIF")
    sealed = (vaults.folder / item).read_bytes()
    vaults.unlock("t1", TEACHER.private, "s")
    with db.writing() as conn:
        vault.forget_pupil(conn, "p1")
        vault.sweep(conn, vaults.folder)
    assert vaults.names("g") == {"p2": NAMES["p2"]}
    with pytest.raises(NotFound):
        vault.open_pupil_key(db.reading(), "p1", vaults.private("g"))
    with pytest.raises(Damaged):
        sealing.unseal(vaults.private("g"), sealed, purpose="item media", owner=f"p1/{item}/")
