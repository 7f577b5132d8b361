# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The members of an untrusted JSON object, each read as what it must be, or :class:`BadInput` with its name."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from appliance.errors import BadInput

_STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)

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
