# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Exports that went through a bad stick or bad hands: what is sound comes in, the rest is told, nothing breaks."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from appliance.errors import BadInput, Damaged
from appliance.store import quarantine
from appliance.store.record_lines import PIECE
from tests.records.boxes import Box, SetClock, body_of, fill, lines_of
from tests.records.conftest import Made

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Of a box that has everything, an erasure too."""
    box = Box(tmp_path_factory.mktemp("damaged") / "source")
    fill(box)
    box.erasure.erase([box.agent("ali-2")], final=False)
    made = box.export()
    box.close()
    return made


@pytest.fixture
def target(make: Made) -> Box:
    return make("target", SetClock(1.9e9))


def resigned(line: dict[str, Any], change: Change) -> bytes:
    """The line with another body, whose sum is right."""
    body = json.dumps(change(json.loads(line["body"]))).encode()
    return dumped({**line, "given": None, "body": body.decode(), "sha256": hashlib.sha256(body).hexdigest()})


def dumped(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"


def test_a_box_takes_none_of_a_statement_that_is_none(target: Box, exported: bytes) -> None:
    """The sum is right, so somebody wrote it: every statement is held to the specification again."""
    header = exported.splitlines(keepends=True)[0]
    line = next(lines_of(exported, "given"))
    bad = [
        resigned(line, lambda body: {**body, "actor": {"mbox": "x"}}),
        resigned(line, lambda body: {**body, "extra": 1}),
        resigned(line, lambda body: {**body, "id": str(uuid.uuid4())}),
        resigned(line, lambda body: {**body, "verb": None}),
        resigned(line, lambda body: {**body, "version": "3.0"}),
        resigned(line, lambda body: {name: value for name, value in body.items() if name != "id"}),
    ]
    report = target.take(b"".join([header, *bad]))
    assert len(report.damaged) == len(bad)
    assert not +report.taken
    assert target.bodies() == []


def test_each_line_lost_costs_that_line_only(target: Box, exported: bytes, make: Made) -> None:
    lines = exported.splitlines(keepends=True)
    for number in range(1, len(lines), 3):
        box = make(f"without-{number}", SetClock(1.9e9))
        damaged = [*lines[:number], b"\xff" + lines[number], *lines[number + 1 :]]
        report = box.take(b"".join(damaged))
        assert [n for n, _ in report.damaged] in ([number + 1], [number + 1, number + 2])  # an attachment's next piece
        box.take(exported)
        assert untimed(box.export()) == untimed(exported)
        box.close()


def untimed(exported: bytes) -> list[str]:
    """The lines in any order, without ``stored``: what comes late has another place in time."""
    found = [json.loads(line) for line in body_of(exported).splitlines()]
    return sorted(json.dumps({**line, "stored": ""}) for line in found)


def test_other_content_under_a_known_id_is_set_aside(target: Box, exported: bytes) -> None:
    target.take(exported)
    before = target.export()
    header = exported.splitlines(keepends=True)[0]
    line = next(lines_of(exported, "given"))
    other = resigned(line, lambda body: {**body, "result": {"response": "changed"}})
    assert target.take(b"".join([header, other])).set_aside == 1
    assert target.take(b"".join([header, other])).set_aside == 0
    place = {**line, "statement": str(uuid.uuid4())}
    moved = resigned(place, lambda body: {**body, "id": place["statement"]})
    assert target.take(b"".join([header, moved])).set_aside == 1
    assert body_of(target.export()) == body_of(before)
    told = quarantine.every(target.db)
    assert [row["reason"] for row in told] == ["same id, other content", "same place, other id"]
    assert [row["statement"] for row in told] == [line["statement"], place["statement"]]


def test_pieces_of_an_attachment_in_any_state(target: Box, exported: bytes) -> None:
    lines = exported.splitlines(keepends=True)
    header = lines[0]
    first, second, *_ = [line for line in lines if line.startswith(b'{"attachment"') and b'"parts":2' in line]
    folder = target.folder / "records" / "attachments"
    target.take(b"".join([header, first, second]))  # no statement names it yet
    assert list(folder.iterdir()) == []
    target.take(b"".join(line for line in lines if not line.startswith(b'{"attachment"')))
    target.take(header + second)  # the last piece alone
    assert list(folder.iterdir()) == []
    changed = json.loads(first)
    changed["data"] = changed["data"][:-4] + "AAAA"
    report = target.take(b"".join([header, dumped(changed), second]))
    assert [error.message for _, error in report.damaged] == ["The bytes of an attachment are not those of its sha2."]
    assert list(folder.iterdir()) == []
    target.take(b"".join([header, first, first, second, second]))
    [path] = folder.iterdir()
    assert path.name == json.loads(first)["attachment"]
    assert path.stat().st_size == json.loads(first)["size"] > PIECE


def test_an_older_document_does_not_replace_a_newer_one(target: Box, exported: bytes) -> None:
    target.take(exported)
    header = exported.splitlines(keepends=True)[0]
    [document, *_] = lines_of(exported, "document")
    body = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
    older = {**document, "body": "", "etag": body, "updated": "2000-01-01T00:00:00.000000Z"}
    newer = {**document, "body": "", "etag": body, "updated": "2029-01-01T00:00:00.000000Z"}
    assert target.take(header + dumped(older)).known == 1
    assert target.take(header + dumped(newer)).taken["documents"] == 1
    assert target.take(header + dumped(document)).known == 1
    wrong = {**document, "etag": "0" * 40}
    assert len(target.take(header + dumped(wrong)).damaged) == 1


def told(target: Box, header: bytes, line: dict[str, Any]) -> str:
    [(_, error)] = target.take(header + dumped(line)).damaged
    return error.message % error.params


@pytest.mark.parametrize("content_type", ["", "a/b\r\nX: y", "a/b\n", "a/b\0", "a/\x7f", "a/é", "x" * 201])
def test_a_document_s_content_type_becomes_no_header_of_its_own(
    target: Box, exported: bytes, content_type: str
) -> None:
    header = exported.splitlines(keepends=True)[0]
    [document, *_] = lines_of(exported, "document")
    assert "content type" in told(target, header, {**document, "content_type": content_type})
    assert rows(target, "document") == []
    assert target.take(header + dumped({**document, "content_type": "x" * 200})).taken["documents"] == 1


@pytest.mark.parametrize("trusted", [True, False])
def test_a_document_of_the_future_is_refused(target: Box, exported: bytes, trusted: bool) -> None:
    """Every later change here would come after it: its time would never be that of a change again."""
    target.clock.trusted = trusted
    header = exported.splitlines(keepends=True)[0]
    [document, *_] = lines_of(exported, "document")
    for year in (9999, 2060):
        why = told(target, header, {**document, "updated": f"{year}-12-31T23:59:59.999999Z"})
        assert "still to come" in why
    assert rows(target, "document") == []
    target.take(header + dumped(document))
    assert len(rows(target, "document")) == 1


def rows(box: Box, table: str) -> list[Any]:
    return box.db.reading().execute(f"SELECT * FROM {table}").fetchall()


@pytest.mark.parametrize("damage", ["bytes", "size", "empty"])
def test_a_damaged_attachment_is_healed_by_the_export(target: Box, exported: bytes, damage: str) -> None:
    target.take(exported)
    names = sorted({line["attachment"] for line in lines_of(exported, "attachment")})
    assert any(line["parts"] == 2 for line in lines_of(exported, "attachment"))
    for name in names:
        path = target.records.attachments.path(name)
        whole = path.read_bytes()
        path.write_bytes({"bytes": b"\0" + whole[1:-1] + b"\0", "size": whole[:-1], "empty": b""}[damage])
        with pytest.raises(Damaged):
            target.records.attachment(name)
    assert target.take(exported).taken["attachments"] == len(names)
    assert all(hashlib.sha256(target.records.attachment(name) or b"").hexdigest() == name for name in names)
    assert target.take(exported).taken["attachments"] == 0
    assert sorted(path.name for path in (target.folder / "records" / "attachments").iterdir()) == names


@settings(max_examples=40)
@given(data=some.data())
def test_no_damage_breaks_the_import(exported: bytes, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    """Bytes changed, removed, doubled anywhere: an answer, and every statement that came in is one of the originals."""
    lines = exported.splitlines(keepends=True)
    spoilt = [data.draw(spoiling(line)) if len(line) < 5000 else line for line in lines]
    if data.draw(some.booleans()):
        spoilt = [spoilt[0], *data.draw(some.permutations(spoilt[1:]))]
    box = _fresh(tmp_path_factory)
    try:
        report = box.take(b"".join(spoilt))
    except BadInput:
        return  # the header itself
    finally:
        found = {body["id"]: body for body in box.bodies()}
        box.close()
    originals = {line["statement"]: json.loads(line["body"]) for line in lines_of(exported, "given")}
    assert all(originals[name] == body for name, body in found.items())
    assert len(report.damaged) <= len(b"".join(spoilt).splitlines())


def spoiling(line: bytes) -> some.SearchStrategy[bytes]:
    """The line, or nearly."""

    def spoil(where: int, what: bytes, length: int) -> bytes:
        return line[:where] + what + line[where + length :]

    changed = some.builds(spoil, some.integers(0, len(line)), some.binary(max_size=4), some.integers(0, 3))
    return some.one_of(some.just(line), some.just(line), some.just(line), changed, some.just(line + line))


def _fresh(factory: pytest.TempPathFactory) -> Box:
    folder: Path = factory.mktemp("spoilt")
    return Box(folder, SetClock(1.9e9))
