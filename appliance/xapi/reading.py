# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Strict JSON (RFC 8259) that keeps the sender's own text of every statement.

A key twice, NaN, half of a surrogate pair, a number that no double can hold: each would be read differently by the
next program, so each is refused. A byte order mark is ignored, as RFC 8259 section 8.1 allows: it is never part of a
statement's text. What this module accepts can be written again by :mod:`json` and is at most ``DEPTH`` levels deep.

Most senders write the shortest JSON there is. What orjson reads and writes again to the very same bytes holds none of
these ambiguities, and is read four times as fast; anything else is left to the reader that can say what is wrong.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import itertools
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import orjson

from appliance.errors import BadInput, Text, TooLarge
from appliance.i18n import N_

DEPTH = 100
_DIGITS = 309
"""No double has more digits before its point (the largest is 1.797...e308)."""
MOST = 10_000
"""Statements of a list: the others wait while they are written. Each takes memory, also when it is but ``{}``."""
_PASSES = 8
_LONGEST_KEY = 80
"""Of what a sender chose, in a message."""
_WHICH = N_("statement %(number)s: %(why)s")
_DETAILS = (
    Text("Expecting value"),
    Text("Expecting property name enclosed in double quotes"),
    Text("Expecting ':' delimiter"),
    Text("Expecting ',' delimiter"),
    Text("Illegal trailing comma before end of object"),
    Text("Illegal trailing comma before end of array"),
    Text("Unterminated string starting"),
    Text("Invalid control character"),
    Text("Invalid \\escape"),
    Text("Invalid \\uXXXX escape"),
    Text("Extra data"),
)
"""Marked for translation: what Python's parser says."""
_space = re.compile(r"[ \t\n\r]*").match
_lone = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
).search
_BRACKETS = b"[]{}"
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


@dataclasses.dataclass(slots=True)
class Raw:
    """One statement as it came. ``text``: exactly its bytes, decoded, from ``{`` to ``}``; ``value``: what it says."""

    text: str
    value: dict[str, Any]
    number: int | None = None
    """Its place in the list that it came in, from 1; None when it came alone."""


@contextlib.contextmanager
def telling(number: int | None) -> Iterator[None]:
    """Say in a :class:`BadInput` raised inside which statement of a list it is about; alone, it is clear enough."""
    try:
        yield
    except BadInput as error:
        if number is None:
            raise
        raise type(error)(_WHICH, number=number, why=error) from error


def parse(text: bytes) -> Any:
    """The JSON value of ``text`` (UTF-8). Raises :class:`BadInput` whose message says where it is wrong."""
    decoded = _decode(text)
    value, end = _scan(decoded, _skip(decoded, 0))
    _expect_end(decoded, end)
    return value


def statement(body: bytes) -> Raw:
    """The one JSON object that ``body`` is, for PUT, which takes no list. Raises :class:`BadInput`."""
    if body.startswith(b"{") and (shortest := _shortest(body)):
        return shortest[0]
    text = _decode(body)
    start = _skip(text, 0)
    value, end = _scan(text, start)
    _expect_end(text, end)
    if type(value) is not dict:
        raise BadInput("A statement is one JSON object: send {...}.")
    return Raw(text[start:end], value)


def statements(body: bytes) -> list[Raw]:
    """One statement, or an array of them, in order, each with its own exact text (Communication 2.1.2).

    An empty array is a set of no statements: the result is empty. Raises :class:`BadInput`, :class:`TooLarge` for
    more than :data:`MOST`.
    """
    shortest = _shortest(body)
    if shortest is not None:
        return shortest
    text = _decode(body)
    start = _skip(text, 0)
    if not text.startswith("[", start):
        return [statement(body)]
    found: list[Raw] = []
    index = _skip(text, start + 1)
    if text.startswith("]", index):
        _expect_end(text, index + 1)
        return found
    while True:
        number = len(found) + 1
        _expect_few(number)
        with telling(number):
            value, end = _scan(text, index)
        if type(value) is not dict:
            raise BadInput("A statement is a JSON object: number %(number)d of the list is not.", number=number)
        found.append(Raw(text[index:end], value, number))
        index = _skip(text, end)
        if text.startswith("]", index):
            _expect_end(text, index + 1)
            return found
        if not text.startswith(",", index):
            raise _malformed(text, index, Text("',' or ']' is missing"))
        index = _skip(text, index + 1)


def members(text: str, start: int = 0) -> dict[str, tuple[int, int, int]]:
    """Where the members of an object stand: key -> (start of the key, start of the value, end of the value).

    ``text`` holds, at ``start``, the ``{`` of an object that :func:`parse` has already accepted.
    """
    spans: dict[str, tuple[int, int, int]] = {}
    index = _skip(text, start + 1)
    while text.startswith('"', index):
        key, after = _plain.raw_decode(text, index)
        begin = _skip(text, _skip(text, after) + 1)
        end = _plain.raw_decode(text, begin)[1]
        spans[key] = (index, begin, end)
        index = _skip(text, end)
        if text.startswith(",", index):
            index = _skip(text, index + 1)
    return spans


