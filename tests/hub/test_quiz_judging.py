# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Right or wrong. ``tests/browser/test_quiz.py`` puts the same table to the page's script."""

from __future__ import annotations

import json

import pytest

from appliance.errors import BadInput
from appliance.hub.answered import Answer, definition, member_id, prepared, sealed_id
from appliance.hub.quiz_judging import pattern, response, right
from appliance.model import Activity, Choice, Question, QuestionKind
from appliance.xapi import identifiers
from appliance.xapi.preparing import finish
from appliance.xapi.statement import check
from appliance.xapi.version import Version

ABC = (Choice("a", "un"), Choice("b", "deux"), Choice("c", "trois"))
BOX = "7d4fb7a1-3c26-4f59-8f36-0d4a5a2f5b11"
ID = "6f1f3b1e-0000-4000-8000-000000000000"


def asked(kind: QuestionKind, answer: str, **more: object) -> Question:
    given: dict[str, object] = {"choices": () if kind in (QuestionKind.NUMBER, QuestionKind.TEXT) else ABC, **more}
    return Question("q", "?", answer=answer, right="", wrong="", kind=kind, **given)  # type: ignore[arg-type]


ONE = asked(QuestionKind.CHOICE, "b")
SOME = asked(QuestionKind.SEVERAL, "a[,]c")
ORDER = asked(QuestionKind.ORDER, "c[,]a[,]b")
MATCH = asked(QuestionKind.MATCH, "a[.]1[,]b[.]2[,]c[.]1", targets=(Choice("1", "impair"), Choice("2", "pair")))
EXACT = asked(QuestionKind.NUMBER, "1250")
ABOUT = asked(QuestionKind.NUMBER, "3,14", tolerance="0,01")
LOOSE = asked(QuestionKind.TEXT, "L’été", also=("la belle saison", "œuf"))
STRICT = asked(QuestionKind.TEXT, "Paris", loose=False)

JUDGED: list[tuple[Question, str, str, bool]] = [
    (ONE, "b", "b", True),
    (ONE, "a", "a", False),
    (SOME, "c[,]a", "a[,]c", True),
    (SOME, "a", "a", False),
    (SOME, "a[,]b[,]c", "a[,]b[,]c", False),
    (ORDER, "c[,]a[,]b", "c[,]a[,]b", True),
    (ORDER, "a[,]b[,]c", "a[,]b[,]c", False),
    (MATCH, "c[.]1[,]a[.]1[,]b[.]2", "a[.]1[,]b[.]2[,]c[.]1", True),
    (MATCH, "a[.]2[,]b[.]2[,]c[.]1", "a[.]2[,]b[.]2[,]c[.]1", False),
    (EXACT, "1 250", "1250", True),
    (EXACT, "1\u202f250,00", "1250", True),
    (EXACT, "+01250.", "1250", True),
    (EXACT, "1251", "1251", False),
    (EXACT, "-1250", "-1250", False),
    (EXACT, "−1250", "-1250", False),
    (ABOUT, "3,15", "3.15", True),
    (ABOUT, "3.13", "3.13", True),
    (ABOUT, "3,1501", "3.1501", False),
    (ABOUT, "3", "3", False),
    (LOOSE, "  l'ete ", "l'ete", True),
    (LOOSE, "LÉTÉ", "LÉTÉ", True),
    (LOOSE, "l’e\u0301te\u0301", "l’été", True),
    (LOOSE, "La Belle-saison", "La Belle-saison", True),
    (LOOSE, "oeuf", "oeuf", True),
    (LOOSE, "l'hiver", "l'hiver", False),
    (STRICT, " Paris ", "Paris", True),
    (STRICT, "paris", "paris", False),
]


@pytest.mark.parametrize(("question", "given", "kept", "fine"), JUDGED)
def test_what_is_kept_and_whether_it_is_right(question: Question, given: str, kept: str, fine: bool) -> None:
    assert response(question, given) == kept
    assert right(question, kept) is fine
    assert response(question, kept) == kept


