# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""GET of statements (2.1.3): filters, formats, attachments, pages."""

from __future__ import annotations

import datetime
import email.utils
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from appliance.xapi import multipart as parts_of
from tests.hub.xapi.rig import (
    STATEMENTS,
    Lrs,
    attachment,
    multipart,
    new_agent,
    new_id,
    new_iri,
    part,
    statement,
)  # fmt: skip


def test_one(any_lrs: Lrs) -> None:
    """2.1.3: statementId gives the statement itself; 404 when there is none."""
    given = statement(id=new_id())
    any_lrs.send(given)
    kept = any_lrs.one(given["id"].upper())
    assert {key: kept[key] for key in given} == given
    assert any_lrs.get(STATEMENTS, {"statementId": new_id()}).status_code == 404
    assert any_lrs.get(STATEMENTS, {"voidedStatementId": given["id"]}).status_code == 404


def test_last_modified_is_stored(any_lrs: Lrs) -> None:
    """2.1.3: SHOULD include Last-Modified which matches stored."""
    (one,) = any_lrs.send(statement())
    answer = any_lrs.get(STATEMENTS, {"statementId": one})
    stored = datetime.datetime.fromisoformat(json.loads(answer.data)["stored"])
    assert email.utils.parsedate_to_datetime(answer.headers["Last-Modified"]) == stored.replace(microsecond=0)
    assert answer.headers["ETag"] == f'"{hashlib.sha1(answer.data).hexdigest()}"'


def test_two_ids_at_once(any_lrs: Lrs) -> None:
    """2.1.3: MUST reject a request with both statementId and voidedStatementId."""
    query = {"statementId": new_id(), "voidedStatementId": new_id()}
    assert any_lrs.get(STATEMENTS, query).status_code == 400


OTHERS = {"agent": {"mbox": "mailto:a@b.c"}, "verb": "x:y", "activity": "x:y", "registration": new_id(),
          "related_activities": True, "related_agents": True, "since": "2026-01-01T00:00:00Z",
          "until": "2026-01-01T00:00:00Z", "limit": 1, "ascending": True}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ["statementId", "voidedStatementId"])
def test_an_id_goes_with_format_and_attachments_only(any_lrs: Lrs, name: str, other: str) -> None:
    """2.1.3: MUST reject any other parameter beside an id."""
    (one,) = any_lrs.send(statement())
    assert any_lrs.get(STATEMENTS, {name: one, other: OTHERS[other]}).status_code == 400


def test_an_id_with_format_and_attachments(any_lrs: Lrs) -> None:
    (one,) = any_lrs.send(statement())
    for query in ({"format": "ids"}, {"attachments": "false"}, {"format": "canonical", "attachments": "true"}):
        assert any_lrs.get(STATEMENTS, {"statementId": one, **query}).status_code == 200


def test_nothing_found(any_lrs: Lrs) -> None:
    """2.1.3: MUST still return 200 and a StatementResult with an empty array."""
    answer = any_lrs.get(STATEMENTS, {"activity": new_iri()})
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert json.loads(answer.data) == {"statements": [], "more": ""}


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("agent", "ada"), ("agent", {"mbox": 7}), ("agent", {"objectType": "Group", "member": []}), ("verb", "did"),
        ("activity", "here"), ("registration", "1"), ("related_activities", "True"), ("related_agents", "1"),
        ("since", "yesterday"), ("until", "2026-02-30T00:00:00Z"), ("limit", "-1"), ("limit", "x"), ("limit", "1.5"),
        ("limit", "9" * 5000), ("format", "pretty"), ("attachments", ""), ("ascending", "yes"), ("cursor", "x"),
        ("statementId", "x"), ("voidedStatementId", "x"), ("since", "0001-01-01T00:00:00+14:00"), ("limit", "²"),
        ("limit", "٣"), ("cursor", ""), ("cursor", "A" * 5000), ("cursor", "WzEsMl0"),
    ],
)  # fmt: skip
def test_values_are_checked(any_lrs: Lrs, name: str, bad: object) -> None:
    """2.1.3, table; 3.2: an invalid argument is 400."""
    assert any_lrs.get(STATEMENTS, {name: bad}).status_code == 400


