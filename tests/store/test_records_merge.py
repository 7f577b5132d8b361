# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Statements of other boxes: their bytes, their numbers; contradictions are set aside, damage is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.store import times
from appliance.store.record_lines import Held, Statement
from appliance.xapi.terms import VOIDED
from tests.records.boxes import START, Box

OTHER = "11111111-1111-4111-8111-111111111111"
ACTOR = {"mbox": "mailto:a@exemple.fr"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    opened = Box(tmp_path)
    yield opened
    opened.close()


def name(number: int) -> str:
    return str(uuid.UUID(int=number, version=4))


def line(number: int, *, sequence: int = 0, stored: float = START - 1000, **more: Any) -> Statement:
    value = {"id": name(number), "actor": ACTOR, "verb": {"id": "https://exemple.fr/v"},
             "object": {"id": "https://exemple.fr/a"}, "timestamp": "2026-01-01T00:00:00Z", **more}  # fmt: skip
    given = json.dumps(value)[:-1]
    body = (given + ',"version":"1.0.0"}').encode()
    return Statement(name(number), OTHER, sequence or number, times.rfc3339(stored + number), True, len(given), body,
                     hashlib.sha256(body).hexdigest())  # fmt: skip


def rows(box: Box, table: str = "statement") -> list[Any]:
    return box.db.reading().execute(f"SELECT * FROM {table}").fetchall()


def test_bytes_origin_and_sequence_stay(box: Box) -> None:
    lines = [line(number) for number in (1, 2, 3)]
    assert box.records.merge(lines).added == 3
    for row, there in zip(rows(box), lines, strict=True):
        assert (row["id"], row["origin"], row["sequence"], bytes(row["body"])) == (
            there.id, there.origin, there.sequence, there.body)  # fmt: skip
        assert row["stored"] == there.stored
    result = box.records.merge(lines)
    assert (result.added, result.known) == (0, 3)
    assert len(rows(box)) == 3


@pytest.mark.parametrize("shift", [-5000.0, 1e9])
def test_stored_is_now_where_theirs_does_not_fit(box: Box, shift: float) -> None:
    box.add({"actor": ACTOR, "verb": {"id": "https://exemple.fr/v"}, "object": {"id": "https://exemple.fr/a"}})
    box.records.merge([line(1, stored=START + shift), line(2, stored=START + shift)])
    stored = [row["stored"] for row in rows(box)]
    assert stored == sorted(set(stored))
    assert stored[-1] < times.rfc3339(START + 10)
    assert stored[-1] <= box.records.consistent_through()


def test_of_two_with_one_id_the_first_stays_and_the_other_is_set_aside(box: Box) -> None:
    first, other = line(1), line(1, sequence=9, verb={"id": "https://exemple.fr/w"})
    for batch in ([first, other], [other]):
        assert box.records.merge(batch).added == (batch[0] is first)
    assert [bytes(row["body"]) for row in rows(box)] == [first.body]
    [aside] = rows(box, "quarantine")
    assert bytes(aside["body"]) == other.body
    assert "id" in aside["reason"]


def test_of_two_in_one_place_the_first_stays_and_the_other_is_set_aside(box: Box) -> None:
    box.records.merge([line(1, sequence=5), line(2, sequence=5)])
    box.records.merge([line(3, sequence=5)])
    assert [row["id"] for row in rows(box)] == [name(1)]
    assert {row["statement"] for row in rows(box, "quarantine")} == {name(2), name(3)}


def spoilt() -> list[Statement]:
    good = line(1)
    assert good.body is not None

    def of(body: bytes, given: int | None = None) -> Statement:
        return dataclasses.replace(good, body=body, sha256=hashlib.sha256(body).hexdigest(), given=given)

    return [
        dataclasses.replace(good, body=good.body + b" "),
        dataclasses.replace(good, sha256="0" * 64),
        of(b"{}"), of(b"[]"), of(b"\xff"), of(b""), of(b'{"id":' + b"[" * 5000),
        of(good.body.replace(b"mailto:", b"")),
        of(good.body.replace(name(1).encode(), name(2).encode())),
        of(good.body[:-1] + b',"stored":"2026-01-01T00:00:00Z"}', good.given),
        dataclasses.replace(good, given=0),
        dataclasses.replace(good, given=len(good.body)),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(12))
def test_a_damaged_line_is_refused_and_the_others_come_in(box: Box, number: int) -> None:
    result = box.records.merge([spoilt()[number], line(7)])
    assert [refused for refused, _ in result.refused] == [name(1)]
    assert result.added == 1
    assert [row["id"] for row in rows(box)] == [name(7)]
    assert rows(box, "quarantine") == []


@pytest.mark.parametrize("erased", [True, False])
def test_a_forged_number_of_this_box_does_not_stop_it(box: Box, erased: bool) -> None:
    """It counts on from the highest: past 2^63 - 1 it could keep nothing any more."""
    forged = dataclasses.replace(line(1, sequence=2**63 - 1), origin=box.id)
    if erased:
        forged = dataclasses.replace(forged, body=None, given=None, sha256="")
    result = box.records.merge([forged, dataclasses.replace(line(2, sequence=2**63 - 1))])
    assert (result.added, [identifier for identifier, _ in result.refused]) == (1, [name(1)])
    box.add({"actor": ACTOR, "verb": {"id": "https://exemple.fr/v"}, "object": {"id": "https://exemple.fr/a"}})
    assert [(row["origin"], row["sequence"]) for row in rows(box)] == [(OTHER, 2**63 - 1), (box.id, 1)]


def test_a_shell_keeps_its_place_and_what_is_erased_here_becomes_one(box: Box) -> None:
    shell = dataclasses.replace(line(1), body=None, given=None, sha256="")
    result = box.records.merge([shell, line(2)])
    assert (result.added, result.erased) == (1, 1)
    assert box.records.get(name(1)) is None
    assert box.records.merge([line(1)]).known == 1  # an old export does not bring it back
    assert box.records.get(name(1)) is None
    box.erasure.erase(["mbox mailto:a@exemple.fr"])
    assert box.records.merge([line(3)]).erased == 1
    assert [bytes(row["body"]) for row in rows(box)] == [b"", b"", b""]
    assert rows(box, "posting") == []


def test_what_was_voided_by_an_erased_statement_stays_void(box: Box) -> None:
    """Its voiding statement comes as an empty shell, that says nothing any more."""
    target = dataclasses.replace(line(1), voided=True)
    box.records.merge([target])
    for _ in range(2):
        assert box.records.get(name(1)) is None
        assert box.records.get(name(1), voided=True) is not None
        assert rows(box, "actor_seen") == []
        box.records.rebuild(lambda done, total: None)


def test_voiding_reaches_over_boxes_in_either_order(box: Box) -> None:
    void: dict[str, Any] = {"verb": {"id": VOIDED}, "object": {"objectType": "StatementRef", "id": name(1)}}
    box.records.merge([line(2, **void), line(1)])
    assert box.records.get(name(1)) is None
    assert [row["statements"] for row in rows(box, "actor_seen")] == [1]


def test_what_was_announced_as_complete_is_not_added_to(box: Box) -> None:
    announced = box.records.consistent_through()
    box.records.merge([line(1), line(2)])
    assert all(row["stored"] > announced for row in rows(box))


def test_a_lone_context_activity_that_another_box_kept_is_read(box: Box) -> None:
    value = box.answer("p1")
    context = value.pop("context")
    lone = {**context, "contextActivities": {"grouping": context["contextActivities"]["grouping"][0]}}
    box.records.merge([line(1, **value, context=lone)])
    assert [(row["statement"], row["pupil"]) for row in rows(box, "answer")] == [(name(1), "p1")]


@pytest.mark.parametrize(
    "more",
    [
        {"authority": {"mbox": "mailto:z@exemple.fr"}},
        {"object": {"id": "https://exemple.fr/a", "definition": {"name": {"fr": "z"}}}},
        {"verb": {"id": "https://exemple.fr/v", "display": {"fr": "z"}}},
    ],
)
def test_only_the_time_of_what_was_held_is_put_right(box: Box, more: dict[str, Any]) -> None:
    """The rest stands in the index, in definitions, and was held against the tombstones when it came."""
    first = dataclasses.replace(line(1, authority={"mbox": "mailto:a@exemple.fr"}), held=Held("boot", 1.0, None))
    box.records.merge([first])
    assert box.records.merge([line(1, **{"authority": {"mbox": "mailto:a@exemple.fr"}, **more})]).known == 1
    assert bytes(rows(box)[0]["body"]) == first.body
    before = box.derived()
    box.records.rebuild(lambda done, total: None)
    assert box.derived() == before
