# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from appliance.errors import BadInput
from appliance.hub.answered import Answer, prepared
from appliance.model import Activity, Choice, Question
from appliance.xapi.preparing import finish
from appliance.xapi.statement import check
from appliance.xapi.version import Version

BOX = "7d4fb7a1-3c26-4f59-8f36-0d4a5a2f5b11"
ID = "6f1f3b1e-0000-4000-8000-000000000000"
QUIZ = Activity(
    "fractions", "Fractions",
    (Question("moitié ?", "La moitié de « 8 » ?", (Choice("a", "4"), Choice("b", "2")), "a", "Oui.", "Non."),),
)  # fmt: skip


def test_an_answer_is_a_valid_pseudonymous_statement() -> None:
    made = prepared(BOX, QUIZ, Answer(ID, "p1", "lesson", "moitié ?", "b", 2.0))
    assert (made.id, made.stamp, made.age_s) == (ID, True, 2.0)
    body = json.loads(finish(made, "2023-11-14T22:13:18.000000Z")[0])
    for version in Version:
        check({**body, "version": version.value}, version)
    base = f"https://cartable.invalid/boxes/{BOX}"
    assert body["actor"] == {"objectType": "Agent", "account": {"homePage": base, "name": "p1"}}
    assert body["authority"]["account"] == {"homePage": base, "name": "hub"}
    assert body["object"]["id"] == f"{base}/activities/fractions/questions/moiti%C3%A9%20%3F"
    assert body["result"] == {"success": False, "completion": True, "response": "b"}


def test_the_same_answer_makes_the_same_text_whenever_it_comes() -> None:
    first, again = (prepared(BOX, QUIZ, Answer(ID, "p1", "lesson", "moitié ?", "a", age)) for age in (0.0, 99.0))
    assert (first.given, first.added) == (again.given, again.added)


@pytest.mark.parametrize(("question", "choice"), [("moitié ?", "z"), ("other", "a"), ("", ""), ("moitié ?", "")])
def test_an_answer_that_fits_nothing_is_refused(question: str, choice: str) -> None:
    with pytest.raises(BadInput, match="fits no question"):
        prepared(BOX, QUIZ, Answer(ID, "p1", "lesson", question, choice))
