# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who may do what (4.0, 4.2): keys and their scopes, launched scripts, processes of the box."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from dataclasses import dataclass, replace

import pytest
from flask import Flask

from appliance.errors import BadInput, Conflict, NotFound
from appliance.hub import launch
from appliance.hub.xapi import receiving
from appliance.hub.xapi.documents import LAUNCHED_BYTES, LAUNCHED_DOCUMENTS
from appliance.model import Group, Lesson, Pupil
from appliance.store import people, settings
from appliance.store.record_keys import DEFAULT_SCOPES, SCOPES, Keys
from appliance.xapi import identifiers
from tests.hub.xapi.rig import (
    ACTIVITY_PROFILE,
    AGENT,
    AGENT_PROFILE,
    DOCUMENTS,
    JSON,
    PROFILES,
    STATE,
    STATEMENTS,
    Lrs,
    attachment,
    basic,
    multipart,
    new_agent,
    new_id,
    new_iri,
    part,
    place,
    statement,
)

RESOURCES = (STATEMENTS, "activities", "agents", *DOCUMENTS)


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize(
    "authorization",
    [
        None, "", "Basic", "Basic !", "Basic Og==", "Basic eDp5", "Basic eA==", "Bearer x", "basic:x", "Basic /w==",
        "Basic " + "A" * 9000, "Digest eDp5", basic("launch", "x"), basic("launch", "x.y"), basic("local", ""),
    ],
)  # fmt: skip
def test_nobody_known(any_lrs: Lrs, resource: str, authorization: str | None) -> None:
    """3.2, 4.0: 401 for no credentials, malformed or wrong ones."""
    answer = any_lrs.as_(authorization).get(resource)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_key(lrs: Lrs) -> None:
    """4.0: MUST support one of the methods: HTTP Basic. The secret is not kept."""
    keys = Keys(lrs.hub.db)
    name = uuid.uuid4().hex
    key, secret = keys.add(name)
    assert len(key) == 32
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    assert keys.check(key, secret) == next(found for found in keys.list() if found.id == key)
    assert keys.check(key, secret + "x") is None
    assert keys.check(key[:-1], secret) is None
    assert keys.check(key, "\ud800") is None
    kept = lrs.hub.db.reading().execute("SELECT * FROM record_key WHERE id = ?", (key,)).fetchone()
    assert secret.encode() not in bytes(kept["secret"])
    assert keys.check(key, secret).scopes == DEFAULT_SCOPES  # type: ignore[union-attr]


def test_names_and_scopes_of_keys(lrs: Lrs) -> None:
    keys, name = Keys(lrs.hub.db), uuid.uuid4().hex
    for bad in ("", "  ", "x" * 101, "a\nb"):
        with pytest.raises(BadInput):
            keys.add(bad)
    for scopes in ([], ["everything"], ["all", "x"]):
        with pytest.raises(BadInput):
            keys.add(name, scopes)
    keys.add(name, ["state", "all", "state"])
    assert next(key for key in keys.list() if key.name == name).scopes == ("state", "all")
    with pytest.raises(Conflict):
        keys.add(name)


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_key_that_is_revoked_is_refused_at_once(lrs: Lrs, by: str) -> None:
    keys, name = Keys(lrs.hub.db), uuid.uuid4().hex
    key, secret = keys.add(name, ["all"])
    user = lrs.as_(basic(key, secret))
    assert user.get(STATEMENTS, {"limit": 1}).status_code == 200
    revoked = keys.revoke(key if by == "id" else name)
    assert revoked.revoked_at
    assert user.get(STATEMENTS, {"limit": 1}).status_code == 401
    assert keys.revoke(key) == revoked
    keys.add(name)
    with pytest.raises(NotFound):
        keys.revoke("nobody")


