# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An export read from the hub while it is made: what happens when the hub goes away in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.client import Client
from appliance.config import BoxConfig, Config
from appliance.errors import BadInput, CartableError, Unreachable
from appliance.store import record_exports
from appliance.words.access import Api
from tests.rigs.one_answer import service

HEAD = b"HTTP/1.1 %b\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n"
LINES = b'{"format":1}\n{"statement":1}\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def read(path: Path, answer: bytes) -> list[bytes]:
    with service(path, answer), Client(path).lines("/x", timeout=5) as (status, lines):
        assert status == 200
        return list(lines)


def test_lines_come_one_by_one_whatever_the_chunks(tmp_path: Path) -> None:
    whole = HEAD % b"200 OK" + chunk(LINES[:5]) + chunk(LINES[5:20]) + chunk(LINES[20:]) + chunk(b"")
    assert read(tmp_path / "s", whole) == LINES.splitlines(keepends=True)


@pytest.mark.parametrize("cut", [chunk(LINES), chunk(LINES)[:-10], b"5\r\n{", b"x\r\n", b""])
def test_a_hub_that_goes_away_is_told(tmp_path: Path, cut: bytes) -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        read(tmp_path / "s", HEAD % b"200 OK" + cut)


def test_the_file_stays_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("former")
    answer = HEAD % b"200 OK" + chunk(LINES)
    with service(tmp_path / "s", answer), Client(tmp_path / "s").lines("/x", timeout=5) as (_, lines), \
            pytest.raises(CartableError):  # fmt: skip
        record_exports.write_file(target, lines)
    assert target.read_text() == "former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "s"]


def test_what_the_reader_of_the_lines_raises_is_its_own(tmp_path: Path) -> None:
    answer = HEAD % b"200 OK" + chunk(LINES) + chunk(b"")
    reading = Client(tmp_path / "s").lines("/x", timeout=5)
    with service(tmp_path / "s", answer), pytest.raises(BrokenPipeError), reading as (_, lines):  # noqa: PT012
        next(lines)
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("body", "sentence"),
    [(b'{"error":"Non."}', "Non."), (b"<html>", "HTTP 403"), (b"[]", "HTTP 403"), (b"", "HTTP 403")],
)
def test_a_refusal_is_told_in_the_hub_s_words(tmp_path: Path, body: bytes, sentence: str) -> None:
    config = Config(box=BoxConfig(run=tmp_path))
    answer = HEAD % b"403 Forbidden" + (chunk(body) if body else b"") + chunk(b"")
    reading = Api(config, "/api/records").lines("/export")
    with service(tmp_path / "hub.sock", answer), pytest.raises(BadInput) as told, reading:
        pytest.fail("it was refused")
    assert str(told.value) == sentence
