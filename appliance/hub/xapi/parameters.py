# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Query parameters: which a request may carry, and what their text must be. Every refusal is a 400 (3.2)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from appliance.errors import BadInput
from appliance.xapi import reading, statement, values
from appliance.xapi.version import Version

MOST_DIGITS = 9


def only(parameters: Mapping[str, str], *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> None:
    """Refuse a parameter that the resource does not know here, also one in another case, and the lack of one."""
    for name in parameters:
        if name not in required and name not in optional:
            raise BadInput("Unknown parameter %(name)s here: known are %(known)s.", name=name[:60],
                           known=", ".join((*required, *optional)) or "-")  # fmt: skip
    for name in required:
        if name not in parameters:
            raise BadInput("The parameter %(name)s is missing.", name=name)


def uuid(parameters: Mapping[str, str], name: str) -> str | None:
    """Lower case; None when not given."""
    text = parameters.get(name)
    if text is None:
        return None
    if not values.uuid_text(text):
        raise BadInput("The parameter %(name)s must be a UUID.", name=name)
    return text.lower()


def iri(parameters: Mapping[str, str], name: str) -> str | None:
    """An absolute IRI, as given."""
    text = parameters.get(name)
    if text is not None and not values.iri(text):
        raise BadInput("The parameter %(name)s must be an IRI with its scheme.", name=name)
    return text


def timestamp(parameters: Mapping[str, str], name: str) -> datetime.datetime | None:
    """Aware, in UTC."""
    text = parameters.get(name)
    if text is None:
        return None
    moment = values.timestamp(text)
    if moment is not None:
        return moment
    raise BadInput("The parameter %(name)s must be an ISO 8601 timestamp, such as 2026-11-22T08:00:00Z.", name=name)


def flag(parameters: Mapping[str, str], name: str) -> bool:
    """``true`` or ``false`` as in JSON (2.1.3); False when not given."""
    text = parameters.get(name, "false")
    if text not in ("true", "false"):
        raise BadInput("The parameter %(name)s must be true or false.", name=name)
    return text == "true"


def count(parameters: Mapping[str, str], name: str) -> int:
    """A whole number from 0 on; 0 when not given."""
    text = parameters.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadInput("The parameter %(name)s must be a whole number, 0 or more.", name=name)
    return int(text)


def one_of(parameters: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    """One of ``known``; the first when not given."""
    text = parameters.get(name, known[0])
    if text not in known:
        raise BadInput("The parameter %(name)s must be one of %(known)s.", name=name, known=", ".join(known))
    return text


def agent(parameters: Mapping[str, str], name: str, *, groups: bool) -> dict[str, Any] | None:
    """An Agent (JSON text); ``groups``: or a Group with an identifier of its own. Both families have the same."""
    text = parameters.get(name)
    if text is None:
        return None
    value = reading.parse(text.encode())
    check = statement.check_actor if groups else statement.check_agent
    check(value, Version.V1)
    found: dict[str, Any] = value
    return found