def asked(lrs: Lrs) -> dict[str, int]:
    """What a user gets for each thing that one may do."""
    (other,) = lrs.as_(None, origin="local").send(statement())
    return {
        "write": lrs.post(STATEMENTS, statement()).status_code,
        "read": lrs.get(STATEMENTS, {"limit": 1}).status_code,
        "read others'": lrs.get(STATEMENTS, {"statementId": other}).status_code,
        "state": lrs.put(STATE, place(STATE), {}).status_code,
        "see state": lrs.get(STATE, place(STATE)).status_code,
        "profile": lrs.put(AGENT_PROFILE, place(AGENT_PROFILE), {}, If_None_Match="*").status_code,
        "see profile": lrs.get(ACTIVITY_PROFILE, place(ACTIVITY_PROFILE)).status_code,
        "agents": lrs.get("agents", {"agent": new_agent()}).status_code,
        "activities": lrs.get("activities", {"activityId": new_iri()}).status_code,
    }


RIGHTS = {
    "all": {"write", "read", "read others'", "state", "see state", "profile", "see profile", "agents", "activities"},
    "all/read": {"read", "read others'", "see state", "see profile", "agents", "activities"},
    "statements/write": {"write"},
    "statements/read": {"read", "read others'", "agents", "activities"},
    "statements/read/mine": {"read"},
    "state": {"state", "see state"},
    "profile": {"profile", "see profile"},
    "define": {"activities"},
}


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes(lrs: Lrs, scope: str) -> None:
    """4.2: what each permits. 3.2: MUST reject with 403 what the credentials do not permit."""
    answers = asked(lrs.keyed(scope))
    allowed = {what for what, status in answers.items() if status < 400 or (status == 404 and what.startswith("see"))}
    assert allowed == RIGHTS[scope]
    refused = {status for what, status in answers.items() if what not in allowed}
    assert refused <= ({403, 404} if scope == "statements/read/mine" else {403})


def test_the_authority_is_the_key(lrs: Lrs) -> None:
    """Part two, 2.4.9: an Agent, with the account of the credentials."""
    key, secret = Keys(lrs.hub.db).add(uuid.uuid4().hex)
    (one,) = lrs.as_(basic(key, secret)).send(statement())
    home = identifiers.base(settings.box_id(lrs.hub.db))
    assert lrs.one(one)["authority"] == {"objectType": "Agent", "account": {"homePage": home, "name": key}}


def test_reading_ones_own_only(lrs: Lrs) -> None:
    """4.2, statements/read/mine: statements whose authority is what the LRS would assign."""
    activity = new_iri()
    mine = lrs.keyed("statements/write", "statements/read/mine")
    own = mine.send(*(statement(object={"id": activity}) for _ in range(3)))
    (other,) = lrs.send(statement(object={"id": activity}))
    me = lrs.one(own[0])["authority"]
    (about_me,) = lrs.send(statement(actor=me, object={"id": activity}))
    assert mine.ids(activity=activity) == own[::-1]
    assert mine.ids(activity=activity, limit=1) == own[::-1]
    assert [mine.get(STATEMENTS, {"statementId": one}).status_code for one in (own[0], other, about_me)] == [
        200,
        404,
        404,
    ]
    assert lrs.ids(activity=activity) == [about_me, other, *own[::-1]]


def test_only_who_may_define_defines(lrs: Lrs) -> None:
    """4.2, define: without it the store SHOULD NOT update its canonical activities."""
    iri = new_iri()
    writer, definer = lrs.keyed("statements/write"), lrs.keyed("statements/write", "define")
    for user, name, known in ((writer, "One", None), (definer, "Two", "Two"), (writer, "Three", "Two")):
        user.send(statement(object={"id": iri, "definition": {"name": {"en": name}}}))
        definition = json.loads(lrs.get("activities", {"activityId": iri}).data).get("definition")
        assert (definition["name"]["en"] if definition else None) == known


def test_the_box_itself_needs_no_key(lrs: Lrs) -> None:
    local = lrs.as_(None, origin="local")
    assert set(asked(local).values()) <= {200, 204, 404}
    assert local.as_("Basic eDp5", origin="local").get(STATEMENTS).status_code == 401