def span(text: str, path: Iterable[str]) -> tuple[int, int]:
    """Start and end of the value reached from the object ``text`` by the keys of ``path``. Raises KeyError."""
    begin, end = 0, len(text)
    for key in path:
        _, begin, end = members(text, begin)[key]
    return begin, end


def cut(text: str, keys: Collection[str]) -> str:
    """The object ``text`` without the top-level members ``keys``; every other byte as it was."""
    spans = members(text)
    if spans.keys().isdisjoint(keys):
        return text
    ordered = list(spans.items())
    kept: list[str] = []
    before = 0
    for key, (start, _, end) in ordered:
        if key not in keys:
            kept += (text[before:start] if kept else text[: ordered[0][1][0]], text[start:end])
        before = end
    return "".join(kept or text[: ordered[0][1][0]]) + text[before:]


def _shortest(body: bytes) -> list[Raw] | None:
    """The objects of ``body``, one or a list, when it is the shortest JSON of what it says; None: read it carefully.

    What orjson writes takes some KB each while it is kept, however short: it is compared and let go.
    """
    try:
        value = orjson.loads(body)
        if type(value) is not list:
            return [Raw(body.decode(), value)] if type(value) is dict and _written(value, DEPTH) == body else None
        _expect_few(len(value))
        found: list[Raw] = []
        place = 1
        for number, item in enumerate(value, 1):
            text = _written(item, DEPTH - 1) if type(item) is dict else None
            if text is None or not body.startswith(text, place):
                return None
            found.append(Raw(body[place : place + len(text)].decode(), item, number))
            place += len(text) + 1
            if body[place - 1 : place] != (b"," if number < len(value) else b"]"):
                return None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return found if found and place == len(body) else None


def _expect_few(count: int) -> None:
    if count > MOST:
        raise TooLarge("Send at most %(most)s statements at once.", most=MOST)


def _written(value: Any, depth: int) -> bytes | None:
    """As the shortest JSON; None when it is perhaps deeper than ``depth``."""
    text = orjson.dumps(value)
    return None if text.count(b"{") + text.count(b"[") > depth else text


def _decode(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("The text is not UTF-8: see byte %(position)d.", position=error.start + 1) from error
    text = text.removeprefix("\ufeff")
    if text.count("{") + text.count("[") > DEPTH and _too_deep(text):
        raise BadInput("The JSON is nested more than %(most)d levels deep: make it flatter.", most=DEPTH)
    if "\\ud" in text or "\\uD" in text:
        lone = _lone(text.replace("\\\\", "__"))
        if lone:
            raise _malformed(text, lone.start(), Text("half of a surrogate pair"))
    return text


def _too_deep(text: str) -> bool:
    """Whether brackets outside strings go deeper than DEPTH: asked before the parser, whose C stack this protects.

    Exact up to the first place where the text is malformed, which is as far as the parser goes.
    """
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    brackets = "".join(text.split('"')[::2]).encode().translate(None, _OTHERS)
    rest = brackets
    for _ in range(_PASSES):  # almost every text vanishes here, at the speed of memchr
        rest = rest.replace(b"{}", b"").replace(b"[]", b"")
        if not rest:
            return False
    return any(depth > DEPTH for depth in itertools.accumulate(map(_STEP.__getitem__, brackets)))


def _scan(text: str, start: int) -> tuple[Any, int]:
    try:
        return _strict.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _malformed(text, error.pos, Text(error.msg.removesuffix(" at"))) from error
    except RecursionError as error:
        raise BadInput("The JSON is nested more than %(most)d levels deep: make it flatter.", most=DEPTH) from error


def _expect_end(text: str, end: int) -> None:
    index = _skip(text, end)
    if index != len(text):
        raise _malformed(text, index, Text("something follows the end"))


def _skip(text: str, index: int) -> int:
    found = _space(text, index)
    return found.end() if found else index


def _malformed(text: str, index: int, detail: Text) -> BadInput:
    line = text.count("\n", 0, index) + 1
    column = index - text.rfind("\n", 0, index)
    return BadInput("The JSON is malformed at line %(line)d, column %(column)d: %(detail)s.",
                    line=line, column=column, detail=detail)  # fmt: skip


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = collections.Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise BadInput("The key “%(key)s” is twice in the same object: give it once.", key=twice[:_LONGEST_KEY])
    return made


def _integer(text: str) -> int:
    if len(text) >= _DIGITS and math.isinf(float(text)):
        raise _too_large(text)
    return int(text)


def _decimal(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _too_large(text)
    return number


def _too_large(text: str) -> BadInput:
    return BadInput("The number %(number)s is too large.", number=text if len(text) < 30 else text[:30] + "…")


def _constant(name: str) -> Any:
    raise BadInput("%(name)s is not a JSON number.", name=name)


_strict = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant, strict=True
)
_plain = json.JSONDecoder()
