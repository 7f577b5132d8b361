# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest

from appliance.xapi import shapes
from appliance.xapi.statement import check
from appliance.xapi.version import Version
from tests.xapi import good

EVERYTHING: dict[str, Any] = {**good.STATEMENT, "context": {**good.CONTEXT, **good.RELEVANT}}
INNER: dict[str, Any] = {
    **EVERYTHING,
    "object": {**good.SUBSTATEMENT, "context": EVERYTHING["context"]},
    "context": {key: item for key, item in EVERYTHING["context"].items() if key not in ("revision", "platform")},
}


class TestIds:
    """Communication 2.1.3, format=ids."""

    def test_only_what_identifies_is_left(self) -> None:
        made = shapes.ids(EVERYTHING)
        agent = {"objectType": "Agent", **good.ACCOUNT}
        group = {"objectType": "Group", "member": [agent, {"openid": "https://example.org/bob"}]}
        assert made["actor"] == made["authority"] == made["context"]["instructor"] == agent
        assert made["verb"] == {"id": "http://adlnet.gov/expapi/verbs/answered"}
        assert made["object"] == {"id": "https://example.org/fractions"}
        assert made["context"]["team"] == group
        assert made["context"]["contextActivities"]["category"] == [{"id": "urn:category"}, made["object"]]
        assert made["context"]["contextActivities"]["grouping"] == [made["object"]]
        assert made["context"]["contextAgents"][0]["agent"] == agent
        assert made["context"]["contextGroups"][0] == {**good.RELEVANT["contextGroups"][0], "group": group}

    def test_the_rest_is_as_it_was(self) -> None:
        made = shapes.ids(EVERYTHING)
        for key in ("id", "result", "timestamp", "stored", "version", "attachments"):
            assert made[key] == EVERYTHING[key]
        for key in ("registration", "revision", "platform", "language", "statement", "extensions"):
            assert made["context"][key] == EVERYTHING["context"][key]

    def test_a_substatement_too(self) -> None:
        made = shapes.ids(INNER)["object"]
        assert made["objectType"] == "SubStatement"
        assert made["object"] == {"id": "https://example.org/fractions"}
        assert made["actor"] == {"objectType": "Agent", **good.ACCOUNT}
        assert list(made["verb"]) == ["id"]

    def test_an_identified_group_needs_no_members(self) -> None:
        group = {**good.IDENTIFIED, "name": "Hawks", "member": [good.AGENT]}
        assert shapes.ids({**EVERYTHING, "actor": group})["actor"] == good.IDENTIFIED

    @pytest.mark.parametrize("target", [{**good.MBOX, "objectType": "Agent", "name": "x"}, good.REFERENCE])
    def test_other_objects(self, target: dict[str, Any]) -> None:
        expected = {key: item for key, item in target.items() if key != "name"}
        assert shapes.ids({**EVERYTHING, "object": target})["object"] == expected


class TestCanonical:
    """Communication 2.1.3, format=canonical."""

    def test_the_definition_is_the_boxs_in_one_language(self) -> None:
        known = {
            "name": {"en": "Half", "fr": "Moitié"},
            "description": {"de": "x"},
            "extensions": {"urn:x": {"fr": 1, "en": 2}},
            "choices": [{"id": "a", "description": {"en": "one", "fr": "un"}}, {"id": "b"}],
        }
        made = shapes.canonical(EVERYTHING, lambda iri: known if iri == good.ACTIVITY["id"] else None, ["fr"])
        expected = {
            "name": {"fr": "Moitié"},
            "description": {"de": "x"},
            "extensions": {"urn:x": {"fr": 1, "en": 2}},
            "choices": [{"id": "a", "description": {"fr": "un"}}, {"id": "b"}],
        }
        assert made["object"] == {**good.ACTIVITY, "definition": expected}
        assert made["context"]["contextActivities"]["parent"] == [{**good.ACTIVITY, "definition": expected}]
        assert made["context"]["contextActivities"]["category"][0] == {"id": "urn:category"}

    def test_the_statements_own_definition_where_the_box_has_none(self) -> None:
        made = shapes.canonical(EVERYTHING, lambda iri: None, ["zh-Hant-TW", "fr"])
        assert made["object"]["definition"]["description"] == {"zh-Hant-TW": "八"}
        assert made["object"]["definition"]["name"] == {"fr": "La moitié de huit"}

    def test_the_display_of_the_verb_in_one_language(self) -> None:
        value = good.changed(INNER, ("verb", "display"), {"en-US": "answered", "fr": "a répondu"})
        value = good.changed(value, ("object", "verb", "display"), {"en-US": "will", "fr": "va"})
        made = shapes.canonical(value, lambda iri: None, ["fr"])
        assert made["verb"]["display"] == {"fr": "a répondu"}
        assert made["object"]["verb"]["display"] == {"fr": "va"}
        assert (
            "display"
            not in shapes.canonical(good.changed(value, ("verb", "display"), good.GONE), lambda iri: None, [])["verb"]
        )

    def test_agents_and_attachments_are_exact(self) -> None:
        made = shapes.canonical(EVERYTHING, lambda iri: None, ["fr"])
        assert made["actor"] == good.AGENT
        assert made["context"]["team"] == good.GROUP
        assert made["attachments"] == EVERYTHING["attachments"]


@pytest.mark.parametrize("value", [EVERYTHING, INNER])
def test_every_shape_is_a_good_statement_and_the_first_one_is_left_as_it_was(value: dict[str, Any]) -> None:
    before = copy.deepcopy(value)
    check(shapes.ids(value), Version.V2)
    check(shapes.canonical(value, lambda iri: {"name": {"en": "x", "fr": "y"}}, ["fr"]), Version.V2)
    assert value == before


class TestChoice:
    """RFC 2616 section 14.4, RFC 4647 section 3.4."""

    @pytest.mark.parametrize(
        ("tags", "wanted", "chosen"),
        [
            ("en fr", "fr", "fr"),
            ("en fr", "de fr en", "fr"),
            ("en fr-CA", "FR-ca", "fr-CA"),
            ("en-US en-GB", "en-GB", "en-GB"),
            ("de fr-CA fr-FR", "fr", "fr-CA"),
            ("en fr", "fr-CH", "fr"),
            ("en zh-Hant", "zh-Hant-CN-x-private1", "zh-Hant"),
            ("de en fr-CA", "fr-FR en", "en"),
            ("de fr-CA", "fr-FR", "fr-CA"),
            ("de en", "fr", "de"),
            ("de en", "", "de"),
            ("de en", "fr * en", "de"),
            ("frr en", "fr en", "en"),
        ],
    )
    def test_by_example(self, tags: str, wanted: str, chosen: str) -> None:
        assert shapes.choose(dict.fromkeys(tags.split(), "x"), wanted.split()) == chosen

    def test_nothing_to_choose_from(self) -> None:
        assert shapes.choose({}, ["fr"]) is None
        assert shapes.canonical(
            good.changed(EVERYTHING, ("verb", "display"), {}), lambda iri: None, ["fr"]
        )["verb"]["display"] == {}  # fmt: skip
