# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Storing statements: content types (1.5), PUT (2.1.1), POST (2.1.2), what the LRS sets (part two, 2.4)."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import threading
import time
from typing import Any

import pytest

from tests.hub.xapi.rig import (
    CONSISTENT,
    JSON,
    STATEMENTS,
    V2,
    Lrs,
    attachment,
    multipart,
    new_id,
    new_iri,
    part,
    statement,
)  # fmt: skip

FILE = b"here is a simple attachment"
VOIDED = {"id": "http://adlnet.gov/expapi/verbs/voided"}


def voiding(one: str, **members: Any) -> dict[str, Any]:
    return statement(verb=VOIDED, object={"objectType": "StatementRef", "id": one}, **members)


def mixed(lrs: Lrs, first: object, *parts: tuple[dict[str, str], bytes], query: dict[str, str] | None = None) -> int:
    body, kind = multipart(first, *parts)
    method = "PUT" if query else "POST"
    return lrs.ask(method, STATEMENTS, query or {}, data=body, headers={"Content-Type": kind}).status_code


def test_put(any_lrs: Lrs) -> None:
    """2.1.1: stores a single statement with the given id; 204 No Content."""
    one = new_id()
    answer = any_lrs.put(STATEMENTS, {"statementId": one}, statement())
    assert (answer.status_code, answer.data) == (204, b"")
    assert any_lrs.one(one)["id"] == one


def test_put_of_an_id_that_differs(any_lrs: Lrs) -> None:
    """2.1.1: where provided, the id MUST match the parameter."""
    one = new_id()
    assert any_lrs.put(STATEMENTS, {"statementId": one}, statement(id=one.upper())).status_code == 204
    assert any_lrs.put(STATEMENTS, {"statementId": new_id()}, statement(id=new_id())).status_code == 400


@pytest.mark.parametrize("query", [{}, {"statementId": "one"}, {"statementId": ""}, {"StatementId": new_id()},
                                   {"statementId": new_id(), "limit": "1"}])  # fmt: skip
def test_put_needs_its_one_parameter(any_lrs: Lrs, query: dict[str, str]) -> None:
    """2.1.1, table; 3.2."""
    assert any_lrs.put(STATEMENTS, query, statement()).status_code == 400


def test_put_takes_one(any_lrs: Lrs) -> None:
    assert any_lrs.put(STATEMENTS, {"statementId": new_id()}, [statement()]).status_code == 400


def test_post(any_lrs: Lrs) -> None:
    """2.1.2: a statement or a set of them; 200 and the ids in the same order."""
    ids = [new_id(), new_id(), new_id()]
    given = [statement(id=one) for one in ids]
    given[1].pop("id")
    answer = any_lrs.post(STATEMENTS, given)
    stored = json.loads(answer.data)
    assert (answer.status_code, stored[0], stored[2]) == (200, ids[0], ids[2])
    assert any_lrs.one(stored[1])["object"] == given[1]["object"]
    (single,) = json.loads(any_lrs.post(STATEMENTS, statement()).data)
    assert any_lrs.one(single)


def test_post_of_nothing(any_lrs: Lrs) -> None:
    answer = any_lrs.post(STATEMENTS, [])
    assert (answer.status_code, json.loads(answer.data)) == (200, [])


def test_an_id_that_is_known_changes_nothing(any_lrs: Lrs) -> None:
    """2.1.1, 2.1.2: MUST NOT modify; SHOULD verify that they match and return 409 if not."""
    one = statement(id=new_id())
    other = {**one, "verb": {"id": "https://example.org/verbs/undid"}}
    any_lrs.send(one)
    kept = any_lrs.one(one["id"])
    assert any_lrs.post(STATEMENTS, one).status_code == 200
    assert any_lrs.put(STATEMENTS, {"statementId": one["id"]}, one).status_code == 204
    assert any_lrs.post(STATEMENTS, other).status_code == 409
    assert any_lrs.put(STATEMENTS, {"statementId": one["id"]}, other).status_code == 409
    assert any_lrs.one(one["id"]) == kept