def test_filters(any_lrs: Lrs) -> None:
    """2.1.3, table: agent, verb, activity, registration; all of them together."""
    agent, verb, activity, registration = new_agent(), new_iri("verbs"), new_iri(), new_id()
    (one,) = any_lrs.send(
        statement(actor=agent, verb={"id": verb}, object={"id": activity}, context={"registration": registration})
    )
    any_lrs.send(statement())
    every = {
        "agent": {**agent, "name": "other"},
        "verb": verb,
        "activity": activity,
        "registration": registration.upper(),
    }
    for query in [{name: value} for name, value in every.items()] + [every]:
        assert [found["id"] for found in any_lrs.found(query)] == [one]
    assert any_lrs.ids(agent=agent, verb=new_iri("verbs")) == []


def test_agents_of_groups(any_lrs: Lrs) -> None:
    """2.1.3, table: actor or object; groups that have the agent as a member match."""
    agent = new_agent()
    group = {"objectType": "Group", "member": [agent]}
    ids = any_lrs.send(statement(actor=group), statement(object=agent), statement(object={**group, **_account()}))
    assert sorted(any_lrs.ids(agent=agent)) == sorted(ids)


def _account() -> dict[str, Any]:
    return {"account": {"homePage": "https://example.org", "name": new_id()}}


def test_related_agents(any_lrs: Lrs) -> None:
    """2.1.3, table: instructor, team, and all of a substatement, only with related_agents."""
    agent = new_agent()
    group = {"objectType": "Group", "member": [agent]}
    sub = {**statement(actor=agent), "objectType": "SubStatement"}
    ids = any_lrs.send(
        statement(context={"instructor": agent}), statement(context={"team": group}), statement(object=sub)
    )
    assert any_lrs.ids(agent=agent) == []
    assert sorted(any_lrs.ids(agent=agent, related_agents=True)) == sorted(ids)


def test_related_activities(any_lrs: Lrs) -> None:
    """2.1.3, table: context activities and those of a substatement, only with related_activities."""
    activity = new_iri()
    sub = {**statement(object={"id": activity}), "objectType": "SubStatement"}
    ids = any_lrs.send(
        statement(context={"contextActivities": {"grouping": [{"id": activity}]}}), statement(object=sub)
    )
    assert any_lrs.ids(activity=activity) == []
    assert sorted(any_lrs.ids(activity=activity, related_activities=True)) == sorted(ids)


def test_references(any_lrs: Lrs) -> None:
    """2.1.3, StatementRefs: what targets a match matches, recursively; time MUST apply to the one that targets."""
    agent = new_agent()
    (first,) = any_lrs.send(statement(actor=agent))
    (second,) = any_lrs.send(statement(object={"objectType": "StatementRef", "id": first}))
    (third,) = any_lrs.send(statement(object={"objectType": "StatementRef", "id": second}))
    assert any_lrs.ids(agent=agent) == [third, second, first]
    assert any_lrs.ids(agent=agent, since=any_lrs.one(first)["stored"]) == [third, second]
    assert any_lrs.ids(agent=agent, limit=2) == [third, second, first]


def test_since_and_until(any_lrs: Lrs) -> None:
    """2.1.3, table: since is exclusive, until inclusive, both look at stored."""
    activity = new_iri()
    first, second, third = any_lrs.send(*(statement(object={"id": activity}) for _ in range(3)))
    stored = any_lrs.one(second)["stored"]
    assert any_lrs.ids(activity=activity, since=stored) == [third]
    assert any_lrs.ids(activity=activity, until=stored) == [second, first]
    assert any_lrs.ids(activity=activity, since=stored, until=stored) == []


def test_order_and_pages(any_lrs: Lrs) -> None:
    """2.1.3: descending by stored unless ascending; more leads to the rest, each statement once."""
    activity = new_iri()
    ids = any_lrs.send(*(statement(object={"id": activity}) for _ in range(7)))
    query = {"activity": activity, "limit": 3}
    page = json.loads(any_lrs.get(STATEMENTS, query).data)
    assert [one["id"] for one in page["statements"]] == ids[:3:-1]
    assert page["more"].startswith("/xapi/statements?")
    assert [one["id"] for one in any_lrs.found(query)] == ids[::-1]
    assert [one["id"] for one in any_lrs.found({**query, "ascending": True})] == ids
    assert len(json.loads(any_lrs.get(STATEMENTS, {**query, "limit": 0}).data)["statements"]) == 7


