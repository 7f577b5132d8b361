# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Requests: HEAD (1.1), alternate syntax (1.3), encoding (1.4). Numbers are sections of 1.0.3, part three."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client, TestResponse

from tests.hub.xapi.rig import (
    AGENT_PROFILE,
    CONSISTENT,
    DOCUMENTS,
    NOBODYS,
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
)  # fmt: skip

FORM = "application/x-www-form-urlencoded"


def test_head_is_a_get_without_its_body(any_lrs: Lrs) -> None:
    """1.1: MUST respond to HEAD as to an identical GET, the body omitted."""
    (one,) = any_lrs.send(statement())
    state = place(STATE)
    any_lrs.put(STATE, state, {"a": 1})
    asked: list[tuple[str, dict[str, Any]]] = [
        (STATEMENTS, {"statementId": one}), (STATEMENTS, {"limit": 1}), (STATEMENTS, {"statementId": new_id()}),
        (STATE, state), (STATE, place(STATE)), ("activities", {"activityId": new_iri()}),
        ("agents", {"agent": new_agent()}), ("about", {}), (STATEMENTS, {"foo": "bar"}),
    ]  # fmt: skip
    for resource, query in asked:
        get, head = any_lrs.get(resource, query), any_lrs.ask("HEAD", resource, query)
        assert head.data == b""
        assert head.status_code == get.status_code
        told, same = dict(get.headers), dict(head.headers)
        for headers in (told, same):
            headers.pop(CONSISTENT, None)
        assert told == same


def alternate(
    lrs: Lrs, method: str, resource: str, form: dict[str, Any], query: str = "", **headers: str
) -> TestResponse:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in form.items()}
    told = {"X-Cartable-Origin": "hub", "Content-Type": FORM, **{k.replace("_", "-"): v for k, v in headers.items()}}
    path = f"/xapi/{resource}?method={method}{query}"
    return Client(lrs.app).open(path, method="POST", data=urlencode(texts).encode(), headers=told)


def known(lrs: Lrs, **more: Any) -> dict[str, Any]:
    return {"Authorization": lrs.authorization, "X-Experience-API-Version": V1, **more}


def test_the_alternate_syntax_carries_every_method(lrs: Lrs) -> None:
    """1.3: the LRS MUST support the syntax: method in the query, headers, parameters and content in the form."""
    query, one = place(AGENT_PROFILE), new_id()
    put = known(lrs, content=statement(id=one), statementId=one, **{"Content-Type": "application/json"})
    assert alternate(lrs, "PUT", STATEMENTS, put).status_code == 204
    assert json.loads(alternate(lrs, "GET", STATEMENTS, known(lrs, statementId=one)).data)["id"] == one
    posted = alternate(lrs, "POST", STATEMENTS, known(lrs, content=[statement()]))
    assert len(json.loads(posted.data)) == 1
    assert alternate(lrs, "POST", AGENT_PROFILE, known(lrs, content={"a": 1}, **query)).status_code == 204
    assert alternate(lrs, "DELETE", AGENT_PROFILE, known(lrs, **query)).status_code == 204
    assert lrs.get(AGENT_PROFILE, query).status_code == 404


def test_too_many_parameters_are_called_so(lrs: Lrs) -> None:
    many = {f"p{number}": "x" for number in range(51)}
    refused = lrs.get(STATEMENTS, many)
    assert (refused.status_code, "50" in refused.text) == (400, True)
    form = alternate(lrs, "GET", STATEMENTS, many)
    assert (form.status_code, "50" in form.text) == (400, True)


def test_alternate_head_has_no_body(lrs: Lrs) -> None:
    answer = alternate(lrs, "HEAD", STATEMENTS, known(lrs, limit="1"))
    assert (answer.status_code, answer.data) == (200, b"")


def test_form_headers_count_as_headers(lrs: Lrs) -> None:
    """1.3: MUST treat Authorization, X-Experience-API-Version, Content-Type, If-Match, If-None-Match as headers."""
    query = place(AGENT_PROFILE)
    form = known(lrs, content={"a": 1}, **query)
    assert alternate(lrs, "PUT", AGENT_PROFILE, form | {"If-Match": '"x"'}).status_code == 412
    assert alternate(lrs, "PUT", AGENT_PROFILE, form | {"If-None-Match": "*"}).status_code == 204
    assert alternate(lrs, "PUT", AGENT_PROFILE, form | {"If-None-Match": "*"}).status_code == 412
    state = place(STATE)
    text = known(lrs, content="plain", **state, **{"Content-Type": "text/plain"})
    assert alternate(lrs, "PUT", STATE, text).status_code == 204
    stored = lrs.get(STATE, state)
    assert (stored.data, stored.content_type) == (b"plain", "text/plain")
    assert alternate(lrs, "GET", STATEMENTS, known(lrs) | {"X-Experience-API-Version": "0.8"}).status_code == 400
    assert alternate(lrs, "GET", STATEMENTS, known(lrs) | {"Authorization": "Basic eDp5"}).status_code == 401


