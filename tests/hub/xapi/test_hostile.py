# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whatever is sent, a 4xx says why: never a 500, never a page, never a cookie."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from tests.hub.xapi.rig import JSON, STATE, STATEMENTS, V1, Lrs, new_id, place, statement

GOOD = json.dumps(statement()).encode()
PATHS = ("statements", "activities", "activities/state", "activities/profile", "agents", "agents/profile", "about")
NAMES = ("statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "since", "until", "limit",
         "format", "attachments", "ascending", "cursor", "activityId", "stateId", "profileId", "method", "content",
         "related_agents", "")  # fmt: skip
TEXTS = (
    "", "%ff", "%00", "%", "%zz", "%ED%A0%80", "1", "-1", "true", "null", "[]", "%7B%7D", "%5B" * 3000, "x:y",
    "9" * 5000,
    "%7B%22mbox%22:1e999%7D", "%7B%22mbox%22:%22mailto:a%5Cud800@b.c%22%7D", "0001-01-01T00:00:00%2B23:59",
    "9999-12-31T23:59:59-23:59", "%7B%22account%22:%7B%22homePage%22:%22x:y%22,%22name%22:%22%5Cu0000%22%7D%7D",
    "urn:" + "a" * 5000, "W10", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", new_id(),
    "%7B%22mbox%22:%22mailto:a@b.c%22%7D", "2026-11-22T08:00:00Z", "GET", "PUT",
)  # fmt: skip
BODIES = (
    b"", b"{", b"null", b'"x"', b"1e999", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b'{"a":1,"a":2}', b"\x00",
    b"\xef\xbb\xbf" + GOOD, GOOD[:-1], GOOD + GOOD, b"[" + GOOD + b",]", GOOD.replace(b"did", b"\\ud800"),
    GOOD.replace(b"did", b"\xed\xa0\x80"), b"--edge--", b"--edge\r\n\r\n--edge--", b"--edge\r\n" * 5000, b"9" * 5000,
    b"--edge\r\nContent-Type: application/json\r\n\r\n" + GOOD + b"\r\n", b"content=%ff&a=%", b"&" * 5000,
    b'{"actor":' + b"9" * 400 + b"}", b"NaN", b"-Infinity", b'{"id":' + b'"x"' * 9 + b"}", GOOD,
)  # fmt: skip
TYPES = (JSON, "multipart/mixed; boundary=edge", "multipart/mixed", 'multipart/mixed; boundary="', "", "é", "a" * 5000,
         "application/x-www-form-urlencoded", "multipart/mixed; boundary=" + "=" * 71)  # fmt: skip
HEADERS: tuple[tuple[str, str], ...] = (
    ("If-Match", "é"), ("If-Match", '"' * 4000), ("If-None-Match", "*"), ("If-None-Match", ","), ("Accept", ";;q=x"),
    ("Accept", "é/*;q=2"), ("Accept-Language", "fr-" * 900), ("Accept-Language", "*;q=nan, ;q="), ("Range", "bytes=0-"),
    ("Content-Encoding", "gzip"), ("Content-Encoding", "é"), ("X-Cartable-Ages", "nan"), ("Accept-Encoding", "é;q=-1"),
    ("Authorization", "é"), ("Authorization", "Basic " + "A" * 5000), ("X-Experience-API-Version", "é"),
    ("X-Experience-API-Version", "1.0." + "9" * 5000), ("X-Experience-API-Version", "2.0.0"), ("Cookie", "session=é"),
    ("X-Forwarded-For", "é"), ("Transfer-Encoding", "chunked"),
)  # fmt: skip


def open_raw(lrs: Lrs, method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> TestResponse:
    told = {
        "X-Cartable-Origin": "hub",
        "Authorization": str(lrs.authorization),
        "X-Experience-API-Version": V1,
        **headers,
    }
    environ: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in told.items()}
    for name in ("CONTENT_TYPE",):
        environ[name] = environ.pop(f"HTTP_{name}", "")
    return Client(lrs.app).open(
        f"/xapi/{path}", method=method, query_string=query, data=body, environ_overrides=environ
    )


def check(answer: TestResponse) -> None:
    assert answer.status_code < 500, answer.text
    assert answer.headers["X-Experience-API-Version"]
    assert "Set-Cookie" not in answer.headers
    if answer.status_code >= 400 and answer.data:
        assert answer.mimetype in (JSON, "text/plain", "text/html")


@pytest.mark.parametrize("seed", range(20))
def test_anything(lrs: Lrs, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        method = chance.choice(("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"))
        query = "&".join(f"{chance.choice(NAMES)}={chance.choice(TEXTS)}" for _ in range(chance.randrange(4)))
        headers = dict(chance.sample(HEADERS, chance.randrange(3))) | {"Content-Type": chance.choice(TYPES)}
        body = chance.choice(BODIES) if method in ("PUT", "POST") else b""
        check(open_raw(lrs, method, chance.choice(PATHS), query, body, headers))


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bodies(any_lrs: Lrs, body: bytes) -> None:
    for kind in TYPES[:2]:
        told = {"Content-Type": kind, "X-Experience-API-Version": str(any_lrs.version)}
        for method, query in (("POST", ""), ("PUT", f"statementId={new_id()}")):
            answer = open_raw(any_lrs, method, STATEMENTS, query, body, told)
            check(answer)
            assert answer.status_code in ((200, 204) if GOOD in (body, body[3:]) and kind == JSON else (400,))


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["id", "actor", "verb", "object", "result", "context", "mbox", "account", "definition", "name",
                         "objectType", "member", "attachments", "sha2", "display", "contextActivities", "stored",
                         "timestamp", "authority", "version"]) | st.text(max_size=8), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150)
@given(value=JSONISH, member=st.sampled_from(sorted(statement())), version=st.sampled_from(["1.0.3", "2.0.0"]))
def test_any_json(started: Lrs, value: Any, member: str, version: str) -> None:
    user = started.speaking(version)
    for body in (value, [value], statement(**{member: value}), statement(context=value), statement(attachments=value)):
        check(user.post(STATEMENTS, body))
    check(user.get(STATEMENTS, {"agent": value}))
    check(user.post(STATE, value, place(STATE)))


def test_a_long_list_of_small_things(lrs: Lrs) -> None:
    """The memory of one request is bounded by its bytes, and by how many statements a list may hold."""
    for count, status in ((10_000, 400), (10_001, 413), (500_000, 413)):
        body = b"[" + b",".join([b"{}"] * count) + b"]"
        assert lrs.ask("POST", STATEMENTS, data=body, headers={"Content-Type": JSON}).status_code == status


def test_a_statement_that_names_too_many_is_refused(lrs: Lrs) -> None:
    """It would be written in the search index once for each: a thousand is enough for any class."""

    def naming(count: int) -> dict[str, Any]:
        return statement(context={"contextActivities": {"other": [{"id": f"urn:a:{n}"} for n in range(count)]}})

    lrs.send(naming(900))
    answer = lrs.post(STATEMENTS, [statement(), naming(1_000)])
    assert answer.status_code == 400
    assert (
        "trace 2\xa0: La trace nomme trop de personnes et d’activités, plus de 1000 en tout"
        in answer.get_json()["error"]
    )
