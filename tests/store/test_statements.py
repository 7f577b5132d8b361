# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.model import Activity, Choice, Group, Lesson, Pupil, Question
from appliance.ports import Now
from appliance.store import people, statements
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate

BOX = "7d4fb7a1-3c26-4f59-8f36-0d4a5a2f5b11"
QUIZ = Activity(
    "fractions", "Fractions",
    (Question("moitie", "La moitié de 8 ?", (Choice("a", "4"), Choice("b", "2")), "a", "Oui.", "Non."),),
)  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate(tmp_path / "cartable.sqlite")
    opened = Database(tmp_path / "cartable.sqlite", Role.HUB)
    yield opened
    opened.close()


def answer(choice: str = "a", identifier: str | None = None, pupil: str = "p1") -> statements.Answer:
    return statements.Answer(identifier or str(uuid.uuid4()), pupil, "lesson", "moitie", choice, 2.0)


def bodies(db: Database) -> list[dict[str, object]]:
    return [json.loads(row["body"]) for row in db.reading().execute("SELECT body FROM statement ORDER BY row")]


def test_an_answer_becomes_a_pseudonymous_xapi_statement(db: Database) -> None:
    given = answer("b")
    assert statements.record(db, BOX, QUIZ, [given], Now(1_700_000_000.0, True, 1.0)) == {}
    [body] = bodies(db)
    assert body["id"] == given.id
    assert body["actor"] == {
        "objectType": "Agent", "account": {"homePage": f"https://cartable.invalid/boxes/{BOX}", "name": "p1"}
    }  # fmt: skip
    assert body["verb"]["id"] == "http://adlnet.gov/expapi/verbs/answered"  # type: ignore[index]
    assert body["result"] == {"success": False, "completion": True, "response": "b"}
    assert body["timestamp"] == "2023-11-14T22:13:18.000000Z"
    assert body["stored"] == "2023-11-14T22:13:20.000000Z"


def test_the_same_delivery_twice_is_stored_once(db: Database) -> None:
    given = answer()
    for _ in range(3):
        assert statements.record(db, BOX, QUIZ, [given, given], Now(1.0, False, 1.0)) == {}
    assert len(bodies(db)) == 1


def test_the_same_identifier_for_another_answer_is_refused_and_the_first_kept(db: Database) -> None:
    given = answer("a")
    statements.record(db, BOX, QUIZ, [given], Now(1.0, True, 1.0))
    other = answer("b", given.id)
    assert given.id in statements.record(db, BOX, QUIZ, [other, answer()], Now(2.0, True, 2.0))
    assert [body["result"]["response"] for body in bodies(db)] == ["a", "a"]  # type: ignore[index]


@pytest.mark.parametrize(("question", "choice"), [("moitie", "z"), ("other", "a"), ("", "")])
def test_an_answer_that_fits_nothing_is_refused(db: Database, question: str, choice: str) -> None:
    given = statements.Answer(str(uuid.uuid4()), "p1", "lesson", question, choice)
    assert given.id in statements.record(db, BOX, QUIZ, [given], Now(1.0, True, 1.0))
    assert bodies(db) == []


def test_stored_never_goes_back_though_the_clock_does(db: Database) -> None:
    for wall in (1_700_000_000.0, 0.0, 86_400.0, 1_700_000_000.0, 1_800_000_000.0):
        statements.record(db, BOX, QUIZ, [answer()], Now(wall, False, 1.0))
    stored = [row["stored"] for row in db.reading().execute("SELECT stored FROM statement ORDER BY row")]
    assert stored == sorted(set(stored))
    assert len(stored) == 5


def test_sequences_have_no_hole_under_concurrent_writers(db: Database) -> None:
    def many() -> None:
        for _ in range(10):
            statements.record(db, BOX, QUIZ, [answer()], Now(5.0, True, 1.0))

    threads = [threading.Thread(target=many) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = db.reading().execute("SELECT sequence, body, sha256 FROM statement ORDER BY row").fetchall()
    assert [row["sequence"] for row in rows] == list(range(1, 61))
    assert all(hashlib.sha256(row["body"]).digest() == row["sha256"] for row in rows)


def test_results_show_the_last_try_and_counts_the_class(db: Database) -> None:
    group = Group("g", "CM1")
    people.put_class(db, group, [Pupil("p1", "g", "Renard", "1F98A")], [QUIZ], Lesson("lesson", "g", "Maths", "2026"))
    statements.record(db, BOX, QUIZ, [answer("b"), answer("a"), answer("b", pupil="p2")], Now(1.0, True, 1.0))
    assert statements.results(db, "lesson", "p1", "fractions") == {"moitie": ("a", True)}
    assert statements.counts_by_activity(db, "lesson") == {"fractions": {"answers": 3, "right": 1, "pupils": 2}}
    assert people.activity(db, "fractions") == QUIZ
