# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadInput, TooLarge
from appliance.xapi import reading

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)
SPACES = st.text(" \t\r\n", max_size=3)


@st.composite
def written(draw: st.DrawFn, value: Any) -> str:
    """``value`` as some program may write it: any spaces, escapes or none."""
    if isinstance(value, dict):
        pairs = [
            f"{draw(SPACES)}{draw(written(key))}{draw(SPACES)}:{draw(SPACES)}{draw(written(item))}{draw(SPACES)}"
            for key, item in value.items()
        ]
        return "{" + (",".join(pairs) or draw(SPACES)) + "}"
    if isinstance(value, list):
        items = [f"{draw(SPACES)}{draw(written(item))}{draw(SPACES)}" for item in value]
        return "[" + ",".join(items) + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@given(st.data(), st.lists(OBJECTS, max_size=4))
def test_each_statement_keeps_exactly_its_own_text(data: st.DataObject, values: list[dict[str, Any]]) -> None:
    texts = [data.draw(written(value)) for value in values]
    body = ",".join(f"{data.draw(SPACES)}{text}{data.draw(SPACES)}" for text in texts)
    found = reading.statements(f"{data.draw(SPACES)}[{body}]{data.draw(SPACES)}".encode())
    assert [raw.text for raw in found] == texts
    assert [raw.value for raw in found] == values


@given(st.data(), OBJECTS)
def test_one_statement_needs_no_array(data: st.DataObject, value: dict[str, Any]) -> None:
    text = data.draw(written(value))
    body = f"{data.draw(SPACES)}{text}{data.draw(SPACES)}".encode()
    assert reading.statements(body) == [reading.Raw(text, value)] == [reading.statement(body)]
    assert reading.parse(body) == value


@st.composite
def nearly_shortest(draw: st.DrawFn) -> bytes:
    """The shortest JSON of some objects, most often with one small thing about it that may be ambiguous or wrong."""
    texts = [
        json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        for value in draw(st.lists(st.dictionaries(st.sampled_from("abé"), VALUES, max_size=3), max_size=3))
    ]
    body = "[" + ",".join(texts) + "]"
    place = draw(st.integers(0, len(body)))
    new = draw(
        st.sampled_from(
            ["", "", '"a":1,', "1", "0", ".0", "e5", "-", " ", "\\u00e9", "\\ud800", "[", "}", "NaN", "\ufeff"]
        )
    )
    return (body[:place] + new + body[place:]).encode()


@given(nearly_shortest() | st.lists(OBJECTS, max_size=3).map(lambda values: json.dumps(values).encode()))
def test_read_fast_or_carefully_it_says_the_same(body: bytes) -> None:
    def told(read: Callable[[bytes], object]) -> object:
        try:
            return repr(read(body))  # 1 is not 1.0
        except BadInput as error:
            return error.message

    with pytest.MonkeyPatch.context() as careful:
        fast = [told(read) for read in (reading.statements, reading.statement)]
        careful.setattr(reading, "_shortest", lambda body: None)
        assert [told(read) for read in (reading.statements, reading.statement)] == fast


def test_the_shortest_json_is_what_is_read_fast() -> None:
    value = {"é": ["\u2028\x7f\t", 1, 1.5, 1e22, True, None, {"": {}}]}
    for told in (value, [value, {}, value]):
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        assert reading._shortest(body) is not None, body
        assert reading._shortest(body + b" ") is None


def test_numbers_and_escapes_stay_as_the_sender_wrote_them() -> None:
    text = '{"a":1.50e+2,"b":"\\u00e9\\/","c":12345678901234567890}'
    assert reading.statements(text.encode())[0].text == text


def test_communication_2_1_2_a_set_of_no_statements() -> None:
    assert reading.statements(b" [ ] ") == []


def test_rfc_8259_8_1_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert reading.statements(b'\xef\xbb\xbf{"a":1}') == [reading.Raw('{"a":1}', {"a": 1})]


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"[", b"{", b"]", b"nul", b"{]", b"[}", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{a:1}", b"{'a':1}",
        b'[{"a":1},]', b'[,{"a":1}]', b'[{"a":1} {"a":1}]', b'[{"a":1}', b'{"a":1}{"a":1}', b'[{"a":1}]]', b'{"a":1}x',
        b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":0x1}', b'{"a":"\\x"}', b'{"a":"\\u12"}',
        b'{"a":"\n"}', b'{"a":"\x00"}', b'{"a":"b', b'{"a":1}\x00', "{\u00a0}".encode(), b"\xef\xbb\xbf\xef\xbb\xbf{}",
    ],
)  # fmt: skip
def test_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="malformed"):
        reading.statements(body)


def test_malformed_json_is_refused_with_its_place() -> None:
    with pytest.raises(BadInput, match="line 3, column 7"):
        reading.statements(b'[{"a":1},\n\n{"b": tru}]')


