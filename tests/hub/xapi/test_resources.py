# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Agents (2.4), activities (2.5), about (2.8), error codes (3.2), versions (3.3), cross-origin requests."""

from __future__ import annotations

import gzip
import json

import pytest

from appliance.xapi.version import Version
from tests.hub.xapi.rig import (
    AGENT,
    AGENT_PROFILE,
    BOTH,
    DOCUMENTS,
    STATE,
    STATEMENTS,
    V1,
    V2,
    Lrs,
    new_agent,
    new_id,
    new_iri,
    place,
    statement,
)

RESOURCES = (STATEMENTS, "activities", "agents", *DOCUMENTS)


def test_all_resources_are_there(any_lrs: Lrs) -> None:
    """2.0: MUST support all of the resources of this section."""
    queries: dict[str, dict[str, object]] = {
        STATEMENTS: {},
        "activities": {"activityId": new_iri()},
        "agents": {"agent": AGENT},
        "about": {},
    }
    for resource, query in queries.items():
        assert any_lrs.get(resource, query).status_code == 200
    for resource in DOCUMENTS:
        assert any_lrs.get(resource, place(resource)).status_code == 404


def test_a_person(any_lrs: Lrs) -> None:
    """2.4: what is known of an agent, each property an array; MUST be there for an agent never met."""
    agent = new_agent()
    any_lrs.send(statement(actor={**agent, "name": "Ada"}))
    asked = any_lrs.get("agents", {"agent": {**agent, "name": "Augusta"}})
    person = json.loads(asked.data)
    assert (person["objectType"], person["mbox"], sorted(person["name"])) == (
        "Person",
        [agent["mbox"]],
        ["Ada", "Augusta"],
    )
    unknown = new_agent()
    person = json.loads(any_lrs.get("agents", {"agent": unknown}).data)
    assert person == {"objectType": "Person", "mbox": [unknown["mbox"]]}


def test_a_person_with_an_account(any_lrs: Lrs) -> None:
    """2.4: complete account objects MUST be provided."""
    account = {"homePage": "https://example.org", "name": new_id()}
    person = json.loads(any_lrs.get("agents", {"agent": {"account": account}}).data)
    assert person["account"] == [account]


@pytest.mark.parametrize("agent", [None, "ada", {}, {"objectType": "Group", "member": [AGENT]},
                                   {"mbox": ["mailto:a@b.c"]}, {**AGENT, "openid": "https://a.b/"}])  # fmt: skip
def test_a_person_of_no_agent(any_lrs: Lrs, agent: object) -> None:
    """2.4: the parameter is a normal Agent with a single identifier."""
    assert any_lrs.get("agents", {} if agent is None else {"agent": agent}).status_code == 400


def test_an_activity(any_lrs: Lrs) -> None:
    """2.5: the complete Activity Object; SHOULD be there for one never met."""
    iri = new_iri()
    assert json.loads(any_lrs.get("activities", {"activityId": iri}).data) == {"objectType": "Activity", "id": iri}
    for definition in ({"name": {"en": "Half"}}, {"name": {"fr": "Moitié"}, "type": "https://example.org/type"}):
        any_lrs.send(statement(object={"id": iri, "definition": definition}))
    known = json.loads(any_lrs.get("activities", {"activityId": iri}).data)
    assert known["definition"] == {"name": {"en": "Half", "fr": "Moitié"}, "type": "https://example.org/type"}


@pytest.mark.parametrize(
    "query", [{}, {"activityId": "half"}, {"ActivityId": "x:y"}, {"activityId": "x:y", "since": "1"}]
)
def test_an_activity_without_its_iri(any_lrs: Lrs, query: dict[str, str]) -> None:
    assert any_lrs.get("activities", query).status_code == 400


@pytest.mark.parametrize("version", [None, "0.9", "3.0", "nonsense", *BOTH])
def test_about(lrs: Lrs, version: str | None) -> None:
    """2.8: MUST list the latest version of each major one, MUST NOT look at the version header; no credentials."""
    answer = lrs.as_(None, version=version).get("about")
    assert answer.status_code == 200
    assert json.loads(answer.data) == {"version": ["1.0.3", "2.0.0"]}


def test_about_takes_nothing(lrs: Lrs) -> None:
    assert lrs.get("about", {"foo": "bar"}).status_code == 400
    assert lrs.post("about", {}).status_code == 405


