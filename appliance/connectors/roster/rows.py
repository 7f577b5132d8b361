# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is kept of a pupil: a first name, a class, a level."""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from appliance.errors import BadInput

LONGEST_NAME = 32
"""With a letter and a number it stays under the forty that the vault keeps."""
LONGEST_CLASS = 60
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """A pupil. Its ``repr`` says nothing of the name: no log or traceback may."""

    first_name: str = field(repr=False)
    group: str = ""
    """The class, as the file says it; empty when it says none."""
    level: str = ""
    """One of :data:`appliance.model.LEVELS`, or empty."""


@dataclass(frozen=True, slots=True)
class Found:
    """A pupil as a file tells it, on the way to a :class:`Row`: never leaves the package."""

    first_name: str = field(repr=False)
    surname: str = field(repr=False, default="")
    group: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """A list that was read."""

    source: str
    """``onde``, ``oneroster``, ``siecle`` or ``table``."""
    rows: tuple[Row, ...] = field(repr=False)
    left_out: int = 0
    """Lines without a first name."""

    @property
    def groups(self) -> dict[str, list[Row]]:
        """The pupils of each class, in the order of the file."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.group, []).append(row)
        return found


def roster(source: str, found: Iterable[Found]) -> Roster:
    """Clean and told apart. Raises :class:`BadInput` when nobody is left."""
    cleaned = [(clean_name(pupil.first_name), pupil) for pupil in found]
    named = [(name, pupil) for name, pupil in cleaned if name]
    if not named:
        raise BadInput("This list holds no first name: export it again with the column of first names.")
    by_group: dict[str, list[int]] = {}
    for index, (_, pupil) in enumerate(named):
        by_group.setdefault(clean(pupil.group, LONGEST_CLASS), []).append(index)
    rows: dict[int, Row] = {}
    for group, members in by_group.items():
        told = told_apart([named[n][0] for n in members], [named[n][1].surname for n in members])
        for index, name in zip(members, told, strict=True):
            rows[index] = Row(name, group, named[index][1].level)
    return Roster(source, tuple(rows[index] for index in sorted(rows)), len(cleaned) - len(named))


def told_apart(names: Sequence[str], surnames: Sequence[str]) -> list[str]:
    """First names that are one of a kind: "Léa B." where two share one, with a number where that does not do."""
    lettered = _changed(names, lambda n: f"{names[n]} {initial}." if (initial := _initial(surnames[n])) else names[n])
    while _repeated(lettered):
        counts: collections.Counter[str] = collections.Counter()
        taken = {name.casefold() for name in lettered}
        for index, name in enumerate(lettered):
            counts[name.casefold()] += 1
            if (number := counts[name.casefold()]) > 1:
                lettered[index] = next(
                    each for n in range(number, number + len(lettered) + 1)
                    if (each := f"{name} {n}").casefold() not in taken
                )  # fmt: skip
                taken.add(lettered[index].casefold())
    return lettered


def _changed(names: Sequence[str], change: Callable[[int], str]) -> list[str]:
    repeated = _repeated(names)
    return [change(index) if name.casefold() in repeated else name for index, name in enumerate(names)]


def _repeated(names: Iterable[str]) -> set[str]:
    counted = collections.Counter(name.casefold() for name in names)
    return {name for name, count in counted.items() if count > 1}


def _initial(surname: str) -> str:
    """The first letter of a surname: "D" of "de La Tour"; empty without one."""
    return next((letter.upper()[0] for letter in unicodedata.normalize("NFC", surname) if letter.isalpha()), "")


def clean(text: str, longest: int) -> str:
    """One line of printable text (NFC), cut at ``longest`` characters."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(letter if letter.isprintable() else " " for letter in composed)
    return _SPACES.sub(" ", printable).strip()[:longest].strip()


def clean_name(text: str) -> str:
    """A first name as one writes it: the first of several, capitals put right where it shouts or whispers."""
    name = clean(re.split(r"[,;/]", text)[0], LONGEST_NAME)
    if not any(letter.isalpha() for letter in name):
        return ""
    if (name.isupper() and len(name) > 2) or name.islower():
        name = _WORD.sub(lambda word: word[0].capitalize(), name)
    return unicodedata.normalize("NFC", name)[:LONGEST_NAME].strip()
