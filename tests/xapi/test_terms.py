# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from appliance.errors import BadInput
from appliance.xapi import terms
from tests.xapi import good

ADA = "account https://example.org/class ada-7"
BOB = "openid https://example.org/bob"
HAWKS = "mbox_sha1sum cd9b00a5611f94eaa7b1661edab976068e364975"
EVE = {"mbox": "mailto:Eve@Example.org"}
EVES = "mbox mailto:Eve@Example.org"
VERB = {"id": "https://example.org/did"}
SIMPLE: dict[str, Any] = {"actor": EVE, "verb": VERB, "object": good.ACTIVITY}


def of(value: dict[str, Any], kind: str) -> set[str]:
    return {found for name, found in terms.terms(value) if name == kind}


def test_a_simple_statement() -> None:
    assert terms.terms(SIMPLE) == {
        ("agent", EVES), ("any_agent", EVES), ("verb", "https://example.org/did"),
        ("activity", "https://example.org/fractions"), ("any_activity", "https://example.org/fractions"),
    }  # fmt: skip


class TestCommunication213Agent:
    @pytest.mark.parametrize("agent", [EVE, {"objectType": "Agent", **EVE}])
    def test_the_actor_or_the_object(self, agent: dict[str, Any]) -> None:
        assert of({**SIMPLE, "actor": agent}, "agent") == {EVES}
        assert of({**SIMPLE, "object": {**good.AGENT}}, "agent") == {EVES, ADA}

    def test_members_of_a_group_match_whether_it_is_identified_or_not(self) -> None:
        assert of({**SIMPLE, "actor": good.GROUP}, "agent") == {ADA, BOB}
        group = {**good.IDENTIFIED, "member": [EVE]}
        assert of({**SIMPLE, "actor": good.AGENT, "object": group}, "agent") == {ADA, HAWKS, EVES}

    def test_not_what_is_merely_related(self) -> None:
        value = {**SIMPLE, "authority": good.AGENT, "context": {"instructor": good.AGENT, "team": good.GROUP}}
        assert of(value, "agent") == {EVES}
        assert of({**SIMPLE, "object": good.SUBSTATEMENT}, "agent") == {EVES}


class TestCommunication213RelatedAgents:
    @pytest.mark.parametrize(
        "more",
        [
            {"authority": good.AGENT},
            {"context": {"instructor": good.AGENT}},
            {"context": {"instructor": {"objectType": "Group", "member": [good.AGENT]}}},
            {"context": {"team": {"objectType": "Group", "member": [good.AGENT]}}},
            {"context": {"contextAgents": [{"objectType": "contextAgent", "agent": good.AGENT}]}},
            {"context": {"contextGroups": [
                {"objectType": "contextGroup", "group": {"objectType": "Group", "member": [good.AGENT]}}]}},
            {"object": {"objectType": "SubStatement", **SIMPLE, "actor": good.AGENT}},
            {"object": {"objectType": "SubStatement", **SIMPLE, "object": good.AGENT}},
            {"object": {"objectType": "SubStatement", **SIMPLE, "context": {"instructor": good.AGENT}}},
        ],
    )  # fmt: skip
    def test_each_place(self, more: dict[str, Any]) -> None:
        assert of({**SIMPLE, **more}, "any_agent") == {EVES, ADA}

    def test_the_plain_ones_too(self) -> None:
        value = {**SIMPLE, "actor": good.GROUP, "object": good.IDENTIFIED}
        assert of(value, "any_agent") == of(value, "agent") == {ADA, BOB, HAWKS}


class TestCommunication213Activity:
    def test_only_the_object(self) -> None:
        value = {**SIMPLE, "context": {"contextActivities": {"parent": [{"id": "urn:other"}]}}}
        assert of(value, "activity") == {"https://example.org/fractions"}

    @pytest.mark.parametrize("target", [good.AGENT, good.REFERENCE, good.SUBSTATEMENT, good.GROUP])
    def test_no_other_kind_of_object(self, target: dict[str, Any]) -> None:
        assert of({**SIMPLE, "object": target}, "activity") == set()

    def test_an_object_that_does_not_say_is_an_activity(self) -> None:
        assert of({**SIMPLE, "object": {"id": "urn:x"}}, "activity") == {"urn:x"}

    @pytest.mark.parametrize("kind", ["parent", "grouping", "category", "other"])
    @pytest.mark.parametrize("listed", [{"id": "urn:x"}, [{"id": "urn:x"}], [{"id": "urn:x"}, good.ACTIVITY]])
    def test_related_activities(self, kind: str, listed: Any) -> None:
        context = {"contextActivities": {kind: listed}}
        assert of({**SIMPLE, "context": context}, "any_activity") == {"https://example.org/fractions", "urn:x"}
        inner = {"objectType": "SubStatement", **SIMPLE, "context": context}
        assert of({**SIMPLE, "object": inner}, "any_activity") == {"https://example.org/fractions", "urn:x"}