@dataclass
class Launched:
    """A resource's scripts in a lesson."""

    lrs: Lrs
    activity: str
    actor: dict[str, object]
    lesson: Lesson

    def statement(self, **members: object) -> dict[str, object]:
        return statement(**{"actor": self.actor, **members})

    def end(self) -> None:
        db, ended = self.lrs.hub.db, replace(self.lesson, ended_at="2026-11-02T09:00:00Z")
        with db.writing() as conn:
            conn.execute("UPDATE lesson SET ended_at = ? WHERE id = ?", (ended.ended_at, ended.id))


@pytest.fixture
def launched(lrs: Lrs) -> Launched:
    group, pupil, lesson = uuid.uuid4().hex, uuid.uuid4().hex, Lesson(uuid.uuid4().hex, "", "x", "2026-11-02T08:00:00Z")
    lesson, activity = replace(lesson, group=group), new_iri()
    people.put_class(lrs.hub.db, Group(group, "CE2"), [Pupil(pupil, group, "Renard", "1F98A")], [], lesson)
    app = Flask("launch")
    app.extensions["cartable"] = lrs.hub
    with app.app_context():
        token = launch.token(lesson.id, pupil, activity)
    actor = identifiers.pupil(settings.box_id(lrs.hub.db), pupil)
    return Launched(lrs.as_(basic("launch", token), origin="content"), activity, actor, lesson)


def test_a_launched_script_reports_for_its_pupil(lrs: Lrs, launched: Launched) -> None:
    user = launched.lrs
    (one,) = user.send(launched.statement())
    assert lrs.one(one)["authority"]["account"]["name"] == "launch"
    assert user.one(one)["id"] == one
    plain = {"account": launched.actor["account"]}
    assert user.post(STATEMENTS, launched.statement(actor=plain)).status_code == 200
    lesson = {"id": identifiers.lesson(settings.box_id(lrs.hub.db), launched.lesson.id)}
    context = {"instructor": AGENT, "contextActivities": {"grouping": [lesson]}}
    assert user.post(STATEMENTS, launched.statement(context=context, object=launched.actor)).status_code == 200


