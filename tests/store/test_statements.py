# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Answers to the box's own questions, through the record store."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.hub.answered import Answer, prepared
from appliance.model import Activity, Choice, Group, Lesson, Pupil, Question
from appliance.ports import Now
from appliance.store import activities, people, statements
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate
from appliance.store.records import Records

BOX = "7d4fb7a1-3c26-4f59-8f36-0d4a5a2f5b11"
QUIZ = Activity(
    "fractions", "Fractions",
    (Question("moitie", "La moitié de 8 ?", (Choice("a", "4"), Choice("b", "2")), "a", "Oui.", "Non."),),
)  # fmt: skip


class Clock:
    """Says what it is told."""

    def __init__(self) -> None:
        self.wall, self.trusted, self.monotonic = 1_700_000_000.0, True, 1.0

    def now(self) -> Now:
        return Now(self.wall, self.trusted, self.monotonic, "boot")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def records(tmp_path: Path, clock: Clock) -> Iterator[Records]:
    migrate(tmp_path / "cartable.sqlite")
    db = Database(tmp_path / "cartable.sqlite", Role.HUB)
    yield Records(db, clock, BOX, tmp_path)
    db.close()


def answer(choice: str = "a", identifier: str | None = None, pupil: str = "p1") -> Answer:
    return Answer(identifier or str(uuid.uuid4()), pupil, "lesson", "moitie", choice, 2.0)


def take(records: Records, *given: Answer) -> dict[str, str]:
    return records.append_each([prepared(BOX, QUIZ, each) for each in given])


def bodies(records: Records) -> list[dict[str, object]]:
    return [json.loads(row["body"]) for row in records.db.reading().execute("SELECT body FROM statement ORDER BY row")]


def test_an_answer_becomes_a_pseudonymous_xapi_statement(records: Records) -> None:
    given = answer("b")
    assert take(records, given) == {}
    found = records.get(given.id)
    assert found
    body = json.loads(found.body)
    assert body["id"] == given.id
    assert body["actor"] == {
        "objectType": "Agent", "account": {"homePage": f"https://cartable.invalid/boxes/{BOX}", "name": "p1"}
    }  # fmt: skip
    assert body["verb"]["id"] == "http://adlnet.gov/expapi/verbs/answered"
    assert body["result"] == {"success": False, "completion": True, "response": "b"}
    assert body["timestamp"] == "2023-11-14T22:13:18.000000Z"
    assert body["stored"] == "2023-11-14T22:13:20.000000Z"
    assert body["authority"]["account"]["name"] == "hub"


def test_the_same_delivery_again_is_stored_once(records: Records, clock: Clock) -> None:
    given = answer()
    for late in range(3):
        clock.wall += late
        again = Answer(given.id, given.pupil, given.lesson, given.question, given.response, float(late))
        assert take(records, again) == {}
    assert len(bodies(records)) == 1


def test_the_same_answer_twice_in_a_delivery_is_stored_once(records: Records) -> None:
    given = answer()
    assert take(records, given, given) == {}
    assert len(bodies(records)) == 1


def test_the_same_identifier_for_another_answer_is_refused_and_the_first_kept(records: Records) -> None:
    given = answer("a")
    take(records, given)
    assert set(take(records, answer("b", given.id), answer())) == {given.id}
    assert [body["result"]["response"] for body in bodies(records)] == ["a", "a"]  # type: ignore[index]


def test_stored_never_goes_back_though_the_clock_does(records: Records, clock: Clock) -> None:
    for wall, trusted in ((1.7e9, True), (0.0, False), (86_400.0, False), (1.7e9, True), (0.0, True), (1.8e9, True)):
        clock.wall, clock.trusted, clock.monotonic = wall, trusted, clock.monotonic + 1
        take(records, answer())
    stored = [row["stored"] for row in records.db.reading().execute("SELECT stored FROM statement ORDER BY row")]
    assert stored == sorted(set(stored))
    assert len(stored) == 6


def test_sequences_have_no_hole_under_concurrent_writers(records: Records) -> None:
    def many() -> None:
        for _ in range(10):
            assert take(records, answer()) == {}

    threads = [threading.Thread(target=many) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = records.db.reading().execute("SELECT sequence, body, sha256 FROM statement ORDER BY row").fetchall()
    assert [row["sequence"] for row in rows] == list(range(1, 61))
    assert all(hashlib.sha256(row["body"]).digest() == row["sha256"] for row in rows)


def test_results_show_the_last_try_and_counts_the_class(records: Records) -> None:
    db, group = records.db, Group("g", "CM1")
    people.put_class(db, group, [Pupil("p1", "g", "Renard", "1F98A")], [QUIZ], Lesson("lesson", "g", "Maths", "2026"))
    take(records, answer("b"), answer("a"), answer("b", pupil="p2"))
    assert statements.results(db, "lesson", "p1", "fractions") == {"moitie": ("a", True)}
    assert statements.counts_by_activity(db, "lesson") == {"fractions": {"answers": 3, "right": 1, "pupils": 2}}
    assert activities.get(db, "fractions") == QUIZ
