# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a pupil answered, as the pupil saw it: the words of the choices instead of their ids.

Response formats: xAPI-Data 2.4.4.1, "Interaction Activities" and the delimiters of its tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from appliance.hub.language import format_decimal, gettext

LONGEST = 80
_TOLD = re.compile(r"^\{(?:lang|case_matters|order_matters)=[^}]*\}")

Choose = Callable[[object], str]
"""The text of a language map in the reader's language."""


def response(result: Mapping[str, Any], definition: Mapping[str, Any], choose: Choose) -> str:
    """The answer in words; empty when there is none."""
    given = result.get("response")
    if not isinstance(given, str) or not given.strip():
        return ""
    words = _WAYS.get(str(definition.get("interactionType")), _as_typed)
    return shortened(words(given, definition, choose))


def shortened(text: str) -> str:
    """On one line, and not longer than a line."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _components(definition: Mapping[str, Any], names: Sequence[str], choose: Choose) -> dict[str, str]:
    listed = (each for name in names for each in definition.get(name) or () if isinstance(each, Mapping))
    return {str(each.get("id")): choose(each.get("description")) or str(each.get("id")) for each in listed}


def _as_typed(given: str, definition: Mapping[str, Any], choose: Choose) -> str:
    return given


def _filled(given: str, definition: Mapping[str, Any], choose: Choose) -> str:
    while _TOLD.match(given):
        given = _TOLD.sub("", given)
    return ", ".join(_TOLD.sub("", part).strip() for part in given.split("[,]"))


def _number(given: str, definition: Mapping[str, Any], choose: Choose) -> str:
    """With the sign for decimals of the page's language, and every digit that was given."""
    mark = format_decimal(0.5)[1]
    return given.replace(".", mark) if re.fullmatch(r"[+-]?\d+\.\d+", given) else given


def _true_or_false(given: str, definition: Mapping[str, Any], choose: Choose) -> str:
    return str({"true": gettext("true"), "false": gettext("false")}.get(given.strip().lower(), given))


def _picked(given: str, definition: Mapping[str, Any], choose: Choose) -> str:
    known = _components(definition, ("choices", "scale"), choose)
    return ", ".join(known.get(part, part) for part in given.split("[,]"))


def _paired(given: str, definition: Mapping[str, Any], choose: Choose) -> str:
    known = _components(definition, ("source", "target", "steps"), choose)
    pairs = (part.partition("[.]") for part in given.split("[,]"))
    return ", ".join(
        f"{known.get(left, left)} → {known.get(right, right)}" if right else known.get(left, left)
        for left, _, right in pairs
    )


_WAYS: dict[str, Callable[[str, Mapping[str, Any], Choose], str]] = {
    "true-false": _true_or_false,
    "choice": _picked,
    "sequencing": _picked,
    "likert": _picked,
    "matching": _paired,
    "performance": _paired,
    "fill-in": _filled,
    "long-fill-in": _filled,
    "numeric": _number,
}
"""Interaction type -> how its responses are written; others stand as they are."""