def test_a_conflict_refuses_the_whole_batch(any_lrs: Lrs) -> None:
    """3.2: MUST reject a batch if any statement within it is rejected."""
    known, fresh = statement(id=new_id()), statement(id=new_id())
    any_lrs.send(known)
    assert any_lrs.post(STATEMENTS, [fresh, {**known, "object": {"id": new_iri()}}]).status_code == 409
    assert any_lrs.get(STATEMENTS, {"statementId": fresh["id"]}).status_code == 404


def test_a_bad_statement_refuses_the_whole_batch(any_lrs: Lrs) -> None:
    """3.2."""
    fresh = statement(id=new_id())
    answer = any_lrs.post(STATEMENTS, [fresh, statement(verb={"id": "should fail"})], Accept_Language="en")
    assert answer.status_code == 400
    assert "verb.id" in json.loads(answer.data)["error"]
    assert any_lrs.get(STATEMENTS, {"statementId": fresh["id"]}).status_code == 404


def test_the_same_id_twice_in_a_batch(any_lrs: Lrs) -> None:
    """2.1.2: SHOULD reject the batch with 400."""
    one = statement(id=new_id())
    assert any_lrs.post(STATEMENTS, [one, one]).status_code == 400
    assert any_lrs.get(STATEMENTS, {"statementId": one["id"]}).status_code == 404


def test_posting_and_listing_are_told_apart(lrs: Lrs) -> None:
    """2.1.2: MUST differentiate a POST that adds from one that lists, by its parameters."""
    assert lrs.ask("POST", STATEMENTS, {"statementId": new_id()}, body=statement()).status_code == 400
    assert lrs.ask("POST", STATEMENTS, {"limit": "1"}, body=statement()).status_code == 400


def test_what_the_store_sets(any_lrs: Lrs) -> None:
    """Part two, 2.4: id, timestamp, stored, version and authority are there, whatever was sent of stored."""
    (one,) = any_lrs.send(statement(stored="2001-01-01T00:00:00Z"))
    kept = any_lrs.one(one)
    assert kept["version"] == ("2.0.0" if any_lrs.version == V2 else "1.0.0")
    assert kept["stored"] > "2001-01-02"
    assert kept["timestamp"][:10] == kept["stored"][:10]
    assert kept["authority"]["account"]["homePage"].startswith("https://cartable.invalid/boxes/")


def test_the_senders_text_is_kept(any_lrs: Lrs) -> None:
    """Part two, 2.3.1: numbers, escapes and order stay as they were sent."""
    text = (
        json.dumps(statement(result={"score": {"raw": 1}}))
        .replace('"raw": 1', '"raw": 1.50E+1')
        .replace("did", "d\\u0069d")
    )
    (one,) = json.loads(any_lrs.ask("POST", STATEMENTS, data=text.encode(), headers={"Content-Type": JSON}).data)
    assert any_lrs.get(STATEMENTS, {"statementId": one}).data.startswith(text[:-1].encode())


@pytest.mark.parametrize("members", [{}, {"fileUrl": "https://example.org/file.txt"}])
def test_json_takes_attachments_that_are_elsewhere(any_lrs: Lrs, members: dict[str, str]) -> None:
    """1.5.1: MUST accept no attachments, or only ones with a fileUrl. 1.5.2: MUST have a fileUrl for every one."""
    assert any_lrs.post(STATEMENTS, statement()).status_code == 200
    sent = any_lrs.post(STATEMENTS, [statement(attachments=[attachment(FILE, **members)])])
    assert sent.status_code == (200 if members else 400)


def test_attachments(any_lrs: Lrs) -> None:
    """1.5.2: MUST accept batches with attachments in this format; SHOULD accept them without any."""
    data = new_id().encode()
    one = statement(id=new_id(), attachments=[attachment(data)])
    assert mixed(any_lrs, one, part(data), query={"statementId": one["id"]}) == 204
    assert mixed(any_lrs, [statement(), statement(attachments=[attachment(data)])], part(data)) == 200
    assert mixed(any_lrs, [statement()]) == 200
    assert mixed(any_lrs, statement(attachments=[attachment(data, fileUrl="https://example.org/f")])) == 200


