# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Group commit: one flush for many, each undone alone, nobody left waiting."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.errors import BadInput, Busy, StorageError
from appliance.store.commit import GroupCommit
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate(tmp_path / "cartable.sqlite")
    opened = Database(tmp_path / "cartable.sqlite", Role.HUB)
    yield opened
    opened.close()


def put(key: str, value: str = "x") -> Callable[[sqlite3.Connection], str]:
    def work(conn: sqlite3.Connection) -> str:
        conn.execute("INSERT INTO setting VALUES (?, ?)", (key, value))
        return key

    return work


def keys(db: Database) -> set[str]:
    return {row["key"] for row in db.reading().execute("SELECT key FROM setting")}


class Together:
    """Works that are certain to share a transaction: the first of all holds the writer's turn until they wait."""

    def __init__(self, group: GroupCommit) -> None:
        self.group = group
        self.results: dict[int, object] = {}

    def run(self, works: list[Callable[[sqlite3.Connection], object]]) -> None:
        entered, go = threading.Event(), threading.Event()

        def first(conn: sqlite3.Connection) -> None:
            entered.set()
            assert go.wait(30)

        threads = [threading.Thread(target=self.group.run, args=(first,))]
        threads[0].start()
        assert entered.wait(30)
        for number, work in enumerate(works):
            threads.append(threading.Thread(target=self._one, args=(number, work)))
            threads[-1].start()
        while len(self.group._waiting) < len(works):
            threading.Event().wait(0.001)
        go.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()

    def _one(self, number: int, work: Callable[[sqlite3.Connection], object]) -> None:
        try:
            self.results[number] = self.group.run(work)
        except (BadInput, StorageError, sqlite3.Error) as error:
            self.results[number] = error


def refuse(conn: sqlite3.Connection) -> None:
    put("half")(conn)
    raise BadInput("no")


def test_who_may_not_wait_leaves_the_queue_and_the_others_go_on(db: Database) -> None:
    """First in the queue or behind another; what is alone shares its transaction with nobody."""
    group = GroupCommit(db)
    with db.turn(), pytest.raises(Busy):
        group.run(put("leader"), patience_s=0.05)
    entered, leave, patient = threading.Event(), threading.Event(), list[str]()

    def long(conn: sqlite3.Connection) -> None:
        entered.set()
        assert leave.wait(30)

    threads = [threading.Thread(target=group.run, args=(long,), kwargs={"alone": True})]
    threads[0].start()
    assert entered.wait(30)
    threads.append(threading.Thread(target=lambda: patient.append(group.run(put("patient")))))
    threads[1].start()
    while not group._waiting:
        threading.Event().wait(0.001)
    with pytest.raises(Busy):
        group.run(put("behind"), patience_s=0.05)
    leave.set()
    for thread in threads:
        thread.join(30)
    assert group.run(put("after"), patience_s=0.05) == "after"
    assert (patient, keys(db)) == (["patient"], {"patient", "after"})


def test_nobody_shares_the_transaction_of_what_takes_minutes(db: Database) -> None:
    group, seen = GroupCommit(db), dict[str, int]()

    def started(name: str, alone: bool) -> threading.Thread:
        def work(conn: sqlite3.Connection) -> None:
            seen[name] = db.reading().execute("SELECT count(*) FROM setting").fetchone()[0]
            put(name)(conn)

        thread = threading.Thread(target=group.run, args=(work,), kwargs={"alone": alone})
        waiting = len(group._waiting)
        thread.start()
        while len(group._waiting) == waiting:
            threading.Event().wait(0.001)
        return thread

    with db.turn():
        threads = [started(name, name == "c") for name in "abcd"]
    for thread in threads:
        thread.join(30)
    assert seen == {"a": 0, "b": 0, "c": 2, "d": 3}


def test_a_work_that_raises_is_undone_alone(db: Database) -> None:
    ended: list[bool] = []
    together = Together(GroupCommit(db, ended.append))
    together.run([put("a"), refuse, put("b")])
    assert together.results[0] == "a"
    assert isinstance(together.results[1], BadInput)
    assert together.results[2] == "b"
    assert keys(db) == {"a", "b"}
    assert ended == [True, False, True]  # the holder's transaction, the undone work, the group's transaction


def test_those_that_wait_share_one_transaction(db: Database) -> None:
    ended: list[bool] = []
    Together(GroupCommit(db, ended.append)).run([put(str(number)) for number in range(20)])
    assert len(keys(db)) == 20
    assert ended == [True, True]


def test_a_full_disk_is_told_to_all_and_nothing_is_kept(db: Database) -> None:
    db._writer.set_authorizer(None)
    pages = db._writer.execute("PRAGMA page_count").fetchone()[0]
    db._writer.execute(f"PRAGMA max_page_count = {pages}")
    together = Together(GroupCommit(db))
    together.run([put("small"), put("big", "x" * 500_000), put("other")])
    assert all(isinstance(result, StorageError) for result in together.results.values()), together.results
    assert keys(db) == set()
    db._writer.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert GroupCommit(db).run(put("again")) == "again"


def test_an_error_of_our_own_statement_does_not_stop_the_next(db: Database) -> None:
    group = GroupCommit(db)
    group.run(put("a"))
    with pytest.raises(sqlite3.IntegrityError):
        group.run(put("a"))
    assert group.run(put("b")) == "b"


def test_a_death_of_the_leader_leaves_nobody_waiting(db: Database) -> None:
    def interrupted(conn: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    group = GroupCommit(db)
    with pytest.raises(KeyboardInterrupt):
        group.run(interrupted)
    assert group.run(put("after")) == "after"
    assert keys(db) == {"after"}


def test_many_writers_lose_and_double_nothing(db: Database) -> None:
    group, kept = GroupCommit(db), []

    def many(writer: int) -> None:
        for number in range(25):
            kept.append(group.run(put(f"{writer}-{number}")))

    threads = [threading.Thread(target=many, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(kept) == 200
    assert keys(db) == set(kept)