def test_verb_and_registration_are_the_statements_own() -> None:
    inner = {**good.SUBSTATEMENT, "verb": {"id": "urn:inner"}}
    value = {**SIMPLE, "object": inner}
    assert of(value, "verb") == {"https://example.org/did"}
    assert of(value, "registration") == set()


def test_a_registration_has_no_case() -> None:
    value = {**SIMPLE, "context": {"registration": good.UUID.upper()}}
    assert of(value, "registration") == {good.UUID} == {terms.uuid_value(good.UUID.upper())}


def test_everything_is_there_for_a_statement_with_everything() -> None:
    value = {**good.STATEMENT, "context": {**good.CONTEXT, **good.RELEVANT}}
    assert of(value, "any_agent") == {ADA, BOB}
    assert of(value, "any_activity") == {"https://example.org/fractions", "urn:category"}


def test_data_2_4_2_3_identifiers() -> None:
    assert terms.agent_value(EVE) == EVES
    assert terms.agent_value(good.AGENT) == ADA
    assert terms.agent_value({"mbox_sha1sum": "AB" * 20}) == "mbox_sha1sum " + "ab" * 20
    assert terms.agent_value({"objectType": "Group", "openid": "https://x.org/"}) == "openid https://x.org/"
    values: list[dict[str, Any]] = [
        {"homePage": "https://a.org/b", "name": "c d"},
        {"homePage": "https://a.org/b", "name": "c  d"},
    ]
    assert len({terms.agent_value({"account": account}) for account in values}) == 2


def test_an_anonymous_group_cannot_be_searched_for() -> None:
    with pytest.raises(BadInput, match="no identifier"):
        terms.agent_value(good.GROUP)


def test_a_long_value_stays_bounded_and_is_found_again() -> None:
    long = "https://example.org/" + "x" * 1_000_000
    other = long + "y"
    value: dict[str, Any] = {
        "actor": {"account": {"homePage": long, "name": "n"}},
        "verb": {"id": long},
        "object": {"id": other},
    }
    found = terms.terms(value)
    assert max(len(text) for _, text in found) <= terms.LONGEST
    assert of(value, "verb") == {terms.iri_value(long)} != of(value, "activity") == {terms.iri_value(other)}
    assert of(value, "agent") == {terms.agent_value(value["actor"])}


@pytest.mark.parametrize("length", [terms.LONGEST - 1, terms.LONGEST])
def test_a_value_of_the_longest_length_is_kept(length: int) -> None:
    iri = "urn:" + "x" * (length - 4)
    assert terms.iri_value(iri) == iri


@pytest.mark.parametrize(
    "place",
    ["actor", "object", "authority", "instructor", "team", "contextGroups", "contextAgents", *terms.CONTEXT_KINDS],
)
@pytest.mark.parametrize("inside", [False, True])
def test_too_many_are_told_from_the_lengths_of_lists(place: str, inside: bool) -> None:
    """Wherever they stand: never fewer than there are, and not for what a class of thirty needs."""

    def naming(count: int) -> dict[str, Any]:
        agents = [{"mbox": f"mailto:{n}@example.org"} for n in range(count)]
        group = {"objectType": "Group", "member": agents}
        context: dict[str, Any] = {
            "contextGroups": [{"group": group}],
            "contextAgents": [{"agent": agent} for agent in agents],
            **dict.fromkeys(("instructor", "team"), group),
        }
        if place in terms.CONTEXT_KINDS:
            made: dict[str, Any] = {
                "context": {"contextActivities": {place: [{"id": f"urn:x:{n}"} for n in range(count)]}}
            }
        elif place in context:
            made = {"context": {place: context[place]}}
        else:
            made = {place: group}
        value = {**SIMPLE, **made}
        return (
            {**SIMPLE, "object": {**value, "objectType": "SubStatement"}} if inside and place != "authority" else value
        )

    for count in range(terms.MOST // 2 - 10, terms.MOST + 10, 7):
        value = naming(count)
        assert terms.many(value) or len(terms.terms(value)) <= terms.MOST
    assert not terms.many(naming(60))
    assert terms.many(naming(2 * terms.MOST))


def test_data_2_3_2_voiding_and_referring() -> None:
    voiding = {"actor": EVE, "verb": {"id": terms.VOIDED}, "object": {**good.REFERENCE, "id": good.UUID.upper()}}
    assert terms.reference(voiding) == terms.voids(voiding) == good.UUID
    commenting = {**voiding, "verb": VERB}
    assert terms.reference(commenting) == good.UUID
    assert terms.voids(commenting) is None
    assert terms.reference(SIMPLE) is None
    inner = {"objectType": "SubStatement", **commenting}
    assert terms.reference({**SIMPLE, "object": inner}) is None
