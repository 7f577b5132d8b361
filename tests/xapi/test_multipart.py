# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import contextlib
import email.parser
import email.policy
import hashlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadInput, TooLarge
from appliance.xapi import multipart
from tests.xapi import good

TYPE = "multipart/mixed; boundary=abc"
JSON_PART = b"--abc\r\nContent-Type:application/json\r\n\r\n{}\r\n"
END = b"--abc--"
HOSTILE = st.lists(
    st.sampled_from(
        [b"\r\n", b"--", b"--abc", b"\r\n--abc", b"\r\n--abc-", b"\r\n--abc\r", b"\r", b"\n", b"\x00", b" "]
    )
    | st.binary(max_size=4)
).map(b"".join)
"""Bytes that look like what holds parts together."""


def sha2(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def part(data: bytes, *more: str, of: bytes | None = None) -> bytes:
    lines = [f"X-Experience-API-Hash: {sha2(data if of is None else of)}", *more]
    return b"--abc\r\n" + "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data + b"\r\n"


def attachment(data: bytes, **more: Any) -> dict[str, Any]:
    item = {**good.ATTACHMENT, "length": len(data), "sha2": sha2(data), **more}
    return {key: value for key, value in item.items() if value is not good.GONE}


def statement(*items: dict[str, Any]) -> dict[str, Any]:
    return {**good.STATEMENT, "attachments": list(items)}


class TestRfc2046:
    def test_parts_are_what_stands_between_the_boundaries(self) -> None:
        data = b"\x00\xff\n\r\r\n--ab\r\n\r\n"
        parts = multipart.parse(JSON_PART + part(data, "Content-Type: image/png") + END, TYPE)
        assert [each.body for each in parts] == [b"{}", data]
        assert parts[1].headers["content-type"] == "image/png"
        assert (parts[0].sha2, parts[1].sha2) == ("", sha2(data))

    @pytest.mark.parametrize("before", [b"", b"\r\n", b"This is a preamble.\r\n", b"--ab\r\n--abcd\r\n", b"x--abc\r\n"])
    @pytest.mark.parametrize("after", [b"", b"\r\n", b"\r\nepilogue\r\n--abc\r\nnot a part", b"x", b" \r\n"])
    def test_what_stands_around_is_ignored(self, before: bytes, after: bytes) -> None:
        parts = multipart.parse(before + JSON_PART + part(b"x") + END + after, TYPE)
        assert [each.body for each in parts] == [b"{}", b"x"]

    def test_spaces_may_follow_a_boundary(self) -> None:
        body = (JSON_PART + part(b"x") + END).replace(b"--abc\r\n", b"--abc \t\r\n")
        assert len(multipart.parse(body, TYPE)) == 2

    def test_a_line_that_only_begins_like_a_boundary_is_content(self) -> None:
        data = b"\r\n--abcd\r\n--abc x\r\n--abc\t-- \r\n--abc-\r\n --abc--\r\nend"
        assert multipart.parse(JSON_PART + part(data) + END, TYPE)[1].body == data

    def test_an_empty_part(self) -> None:
        assert multipart.parse(JSON_PART + part(b"") + END, TYPE)[1].body == b""
        short = f"--abc\r\nX-Experience-API-Hash: {sha2(b'')}\r\n\r\n".encode()
        assert multipart.parse(JSON_PART + short + END, TYPE)[1].body == b""

    def test_headers_have_no_case_and_may_be_folded(self) -> None:
        body = part(b"x", 'CONTENT-type:image/png;\r\n\tname="\xe9:"', "content-TRANSFER-encoding:\tBinary ")
        assert multipart.parse(JSON_PART + body + END, TYPE)[1].headers == {
            "x-experience-api-hash": sha2(b"x"), "content-type": 'image/png;\tname="\xe9:"',
            "content-transfer-encoding": "Binary",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "content_type",
        [
            'multipart/mixed; boundary="abc"', "Multipart/Mixed;BOUNDARY=abc",
            "multipart/mixed ; charset=x ;boundary = abc ", "multipart/mixed;; boundary=abc",
            'multipart/mixed; x="a;b=\\"c"; boundary=abc;', 'multipart/mixed; boundary="a\\bc"',
        ],
    )  # fmt: skip
    def test_ways_to_name_the_boundary(self, content_type: str) -> None:
        assert multipart.parse(JSON_PART + END, content_type)[0].body == b"{}"

    @pytest.mark.parametrize("boundary", ["abcABC0123'()+_,-./:=?", "-" * 70, "a b", "-------314159265358979323846"])
    def test_boundaries_of_every_kind(self, boundary: str) -> None:
        body = (JSON_PART + END).replace(b"--abc", b"--" + boundary.encode())
        assert multipart.parse(body, f'multipart/mixed; boundary="{boundary}"')[0].body == b"{}"
        if " " not in boundary:
            assert multipart.parse(body, f"multipart/mixed; boundary={boundary}")[0].body == b"{}"

    @pytest.mark.parametrize(
        "content_type",
        [
            "multipart/mixed", "multipart/mixed;", "multipart/mixed; boundary=", 'multipart/mixed; boundary=""',
            'multipart/mixed; boundary="abc', "multipart/mixed; boundary=a\xe9",
            f"multipart/mixed; boundary={'a' * 71}",
            'multipart/mixed; boundary="abc "', "multipart/mixed; boundary=a*b", "multipart/mixed boundary=abc", "",
            "multipart/form-data; boundary=abc", "application/json", "multipart/mixed; xboundary=abc", "/;boundary=abc",
        ],
    )  # fmt: skip
    def test_communication_1_5_2_no_boundary_is_refused(self, content_type: str) -> None:
        with pytest.raises(BadInput):
            multipart.parse(JSON_PART + END, content_type)

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"\r\n", END, b"--abc", b"--abc\r\n", JSON_PART, JSON_PART + b"--abc\r\n", JSON_PART + b"--abc-",
            JSON_PART[:-2] + END, (JSON_PART + END).replace(b"\r\n", b"\n"), b"{}", b"--abc\r\n" + END,
            b"--abc\r\nContent-Type: application/json\r\n{}\r\n" + END, JSON_PART + b"--abc\r\n\r\n" + END[:-1],
            b"Content-Type: application/json\r\n\r\n{}\r\n" + END, JSON_PART + part(b"x")[:-2] + END,
        ],
    )  # fmt: skip
    def test_a_body_that_is_cut_or_malformed_is_refused(self, body: bytes) -> None:
        with pytest.raises(BadInput):
            multipart.parse(body, TYPE)

    @pytest.mark.parametrize(
        "line", ["no colon", ": x", "a b: c", "Content-Type : x", "X-A: 1\r\nx-a: 2", "\xe9: x", "X\x00: y"]
    )
    def test_a_malformed_header_is_refused(self, line: str) -> None:
        with pytest.raises(BadInput, match="header"):
            multipart.parse(JSON_PART + part(b"x", line) + END, TYPE)

    @given(st.lists(HOSTILE, max_size=4))
    def test_another_reader_agrees(self, contents: list[bytes]) -> None:
        items = [(sha2(data), "application/octet-stream", data) for data in contents]
        body, content_type = multipart.build(b'{"a":1}', items)
        parts = multipart.parse(body, content_type)
        assert [each.body for each in parts] == [b'{"a":1}', *contents]
        head = b"Content-Type: " + content_type.encode() + b"\r\n\r\n"
        other = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        assert len(list(other.iter_parts())) == len(parts)

    @given(HOSTILE)
    def test_nothing_but_bad_input_comes_of_any_bytes(self, body: bytes) -> None:
        for whole in (body, JSON_PART + body, JSON_PART + b"--abc\r\n" + body + b"\r\n" + END):
            try:
                parts = multipart.parse(whole, TYPE)
            except BadInput:
                continue
            assert all(each.body in whole for each in parts)
            assert parts[0].body.startswith(b"{}")


