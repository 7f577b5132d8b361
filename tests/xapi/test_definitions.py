# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from appliance.xapi.definitions import activities, merge
from tests.xapi import good

MAPS = st.dictionaries(st.sampled_from(["fr", "fr-FR", "en", "en-us", "en-US"]), st.text(max_size=3), max_size=3)
COMPONENTS = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("abc")}, optional={"description": MAPS}),
    max_size=3,
    unique_by=lambda component: str(component["id"]),
)
DEFINITIONS = st.fixed_dictionaries(
    {},
    optional={
        "name": MAPS,
        "description": MAPS,
        "type": st.sampled_from(["urn:a", "urn:b"]),
        "extensions": st.dictionaries(st.sampled_from(["urn:x", "urn:y"]), st.integers(), max_size=2),
        "interactionType": st.sampled_from(["choice", "sequencing"]),
        "correctResponsesPattern": st.lists(st.sampled_from("abc"), max_size=2),
        "choices": COMPONENTS,
    },
)


def test_data_2_4_4_1_names_add_up_by_language_and_the_last_stands() -> None:
    old = {"name": {"fr": "Moitié", "en-US": "Half"}, "type": "urn:a", "moreInfo": "https://example.org/"}
    new = {"name": {"en-us": "A half", "de": "Hälfte"}, "type": "urn:b"}
    assert merge(old, new) == {
        "name": {"fr": "Moitié", "en-us": "A half", "de": "Hälfte"}, "type": "urn:b", "moreInfo": "https://example.org/"
    }  # fmt: skip


def test_extensions_add_up() -> None:
    assert merge({"extensions": {"urn:a": 1, "urn:b": {"x": 1}}}, {"extensions": {"urn:b": {"y": 2}}}) == {
        "extensions": {"urn:a": 1, "urn:b": {"y": 2}}
    }


def test_choices_are_the_last_ones_with_what_was_known_of_them() -> None:
    old = {"interactionType": "choice", "choices": [{"id": "a", "description": {"fr": "un"}}, {"id": "b"}]}
    new = {"choices": [{"id": "c"}, {"id": "a", "description": {"en": "one"}}]}
    assert merge(old, new)["choices"] == [{"id": "c"}, {"id": "a", "description": {"fr": "un", "en": "one"}}]


def test_another_interaction_takes_nothing_from_the_former_one() -> None:
    old = {"name": {"fr": "x"}, "interactionType": "choice", "choices": [{"id": "a"}], "correctResponsesPattern": ["a"]}
    assert merge(old, {"interactionType": "numeric", "correctResponsesPattern": ["4"]}) == {
        "name": {"fr": "x"}, "interactionType": "numeric", "correctResponsesPattern": ["4"]
    }  # fmt: skip


@given(DEFINITIONS, DEFINITIONS)
def test_merging(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = copy.deepcopy((old, new))
    made = merge(old, new)
    assert (old, new) == before
    assert merge(made, new) == made
    assert merge(None, new) == merge({}, new) == new
    assert new.keys() <= made.keys()
    for key in ("name", "description", "extensions"):
        assert new.get(key, {}).items() <= made.get(key, {}).items()
        assert {tag.lower() for tag in old.get(key, {})} <= {tag.lower() for tag in made.get(key, {})}
    assert [each["id"] for each in new.get("choices", [])] == [each["id"] for each in made.get("choices", [])][
        : len(new.get("choices", []))
    ]


def test_every_definition_of_a_statement_is_found() -> None:
    defined = {name: {"id": f"urn:{name}", "definition": {"name": {"fr": name}}} for name in "abcde"}
    inner = {
        "objectType": "SubStatement",
        **{key: good.STATEMENT[key] for key in ("actor", "verb")},
        "object": defined["a"],
        "context": {"contextActivities": {"other": [{"id": "urn:none"}, defined["b"]]}},
    }
    context = {"contextActivities": {"parent": defined["c"], "category": [defined["d"], {**defined["e"]}]}}
    value = {**good.STATEMENT, "object": inner, "context": context}
    assert list(activities(value)) == [(f"urn:{name}", {"name": {"fr": name}}) for name in "abcde"]


def test_what_defines_nothing_yields_nothing() -> None:
    for target in (good.ACTIVITY, {**good.ACTIVITY, "definition": {}}, good.AGENT, good.REFERENCE):
        assert list(activities({"actor": good.AGENT, "verb": {"id": "urn:v"}, "object": target})) == []
