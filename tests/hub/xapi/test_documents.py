# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Documents (2.2), state (2.3), profiles (2.6, 2.7), concurrency (3.1; 2.0: IEEE 9274.1.1, 4.1.4)."""

from __future__ import annotations

import datetime
import email.utils
import hashlib
import json
import threading

import pytest
from werkzeug.test import TestResponse

from tests.hub.xapi.rig import (
    AGENT,
    AGENT_PROFILE,
    DOCUMENTS,
    PROFILES,
    STATE,
    V1,
    V2,
    Lrs,
    new_agent,
    new_id,
    new_iri,
    place,
    statement,
    without_name,
)  # fmt: skip

NEVER = {"If-None-Match": "*"}


@pytest.mark.parametrize("resource", DOCUMENTS)
class TestEach:
    """What the three resources share."""

    def test_life(self, any_lrs: Lrs, resource: str) -> None:
        """2.3, 2.6, 2.7: PUT 204, GET 200 and the document, DELETE 204, then 404."""
        query = place(resource)
        assert any_lrs.get(resource, query).status_code == 404
        any_lrs.keep(resource, query, {"a": [1, None]})
        answer = any_lrs.get(resource, query)
        assert (answer.status_code, json.loads(answer.data)) == (200, {"a": [1, None]})
        assert any_lrs.delete(resource, query).status_code == 204
        assert any_lrs.get(resource, query).status_code == 404

    def test_a_post_of_nothing_known_stores(self, any_lrs: Lrs, resource: str) -> None:
        """2.2: a POST where there is no document stores it, whatever its type; no prior knowledge is asked for."""
        query = place(resource)
        sent = any_lrs.ask("POST", resource, query, data=b"words", headers={"Content-Type": "text/plain"})
        assert sent.status_code == 204
        assert any_lrs.get(resource, query).data == b"words"

    def test_merge(self, any_lrs: Lrs, resource: str) -> None:
        """2.2: MUST merge one level deep; 204."""
        query = place(resource)
        any_lrs.post(resource, {"x": "foo", "y": {"deep": 1, "gone": 2}}, query)
        assert any_lrs.post(resource, {"y": {"deep": 3}, "z": None}, query).status_code == 204
        assert json.loads(any_lrs.get(resource, query).data) == {"x": "foo", "y": {"deep": 3}, "z": None}

    def test_a_merge_keeps_numbers_as_written(self, any_lrs: Lrs, resource: str) -> None:
        query, told = place(resource), {"Content-Type": "application/json; charset=utf-8"}
        any_lrs.ask("POST", resource, query, data=b' {"n": 1.50, "big": 12345678901234567890} ', headers=told)
        any_lrs.ask("POST", resource, query, data=b'{"m": 1e2}', headers=told)
        assert any_lrs.get(resource, query).data == b'{"n": 1.50,"big": 12345678901234567890,"m": 1e2}'

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (("text/plain", b"{}"), ("application/json", b"{}")),
            (("application/json", b"{}"), ("text/plain", b"{}")),
            (("application/json", b"[]"), ("application/json", b"{}")),
            (("application/json", b"{}"), ("application/json", b"[]")),
            (("application/json", b"{}"), ("application/json", b'{"a":')),
            (("application/json", b"{}"), ("application/json", b"a=b")),
        ],
    )
    def test_no_merge_but_of_json_objects(
        self, any_lrs: Lrs, resource: str, first: tuple[str, bytes], second: tuple[str, bytes]
    ) -> None:
        """2.2: MUST respond 400 and MUST NOT update the document."""
        query = place(resource)
        kind, data = first
        told = {"Content-Type": kind, **NEVER}
        assert any_lrs.ask("PUT", resource, query, data=data, headers=told).status_code == 204
        kind, sent = second
        assert any_lrs.ask("POST", resource, query, data=sent, headers={"Content-Type": kind}).status_code == 400
        answer = any_lrs.get(resource, query)
        assert (answer.data, answer.content_type) == (data, first[0])

    def test_content_that_is_not_its_type(self, any_lrs: Lrs, resource: str) -> None:
        """3.2: SHOULD reject content that does not match its Content-Type."""
        for method in ("PUT", "POST"):
            sent = any_lrs.ask(
                method, resource, place(resource), data=b"{nope", headers={"Content-Type": "application/json"}
            )
            assert sent.status_code == 400

    def test_names(self, any_lrs: Lrs, resource: str) -> None:
        """2.3, 2.6, 2.7: without an id, the ids; ``since`` is exclusive and looks at changes."""
        query = place(resource)
        beside = without_name(query)
        name = "stateId" if resource == STATE else "profileId"
        assert json.loads(any_lrs.get(resource, beside).data) == []
        for one in ("one", "two", "three"):
            any_lrs.keep(resource, {**beside, name: one}, {})
        assert sorted(json.loads(any_lrs.get(resource, beside).data)) == ["one", "three", "two"]
        assert json.loads(any_lrs.get(resource, {**beside, "since": "2100-01-01T00:00:00Z"}).data) == []
        past = {**beside, "since": "2001-01-01T00:00:00+02:00"}
        assert len(json.loads(any_lrs.get(resource, past).data)) == 3
        row = (
            any_lrs.hub.db.reading()
            .execute("SELECT updated FROM document WHERE name = 'two' ORDER BY id DESC")
            .fetchone()
        )
        assert json.loads(any_lrs.get(resource, {**beside, "since": row["updated"]}).data) == ["three"]

    @pytest.mark.parametrize("since", ["", "yesterday", "2026-13-01T00:00:00Z", "1"])
    def test_since_is_a_timestamp(self, any_lrs: Lrs, resource: str, since: str) -> None:
        assert any_lrs.get(resource, {**without_name(place(resource)), "since": since}).status_code == 400

    def test_every_required_parameter(self, any_lrs: Lrs, resource: str) -> None:
        """2.3, 2.6, 2.7, tables; 3.2: 400 without one, with one unknown, or one in another case."""
        query = place(resource)
        for method in ("PUT", "POST", "GET", "DELETE"):
            body: object = {} if method in ("PUT", "POST") else None
            for name in query:
                optional = name in ("stateId", "profileId") and (
                    method == "GET" or (method, resource) == ("DELETE", STATE)
                )
                lacking = {key: value for key, value in query.items() if key != name}
                assert optional or any_lrs.ask(method, resource, lacking, body=body).status_code == 400
                other = {**lacking, name.upper(): query[name]}
                assert any_lrs.ask(method, resource, other, body=body).status_code == 400
            assert any_lrs.ask(method, resource, {**query, "foo": "bar"}, body=body).status_code == 400
            assert (
                any_lrs.ask(method, resource, {**query, "since": "2026-01-01T00:00:00Z"}, body=body).status_code == 400
            )

    @pytest.mark.parametrize("agent", ["nobody", {}, {"objectType": "Agent"}, {"mbox": "ada"}, {"member": []}, 7, []])
    def test_agents_are_agents(self, any_lrs: Lrs, resource: str, agent: object) -> None:
        if "agent" in place(resource):
            assert any_lrs.get(resource, place(resource, agent=agent)).status_code == 400

    def test_activities_are_iris(self, any_lrs: Lrs, resource: str) -> None:
        if "activityId" in place(resource):
            for bad in ("", "fractions", "a b:c", "//example.org/x"):
                assert any_lrs.get(resource, place(resource, activityId=bad)).status_code == 400

    def test_an_agent_is_its_identifier(self, any_lrs: Lrs, resource: str) -> None:
        """2.1.3, table: agents are equal when their identifiers are."""
        query = place(resource)
        if "agent" not in query:
            return
        named = {**query, "agent": {**new_agent(), "name": "Ada"}}
        any_lrs.keep(resource, named, {"a": 1})
        same = {**named, "agent": {"mbox": named["agent"]["mbox"]}}  # type: ignore[index]
        assert any_lrs.get(resource, same).status_code == 200

    def test_last_modified(self, any_lrs: Lrs, resource: str) -> None:
        """2.2: SHOULD include Last-Modified, for one document and for several."""
        query, before = place(resource), datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        any_lrs.keep(resource, query, {})
        for asked in (query, without_name(query)):
            moment = email.utils.parsedate_to_datetime(any_lrs.get(resource, asked).headers["Last-Modified"])
            assert before <= moment <= datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)

    def test_etag_is_the_quoted_sha1(self, lrs: Lrs, resource: str) -> None:
        """3.1: a GET MUST have an ETag, in quotes, the SHA-1 of the contents in (lower-case) hexadecimal."""
        query = place(resource)
        lrs.keep(resource, query, {"a": 1})
        for asked in (query, without_name(query)):
            answer = lrs.get(resource, asked)
            assert answer.headers["ETag"] == f'"{hashlib.sha1(answer.data).hexdigest()}"'

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_if_match(self, any_lrs: Lrs, resource: str, method: str) -> None:
        """3.1: MUST handle If-Match; a failed precondition MUST be 412 and MUST NOT modify."""
        query, body = place(resource), None if method == "DELETE" else {"b": 2}
        told = {"If-Match": '"' + "0" * 40 + '"'}
        assert any_lrs.ask(method, resource, query, body=body, headers=told).status_code == 412
        any_lrs.keep(resource, query, {"a": 1})
        tag = any_lrs.get(resource, query).headers["ETag"]
        assert any_lrs.ask(method, resource, query, body=body, headers=told).status_code == 412
        assert json.loads(any_lrs.get(resource, query).data) == {"a": 1}
        right = {"If-Match": f'"other", {tag}'}
        assert any_lrs.ask(method, resource, query, body=body, headers=right).status_code == 204
        assert any_lrs.ask(method, resource, query, body=body, headers=right).status_code == 412

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_if_none_match(self, any_lrs: Lrs, resource: str, method: str) -> None:
        """3.1: MUST handle If-None-Match: *."""
        query = place(resource)
        assert any_lrs.ask(method, resource, query, body={"a": 1}, headers=NEVER).status_code == 204
        assert any_lrs.ask(method, resource, query, body={"b": 2}, headers=NEVER).status_code == 412
        assert json.loads(any_lrs.get(resource, query).data) == {"a": 1}

    def test_any_or_old_tags(self, any_lrs: Lrs, resource: str) -> None:
        query = place(resource)
        any_lrs.keep(resource, query, {"a": 1})
        bare = any_lrs.get(resource, query).headers["ETag"].strip('"')
        assert any_lrs.put(resource, query, {"a": 2}, If_Match=bare).status_code == 204
        assert any_lrs.put(resource, query, {"a": 3}, If_Match="*").status_code == 204

    def test_a_get_that_is_known(self, any_lrs: Lrs, resource: str) -> None:
        query = place(resource)
        any_lrs.keep(resource, query, {"a": 1})
        tag = any_lrs.get(resource, query).headers["ETag"]
        again = any_lrs.get(resource, query, If_None_Match=tag)
        assert (again.status_code, again.data) == (304, b"")

    def test_of_many_at_once_one_wins(self, lrs: Lrs, resource: str) -> None:
        """3.1: a client never overwrites what it has not seen, however close the two come."""
        query = place(resource)
        lrs.keep(resource, query, {"n": 0})
        tag, answers = lrs.get(resource, query).headers["ETag"], []

        def change(number: int) -> None:
            answers.append(lrs.put(resource, query, {"n": number}, If_Match=tag).status_code)

        threads = [threading.Thread(target=change, args=(number,)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [204] + [412] * 7

    def test_too_large(self, any_lrs: Lrs, resource: str) -> None:
        """3.2: 413 for a document over the limit."""
        data = bytes((8 << 20) + 1)
        sent = any_lrs.ask("PUT", resource, place(resource), data=data, headers={"Content-Type": "x/y"})
        assert sent.status_code == 413


@pytest.mark.parametrize("resource", PROFILES)
def test_a_profile_is_not_put_blindly_in_1_0_3(lrs: Lrs, resource: str) -> None:
    """3.1: a client that PUTs a profile MUST include one of the two headers, also for a new one."""
    query = place(resource)
    assert lrs.put(resource, query, {}).status_code == 400
    assert lrs.get(resource, query).status_code == 404
    assert lrs.speaking(V2).put(resource, query, {}).status_code == 204


@pytest.mark.parametrize("resource", PROFILES)
def test_a_profile_is_not_overwritten_blindly(any_lrs: Lrs, resource: str) -> None:
    """3.1: a PUT without either header on what exists MUST be 409, MUST explain, MUST NOT modify."""
    query = place(resource)
    any_lrs.keep(resource, query, {"a": 1})
    refused = any_lrs.put(resource, query, {"b": 2}, Accept_Language="en")
    assert refused.status_code == 409
    assert "If-Match" in json.loads(refused.data)["error"]
    assert json.loads(any_lrs.get(resource, query).data) == {"a": 1}


def test_state_is_overwritten_blindly_in_1_0_3_only(lrs: Lrs) -> None:
    """3.1: state permits PUT without concurrency headers. 2.0 (4.1.4) wants them there too."""
    query = place(STATE)
    for version, status in ((V1, 204), (V1, 204), (V2, 409)):
        assert lrs.speaking(version).put(STATE, query, {"v": version}).status_code == status
    assert json.loads(lrs.get(STATE, query).data) == {"v": V1}


def test_registrations_keep_states_apart(any_lrs: Lrs) -> None:
    """2.3: the context is activity, agent and, if specified, registration."""
    query, one, two = place(STATE), new_id(), new_id()
    for registration in (one, two):
        any_lrs.keep(STATE, {**query, "registration": registration}, {"r": registration})
    assert any_lrs.get(STATE, query).status_code == 404
    found = any_lrs.get(STATE, {**query, "registration": one.upper()})
    assert json.loads(found.data) == {"r": one}
    beside = without_name(query)
    assert json.loads(any_lrs.get(STATE, {**beside, "registration": two}).data) == [query["stateId"]]
    assert any_lrs.delete(STATE, {**beside, "registration": one}).status_code == 204
    assert any_lrs.get(STATE, {**query, "registration": one}).status_code == 404
    assert any_lrs.get(STATE, {**query, "registration": two}).status_code == 200


def test_deleting_all_states_of_a_context(any_lrs: Lrs) -> None:
    """2.3: DELETE without stateId deletes all state of this context, and of no other."""
    query, other = place(STATE), place(STATE)
    for name in ("one", "two"):
        any_lrs.keep(STATE, {**query, "stateId": name}, {})
    any_lrs.put(STATE, other, {})
    assert any_lrs.delete(STATE, without_name(query)).status_code == 204
    assert json.loads(any_lrs.get(STATE, without_name(query)).data) == []
    assert any_lrs.get(STATE, other).status_code == 200


@pytest.mark.parametrize("registration", ["", "one", "ec531277-b57b-4c15-8d91-d292c5b2b8f"])
def test_a_registration_is_a_uuid(any_lrs: Lrs, registration: str) -> None:
    for method, body in (("PUT", {}), ("POST", {}), ("GET", None), ("DELETE", None)):
        query = place(STATE, registration=registration)
        assert any_lrs.ask(method, STATE, query, body=body).status_code == 400


@pytest.mark.parametrize("resource", PROFILES)
def test_all_profiles_are_not_deleted_at_once(any_lrs: Lrs, resource: str) -> None:
    """2.6, 2.7: profileId is required."""
    assert any_lrs.delete(resource, without_name(place(resource))).status_code == 400


def test_a_group_keeps_documents_in_2_0_only(lrs: Lrs) -> None:
    """2.6, note: the agent is an Agent Object and not a Group; 2.0 takes an identified group."""
    group = {"objectType": "Group", "mbox": AGENT["mbox"]}
    query = {"agent": group, "profileId": new_id()}
    assert lrs.put(AGENT_PROFILE, query, {}).status_code == 400
    assert lrs.speaking(V2).put(AGENT_PROFILE, query, {}).status_code == 204


def test_a_document_that_is_a_page_does_not_run(lrs: Lrs) -> None:
    """Not of the specification: a stored page is opened on the hub's own origin."""
    query = place(STATE, activityId=new_iri())
    lrs.ask("PUT", STATE, query, data=b"<script>alert(1)</script>", headers={"Content-Type": "text/html"})
    answer = lrs.get(STATE, query)
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["é", "x" * 201, "a\tb"])
def test_strange_content_types(lrs: Lrs, kind: str) -> None:
    assert lrs.ask("PUT", STATE, place(STATE), data=b"x", headers={"Content-Type": kind}).status_code == 400


def test_a_change_is_later_than_all_before_even_when_the_clock_goes_back(lrs: Lrs) -> None:
    from appliance.ports import Now
    from appliance.store.documents import Context, Documents, Kind

    class Jumping:
        wall = 1_700_000_000.0

        def now(self) -> Now:
            self.wall -= 1000
            return Now(self.wall, False, 0.0)

    documents, context = Documents(lrs.hub.db, Jumping()), Context(Kind.STATE, new_iri(), "mbox mailto:x")
    for name in ("one", "two", "three"):
        documents.change(context, name, lambda _: ("x/y", b""))
    times = [updated for _, updated in documents.names(context)]
    assert times == sorted(set(times))
    assert len({len(text) for text in times}) == 1


def test_a_rebuild_is_waited_for_by_the_client_not_by_the_hub(lrs: Lrs) -> None:
    """It takes minutes: a few tablets that keep their state would hold every thread of the hub."""
    query, answered = place(STATE), list[TestResponse]()
    lrs.send(statement())
    assert lrs.put(STATE, query, {}).status_code == 204

    def progress(done: int, total: int) -> None:
        if not answered:
            answered.extend([lrs.put(STATE, query, {}), lrs.post(STATE, {}, query), lrs.delete(STATE, query)])
            assert lrs.get(STATE, query).status_code == 200

    lrs.hub.records.rebuild(progress)
    assert [(each.status_code, each.headers["Retry-After"]) for each in answered] == [(503, "5")] * 3
    assert lrs.delete(STATE, query).status_code == 204