def test_more_keeps_filter_and_format(any_lrs: Lrs) -> None:
    agent = {**new_agent(), "name": "Ada"}
    ids = any_lrs.send(*(statement(actor=agent) for _ in range(3)))
    group = {"objectType": "Group", "mbox": agent["mbox"], "member": [{"mbox": f"mailto:{n}@x.org"} for n in range(99)]}
    found = any_lrs.found({"agent": group, "limit": 1, "format": "ids"})
    assert [one["id"] for one in found] == ids[::-1]
    assert all("name" not in one["actor"] for one in found)
    page = json.loads(any_lrs.get(STATEMENTS, {"agent": group, "limit": 1}).data)
    assert len(page["more"]) < 400


def test_pages_are_bounded_by_bytes(any_lrs: Lrs) -> None:
    """Not of the specification: a page never fills the memory of a Raspberry Pi."""
    activity = new_iri()
    big = [statement(object={"id": activity}, result={"response": "x" * (1 << 20)}) for _ in range(6)]
    ids = [one for some in (big[:3], big[3:]) for one in any_lrs.send(*some)]
    answer = any_lrs.get(STATEMENTS, {"activity": activity})
    assert len(answer.data) < 5 << 20
    assert any_lrs.ids(activity=activity) == ids[::-1]
    assert any_lrs.ids(activity=activity, ascending=True) == ids


def test_ids(any_lrs: Lrs) -> None:
    """2.1.3, format ids: only what identifies agents, activities, verbs and groups."""
    (one,) = any_lrs.send(
        statement(
            actor={"mbox": "mailto:ada@example.org", "name": "Ada"},
            object={"id": new_iri(), "definition": {"name": {"en": "Fractions"}}},
        )
    )
    found = any_lrs.one(one, format="ids")
    assert "name" not in found["actor"]
    assert set(found["object"]) <= {"id", "objectType"}
    assert set(found["verb"]) == {"id"}


def test_exact(any_lrs: Lrs) -> None:
    """2.1.3, format exact: as received."""
    given = statement(object={"id": new_iri(), "definition": {"name": {"en": "Fractions", "fr": "Fractions"}}})
    (one,) = any_lrs.send(given)
    assert any_lrs.one(one, format="exact")["object"] == given["object"]


@pytest.mark.parametrize(
    ("accept", "name"),
    [("fr", "Moitié"), ("en-GB, fr;q=0.5", "Half"), ("fr;q=0.5, en;q=0.4", "Moitié"), ("fr-CA", "Moitié")],
)
def test_canonical(any_lrs: Lrs, accept: str, name: str) -> None:
    """2.1.3, languages: MUST return one language in each map, chosen by Accept-Language, map by map."""
    activity = new_iri()
    definition = {"name": {"en": "Half", "fr": "Moitié"}, "description": {"de": "Nur eine"}}
    any_lrs.send(statement(object={"id": activity, "definition": definition}))
    (one,) = any_lrs.send(statement(object={"id": activity}))
    answer = any_lrs.get(STATEMENTS, {"statementId": one, "format": "canonical"}, Accept_Language=accept)
    found = json.loads(answer.data)["object"]["definition"]
    assert list(found["name"].values()) == [name]
    assert found["description"] == {"de": "Nur eine"}


def test_canonical_definitions_are_bounded(any_lrs: Lrs) -> None:
    """2.1.3: a page may be shorter than asked for. A statement of a few bytes may name what others described."""
    own = new_iri()
    iris = [f"{own}/{number}" for number in range(80)]
    for iri in iris:
        any_lrs.send(statement(object={"id": iri, "definition": {"description": {"fr": "x" * 60_000}}}))
    verb = {"id": new_iri()}
    context = {"contextActivities": {"other": [{"id": iri} for iri in iris]}}
    any_lrs.send(statement(verb=verb, context=context))
    few = [any_lrs.send(statement(verb=verb, object={"id": iri}))[0] for iri in iris]
    found, sizes = list[Any](), list[int]()
    query: dict[str, str] = {"verb": verb["id"], "format": "canonical"}
    while query:
        answer = any_lrs.get(STATEMENTS, query)
        sizes.append(len(answer.data))
        page = json.loads(answer.data)
        found += page["statements"]
        query = dict(parse_qsl(urlsplit(page["more"]).query))
    assert len(sizes) > 2
    assert max(sizes) < 5 << 20
    assert [item["id"] for item in found[:80]] == few[::-1]
    assert all("definition" in item["object"] for item in found[:80])
    kept = [item for item in found[80]["context"]["contextActivities"]["other"] if "definition" in item]
    assert 60 < len(kept) < 80


