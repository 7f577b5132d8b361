# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The lines of an export, one at a time: what is written reads back, and nothing else does."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import secrets
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from appliance.errors import BadInput
from appliance.store import record_lines as lines
from appliance.store import tombstones
from appliance.store.identity import Identity
from appliance.xapi.definitions import Defines

BOX = "7d4fb7a1-3c26-4f59-8f36-0d4a5a2f5b11"
NAME = "3b7e2f0a-6a0f-4f0c-9d0e-0c5f3c1c2a77"
BODY = '{"id":"x","é":"\u2028\\ud800 ☺"}'.encode()
STORED = "2026-11-22T06:52:30.000001Z"
OWN = Identity(BOX, b"k" * 32)

WHOLE = lines.Statement(
    NAME,
    BOX,
    12,
    STORED,
    True,
    20,
    BODY,
    hashlib.sha256(BODY).hexdigest(),
    True,
    Defines.OBJECT,
    lines.Held("boot", 0.1, None),
)
PIECE = lines.Piece("ab" * 32, lines.PIECE + 3, 2, 2, b"abc")
DOCUMENT = lines.Document("state", "http://a/é", "mbox mailto:z@e.fr", NAME, "n", "text/plain", "t", STORED, b"\0\xff")
EVERY: list[lines.Line] = [
    tombstones.signed(OWN, "ab" * 32, BOX, 3, final=True, at=STORED),
    WHOLE,
    lines.Statement(NAME, BOX, 12, STORED, False),
    lines.Statement(NAME, BOX, 12, STORED, False, None, BODY, hashlib.sha256(BODY).hexdigest()),
    PIECE,
    lines.Piece("ab" * 32, 0, 1, 1, b""),
    DOCUMENT,
    lines.End(1, 2, 3, 4),
]


@pytest.mark.parametrize("line", EVERY, ids=lambda line: type(line).__name__)
def test_what_is_written_reads_back(line: lines.Line) -> None:
    written = lines.write(line)
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    assert lines.read(written) == line
    assert lines.write(lines.read(written)) == written


def test_the_body_is_the_sender_s_own_text() -> None:
    assert json.loads(lines.write(WHOLE))["body"].encode() == BODY


@given(text=some.text(), held=some.floats(0, 1e9), number=some.integers(1, 2**63 - 1))
def test_any_text_and_number_reads_back(text: str, held: float, number: int) -> None:
    body = json.dumps({"a": text}, ensure_ascii=bool(number % 2)).encode("utf-8", "replace")
    made = lines.Statement(NAME, BOX, number, STORED, False, 3, body, hashlib.sha256(body).hexdigest(), False,
                           Defines(number % 3),
                           lines.Held(text.encode("utf-8", "replace").decode(), held, held))  # fmt: skip
    assert lines.read(lines.write(made)) == made


def test_a_header_reads_back() -> None:
    header = lines.Header(BOX, OWN.key, STORED, {NAME: "11" * 32})
    assert lines.read_header(lines.write_header(header)) == header


