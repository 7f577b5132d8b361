# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How a JSON value is held against what the specification allows.

A rule takes a value and raises :class:`BadInput` when it is wrong, with ``place`` relative to that value ("" for the
value itself). Whoever holds the value adds its name to the place on the way out, so that a good statement costs no
text at all and the message of a bad one names the whole path, such as ``context.team.member[2].mbox``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

from appliance.errors import BadInput
from appliance.xapi import values

Rule = Callable[[Any], None]

_LONGEST_KEY = 80
"""Of what a sender chose, in a message."""


def within(error: BadInput, key: str) -> BadInput:
    """The same error, its place seen from one level up."""
    place = str(error.params["place"])
    error.params["place"] = key + place if place[:1] in ("", "[") else f"{key}.{place}"
    return error


def run(rule: Rule, value: Any, name: str) -> None:
    """Apply ``rule`` to a whole value that messages call ``name``; raises BadInput."""
    try:
        rule(value)
    except BadInput as error:
        raise within(error, name) from None


def members(rules: Mapping[str, Rule], required: tuple[str, ...] = ()) -> Rule:
    """An object with these properties and no other (Data 2.2), compared as they are written."""

    def rule(value: Any) -> None:
        if not isinstance(value, dict):
            raise not_an_object()
        for key, item in value.items():
            check = rules.get(key)
            if check is None:
                raise unknown(key)
            try:
                check(item)
            except BadInput as error:
                raise within(null() if item is None else error, key) from None
        for key in required:
            if key not in value:
                raise missing(key)

    return rule


def each(item_rule: Rule) -> Rule:
    """A list whose items all follow one rule."""

    def rule(value: Any) -> None:
        if not isinstance(value, list):
            raise BadInput("%(place)s must be a list, between [ and ].", place="")
        for index, item in enumerate(value):
            try:
                item_rule(item)
            except BadInput as error:
                raise within(null() if item is None else error, f"[{index}]") from None

    return rule


def one_of(*choices: str) -> Rule:
    """One of these texts, capitals included (Data 2.2)."""

    def rule(value: Any) -> None:
        if not isinstance(value, str) or value not in choices:
            raise not_among(choices)

    return rule


def not_among(choices: Iterable[str], place: str = "") -> BadInput:
    """Another value than those that the specification lists."""
    return BadInput("%(place)s must be one of: %(choices)s.", place=place, choices=", ".join(choices))


def not_an_object() -> BadInput:
    """Something else stands where an object must."""
    return BadInput("%(place)s must be an object, between { and }.", place="")


def null() -> BadInput:
    """Null stands only inside extensions (Data 2.2)."""
    return BadInput("%(place)s may not be null: leave it out.", place="")


def unknown(key: Any) -> BadInput:
    """A property that the specification does not have there (Data 2.2)."""
    return BadInput(
        "%(place)s is not a property that xAPI has here: check its spelling and capitals, or put it in extensions.",
        place=str(key)[:_LONGEST_KEY] or '""',
    )


def missing(key: str) -> BadInput:
    """A required property."""
    return BadInput("%(place)s is missing: add it.", place=key)


def text(value: Any) -> None:
    """Any text, even empty."""
    if not isinstance(value, str):
        raise _not_a_text()


def _not_a_text() -> BadInput:
    return BadInput("%(place)s must be a text, between double quotes.", place="")


def boolean(value: Any) -> None:
    """Not the text "true" (Data 2.2)."""
    if value is not True and value is not False:
        raise BadInput("%(place)s must be true or false, without quotes.", place="")


def is_number(value: Any) -> bool:
    """A JSON number; Python counts booleans among its integers, and knows floats that JSON does not."""
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, int) and value is not True and value is not False


def number(value: Any) -> None:
    """Not the text "1" (Data 2.2)."""
    if not is_number(value):
        raise BadInput("%(place)s must be a number, without quotes.", place="")


def uuid(value: Any) -> None:
    """Data 4.4."""
    if not isinstance(value, str) or not values.uuid_text(value):
        raise BadInput("%(place)s must be a UUID, such as 3f2504e0-4f89-41d3-9a0c-0305e82c3301.", place="")


def iri(value: Any) -> None:
    """Data 4.3."""
    if not isinstance(value, str) or not values.iri(value):
        raise BadInput(
            "%(place)s must be a whole IRI with its scheme, such as https://example.org/fractions.", place=""
        )


def language(value: Any) -> None:
    """A language tag as a value (Data 2.4.6)."""
    if not isinstance(value, str) or not values.language_tag(value):
        raise BadInput("%(place)s must be a language tag of RFC 5646, such as fr or fr-CA.", place="")


def language_map(value: Any) -> None:
    """Texts by language tag (Data 4.2)."""
    if not isinstance(value, dict):
        raise not_an_object()
    for tag, words in value.items():
        if not isinstance(tag, str) or not values.language_tag(tag):
            raise BadInput(
                "%(place)s: this key must be a language tag of RFC 5646, such as fr or fr-CA.",
                place=str(tag)[:_LONGEST_KEY] or '""',
            )
        if not isinstance(words, str):
            raise within(null() if words is None else _not_a_text(), tag)


def extensions(value: Any) -> None:
    """Any value at all, under keys that are IRIs (Data 4.1)."""
    if not isinstance(value, dict):
        raise not_an_object()
    for key in value:
        if not isinstance(key, str) or not values.iri(key):
            raise BadInput(
                "%(place)s: the key of an extension must be a whole IRI with its scheme, such as "
                "https://example.org/extensions/colour.",
                place=str(key)[:_LONGEST_KEY] or '""',
            )


def timestamp(value: Any) -> None:
    """ISO 8601, as 1.0.3 takes it (Data 4.5)."""
    _timestamp(value, rfc3339=False)


def timestamp_rfc3339(value: Any) -> None:
    """RFC 3339, as 2.0 asks (IEEE 9274.1.1, 4.2.7)."""
    _timestamp(value, rfc3339=True)


def _timestamp(value: Any, *, rfc3339: bool) -> None:
    if not isinstance(value, str) or values.timestamp(value, rfc3339=rfc3339) is None:
        raise BadInput("%(place)s must be a date and time such as 2026-11-22T06:52:30Z.", place="")


def duration(value: Any) -> None:
    """Data 4.6."""
    if not isinstance(value, str) or not values.duration(value):
        raise BadInput("%(place)s must be a duration, such as PT1M30S or P4W.", place="")
