# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The members of an untrusted JSON object, each read as what it must be, or :class:`BadInput` with its name."""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from appliance.errors import BadInput
from appliance.store.documents import LONGEST_TYPE

_STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)

_decoder = json.JSONDecoder()
_SHORT = 64 << 10
"""Bytes of a line that is parsed as any other JSON."""
_SCALAR = 4096
"""Characters of a member of a long line that is no string."""
_MEMBERS = 20

V = TypeVar("V")


def wrong(name: str) -> BadInput:
    """The refusal of the member ``name``."""
    return BadInput("%(name)s is missing or is not of the right kind.", name=name)


def of(found: Mapping[str, Any], name: str, kind: type[V]) -> V:
    """A value of exactly this type."""
    value = found.get(name)
    if type(value) is not kind:  # bool is an int, and must not pass for one
        raise wrong(name)
    return value


def text(found: Mapping[str, Any], name: str) -> str:
    """A string that UTF-8 can write."""
    value = of(found, name, str)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise wrong(name) from error
    return value


def match(found: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """A string that is, whole, of this pattern."""
    value = of(found, name, str)
    if not pattern.fullmatch(value):
        raise wrong(name)
    return value


def moment(found: Mapping[str, Any], name: str) -> str:
    """A time as the box writes it: 27 characters, which sort as text."""
    value = match(found, name, _STORED)
    try:
        datetime.datetime.fromisoformat(value)
    except ValueError as error:
        raise wrong(name) from error
    return value


def content_type(found: Mapping[str, Any], name: str) -> str:
    """What a document was sent as: it becomes a header, so a line feed in it would make a second one."""
    value = text(found, name)
    if not 0 < len(value) <= LONGEST_TYPE or not (value.isascii() and value.isprintable()):
        raise BadInput("The content type of a document must be a media type of at most %(most)s characters.",
                       most=LONGEST_TYPE)  # fmt: skip
    return value


def number(value: object, name: str) -> float:
    """A finite number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise wrong(name)
    return float(value)


def base64_bytes(found: Mapping[str, Any], name: str) -> bytes:
    """What RFC 4648 section 4 writes, with its padding."""
    try:
        return base64.b64decode(of(found, name, str), validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong(name) from error


def parse(line: bytes) -> Any:
    """The JSON of a line. Raises ValueError (:class:`UnicodeDecodeError`, too), :class:`RecursionError`."""
    return json.loads(line) if len(line) <= _SHORT else _long(line.decode())


def _long(text: str) -> dict[str, Any]:
    """A long line: an object of a few members, long ones strings. Anything else would take ten times its size.

    Raises ValueError.
    """
    found: dict[str, Any] = {}
    place = _after(text, 0, "{")
    for _ in range(_MEMBERS):
        name, place = _decoder.raw_decode(text, _after(text, place, '"') - 1)
        place = _skip(text, _after(text, place, ":"))
        if text.startswith('"', place):
            found[name], place = _decoder.raw_decode(text, place)
        else:
            found[name], length = _decoder.raw_decode(text[place : place + _SCALAR])
            place += length
        place = _skip(text, place)
        if text.startswith("}", place) and _skip(text, place + 1) == len(text):
            return found
        place = _after(text, place, ",")
    raise ValueError("too many members")


def _after(text: str, place: int, sign: str) -> int:
    """The place after ``sign``, which comes next. Raises ValueError."""
    place = _skip(text, place)
    if not text.startswith(sign, place):
        raise ValueError(f"no {sign} at {place}")
    return place + 1


def _skip(text: str, place: int) -> int:
    while text.startswith((" ", "\t", "\r", "\n"), place):
        place += 1
    return place