def test_an_attachment_of_a_substatement(any_lrs: Lrs) -> None:
    data = new_id().encode()
    sub = {**statement(attachments=[attachment(data)]), "objectType": "SubStatement"}
    assert mixed(any_lrs, statement(object=sub)) == 400
    assert mixed(any_lrs, statement(object=sub), part(data)) == 200


def test_an_attachment_that_did_not_come(any_lrs: Lrs) -> None:
    """1.5.2: MUST reject attachments that neither have a fileUrl nor match a part by their hash."""
    one = statement(attachments=[attachment(FILE), attachment(b"two")])
    assert mixed(any_lrs, one, part(FILE)) == 400
    assert mixed(any_lrs, one, part(FILE), part(b"three")) == 400


def test_a_part_too_many(any_lrs: Lrs) -> None:
    """1.5.2: each additional part is an attachment's."""
    assert mixed(any_lrs, statement(attachments=[attachment(FILE)]), part(FILE), part(b"two")) == 400
    assert mixed(any_lrs, statement(), part(FILE)) == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Experience-API-Hash": hashlib.sha256(b"other").hexdigest()},
        {"X-Experience-API-Hash": ""},
        {"Content-Transfer-Encoding": "base64"},
        {"Content-Type": "image/png"},
        {"Content-Length": "3"},
    ],
)
def test_a_part_that_says_otherwise(any_lrs: Lrs, headers: dict[str, str]) -> None:
    """1.5.2: MUST have the hash, MUST be binary; parameters and properties MUST match."""
    assert mixed(any_lrs, statement(attachments=[attachment(FILE)]), part(FILE, **headers)) == 400


def test_the_hash_is_all_that_links(any_lrs: Lrs) -> None:
    """1.5.2: MUST match by the SHA-2, in no other way: order and names say nothing, SHA-512 is as good."""
    sha512 = hashlib.sha512(b"two").hexdigest()
    one = statement(attachments=[attachment(FILE), attachment(b"two", sha2=sha512)])
    assert mixed(any_lrs, one, part(b"two", **{"X-Experience-API-Hash": sha512}), part(FILE)) == 200


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=edge", "multipart/mixed", "text/plain", "",
                                  "image/png", "application/x-www-form-urlencoded",
                                  "multipart/mixed; boundary=other"])  # fmt: skip
def test_other_content_types(any_lrs: Lrs, kind: str) -> None:
    """1.5, 3.2: statements are application/json or multipart/mixed."""
    body, _ = multipart(statement())
    for data in (body, json.dumps(statement()).encode()):
        assert any_lrs.ask("POST", STATEMENTS, data=data, headers={"Content-Type": kind}).status_code == 400


def test_the_first_part_is_json(any_lrs: Lrs) -> None:
    """1.5.2: the first part MUST contain the statements, with type application/json."""
    body, kind = multipart(statement())
    data = body.replace(b"application/json", b"text/plain")
    assert any_lrs.ask("POST", STATEMENTS, data=data, headers={"Content-Type": kind}).status_code == 400


def test_voiding(any_lrs: Lrs) -> None:
    """2.1.4: MUST NOT return a voided statement but by voidedStatementId; MUST still return the voiding one."""
    activity = new_iri()
    (one,) = any_lrs.send(statement(object={"id": activity}))
    (void,) = any_lrs.send(voiding(one))
    assert any_lrs.get(STATEMENTS, {"statementId": one}).status_code == 404
    answer = any_lrs.get(STATEMENTS, {"voidedStatementId": one})
    assert (answer.status_code, json.loads(answer.data)["id"]) == (200, one)
    assert any_lrs.ids(activity=activity) == [void]
    assert any_lrs.one(void)["id"] == void
    assert any_lrs.get(STATEMENTS, {"voidedStatementId": void}).status_code == 404