@pytest.mark.parametrize(
    ("question", "given"),
    [
        *((question, "") for question in (ONE, SOME, ORDER, MATCH, EXACT, LOOSE)),
        (ONE, "d"), (ONE, "a[,]b"), (ONE, "[,]"),
        (SOME, "a[,]a"), (SOME, "a[,]d"), (SOME, "[,]"), (SOME, "a[,]" * 100_000),
        (ORDER, "a[,]b"), (ORDER, "a[,]b[,]b"), (ORDER, "a[,]b[,]c[,]a"),
        (MATCH, "a[.]1"), (MATCH, "a[.]1[,]b[.]2[,]c[.]3"), (MATCH, "a[.]1[,]b[.]2[,]d[.]1"), (MATCH, "a[,]b[,]c"),
        (MATCH, "a[.]1[,]a[.]2[,]b[.]1[,]c[.]1"), (MATCH, "a[.]1[.]2[,]b[.]2[,]c[.]1"),
        (EXACT, "douze"), (EXACT, "1e5"), (EXACT, "NaN"), (EXACT, "inf"), (EXACT, "1,2,3"), (EXACT, "9" * 16),
        (EXACT, "٣"), (EXACT, "--1"), (EXACT, "."),
        (LOOSE, " \u00a0 "), (LOOSE, "x" * 501), (LOOSE, "a\0b"), (LOOSE, "\ud800"),
    ],
)  # fmt: skip
def test_what_is_no_answer_at_all(question: Question, given: str) -> None:
    with pytest.raises(BadInput):
        response(question, given)


def test_patterns_are_written_as_the_specification_says() -> None:
    assert pattern(ONE) == ["b"]
    assert pattern(SOME) == ["a[,]c"]
    assert pattern(ORDER) == ["c[,]a[,]b"]
    assert pattern(MATCH) == ["a[.]1[,]b[.]2[,]c[.]1"]
    assert pattern(EXACT) == ["1250"]
    assert pattern(ABOUT) == ["3.13[:]3.15"]
    assert pattern(LOOSE) == [f"{{case_matters=false}}{words}" for words in ("L’été", "la belle saison", "œuf")]
    assert pattern(STRICT) == ["{case_matters=true}Paris"]


@pytest.mark.parametrize("question", [ONE, SOME, ORDER, MATCH, EXACT, ABOUT, LOOSE, STRICT])
def test_every_kind_makes_a_valid_statement(question: Question) -> None:
    given = question.answer
    made = prepared(BOX, Activity("x", "X", (question,)), Answer(ID, "p1", "lesson", "q", given))
    body = json.loads(finish(made, "2026-11-14T22:13:18.000000Z")[0])
    for version in Version:
        check({**body, "version": version.value}, version)
    assert body["result"]["success"] is True
    assert body["object"]["definition"] == definition(question)


def test_a_free_text_is_not_in_its_statement() -> None:
    made = prepared(BOX, Activity("x", "X", (LOOSE,)), Answer(ID, "p1", "lesson", "q", "le secret d’Anna"))
    assert "Anna" not in made.given
    assert json.loads(made.given + "}")["result"] == {
        "success": False, "completion": True, "extensions": {identifiers.SEALED: sealed_id(ID)}
    }  # fmt: skip


def test_an_answer_of_a_team_is_a_statement_for_each_member() -> None:
    quiz = Activity("x", "X", (ONE,))
    answer = Answer(ID, "p1", "lesson", "q", "b", team=("p1", "p2"))
    made = [prepared(BOX, quiz, each).value for each in answer.each()]
    assert [value["id"] for value in made] == [member_id(ID, "p1"), member_id(ID, "p2")]
    assert [value["actor"] for value in made] == [identifiers.pupil(BOX, "p1"), identifiers.pupil(BOX, "p2")]
    team = made[0]["context"]["team"]
    assert team == made[1]["context"]["team"] == identifiers.team(BOX, "lesson", ["p2", "p1"])
    assert "p1" not in json.dumps(team)
    assert team != identifiers.team(BOX, "another", ["p1", "p2"])
    again = Answer(ID, "p1", "lesson", "q", "b", 77.0, team=("p1", "p2"))
    assert [prepared(BOX, quiz, each).value for each in again.each()] == made
    assert "team" not in prepared(BOX, quiz, Answer(ID, "p1", "lesson", "q", "b")).value["context"]
