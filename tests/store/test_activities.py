# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Quizzes in the store: what is edited leaves what was asked, and the previous release reads what it knows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import NotFound
from appliance.model import Activity, Choice, Question, QuestionKind
from appliance.store import activities
from appliance.store.db import Database, Role
from appliance.store.migrations import migrate
from tests.records.previous_release import PreviousRelease

MOITIE = Question("moitie", "La moitié de 8 ?", (Choice("a", "4"), Choice("b", "2")), "a", "Oui.", "Non.")
PAIRS = Question(
    "pairs", "Lesquels sont pairs ?", (Choice("a", "4", "1F98A"), Choice("b", "3", sound="x.mp3"), Choice("c", "2")),
    "a[,]c", "", "", kind=QuestionKind.SEVERAL,
)  # fmt: skip
MOTS = Question("mots", "Capitale ?", (), "Paris", "", "", kind=QuestionKind.TEXT, also=("paname",), loose=False)
PARTNERS = Question("qui", "Qui crie ?", (Choice("a", "Le loup"),), "a[.]1", "", "", kind=QuestionKind.MATCH,
                    targets=(Choice("1", "hurle"), Choice("2", "miaule")))  # fmt: skip
QUIZ = Activity("fractions", "Fractions", (MOITIE, PAIRS, MOTS, PARTNERS))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    migrate(tmp_path / "cartable.sqlite")
    db = Database(tmp_path / "cartable.sqlite", Role.HUB)
    yield db
    db.close()


def test_every_kind_is_read_as_it_was_written(db: Database) -> None:
    assert activities.save(db, QUIZ) == QUIZ
    assert activities.get(db, "fractions") == QUIZ
    assert activities.every(db) == [QUIZ]
    assert activities.ever(db, "fractions") == QUIZ


def test_a_question_that_asks_something_else_is_another_question(db: Database) -> None:
    activities.save(db, QUIZ)
    asked = dataclasses.replace(MOITIE, prompt="La moitié de 10 ?")
    saved = activities.save(db, Activity("fractions", "Demis", (PAIRS, asked)))
    again, new = saved.questions
    assert again == PAIRS
    assert new.id not in ("", "moitie")
    assert dataclasses.replace(new, id="moitie") == asked
    assert activities.get(db, "fractions") == saved
    ever = {question.id: question for question in activities.ever(db, "fractions").questions}
    assert ever == {q.id: q for q in (*QUIZ.questions, new)}


def test_feedback_and_sound_change_without_a_new_question(db: Database) -> None:
    activities.save(db, QUIZ)
    better = dataclasses.replace(MOITIE, right="Bravo.", wrong="Partage en deux.", sound="x.mp3")
    assert activities.save(db, Activity("fractions", "Fractions", (better,))).questions == (better,)
    assert len(activities.ever(db, "fractions").questions) == 4


def test_what_was_withdrawn_comes_back_as_the_same_question(db: Database) -> None:
    activities.save(db, QUIZ)
    activities.save(db, Activity("fractions", "Fractions", ()))
    assert activities.get(db, "fractions").questions == ()
    activities.save(db, QUIZ)
    assert activities.get(db, "fractions") == QUIZ
    assert len(activities.ever(db, "fractions").questions) == 4


def test_new_questions_get_ids(db: Database) -> None:
    new = dataclasses.replace(MOITIE, id="")
    first, second = activities.save(db, Activity("x", "X", (new, new))).questions
    assert first.id != second.id
    assert first.id


def test_a_known_quiz_is_not_added_again(db: Database) -> None:
    with db.writing() as conn:
        activities.add(conn, QUIZ)
        activities.add(conn, Activity("fractions", "Other", ()))
    assert activities.get(db, "fractions") == QUIZ


def test_what_is_removed_is_offered_no_more_and_still_known(db: Database) -> None:
    activities.save(db, QUIZ)
    activities.remove(db, "fractions", "2026-11-22T08:00:00Z")
    activities.remove(db, "nothing", "2026-11-22T08:00:00Z")
    assert activities.every(db) == []
    assert activities.is_removed(db, "fractions")
    assert activities.get(db, "fractions") == QUIZ
    with pytest.raises(NotFound):
        activities.get(db, "nothing")
    with pytest.raises(NotFound):
        activities.ever(db, "nothing")


def test_the_previous_release_reads_the_questions_that_it_knows(db: Database) -> None:
    activities.save(db, QUIZ)
    old = PreviousRelease(db.path)
    ((name, title, questions),) = old.activities()
    old.close()
    assert (name, title) == ("fractions", "Fractions")
    assert [question["id"] for question in questions] == ["moitie"]
    assert set(questions[0]) == {"id", "prompt", "choices", "answer", "right", "wrong", "sound"}
    assert set(questions[0]["choices"][0]) == {"id", "text", "image"}


def test_what_the_previous_release_wrote_is_read_and_edited(db: Database) -> None:
    old = PreviousRelease(db.path)
    old.put_class()
    old.close()
    found = activities.get(db, "fractions")
    assert found.questions == (MOITIE,)
    assert activities.ever(db, "fractions") == found
    edited = activities.save(db, dataclasses.replace(found, questions=(dataclasses.replace(MOITIE, prompt="?"),)))
    assert [question.id for question in activities.ever(db, "fractions").questions] != [edited.questions[0].id]
    assert {question.id for question in activities.ever(db, "fractions").questions} == {
        "moitie", edited.questions[0].id
    }  # fmt: skip


def test_members_of_a_later_release_are_left_out(db: Database) -> None:
    activities.save(db, QUIZ)
    body = json.dumps(
        {**dataclasses.asdict(MOITIE), "later": 1, "choices": [{"id": "a", "text": "4", "shape": "round"}]}
    )
    with db.writing() as conn:
        conn.execute("UPDATE activity_question SET body = ? WHERE id = 'moitie'", (body,))
    assert activities.get(db, "fractions").questions[0].choices == (Choice("a", "4"),)