def header_with(**changes: Any) -> bytes:
    return json.dumps({**json.loads(lines.write_header(lines.Header(BOX, OWN.key, STORED))), **changes}).encode()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "not an export"), (b"{}", "not an export"), (b"[" * 100_000, "not an export"), (b"\xe9", "not an export"),
        (b'{"format":"other"}', "not an export"), (b"PK\x03\x04", "not an export"), (b'"cartable-records"', "not an"),
        (b'{"format":"cartable-records","version":2}', "later version"),
        (b'{"format":"cartable-records","version":1}', "keys"),
        (b'{"format":"cartable-records","version":1,"keys":{"a":1}}', "keys"),
        (b'{"format":"cartable-records","version":1,"keys":{},"box":"b","key":"x","made_at":""}', "key"),
        (header_with(box="b"), "box"), (header_with(box="\ud800"), "box"), (header_with(made_at="\ud800"), "made_at"),
        (header_with(keys={"b": "11" * 32}), "keys"), (header_with(keys={NAME: "11"}), "keys"),
    ],
)  # fmt: skip
def test_another_file_is_refused(line: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        lines.read_header(line)


def changed(line: lines.Line, **changes: Any) -> bytes:
    return json.dumps({**json.loads(lines.write(line)), **changes}).encode()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "not JSON"), (b"{", "not JSON"), (lines.write(WHOLE)[:100], "not JSON"), (b"[" * 100_000, "not JSON"),
        ('{"statement":"é"}'.encode("latin-1"), "not UTF-8"), (b"{}", "none of an export"), (b"3", "none of an export"),
        (b"[1]", "none of an export"), (b'{"other":1}', "none of an export"),
        (changed(WHOLE, body="{}"), "SHA-256"), (changed(WHOLE, sha256="00"), "SHA-256"),
        (changed(WHOLE, body=None), "body"), (changed(WHOLE, body="\ud800"), "body"), (changed(WHOLE, sha256=1), "sha"),
        (changed(WHOLE, given=0), "given"), (changed(WHOLE, given=999), "given"), (changed(WHOLE, given=True), "given"),
        (changed(WHOLE, statement="x"), "statement"), (changed(WHOLE, statement=NAME.upper()), "statement"),
        (changed(WHOLE, origin="../../x"), "origin"), (changed(WHOLE, sequence=0), "sequence"),
        (changed(WHOLE, sequence=2**63), "sequence"), (changed(WHOLE, sequence=1.5), "sequence"),
        (changed(WHOLE, stored="2026-11-22T06:52:30Z"), "stored"),
        (changed(WHOLE, stored="2026-13-22T06:52:30.000001Z"), "stored"),
        (changed(WHOLE, stored="2026-11-22T06:52:30.00000١Z"), "stored"),
        (changed(WHOLE, trusted=1), "trusted"), (changed(WHOLE, voided=1), "voided"),
        (changed(WHOLE, defines=2), "defines"), (changed(WHOLE, defines="all"), "defines"),
        (changed(WHOLE, held=1), "held"),
        (changed(WHOLE, held={"boot": "b", "monotonic": "1"}), "held"),
        (changed(WHOLE, held={"boot": "\ud800", "monotonic": 1}), "boot"),
        (changed(WHOLE, held={"boot": "b", "monotonic": float("nan")}), "held"),
        (changed(WHOLE, held={"boot": "b", "monotonic": 1, "age": True}), "held"),
        (changed(PIECE, attachment="../x"), "attachment"), (changed(PIECE, part=3), "part"),
        (changed(PIECE, parts=1), "part"), (changed(PIECE, size=-1), "part"), (changed(PIECE, size=10**18), "part"),
        (changed(PIECE, data="YWI="), "data"), (changed(PIECE, data="é"), "data"), (changed(PIECE, data="Y"), "data"),
        (changed(DOCUMENT, document="other"), "document"), (changed(DOCUMENT, name=None), "name"),
        (changed(DOCUMENT, name="\udc00"), "name"), (changed(DOCUMENT, updated=""), "updated"),
        (b'{"tombstone":3}', "tombstone"), (b'{"tombstone":"{}"}', "not a tombstone"), (b'{"end":1}', "end"),
        (b'{"end":{}}', "tombstones"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_refused_with_the_reason(line: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        lines.read(line)


def test_pieces_cover_every_size() -> None:
    for size in (0, 1, lines.PIECE - 1, lines.PIECE, lines.PIECE + 1, 3 * lines.PIECE):
        data = secrets.token_bytes(size)
        parts = lines.pieces(size)
        cut = [data[n * lines.PIECE : (n + 1) * lines.PIECE] for n in range(parts)]
        assert b"".join(cut) == data
        for number, piece in enumerate(cut, 1):
            made = lines.Piece("ab" * 32, size, number, parts, piece)
            assert lines.read(lines.write(made)) == made
            assert base64.b64decode(json.loads(lines.write(made))["data"]) == piece


def long(body: bytes) -> lines.Statement:
    return dataclasses.replace(WHOLE, given=1, body=body, sha256=hashlib.sha256(body).hexdigest())


@given(some.text(), some.sampled_from([" ", "", "\n", " \t\r\n "]))
def test_long_lines_read_as_short_ones_do(text: str, space: str) -> None:
    made = long(json.dumps({"a": text, "b": '\\"é' * 20_000}).encode())
    assert lines.read(lines.write(made)) == made
    loose = json.dumps(json.loads(lines.write(made)), separators=(f"{space},{space}", f"{space}:{space}"))
    assert lines.read((space + loose.replace("{", "{" + space, 1) + space).encode()) == made


def test_the_longest_statement_that_a_box_keeps_fits_on_a_line() -> None:
    made = long(b"{" + b"\n" * (8 << 20) + b"}")
    line = lines.write(made)
    assert 16 << 20 < len(line) <= lines.LONGEST
    assert lines.read(line) == made


@pytest.mark.parametrize(("line", "why"), [
    (b" " * (lines.LONGEST + 1), "longer than any"), (b'{"end":' + b"[" * lines.LONGEST, "longer than any"),
    (lines.write(long(b"x" * lines.MOST_BODY + b"x")), "larger than any"),
    (b'{"end":[' + b"[]," * (5 << 20) + b"[]]}", "not JSON"),
    (b'{"end":{' + b'"a":1,' * (2 << 20) + b'"a":1}}', "not JSON"),
    (b"{" + b'"a":1,' * (2 << 20) + b'"end":{}}', "not JSON"), (b"[" + b"[]," * (5 << 20) + b"[]]", "not JSON"),
    (b'{"body":"' + b"x" * 70_000, "not JSON"), (b'{"body":"' + b"x" * 70_000 + b'"}{', "not JSON"),
    (b'{"body":"' + b"x" * 70_000 + b'" "a"}', "not JSON"), (b'{"body":"' + b"x" * 70_000 + b'","a"}', "not JSON"),
    (b'{"body":"' + b"x" * 70_000 + b'",}', "not JSON"), (b'{"body":"' + b"\xff" * 70_000 + b'"}', "not UTF-8"),
    (b"{" + b" " * 70_000 + b"}", "not JSON"), (b'{"body":"' + b"x" * 70_000 + b'"}', "none of an export"),
    (b'{"end":' + b"9" * 70_000 + b"}", "not JSON"),
], ids=range(16))  # fmt: skip
def test_a_long_line_that_is_none_costs_little(line: bytes, why: str) -> None:
    """Seventeen megabytes of brackets would be half a gigabyte of lists."""
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=why):
            lines.read(line)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(line) + (1 << 20)
