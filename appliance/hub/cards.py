# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a person may write on a card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from appliance.errors import BadInput
from appliance.model import LEVELS, MODES, SUBJECTS

LONGEST = {"title": 200, "description": 4000, "language": 35, "licence": 200, "author": 500, "source": 500}
"""Characters."""
LONGEST_MINUTES = 24 * 60

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_CHOICES = {"subject": SUBJECTS, "mode": MODES}


def checked(edits: Mapping[str, object]) -> dict[str, object]:
    """``edits`` (card field -> value) ready for :func:`appliance.store.resources.edit`.

    An empty title and None mean "the file's own". Raises :class:`BadInput` naming the field and what it takes.
    """
    return {name: _checked(name, value) for name, value in edits.items()}


def _checked(name: str, value: object) -> object:
    if value is None:
        return None
    if name == "levels":
        return _levels(value)
    if name == "duration_minutes":
        return _minutes(value)
    if name in _CHOICES:
        return _choice(name, value)
    if name not in LONGEST:
        raise BadInput("A card has no field %(name)s.", name=name)
    return _text(name, value)


def _text(name: str, value: object) -> str | None:
    if not isinstance(value, str):
        raise BadInput("%(name)s must be a text.", name=name)
    text = value.encode("utf-8", "replace").decode().replace("\0", "").strip()
    if len(text) > LONGEST[name]:
        raise BadInput("%(name)s is too long: at most %(limit)s characters.", name=name, limit=LONGEST[name])
    if name == "language" and text and not _LANGUAGE.fullmatch(text):
        raise BadInput("%(value)s is not a language code such as fr.", value=text)
    return None if name == "title" and not text else text


def _choice(name: str, value: object) -> object:
    if value != "" and value not in _CHOICES[name]:
        raise BadInput("%(name)s must be one of: %(known)s.", name=name, known=", ".join(_CHOICES[name]))
    return value


def _levels(value: object) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence) or any(level not in LEVELS for level in value):
        raise BadInput("%(name)s must be one of: %(known)s.", name="levels", known=", ".join(LEVELS))
    return [level for level in LEVELS if level in value]


def _minutes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LONGEST_MINUTES:
        raise BadInput("The duration must be a number of minutes from 1 to %(limit)s.", limit=LONGEST_MINUTES)
    return value