def test_many_writers(any_lrs: Lrs) -> None:
    """Every id that was answered is there, each once."""
    activity, told = new_iri(), []

    def write() -> None:
        for _ in range(5):
            told.extend(any_lrs.send(*(statement(object={"id": activity}) for _ in range(3))))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(any_lrs.ids(activity=activity)) == sorted(told)
    assert len(set(told)) == 6 * 5 * 3


@pytest.mark.parametrize("packed", [True, False])
def test_large_contents_leave_a_thread_for_pages(lrs: Lrs, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    """Two at work and one that waits, of four threads; a compressed one counts for what it may become."""
    inside, go_on, keep = threading.Semaphore(0), threading.Event(), lrs.hub.records.append

    def slowly(*given: Any, **more: Any) -> list[str]:
        inside.release()
        assert go_on.wait(30)
        return keep(*given, **more)

    monkeypatch.setattr(lrs.hub.records, "append", slowly)
    monkeypatch.setattr("appliance.hub.xapi.app.PATIENCE_S", 30.0)
    text = json.dumps(statement(result={"response": secrets.token_hex(3000 if packed else 1 << 20)})).encode()
    body = gzip.compress(text) if packed else text
    told = {"Content-Type": "application/json", "Content-Encoding": "gzip" if packed else "identity"}
    taken: list[int] = []

    def send() -> None:
        taken.append(lrs.ask("POST", STATEMENTS, data=body, headers=told).status_code)

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert inside.acquire(timeout=30)
    assert inside.acquire(timeout=30)
    while len(taken) < 2:
        time.sleep(0.01)
    assert taken == [503, 503]
    assert lrs.get(STATEMENTS, {"limit": 1}).status_code == 200
    assert not inside.acquire(blocking=False)
    go_on.set()
    for thread in threads:
        thread.join()
    assert taken[2:] == [200, 200, 200]


@pytest.mark.parametrize("status", [200, 400, 404, 409])
def test_consistent_through(any_lrs: Lrs, status: int) -> None:
    """2.1.3: MUST include X-Experience-API-Consistent-Through on all answers of this resource."""
    one = statement(id=new_id())
    any_lrs.send(one)
    query: dict[str, str] = {400: {"foo": "bar"}, 404: {"statementId": new_id()}}.get(status, {})
    answer = (
        any_lrs.post(STATEMENTS, {**one, "object": {"id": new_iri()}})
        if status == 409
        else any_lrs.get(STATEMENTS, query)
    )
    assert answer.status_code == status
    assert answer.headers[CONSISTENT] >= any_lrs.one(one["id"])["stored"]
    assert "T" in answer.headers[CONSISTENT]


def test_local_senders_keep_their_authority(lrs: Lrs) -> None:
    """Part two, 2.4.9: an authority is believed of a sender with a strong trust relationship only."""
    mine = {"objectType": "Agent", "mbox": "mailto:me@example.org"}
    local = lrs.as_(None, origin="local")
    (kept,), (own,) = local.send(statement(authority=mine)), local.send(statement())
    (replaced,) = lrs.send(statement(authority=mine))
    assert lrs.one(kept)["authority"] == mine
    assert lrs.one(own)["authority"]["account"]["name"] == "hub"
    assert lrs.one(replaced)["authority"] not in (mine, lrs.one(own)["authority"])


@pytest.mark.parametrize("ages", ["3600,0", "3600", "3600,-1", "3600,nan", "3600,", "a,b"])
def test_ages_are_told_by_the_box_only(lrs: Lrs, ages: str) -> None:
    """Not of the specification: a service of the box says how long ago an event was that has no time."""
    local, given = lrs.as_(None, origin="local"), [statement(), statement()]
    answer = local.post(STATEMENTS, given, None, X_Cartable_Ages=ages)
    assert answer.status_code == (200 if ages == "3600,0" else 400)
    if answer.status_code == 200:
        old, new = (lrs.one(one)["timestamp"] for one in json.loads(answer.data))
        assert old < new
    (one,) = json.loads(lrs.post(STATEMENTS, statement(), None, X_Cartable_Ages=ages).data)
    assert lrs.one(one)["timestamp"][:13] == lrs.one(one)["stored"][:13]