def test_in_a_list_the_statement_is_named() -> None:
    for body, said in (
        (b'[{"a":1},{"b": tru}]', "statement 2: The JSON is malformed at line 1, column 16: Expecting value."),
        (b'[{"a":1,"a":2}]', "statement 1: The key"),
    ):
        with pytest.raises(BadInput) as refused:
            reading.statements(body)
        assert str(refused.value).startswith(said)
    with pytest.raises(BadInput) as alone:
        reading.statements(b'{"a":1,"a":2}')
    assert str(alone.value).startswith("The key")


def test_details_are_in_the_reader_s_language() -> None:
    with pytest.raises(BadInput) as refused:
        reading.statements(b"[{},{]")
    said = refused.value.localized(lambda text: text if "%" in text else text.upper())
    assert said.startswith("statement 2: The JSON is malformed")
    assert said.endswith("EXPECTING PROPERTY NAME ENCLOSED IN DOUBLE QUOTES.")


@pytest.mark.parametrize("body", [b"[1]", b'[{}, "x"]', b"[[]]", b"null", b"3", b'"x"', b"[null]", b"true"])
def test_what_is_no_object_is_no_statement(body: bytes) -> None:
    with pytest.raises(BadInput, match="JSON object"):
        reading.statements(body)


def test_put_takes_no_array() -> None:
    with pytest.raises(BadInput, match="one JSON object"):
        reading.statement(b'[{"a":1}]')


@pytest.mark.parametrize("body", [b'{"a":1,"a":1}', b'{"x":[{"a":1,"b":2,"\\u0061":3}]}', b'[{"":1,"":1}]'])
def test_data_2_2_a_key_twice_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="twice"):
        reading.statements(body)


def test_a_key_twice_among_many_is_found_at_once() -> None:
    """A second, where looking for each key among all the others would take minutes."""
    body = "{" + ",".join(f'"{n}":1' for n in range(200_000)) + ',"199999":1}'
    before = time.process_time()
    with pytest.raises(BadInput, match="“199999” is twice"):
        reading.statement(body.encode())
    assert time.process_time() - before < 10
    with pytest.raises(BadInput) as refused:
        reading.statement(f'{{"{"k" * 9000}":1,"{"k" * 9000}":1}}'.encode())
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e309", "-1e999", "9" * 310, "-" + "9" * 5000])
def test_what_no_double_can_hold_is_refused(number: str) -> None:
    with pytest.raises(BadInput):
        reading.parse(f'{{"a":{number}}}'.encode())


@pytest.mark.parametrize("number", ["1e308", "-1.7976931348623157e308", "9" * 308, "-" + "1" * 309, "1e-999", "-0"])
def test_what_a_double_can_hold_is_kept(number: str) -> None:
    value = reading.parse(number.encode())
    assert float(value) == float(number)


@pytest.mark.parametrize(
    "body", [b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}', '{"a":1}'.encode("utf-16")]
)
def test_communication_1_4_only_utf_8(body: bytes) -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        reading.parse(body)


@pytest.mark.parametrize(
    "text",
    [
        r"\ud800",
        r"\uDFFF",
        r"\ud83d\ud83d\ude00",
        r"\ud83d\ude00\ude00",
        r"\ud83d\\\ude00",
        r"\ud83dx\ude00",
        r"\\\ud800",
    ],
)
def test_half_of_a_surrogate_pair_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="surrogate"):
        reading.parse(f'["{text}"]'.encode())


@pytest.mark.parametrize(
    "text", [r"\ud83d\ude00", r"\\ud800", r"\\\\udfff", r"\uD83D\uDE00\ud83d\ude00", "😀", r"\ud7ff"]
)
def test_whole_pairs_and_escaped_backslashes_are_kept(text: str) -> None:
    assert reading.parse(f'"{text}"'.encode()) == json.loads(f'"{text}"')


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + "1" + closing * depth).encode()


@pytest.mark.parametrize(
    ("levels", "opening", "closing"), [(1, "[", "]"), (1, '{"a":', "}"), (2, '{"}]\\"\\\\":[', "]}")]
)
def test_depth_is_bounded(levels: int, opening: str, closing: str) -> None:
    most = reading.DEPTH // levels
    assert reading.parse(nested(most, opening, closing))
    for depth in (most + 1, 1_000, 200_000):
        with pytest.raises(BadInput, match="levels deep"):
            reading.parse(nested(depth, opening, closing))


@pytest.mark.parametrize(
    "body", [b"[" * 300_000, b'{"a":' * 300_000, b'["]' * 100_000, b"[]" * 300_000 + b"[" * 300_000]
)
def test_depth_is_bounded_in_what_never_ends(body: bytes) -> None:
    with pytest.raises(BadInput):
        reading.parse(body)


def test_many_shallow_statements_are_not_deep() -> None:
    body = b"[" + b",".join([b'{"a":[[[[[{"b":"]}[{"}]]]]]}'] * 500) + b"]"
    assert len(reading.statements(body)) == 500