@pytest.mark.parametrize("resource", RESOURCES)
def test_no_version(lrs: Lrs, resource: str) -> None:
    """3.3: MUST reject requests without a version header, with 400 and a short description."""
    answer = lrs.speaking(None).get(resource)
    assert answer.status_code == 400
    assert "X-Experience-API-Version" in json.loads(answer.data)["error"]


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.9", "1.0.32"])
def test_versions_that_are_1_0(lrs: Lrs, version: str) -> None:
    """3.3: MUST accept 1.0 and all that starts with 1.0., MUST answer with the latest patch version."""
    answer = lrs.speaking(version).get(STATEMENTS, {"limit": 1})
    assert (answer.status_code, answer.headers["X-Experience-API-Version"]) == (200, "1.0.3")


@pytest.mark.parametrize("version", ["2.0", "2.0.0", "2.0.1"])
def test_versions_that_are_2_0(lrs: Lrs, version: str) -> None:
    """IEEE 9274.1.1, 4.1.6.1."""
    answer = lrs.speaking(version).get(STATEMENTS, {"limit": 1})
    assert (answer.status_code, answer.headers["X-Experience-API-Version"]) == (200, "2.0.0")


@pytest.mark.parametrize(
    "version", ["", "0.9", "0.95", "1", "1.1", "1.1.0", "1.00", "2", "2.1.0", "3.0.0", "10.0.3", "x"]
)
def test_other_versions(lrs: Lrs, version: str) -> None:
    """3.3: MUST reject versions before 1.0.0 and from 1.1.0 on."""
    assert lrs.speaking(version).get(STATEMENTS).status_code == 400


def test_the_version_is_in_every_answer(lrs: Lrs) -> None:
    """3.3: MUST include the header in every response."""
    for version in Version:
        user = lrs.speaking(version)
        answers = [
            user.get("nowhere"),
            user.get(STATEMENTS, {"foo": "bar"}),
            user.get(STATEMENTS, {"statementId": new_id()}),
            user.ask("PATCH", STATEMENTS),
            user.ask("OPTIONS", STATEMENTS),
            user.as_(None).get(STATEMENTS),
            user.put(STATE, place(STATE), {}),
            user.get("about"),
        ]
        assert [answer.headers["X-Experience-API-Version"] for answer in answers] == [version.value] * len(answers)


def test_a_forgotten_version_is_refused_in_the_family_spoken_last(lrs: Lrs) -> None:
    """3.3 in either family: the header of each answer is that family's latest patch version."""
    user = lrs.keyed("all")
    for version in (V1, V2, V1):
        assert user.speaking(version).get(STATEMENTS, {"limit": 1}).status_code == 200
        answer = user.speaking(None).get(STATEMENTS)
        assert (answer.status_code, answer.headers["X-Experience-API-Version"]) == (400, version)


def test_families_read_each_others_statements_unchanged(lrs: Lrs) -> None:
    """3.3: MUST NOT convert newer statements into a prior version."""
    new, old = lrs.speaking(V2), lrs.speaking(V1)
    people = [{"objectType": "contextAgent", "agent": new_agent()}]
    (later,) = new.send(statement(context={"contextAgents": people}))
    (earlier,) = old.send(statement())
    for one in (later, earlier):
        assert new.get(STATEMENTS, {"statementId": one}).data == old.get(STATEMENTS, {"statementId": one}).data
    assert old.one(later)["context"]["contextAgents"] == people
    assert (old.one(later)["version"], new.one(earlier)["version"]) == ("2.0.0", "1.0.0")
    assert old.post(STATEMENTS, statement(context={"contextAgents": people})).status_code == 400


@pytest.mark.parametrize("resource", RESOURCES)
def test_unknown_parameters(any_lrs: Lrs, resource: str) -> None:
    """3.2: MUST reject parameters that are not recognised in their context."""
    answer = any_lrs.get(resource, {"foo": "bar"}, Accept_Language="en")
    assert answer.status_code == 400
    assert "foo" in json.loads(answer.data)["error"]


NAMES = ("statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_activities",
         "related_agents", "since", "until", "limit", "format", "attachments", "ascending")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_parameters_in_another_case(any_lrs: Lrs, name: str) -> None:
    """3.2: MUST reject parameters that match in all but case."""
    for other in (name.upper(), name[0].upper() + name[1:]):
        assert any_lrs.get(STATEMENTS, {other: "1"}).status_code == 400


def test_a_parameter_that_comes_twice(any_lrs: Lrs) -> None:
    assert any_lrs.ask("GET", STATEMENTS, [("limit", "1"), ("limit", "1")]).status_code == 400