def read(answer: Any) -> list[parts_of.Part]:
    return parts_of.parse(answer.data, answer.headers["Content-Type"])


def test_attachments_come_along(any_lrs: Lrs) -> None:
    """2.1.3: with attachments=true MUST use the multipart format and include all; 1.5.2: its headers, each once."""
    activity, data, more = new_iri(), new_id().encode(), b"\r\n--edge\r\n\0"
    pair = [attachment(data), attachment(more, contentType="application/octet-stream")]
    body, kind = multipart(
        [
            statement(object={"id": activity}, attachments=pair),
            statement(object={"id": activity}, attachments=pair[:1]),
        ],
        part(data),
        part(more.replace(b"--edge", b"--edgy"), **{"Content-Type": "application/octet-stream"}),
    )
    more = more.replace(b"--edge", b"--edgy")
    fixed = body.replace(pair[1]["sha2"].encode(), hashlib.sha256(more).hexdigest().encode())
    sent = any_lrs.ask("POST", STATEMENTS, data=fixed, headers={"Content-Type": kind})
    assert sent.status_code == 200, sent.text
    answer = any_lrs.get(STATEMENTS, {"activity": activity, "attachments": "true"})
    first, *others = read(answer)
    assert [one["id"] for one in json.loads(first.body)["statements"]] == json.loads(sent.data)[::-1]
    assert sorted(one.body for one in others) == sorted([data, more])
    for one in others:
        assert one.headers["x-experience-api-hash"] == hashlib.sha256(one.body).hexdigest()
        assert one.headers["content-transfer-encoding"] == "binary"
    single = any_lrs.get(STATEMENTS, {"statementId": json.loads(sent.data)[0], "attachments": "true"})
    assert len(read(single)) == 3


def test_attachments_stay_away(any_lrs: Lrs) -> None:
    """2.1.3: with attachments=false MUST NOT include raw data and MUST report application/json."""
    data, activity = new_id().encode(), new_iri()
    body, kind = multipart(statement(object={"id": activity}, attachments=[attachment(data)]), part(data))
    any_lrs.ask("POST", STATEMENTS, data=body, headers={"Content-Type": kind})
    for query in ({}, {"attachments": "false"}):
        answer = any_lrs.get(STATEMENTS, {"activity": activity, **query})
        assert answer.content_type == "application/json"
        assert data not in answer.data


def test_no_attachments_at_all(any_lrs: Lrs) -> None:
    answer = any_lrs.get(STATEMENTS, {"activity": new_iri(), "attachments": "true"})
    assert json.loads(read(answer)[0].body) == {"statements": [], "more": ""}


def test_pages_count_attachments(any_lrs: Lrs) -> None:
    activity = new_iri()
    for number in range(4):
        data = bytes([number]) * (2 << 20)
        body, kind = multipart(statement(object={"id": activity}, attachments=[attachment(data)]), part(data))
        assert any_lrs.ask("POST", STATEMENTS, data=body, headers={"Content-Type": kind}).status_code == 200
    answer = any_lrs.get(STATEMENTS, {"activity": activity, "attachments": "true"})
    assert len(answer.data) < 5 << 20
    page = json.loads(read(answer)[0].body)
    assert len(page["statements"]) == 1
    assert "attachments=true" in page["more"]
    assert len(any_lrs.ids(activity=activity)) == 4


def test_long_answers_are_compressed_for_who_wants_it(any_lrs: Lrs) -> None:
    """3.1: a compressed answer MUST NOT have the plain SHA-1 for an ETag."""
    activity = new_iri()
    any_lrs.send(*(statement(object={"id": activity}) for _ in range(30)))
    plain = any_lrs.get(STATEMENTS, {"activity": activity})
    packed = any_lrs.get(STATEMENTS, {"activity": activity}, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 4
    assert packed.headers["ETag"] != plain.headers["ETag"]
    small = any_lrs.get(STATEMENTS, {"activity": new_iri()}, Accept_Encoding="gzip")
    assert "Content-Encoding" not in small.headers
