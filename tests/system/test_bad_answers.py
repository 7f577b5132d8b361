# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is sent to ``/api/answers`` by somebody who is not our page: a clear refusal each, never a 500, nothing kept."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import Any

import pytest

from tests.rigs.box import Box
from tests.rigs.http_tablet import Tablet, post

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def tablet(box: Box) -> Tablet:
    pupil = box.rows("SELECT id FROM pupil ORDER BY position DESC LIMIT 1")[0]["id"]
    tablet = Tablet(box, pupil)
    tablet.come_in(box.rows("SELECT id FROM activity ORDER BY rowid LIMIT 1")[0]["id"])
    return tablet


def good(tablet: Tablet, **changes: Any) -> dict[str, Any]:
    asked = tablet.questions[0]
    item = {
        "id": str(uuid.uuid4()),
        "token": tablet.token,
        "question": asked.id,
        "choice": asked.choices[0],
        "age_ms": 5,
    }
    return {**item, **changes}


def count(box: Box) -> int:
    return int(box.rows("SELECT count(*) AS n FROM statement")[0]["n"])


BODIES = {
    "garbage": b"\xff\xfe{not json",
    "nothing": b"",
    "not a list": b"{}",
    "null": b"null",
    "list of numbers": b"[1, 2]",
    "too many": json.dumps([{}] * 201).encode(),
    "deep": b"[" * 100_000,
    "deep and whole": b"[" * 50_000 + b"]" * 50_000,
    "half": b'[{"id": "',
    "a huge number": b'[{"age_ms": ' + b"9" * 5000 + b"}]",
    "nan": b"NaN",
    "utf-16 cut short": "[]".encode("utf-16")[:-1],
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_list_of_answers(box: Box, name: str) -> None:
    before = count(box)
    status, told = post(box, BODIES[name])
    assert status == 400, told
    assert told["error"]
    assert count(box) == before


def test_a_body_of_two_megabytes(box: Box) -> None:
    status, _ = post(box, b"[" + b" " * 2 * 2**20 + b"]")
    assert status == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "\xe9"])
def test_a_wrong_content_type(box: Box, tablet: Tablet, kind: str) -> None:
    before = count(box)
    status, told = post(box, json.dumps([good(tablet)]).encode(), kind)
    assert 400 <= status < 500, told
    assert count(box) == before


BAD: dict[str, dict[str, Any]] = {
    "id missing": {"id": None},
    "id no UUID": {"id": "../../etc/passwd"},
    "id in capitals": {"id": "ABCDEF00-0000-4000-8000-000000000000"},
    "id a number": {"id": 7},
    "id a list": {"id": ["x"]},
    "id half a surrogate": {"id": "\ud800"},
    "token forged": {"token": "WyJhIiwiYiIsImMiXQ.AAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    "token missing": {"token": None},
    "token a dict": {"token": {}},
    "token with NUL": {"token": "a\0b"},
    "token half a surrogate": {"token": "\ud800"},
    "question unknown": {"question": "nope"},
    "question a list": {"question": []},
    "question half a surrogate": {"question": "\ud800"},
    "choice unknown": {"choice": "nope"},
    "choice empty": {"choice": ""},
    "choice a dict": {"choice": {"a": 1}},
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_can_never_be_taken_is_refused_by_name(box: Box, tablet: Tablet, name: str) -> None:
    """And a good one beside it is taken all the same."""
    before, fine, wrong = count(box), good(tablet), good(tablet, **BAD[name])
    status, told = tablet.send([wrong, fine])
    assert status == 200, told
    assert told["accepted"] == [fine["id"]]
    assert len(told["refused"]) == 1
    assert len(told["refused"][0]["reason"]) > 10
    assert count(box) == before + 1


@pytest.mark.parametrize(
    "age", [-1, 1e308, float("nan"), float("inf"), 10**400, "soon", None, [], True, 0.5], ids=lambda age: repr(age)[:9]
)
def test_a_strange_age_costs_no_answer(box: Box, tablet: Tablet, age: object) -> None:
    item = good(tablet, age_ms=age)
    status, told = tablet.send([item])
    assert (status, told["accepted"]) == (200, [item["id"]])
    assert box.rows("SELECT stored FROM statement WHERE id = ?", item["id"])


@pytest.mark.parametrize("changed", ["token", "question", "choice"])
def test_the_same_identifier_for_something_else(box: Box, tablet: Tablet, changed: str) -> None:
    first = good(tablet)
    assert tablet.send([first])[0] == 200
    asked, other = tablet.questions[1], {"choice": tablet.questions[0].choices[1]}
    if changed == "question":
        other = {"question": asked.id, "choice": asked.choices[0]}
    elif changed == "token":
        neighbour = Tablet(box, box.rows("SELECT id FROM pupil ORDER BY position DESC LIMIT 2")[1]["id"])
        neighbour.come_in(box.rows("SELECT id FROM activity ORDER BY rowid LIMIT 1")[0]["id"])
        other = {"token": neighbour.token}
    before = count(box)
    status, told = tablet.send([{**first, **other}])
    assert (status, told["accepted"]) == (200, [])
    assert told["refused"][0]["id"] == first["id"]
    assert count(box) == before
    assert tablet.send([first])[1]["accepted"] == [first["id"]]


def test_a_token_of_another_exercise(box: Box, tablet: Tablet) -> None:
    """It is signed, but for other questions: the answer fits none of them."""
    activities = [row["id"] for row in box.rows("SELECT id FROM activity ORDER BY rowid")]
    if len(activities) < 2:
        pytest.fail("the demonstration needs two activities")
    other = Tablet(box, tablet.pupil)
    other.come_in(activities[1])
    status, told = tablet.send([good(tablet, token=other.token)])
    assert (status, told["accepted"], len(told["refused"])) == (200, [], 1)


def test_another_page_cannot_answer(box: Box, tablet: Tablet) -> None:
    answer = _with_origin(box, json.dumps([good(tablet)]).encode(), box.content)
    assert answer == 403


def _with_origin(box: Box, data: bytes, origin: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=10)
    try:
        connection.request("POST", "/api/answers", data, {"Content-Type": "application/json", "Origin": origin})
        return connection.getresponse().status
    finally:
        connection.close()