@pytest.mark.parametrize("separator", [b",", b", "])
def test_a_list_is_bounded_by_its_number(separator: bytes) -> None:
    def listed(count: int) -> bytes:
        return b"[" + separator.join([b"{}"] * count) + b"]"

    assert len(reading.statements(listed(reading.MOST))) == reading.MOST
    with pytest.raises(TooLarge):
        reading.statements(listed(reading.MOST + 1))


@pytest.mark.parametrize("text", ["{%s}", "{ %s}"])
def test_a_list_counts_among_the_levels(text: str) -> None:
    deepest = text.replace("%s", '"a":' + "[" * 99 + "]" * 99).encode()
    assert len(reading.statements(deepest)) == 1
    with pytest.raises(BadInput):
        reading.statements(b"[%b]" % deepest)


SHORT = """
import resource
from appliance.xapi import reading
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert len(reading.statements(b"[" + b",".join([b'{"a":1}'] * reading.MOST) + b"]")) == reading.MOST
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_what_is_short_takes_little() -> None:
    done = subprocess.run([sys.executable, "-c", SHORT], stdout=subprocess.PIPE, check=True)
    assert int(done.stdout) < 16 << 10  # KB; some 4 MB, or 40 when each keeps the room that it was written in


def test_a_small_stack_is_enough() -> None:
    """The server's threads are not Python's: the deepest text must fit in theirs."""
    before = threading.stack_size(256 * 1024)
    try:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(reading.parse, nested(reading.DEPTH)).result()
    finally:
        threading.stack_size(before)


@given(st.binary() | st.text(r'[]{}",:\ \n1tue').map(str.encode))
def test_nothing_but_bad_input_comes_of_any_bytes(body: bytes) -> None:
    try:
        found = reading.statements(body)
    except BadInput:
        return
    assert found == [reading.statement(raw.text.encode()) for raw in found]
    assert [raw.value for raw in found] == [json.loads(raw.text) for raw in found]


@given(st.data(), OBJECTS)
def test_members_are_where_they_stand(data: st.DataObject, value: dict[str, Any]) -> None:
    text = data.draw(written(value))
    spans = reading.members(text)
    assert list(spans) == list(value)
    for key, (start, begin, end) in spans.items():
        assert json.loads(text[begin:end]) == value[key]
        assert json.loads("{" + text[start:end] + "}") == {key: value[key]}


@given(st.data(), OBJECTS)
def test_cut_takes_those_members_and_nothing_else(data: st.DataObject, value: dict[str, Any]) -> None:
    text = data.draw(written(value))
    keys = data.draw(st.sets(st.sampled_from(sorted(value)))) if value else set()
    left = reading.cut(text, keys)
    assert json.loads(left) == {key: item for key, item in value.items() if key not in keys}
    spans = reading.members(text)
    pieces = [text[spans[key][0] : spans[key][2]] for key in value if key not in keys]
    at = 0
    for piece in pieces:
        at = left.index(piece, at) + len(piece)
    assert set(left[at:]) <= set(" \t\r\n}" if at else " \t\r\n{}")


def test_cut_leaves_the_text_alone_when_there_is_nothing_to_cut() -> None:
    text = '{ "a" :1 }'
    assert reading.cut(text, ("stored",)) is text


@pytest.mark.parametrize(
    ("text", "keys", "left"),
    [
        ('{"a":1, "stored":"x", "b":2}', ["stored"], '{"a":1, "b":2}'),
        ('{"stored":"x",\n "a":1}', ["stored"], '{"a":1}'),
        ('{ "a":1 ,\n "stored":"x" }', ["stored"], '{ "a":1 }'),
        ('{"stored":1,"a":{"stored":2},"authority":3}', ["stored", "authority"], '{"a":{"stored":2}}'),
        ('{ "stored":1 }', ["stored"], "{  }"),
        ('{"\\u0073tored":1,"a":2}', ["stored"], '{"a":2}'),
    ],
)
def test_cut_by_example(text: str, keys: list[str], left: str) -> None:
    assert reading.cut(text, keys) == left


def test_span_follows_a_path() -> None:
    text = '{"a":{"b" : {"c": [1, 2]}}, "b":0}'
    start, end = reading.span(text, ("a", "b", "c"))
    assert text[start:end] == "[1, 2]"
    with pytest.raises(KeyError):
        reading.span(text, ("a", "c"))


def test_time_grows_with_length_only() -> None:
    """A megabyte that is hostile to a careless reader is read, or refused, in a moment."""
    for body in (
        b'{"a":"' + b"\\\\" * 500_000 + b'"}',
        b"[" + b"{}," * 300_000 + b"1]",
        b'"' + b"\\ud800" * 160_000 + b'"',
    ):
        began = time.monotonic()
        with contextlib.suppress(BadInput):
            reading.parse(body)
        assert time.monotonic() - began < 5
