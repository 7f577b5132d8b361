# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.xapi import identifiers

BOX = "7d4fb7a1-3c26-4f59-8f36-0d4a5a2f5b11"
BASE = f"https://cartable.invalid/boxes/{BOX}"
NAMES = st.text(st.characters(codec="utf-8"), min_size=1)


def test_names_are_those_of_the_first_release() -> None:
    """Statements already stored name the same things."""
    assert identifiers.pupil(BOX, "p1") == {"objectType": "Agent", "account": {"homePage": BASE, "name": "p1"}}
    assert identifiers.activity(BOX, "fractions") == f"{BASE}/activities/fractions"
    assert identifiers.question(BOX, "fractions", "moitie") == f"{BASE}/activities/fractions/questions/moitie"
    assert identifiers.lesson(BOX, "l") == f"{BASE}/lessons/l"
    assert identifiers.registration(BOX, "lesson") == "e0f1feca-b98a-50f0-8d67-6c1975fc8b7b"


@given(NAMES, NAMES)
def test_what_is_written_is_read_back(first: str, second: str) -> None:
    assert identifiers.read_question(identifiers.question(BOX, first, second)) == (BOX, first, second)
    assert identifiers.read_activity(identifiers.activity(BOX, first)) == (BOX, first)
    assert identifiers.read_lesson(identifiers.lesson(BOX, first)) == (BOX, first)
    assert identifiers.read_pupil(identifiers.pupil(BOX, first)) == (BOX, first)
    assert len({identifiers.activity(BOX, first), identifiers.lesson(BOX, first)}) == 2


def test_a_question_belongs_to_its_exercise() -> None:
    assert identifiers.read_activity(identifiers.question(BOX, "a", "q")) == (BOX, "a")


@pytest.mark.parametrize(
    "iri", ["", BASE, f"{BASE}/", f"{BASE}/activities/", f"{BASE}/activities/a/questions/", f"{BASE}/lessons/a/b",
            "https://example.org/activities/a", f"x{BASE}/lessons/a", f"{BASE}/lessons/a?b", f"{BASE}/lessons/a\n"]
)  # fmt: skip
def test_what_names_nothing_of_ours(iri: str) -> None:
    assert identifiers.read_lesson(iri) is None
    assert identifiers.read_activity(iri) is None
    assert identifiers.read_question(iri) is None


@pytest.mark.parametrize(
    "actor",
    [{}, {"mbox": "mailto:x@example.org"}, {"account": None}, {"account": {"homePage": BASE}},
     {"account": {"homePage": "https://example.org", "name": "p1"}}, {"account": {"homePage": BASE, "name": 1}},
     {"account": {"homePage": f"{BASE}/lessons/x", "name": "p1"}}],
)  # fmt: skip
def test_somebody_who_is_no_pupil_of_a_box(actor: dict[str, Any]) -> None:
    assert identifiers.read_pupil(actor) is None