def test_other_headers_stay_headers(lrs: Lrs) -> None:
    """1.3: other form parameters are query parameters, so a header that is none of those is unknown there."""
    assert alternate(lrs, "GET", STATEMENTS, known(lrs, **{"Accept-Language": "fr"})).status_code == 400


def test_content_is_utf8(lrs: Lrs) -> None:
    """1.3: MUST interpret the content as a UTF-8 string. 1.4: all strings MUST be UTF-8."""
    query, text = place(STATE), {"mot": "élève ✓ 🦊"}
    assert alternate(lrs, "PUT", STATE, known(lrs, content=text, **query)).status_code == 204
    assert json.loads(lrs.get(STATE, query).data) == text
    bad = Client(lrs.app).post(
        "/xapi/statements?method=GET", data=b"verb=%ff", headers={"Content-Type": FORM, "X-Cartable-Origin": "hub"}
    )
    assert bad.status_code == 400


@pytest.mark.parametrize(
    ("method", "form", "query"),
    [
        ("PUT", {"content": {}, "statementId": new_id()}, f"&statementId={NOBODYS}"),
        ("PUT", {"statementId": new_id()}, ""),
        ("POST", {}, ""),
        ("GET", {"content": "x"}, ""),
        ("PATCH", {}, ""),
        ("get", {}, ""),
        ("", {}, ""),
        ("GET", {}, "&method=PUT"),
        ("GET", {"foo": "bar"}, ""),
    ],
)
def test_the_alternate_syntax_is_strict(lrs: Lrs, method: str, form: dict[str, Any], query: str) -> None:
    """1.3: MUST NOT include other query parameters; content goes with PUT and POST."""
    assert alternate(lrs, method, STATEMENTS, known(lrs, **form), query).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_the_alternate_syntax_is_a_post(lrs: Lrs, method: str) -> None:
    """1.3: all requests MUST be POST."""
    assert lrs.ask(method, STATEMENTS, {"method": "POST"}).status_code in (400, 405)


def test_the_alternate_syntax_takes_a_form_only(lrs: Lrs) -> None:
    assert alternate(lrs, "GET", STATEMENTS, known(lrs), Content_Type="application/json").status_code == 400


def test_a_form_without_the_parameter_method_is_no_request(lrs: Lrs) -> None:
    """3.2: a form is expected to come with the parameter method: 400."""
    body = urlencode({"content": json.dumps(statement())}).encode()
    assert lrs.ask("POST", STATEMENTS, data=body, headers={"Content-Type": FORM}).status_code == 400


def test_the_alternate_syntax_ended_with_2_0(lrs: Lrs) -> None:
    form = known(lrs) | {"X-Experience-API-Version": V2}
    assert alternate(lrs, "GET", STATEMENTS, form).status_code == 400
    assert alternate(lrs, "GET", STATEMENTS, {}, Authorization=str(lrs.authorization),
                     X_Experience_API_Version=V2).status_code == 400  # fmt: skip


@pytest.mark.parametrize("resource", DOCUMENTS)
def test_documents_take_any_bytes(any_lrs: Lrs, resource: str) -> None:
    """1.5, 2.2: documents can have any content type; the bytes come back as they went."""
    query, data = place(resource), bytes(range(256)) * 40
    told = {"Content-Type": "image/png; strange=yes", "If-None-Match": "*"}
    assert any_lrs.ask("PUT", resource, query, data=data, headers=told).status_code == 204
    answer = any_lrs.get(resource, query)
    assert (answer.data, answer.headers["Content-Type"]) == (data, "image/png; strange=yes")


def test_a_statement_that_is_not_utf8(any_lrs: Lrs) -> None:
    """1.4."""
    data = json.dumps(statement(result={"response": "é"}), ensure_ascii=False).encode("latin-1")
    answer = any_lrs.ask("POST", STATEMENTS, data=data, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_text_comes_back_as_utf8(any_lrs: Lrs) -> None:
    """1.4."""
    (one,) = any_lrs.send(statement(result={"response": "élève 🦊"}))
    assert any_lrs.one(one)["result"]["response"] == "élève 🦊"
    raw = json.dumps(statement(result={"response": "élève 🦊"}), ensure_ascii=False).encode()
    two = json.loads(any_lrs.ask("POST", STATEMENTS, data=raw, headers={"Content-Type": "application/json"}).data)[0]
    assert "élève 🦊".encode() in any_lrs.get(STATEMENTS, {"statementId": two}).data