def test_a_launched_script_sends_so_much_at_once(lrs: Lrs, launched: Launched) -> None:
    """The pupils of a class open a resource together: what one of them may make the box parse is bounded."""
    user, data = launched.lrs, b"a file of its own"
    large = launched.statement(result={"response": "x" * receiving.MOST_LAUNCHED_BYTES})
    body, mixed = multipart({**large, "attachments": [attachment(data)]}, part(data))
    squeezed = {"Content-Type": JSON, "Content-Encoding": "gzip"}
    answers = [
        user.post(STATEMENTS, large),
        user.put(STATEMENTS, {"statementId": new_id()}, large),
        user.ask("POST", STATEMENTS, data=body, headers={"Content-Type": mixed}),
        user.ask("POST", STATEMENTS, data=gzip.compress(json.dumps(large).encode()), headers=squeezed),
    ]
    assert [answer.status_code for answer in answers] == [413] * 4
    assert all(str(receiving.MOST_LAUNCHED_BYTES) in answer.text for answer in answers)
    half = launched.statement(result={"response": "x" * (receiving.MOST_LAUNCHED_BYTES // 2)})
    assert len(user.send(half)) == 1
    assert lrs.post(STATEMENTS, large).status_code == 200


def test_a_launched_script_speaks_for_nobody_else(lrs: Lrs, launched: Launched) -> None:
    (own,) = launched.lrs.send(launched.statement())
    other = {"objectType": "Agent", "account": {**launched.actor["account"], "name": "p9"}}  # type: ignore[dict-item]
    void = {"id": "http://adlnet.gov/expapi/verbs/voided"}
    bad = [
        launched.statement(actor=other),
        launched.statement(actor={**launched.actor, "name": "Renard"}),
        launched.statement(actor={"objectType": "Group", "account": launched.actor["account"]}),
        launched.statement(actor={"objectType": "Group", "member": [launched.actor]}),
        launched.statement(verb=void, object={"objectType": "StatementRef", "id": own}),
        launched.statement(verb=void, object={"objectType": "StatementRef", "id": lrs.send(statement())[0]}),
    ]
    box, verb = settings.box_id(lrs.hub.db), {"id": "https://example.org/verbs/praised"}
    bad += [
        launched.statement(verb=verb, object=other),
        launched.statement(object={"objectType": "Group", "member": [launched.actor, other]}),
        launched.statement(context={"instructor": other}),
        launched.statement(context={"team": {"objectType": "Group", "member": [other]}}),
        launched.statement(
            object={"objectType": "SubStatement", "actor": other, "verb": verb, "object": {"id": new_iri()}}
        ),
        launched.statement(object={"id": identifiers.question(box, "fractions", "moitie")}),
        launched.statement(object={"id": identifiers.activity(box, "fractions")}),
    ]
    for one in bad:
        assert launched.lrs.post(STATEMENTS, [launched.statement(id=new_id()), one]).status_code == 403
    assert launched.lrs.ids() == [own]


def test_a_launched_script_reads_its_pupil_only(lrs: Lrs, launched: Launched) -> None:
    user, (other,) = launched.lrs, lrs.send(statement())
    own = user.send(launched.statement(), launched.statement())
    assert user.ids() == own[::-1]
    assert user.ids(agent=launched.actor, related_agents=True) == own[::-1]
    assert user.get(STATEMENTS, {"statementId": other}).status_code == 404
    assert user.get(STATEMENTS, {"agent": new_agent()}).status_code == 403
    assert user.get("agents", {"agent": new_agent()}).status_code == 403
    assert user.get("agents", {"agent": launched.actor}).status_code == 200


def test_a_launched_script_keeps_state_of_its_own(launched: Launched) -> None:
    user = launched.lrs
    inside = (launched.activity, launched.activity + "/page", launched.activity + "?x", launched.activity + "#y")
    for activity in (*inside, launched.activity + "other", new_iri()):
        for agent in (launched.actor, new_agent()):
            query = place(STATE, activityId=activity, agent=agent)
            right = activity in inside and agent == launched.actor
            assert user.put(STATE, query, {}).status_code == (204 if right else 403)
            assert user.get(STATE, query).status_code == (200 if right else 403)


@pytest.mark.parametrize("resource", [STATE, AGENT_PROFILE])
def test_a_launched_script_keeps_so_many_documents(launched: Launched, resource: str) -> None:
    """Any names, parts of the activity and registrations count together; what was there stays, and may be changed."""
    user, about = launched.lrs, {"agent": launched.actor}

    def query(number: int) -> dict[str, object]:
        if resource == AGENT_PROFILE:
            return {**about, "profileId": f"{number}"}
        part = ("", "/page", "?x", "#y")[number % 4]
        more = {"registration": new_id()} if number % 3 == 0 else {}
        return {**about, "activityId": launched.activity + part, "stateId": f"{number}", **more}

    queries = [query(number) for number in range(LAUNCHED_DOCUMENTS + 1)]
    for each in queries[:-1]:
        assert user.put(resource, each, {}, If_None_Match="*").status_code == 204
    for method in ("PUT", "POST"):
        refused = user.ask(method, resource, queries[-1], body={"a": 1}, headers={"If-None-Match": "*"})
        assert refused.status_code == 413
        assert "64 documents" in refused.text or "64 documents" in json.loads(refused.data)["error"]
    assert [user.get(resource, each).status_code for each in queries] == [200] * LAUNCHED_DOCUMENTS + [404]
    assert user.put(resource, queries[0], {"b": 2}, If_Match="*").status_code == 204
    assert user.delete(resource, queries[1]).status_code == 204
    assert user.put(resource, queries[-1], {}, If_None_Match="*").status_code == 204


def test_a_launched_script_keeps_so_many_bytes(lrs: Lrs, launched: Launched) -> None:
    user, about = launched.lrs, {"agent": launched.actor, "activityId": launched.activity}
    binary, half = {"Content-Type": "x/y"}, b"x" * (LAUNCHED_BYTES // 2)

    def put(name: str, body: bytes) -> int:
        return user.ask("PUT", STATE, {**about, "stateId": name}, data=body, headers=binary).status_code

    assert [put("a", half), put("b", half), put("c", b"x"), put("a", half + b"x")] == [204, 204, 413, 413]
    assert user.get(STATE, {**about, "stateId": "a"}).data == half
    assert [put("a", half[:-1]), put("c", b"x"), put("d", b"x"), put("d", b"")] == [204, 204, 413, 204]
    grown = user.post(STATE, {"a": "x" * 2000}, {**about, "stateId": "e"})
    assert grown.status_code == 413
    assert user.delete(STATE, about).status_code == 204
    assert user.post(STATE, {"a": 1}, {**about, "stateId": "e"}).status_code == 204
    assert user.post(STATE, {"b": "x" * LAUNCHED_BYTES}, {**about, "stateId": "e"}).status_code == 413
    assert user.get(STATE, {**about, "stateId": "e"}).data == b'{"a": 1}'
    assert lrs.ask("PUT", STATE, place(STATE), data=half * 3, headers=binary).status_code == 204  # a key: free disk


def test_a_launched_script_sees_no_other_profile(launched: Launched) -> None:
    user = launched.lrs
    for resource in PROFILES:
        assert user.get(resource, place(resource)).status_code == 403
        assert user.put(resource, place(resource), {}, If_None_Match="*").status_code == 403
    assert user.put(AGENT_PROFILE, place(AGENT_PROFILE, agent=launched.actor), {}, If_None_Match="*").status_code == 204


def test_a_launched_script_does_not_rename_the_boxs_lessons(lrs: Lrs, launched: Launched) -> None:
    lesson = identifiers.lesson(settings.box_id(lrs.hub.db), launched.lesson.id)
    for iri, defined in ((launched.activity, True), (lesson, False)):
        launched.lrs.send(launched.statement(object={"id": iri, "definition": {"name": {"fr": "Autre"}}}))
        assert ("definition" in json.loads(lrs.get("activities", {"activityId": iri}).data)) is defined


def test_a_launched_script_defines_its_own_activity_and_nothing_else(lrs: Lrs, launched: Launched) -> None:
    """What it says of others stays in its statement, and mutes neither that one's object nor the rest of a batch."""
    foreign, own = new_iri(), launched.activity

    def named(iri: str, name: str = "Pirate") -> dict[str, object]:
        return {"id": iri, "definition": {"name": {"fr": name}}}

    def known(iri: str) -> object:
        return json.loads(lrs.get("activities", {"activityId": iri}).data).get("definition", {}).get("name")

    lrs.send(statement(object=named(foreign, "Autre")))
    around = {"contextActivities": {"category": [named(foreign)], "parent": [named(own)]}}
    first, *_ = launched.lrs.send(
        launched.statement(object=named(foreign), context={"contextActivities": {"parent": [named(own + "/x")]}}),
        launched.statement(object=named(own + "/page", "Page"), context=around),
        launched.statement(
            object=named(own, "Jeu"), context={"contextActivities": {"other": [named(own + "#a", "A")]}}
        ),
        launched.statement(object=named(own + "other")),
    )
    assert lrs.one(first)["object"]["definition"]["name"] == {"fr": "Pirate"}
    told = {iri: known(iri) for iri in (foreign, own, own + "/page", own + "#a", own + "/x", own + "other")}
    assert told == {foreign: {"fr": "Autre"}, own: {"fr": "Jeu"}, own + "/page": {"fr": "Page"},
                    own + "#a": {"fr": "A"}, own + "/x": None, own + "other": None}  # fmt: skip


def test_after_the_lesson_reports_arrive_and_nothing_is_read(lrs: Lrs, launched: Launched) -> None:
    user = launched.lrs
    (own,) = user.send(launched.statement())
    launched.end()
    (late,) = user.send(launched.statement())
    assert lrs.one(late)
    assert user.get(STATEMENTS, {"statementId": own}).status_code == 403
    assert user.get(STATE, place(STATE, activityId=launched.activity, agent=launched.actor)).status_code == 403
    assert user.get("activities", {"activityId": launched.activity}).status_code == 403
