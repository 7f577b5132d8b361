# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What holds at every place of a statement (Data 2.2): each test bends each place of a full one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadInput
from appliance.xapi.statement import check, check_activity_id, check_actor, check_agent, check_group
from appliance.xapi.version import Version
from tests.xapi import good

FULL: dict[str, Any] = {
    "1.0.3": good.STATEMENT,
    "1.0.3 SubStatement": {**good.STATEMENT, "object": good.SUBSTATEMENT, "context": {"language": "fr"}},
    "2.0.0": {**good.STATEMENT, "context": {**good.CONTEXT, **good.RELEVANT}},
}
VERSIONS = {name: Version(name.split()[0]) for name in FULL}
PLACES = [(name, place, item) for name, whole in FULL.items() for place, item in good.places(whole)]
OWN_KEYS = {"display", "name", "description", "extensions"}
"""Objects whose keys the sender chooses: language maps and extensions."""
KEYS = [
    (name, place)
    for name, place, _ in PLACES
    if place and isinstance(place[-1], str) and not OWN_KEYS & set(place[-2:-1])
]
OBJECTS = [(name, place) for name, place, item in PLACES if isinstance(item, dict) and not OWN_KEYS & set(place[-1:])]


def case(name: str, place: good.Place) -> str:
    return f"{name} {good.spelled(place)}"


@pytest.mark.parametrize("name", FULL)
def test_data_2_4_a_statement_with_everything_is_good(name: str) -> None:
    assert good.fault(FULL[name], VERSIONS[name]) is None


@pytest.mark.parametrize(("name", "place", "item"), PLACES, ids=[case(name, place) for name, place, _ in PLACES])
class TestEveryPlace:
    def test_data_2_2_null_is_refused(self, name: str, place: good.Place, item: object) -> None:
        message = good.fault(good.changed(FULL[name], place, None), VERSIONS[name])
        assert message is not None
        assert message.startswith(good.spelled(place) + " ")
        assert not place or "null" in message or "must be one of" in message

    def test_data_2_2_another_type_is_refused(self, name: str, place: good.Place, item: object) -> None:
        others: list[object] = [{"a": 1}, [[]], "text ", "1", 7, 1.5, True, ["text "]]
        same: type | tuple[type, ...] = type(item)
        if isinstance(item, int | float) and not isinstance(item, bool):
            same = (int, float)
        for other in others:
            if type(other) is same or (isinstance(same, tuple) and type(other) in same):
                continue
            message = good.fault(good.changed(FULL[name], place, other), VERSIONS[name])
            assert message is not None, other
            assert message.startswith(good.spelled(place)), other


@pytest.mark.parametrize(("name", "place"), OBJECTS, ids=[case(*each) for each in OBJECTS])
@pytest.mark.parametrize("key", ["colour_", "", "statement ", "__proto__"])
def test_data_2_2_another_property_is_refused(name: str, place: good.Place, key: str) -> None:
    message = good.fault(good.changed(FULL[name], (*place, key), "x"), VERSIONS[name])
    assert message is not None
    assert message.startswith(good.spelled((*place, key or '""')) + " is not a property")


@pytest.mark.parametrize(("name", "place"), KEYS, ids=[case(*each) for each in KEYS])
def test_data_2_2_another_case_of_a_key_is_refused(name: str, place: good.Place) -> None:
    key = str(place[-1])
    for other in {key.upper(), key.capitalize(), key.lower(), key[:-1] + key[-1].upper()} - {key}:
        message = good.fault(good.renamed(FULL[name], place, other), VERSIONS[name])
        assert message is not None
        if place != ("object", "objectType"):  # without it, the SubStatement is taken for an activity
            assert message.startswith(good.spelled((*place[:-1], other)) + " ")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("actor", "objectType"), "agent"),
        (("object", "objectType"), "activity"),
        (("object", "definition", "interactionType"), "Choice"),
        (("context", "team", "objectType"), "group"),
        (("context", "statement", "objectType"), "statementRef"),
        (("authority", "objectType"), "AGENT"),
    ],
)
def test_data_2_2_another_case_of_an_enumerated_value_is_refused(place: good.Place, value: str) -> None:
    for version in good.BOTH:
        message = good.fault(good.changed(good.STATEMENT, place, value), version)
        assert message is not None
        assert message.startswith(good.spelled(place) + " must be one of: ")


@pytest.mark.parametrize("key", ["actor", "verb", "object"])
def test_data_2_2_actor_verb_and_object_are_required(key: str) -> None:
    for version in good.BOTH:
        assert good.fault(good.changed(good.STATEMENT, (key,), good.GONE), version) == f"{key} is missing: add it."
        bent = good.changed(FULL["1.0.3 SubStatement"], ("object", key), good.GONE)
        assert good.fault(bent, version) == f"object.{key} is missing: add it."


@pytest.mark.parametrize("key", sorted(set(good.STATEMENT) - {"actor", "verb", "object"}))
def test_data_2_4_the_rest_is_optional(key: str) -> None:
    for version in good.BOTH:
        assert good.fault(good.changed(good.STATEMENT, (key,), good.GONE), version) is None


@pytest.mark.parametrize("key", ["result", "context"])
def test_data_2_2_an_empty_object_is_not_refused(key: str) -> None:
    for version in good.BOTH:
        assert good.fault(good.changed(good.STATEMENT, (key,), {}), version) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
known_words = sorted({str(step) for _, place, _ in PLACES for step in place} | {"Agent", "Group", "SubStatement"})
nearly = st.recursive(
    st.sampled_from(known_words) | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(known_words), inner, max_size=6),
    max_leaves=30,
)


@given(value=anything | nearly, version=st.sampled_from(Version))
def test_nothing_but_bad_input_comes_of_any_value(value: Any, version: Version) -> None:
    checks: list[Callable[[], None]] = [
        lambda: check(value, version),
        lambda: check_agent(value, version),
        lambda: check_group(value, version),
        lambda: check_actor(value, version),
        lambda: check_activity_id(value),
    ]
    for each in checks:
        with suppress(BadInput):
            each()


@given(data=st.data(), new=anything | nearly)
def test_nothing_but_bad_input_comes_of_any_change(data: st.DataObject, new: Any) -> None:
    name, place, _ = data.draw(st.sampled_from(PLACES))
    for version in good.BOTH:
        good.fault(good.changed(FULL[name], place, new), version)


@given(values=st.dictionaries(st.sampled_from(["urn:a:b", "https://example.org/é"]), anything))
def test_data_4_1_no_value_of_an_extension_is_refused(values: dict[str, Any]) -> None:
    for version in good.BOTH:
        for place in (("result", "extensions"), ("context", "extensions"), ("object", "definition", "extensions")):
            assert good.fault(good.changed(good.STATEMENT, place, values), version) is None


def test_a_statement_is_left_as_it_was() -> None:
    before = json.dumps(good.STATEMENT)
    check(good.STATEMENT, Version.V1)
    assert json.dumps(good.STATEMENT) == before


def test_what_a_sender_chose_is_cut_in_a_message() -> None:
    message = good.fault({"x" * 100_000: 1, **good.STATEMENT}, Version.V1)
    assert message is not None
    assert len(message) < 300
