# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Values out of a TOML table, each with a sentence when it is not as it should be."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from typing import Any

from appliance.errors import BadInput

Table = dict[str, Any]
MOST_LETTERS = 400
"""Of one text."""


def known_only(table: Table, keys: Collection[str]) -> None:
    """Raises :class:`BadInput` for a key that nobody reads: a spelling mistake, most often."""
    for key in table:
        if key not in keys:
            raise BadInput("“%(key)s” is not known here: correct its spelling, or take it out.", key=key[:40])


def text(table: Table, key: str, *, optional: bool = False, most: int = MOST_LETTERS) -> str:
    """One line of text. Raises :class:`BadInput`."""
    if key not in table and optional:
        return ""
    value = table.get(key)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= most or not _printable(value):
        raise BadInput("“%(key)s” must be one line of text, at most %(most)d letters.", key=key, most=most)
    return value.strip()


def _printable(value: str) -> bool:
    """No control, no other line, no turning of the direction of writing. Emoji newer than this Python are fine."""
    return not any(
        unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(letter) in _TURNS
        for letter in value
    )


_TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def texts(table: Table, key: str, *, least: int = 0, most: int = 40) -> tuple[str, ...]:
    """A list of texts. Raises :class:`BadInput`."""
    value = table.get(key, [])
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise BadInput("“%(key)s” must be a list of %(least)d to %(most)d texts.", key=key, least=least, most=most)
    return tuple(text({key: entry}, key) for entry in value)


def number(table: Table, key: str, least: int, most: int) -> int:
    """A whole number. Raises :class:`BadInput`."""
    value = table.get(key)
    if type(value) is not int or not least <= value <= most:
        raise BadInput("“%(key)s” must be a whole number from %(least)d to %(most)d.", key=key, least=least, most=most)
    return value


def choice(table: Table, key: str, allowed: Iterable[str]) -> str:
    """One of a closed list. Raises :class:`BadInput`."""
    return among(key, text(table, key), allowed)


def choices(table: Table, key: str, allowed: Iterable[str], *, least: int = 0, most: int = 5) -> tuple[str, ...]:
    """Some of a closed list. Raises :class:`BadInput`."""
    return tuple(among(key, value, allowed) for value in texts(table, key, least=least, most=most))


def among(key: str, value: str, allowed: Iterable[str]) -> str:
    """``value``, when it is allowed. Raises :class:`BadInput`."""
    options = tuple(allowed)
    if value not in options:
        listed = ", ".join(options)
        raise BadInput("“%(key)s” is “%(value)s”: it must be one of %(allowed)s.",
                       key=key, value=value[:40], allowed=listed)  # fmt: skip
    return value


def tables(table: Table, key: str, most: int) -> list[Table]:
    """A list of tables, at least one. Raises :class:`BadInput`."""
    value = table.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        raise BadInput("“%(key)s” is missing: there must be one at least.", key=key)
    if len(value) > most:
        raise BadInput("“%(key)s” has more than %(most)d entries: make two sequences.", key=key, most=most)
    return value


def table(parent: Table, key: str) -> Table:
    """A table. Raises :class:`BadInput`."""
    value = parent.get(key)
    if not isinstance(value, dict):
        raise BadInput("The part “%(key)s” is missing.", key=key)
    return value
