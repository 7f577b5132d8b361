# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``contrasts.toml``: the rules of a French learner, and what the focus gate is allowed to conclude from them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import BadInput
from appliance.speech.phonetics import VOWELS, Phones

TABLE = Path(__file__).with_name("contrasts.toml")
ANY_CONSONANT = "*"
MAX_FOCUS = 2
"""Contrasts that one attempt may be about."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One change of sound. ``source`` and ``target`` are phones, empty for none; ``*`` is any consonant."""

    name: str
    source: str
    target: str
    where: str

    def applied(self, phones: Phones) -> Iterator[Phones]:
        """Every word that the change, made at one place, makes of ``phones``. At least one phone is left."""
        if not self.source:
            if phones[0] in VOWELS:
                yield (self.target, *phones)
            return
        for at, phone in enumerate(phones):
            if self._hits(phone) and self._here(at, phones):
                made = (*phones[:at], *((self.target,) if self.target else ()), *phones[at + 1 :])
                if made:
                    yield made

    def _hits(self, phone: str) -> bool:
        return phone == self.source or (self.source == ANY_CONSONANT and phone not in VOWELS)

    def _here(self, at: int, phones: Phones) -> bool:
        if self.where == "start":
            return at == 0
        if self.where == "end":
            return at == len(phones) - 1
        return self.where == "any" or (at == len(phones) - 1 and any(phone in VOWELS for phone in phones[:at]))


@dataclass(frozen=True, slots=True)
class Contrast:
    """A rule that may be announced to a class, with the measurement that set its threshold."""

    name: str
    least: float
    """The right sound must win by more than this (ln of likelihood over the word)."""
    verdict: bool
    """Heard often enough to say *presque*; otherwise a tip shown beforehand."""
    false_alarms: float
    detection: float
    right: int
    """Words said right that were measured."""
    wrong: int


@functools.cache
def rules() -> Mapping[str, Rule]:
    """Every rule by name."""
    return {row["name"]: Rule(row["name"], row["from"], row["to"], row["where"]) for row in _table()["rule"]}


@functools.cache
def contrasts() -> Mapping[str, Contrast]:
    """The allow-list by name."""
    return {row["name"]: Contrast(**row) for row in _table()["contrast"]}


def focus_of(names: tuple[str, ...]) -> tuple[Contrast, ...]:
    """The contrasts ``names``. Raises :class:`BadInput` for one off the list, and for more than :data:`MAX_FOCUS`."""
    known = contrasts()
    for name in names:
        if name not in known:
            raise BadInput(
                "The sound “%(name)s” cannot be judged: choose one or two of %(known)s.",
                name=name, known=", ".join(known),
            )  # fmt: skip
    if len(names) > MAX_FOCUS:
        raise BadInput("At most %(most)s sounds are listened for at a time.", most=MAX_FOCUS)
    return tuple(known[name] for name in dict.fromkeys(names))


@functools.cache
def _table() -> Mapping[str, list[dict[str, Any]]]:  # the file is ours: its tests hold it to this shape
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))