@pytest.mark.parametrize(
    "resource", ["", "/", "nowhere", "statements/x", "Statements", "activities/state/x", "extensions/x"]
)
def test_nothing_there(any_lrs: Lrs, resource: str) -> None:
    """3.2: 404, and JSON."""
    answer = any_lrs.get(resource)
    assert answer.status_code == 404
    assert json.loads(answer.data)["error"]


@pytest.mark.parametrize(
    ("method", "resource"),
    [("DELETE", STATEMENTS), ("PATCH", STATEMENTS), ("POST", "activities"), ("PUT", "agents"), ("DELETE", "about")],
)
def test_methods_that_are_not_there(any_lrs: Lrs, method: str, resource: str) -> None:
    answer = any_lrs.ask(method, resource)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_errors_in_the_form_that_is_wanted(any_lrs: Lrs) -> None:
    """3.2: SHOULD use content negotiation: JSON, text, HTML; SHOULD explain."""
    query = {"limit": "<b>"}
    for accept, kind in (("*/*", "application/json"), ("text/plain", "text/plain; charset=utf-8"),
                         ("text/html", "text/html; charset=utf-8"), ("image/png", "application/json")):  # fmt: skip
        answer = any_lrs.get(STATEMENTS, query, Accept=accept)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, kind)
        assert "limit" in answer.text
    strange = any_lrs.get(STATEMENTS, {"<script>": "1"}, Accept="text/html")
    assert "<script>" not in strange.text


def test_errors_in_the_language_that_is_wanted(any_lrs: Lrs) -> None:
    answers = {
        language: any_lrs.ask("PATCH", STATEMENTS, headers={"Accept-Language": language}).text
        for language in ("fr", "en")
    }
    assert answers["fr"] != answers["en"]
    assert any_lrs.ask("PATCH", STATEMENTS).text == answers["fr"]


def test_cross_origin_requests(any_lrs: Lrs) -> None:
    """Resources' scripts run with an opaque origin; a browser asks first, without credentials."""
    for resource in (*RESOURCES, "about"):
        asked = any_lrs.as_(None, version=None).ask("OPTIONS", resource, headers={"Origin": "null"})
        assert (asked.status_code, asked.data) == (204, b"")
        assert asked.headers["Access-Control-Allow-Origin"] == "*"
        assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
        assert "X-Experience-API-Version" in asked.headers["Access-Control-Allow-Headers"]
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    for answer in (any_lrs.get(STATEMENTS), any_lrs.as_(None).get(STATEMENTS), any_lrs.get("nowhere")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["hub", "content"])
def test_both_origins_answer(lrs: Lrs, origin: str) -> None:
    assert lrs.as_(lrs.authorization, origin=origin).get(STATEMENTS, {"limit": 1}).status_code == 200


def test_gzip(any_lrs: Lrs) -> None:
    sent, query = statement(id=new_id()), place(AGENT_PROFILE)
    told = {"Content-Encoding": "gzip", "Content-Type": "application/json", "If-None-Match": "*"}
    body = gzip.compress(json.dumps([sent]).encode())
    assert any_lrs.ask("POST", STATEMENTS, data=body, headers=told).status_code == 200
    assert any_lrs.one(sent["id"])["object"] == sent["object"]
    two = gzip.compress(b'{"a":') + gzip.compress(b"1}")
    assert any_lrs.ask("PUT", AGENT_PROFILE, query, data=two, headers=told).status_code == 204
    assert any_lrs.get(AGENT_PROFILE, query).data == b'{"a":1}'


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", b"no"),
        ("gzip", gzip.compress(b"[]", mtime=0)[:-4]),
        ("gzip", gzip.compress(b"[]", mtime=0) + b"x"),
        ("br", b"[]"),
        ("x", b"[]"),
    ],
)
def test_contents_that_are_not_compressed_as_they_say(any_lrs: Lrs, coding: str, data: bytes) -> None:
    told = {"Content-Encoding": coding, "Content-Type": "application/json"}
    assert any_lrs.ask("POST", STATEMENTS, data=data, headers=told).status_code == 400


def test_a_bomb(any_lrs: Lrs) -> None:
    """3.2: 413 for what is larger than the maximum, found before it fills the memory."""
    told = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    bomb = gzip.compress(b" " * (100 << 20), 9)
    assert len(bomb) < 200_000
    assert any_lrs.ask("POST", STATEMENTS, data=bomb, headers=told).status_code == 413


def test_too_large(any_lrs: Lrs) -> None:
    """3.2: 413."""
    data = b" " * ((8 << 20) + 1)
    assert any_lrs.ask("POST", STATEMENTS, data=data, headers={"Content-Type": "application/json"}).status_code == 413