class TestLimits:
    def test_the_number_of_parts(self) -> None:
        parts = part(b"x") * (multipart.MOST_PARTS - 1)
        assert len(multipart.parse(JSON_PART + parts + END, TYPE)) == multipart.MOST_PARTS
        with pytest.raises(TooLarge):
            multipart.parse(JSON_PART + parts + part(b"x") + END, TYPE)

    def test_the_length_of_headers(self) -> None:
        with pytest.raises(BadInput, match="header"):
            multipart.parse(JSON_PART + part(b"x", "X-Long: " + "x" * multipart.MOST_HEADER_BYTES) + END, TYPE)

    @pytest.mark.parametrize(
        "piece", [b"\r\n--abc", b"\r\n--abc ", b"\r\n--abc-", b"\r\n", b"-", b"\r\n--abc" + b" " * 50]
    )
    def test_the_time_grows_with_the_length_only(self, piece: bytes) -> None:
        body = JSON_PART + part(piece * (4_000_000 // len(piece))) + END
        began = time.monotonic()
        with contextlib.suppress(BadInput):
            multipart.parse(body, TYPE)
        assert time.monotonic() - began < 10

    def test_a_hostile_content_type(self) -> None:
        began = time.monotonic()
        for text in ("; " * 100_000, ';a="' + "\\" * 200_000, ";a=" * 100_000, ";" + " " * 200_000, ';a="b"' * 50_000):
            with pytest.raises(BadInput):
                multipart.parse(JSON_PART + END, "multipart/mixed" + text)
        assert time.monotonic() - began < 5


class TestCommunication152:
    @pytest.mark.parametrize("header", [b"Content-Type:text/plain\r\n", b"", b"Content-Type: application/jsonx\r\n"])
    def test_the_first_part_holds_the_statements(self, header: bytes) -> None:
        with pytest.raises(BadInput, match="first part"):
            multipart.parse(b"--abc\r\n" + header + b"\r\n{}\r\n" + END, TYPE)

    def test_the_first_part_may_name_its_encoding(self) -> None:
        body = b"--abc\r\nContent-Type: application/JSON; charset=UTF-8\r\n\r\n{}\r\n" + END
        assert multipart.parse(body, TYPE)[0].body == b"{}"

    def test_every_other_part_has_its_hash(self) -> None:
        for bad in (b"--abc\r\nContent-Type: text/plain\r\n\r\nx\r\n", part(b"x", of=b"y"), JSON_PART):
            with pytest.raises(BadInput, match="SHA-2"):
                multipart.parse(JSON_PART + bad + END, TYPE)

    @pytest.mark.parametrize("name", ["sha224", "sha256", "sha384", "sha512"])
    def test_every_sha_2_in_either_case(self, name: str) -> None:
        sums = hashlib.new(name, b"x").hexdigest()
        body = b"--abc\r\nX-Experience-API-Hash:" + sums.upper().encode() + b"\r\n\r\nx\r\n"
        assert multipart.parse(JSON_PART + body + END, TYPE)[1].sha2 == sums

    @pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", ""])
    def test_only_binary(self, encoding: str) -> None:
        with pytest.raises(BadInput, match="binary"):
            multipart.parse(JSON_PART + part(b"x", f"Content-Transfer-Encoding: {encoding}") + END, TYPE)

    def test_parts_and_statements_agree(self) -> None:
        parts = multipart.parse(
            JSON_PART + part(b"x", "Content-Type: text/plain; charset=utf-8") + part(b"y") + END, TYPE
        )
        inner = {**good.SUBSTATEMENT, "attachments": [attachment(b"y", fileUrl=good.GONE)]}
        values = [statement(attachment(b"x", fileUrl=good.GONE)), {**statement(), "object": inner}]
        assert {key: each.body for key, each in multipart.match(values, parts[1:]).items()} == {
            sha2(b"x"): b"x", sha2(b"y"): b"y"
        }  # fmt: skip

    def test_an_attachment_that_did_not_come_needs_a_file_url(self) -> None:
        with pytest.raises(BadInput, match="fileUrl"):
            multipart.match([statement(attachment(b"x", fileUrl=good.GONE))], [])
        assert multipart.match([statement(attachment(b"x"))], []) == {}

    def test_a_part_that_no_statement_mentions(self) -> None:
        with pytest.raises(BadInput, match="belongs to no attachment"):
            multipart.match(
                [statement(attachment(b"y"))], [multipart.Part({"x-experience-api-hash": sha2(b"x")}, b"x")]
            )

    @pytest.mark.parametrize("header", [("content-type", "image/png"), ("content-length", "2")])
    def test_a_part_that_says_otherwise(self, header: tuple[str, str]) -> None:
        one = multipart.Part({"x-experience-api-hash": sha2(b"x"), header[0]: header[1]}, b"x")
        with pytest.raises(BadInput, match="another"):
            multipart.match([statement(attachment(b"x"))], [one])

    def test_one_copy_is_enough_for_several_statements(self) -> None:
        parts = multipart.parse(JSON_PART + part(b"x") + part(b"x") + END, TYPE)
        values = [statement(attachment(b"x", fileUrl=good.GONE, sha2=sha2(b"x").upper()))] * 2
        assert list(multipart.match(values, parts[1:])) == [sha2(b"x")]


class TestBuild:
    def test_the_boundary_stands_nowhere_in_the_content(self) -> None:
        _, content_type = multipart.build(b"{}", [])
        boundary = content_type.partition("boundary=")[2].encode()
        body, other = multipart.build(b"{}", [("x", "text/plain", boundary)])
        assert boundary not in other.encode() or body.count(boundary) == 0
        parts = body.split(b"--" + other.partition("boundary=")[2].encode())
        assert len(parts) == 4

    def test_a_boundary_that_is_taken_is_left(self) -> None:
        _, first = multipart.build(b"{}", [("x", "text/plain", b"")])
        taken = first.partition("boundary=")[2].encode()
        _, second = multipart.build(b"{}", [("x", "text/plain", b"..." + taken)])
        assert second != first

    def test_the_same_content_has_the_same_bytes(self) -> None:
        items = [(sha2(b"x"), "text/plain", b"x")]
        assert multipart.build(b"{}", items) == multipart.build(b"{}", iter(items))

    def test_headers(self) -> None:
        body, content_type = multipart.build(b"{}", [(sha2(b"x"), "text/plain; charset=x", b"x")])
        first, second = multipart.parse(body, content_type)
        assert first.headers == {"content-type": "application/json"}
        assert second.headers == {
            "content-type": "text/plain; charset=x", "content-transfer-encoding": "binary",
            "x-experience-api-hash": sha2(b"x"),
        }  # fmt: skip


def test_data_2_4_11_attachments_of_a_substatement_too() -> None:
    inner = {**good.SUBSTATEMENT, "attachments": [attachment(b"b")]}
    value = {**statement(attachment(b"a")), "object": inner}
    assert multipart.attachments(value) == [attachment(b"a"), attachment(b"b")]
    assert multipart.attachments({"object": good.ACTIVITY}) == []
