# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A new list of a class that is there already: who is the same, who is new, who is no longer on it. Pure.

A first name that stands once on both sides is the same child, whatever its capitals and accents. "Léa" on one side and
"Léa B." on the other may be the same or not: that is asked, never guessed.
"""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.errors import BadInput

NEW = "new"
"""The answer "somebody else": a pupil to be added."""
_LETTER = re.compile(r"\s+(?:\w\.?|\d{1,3})$")


@dataclass(frozen=True, slots=True)
class Line:
    """A first name of the new list."""

    name: str = field(repr=False)
    same: str = ""
    """The pupil whose name it is."""
    asked: tuple[str, ...] = ()
    """The pupils of whom it may be one; empty without ``same``: a new one."""

    @property
    def is_new(self) -> bool:
        """Nobody of the class has this name or one like it."""
        return not self.same and not self.asked


@dataclass(frozen=True, slots=True)
class Compared:
    """The two lists, side by side."""

    lines: tuple[Line, ...]
    missing: tuple[str, ...]
    """Pupils of the class whom no line names for sure, in the order of the class."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be done."""

    added: tuple[str, ...]
    renamed: Mapping[str, str]
    left: tuple[str, ...]


def compare(listed: Sequence[str], present: Mapping[str, str]) -> Compared:
    """``present``: pupil -> first name, of those that have one."""
    theirs: dict[str, list[str]] = collections.defaultdict(list)
    for pupil, name in present.items():
        theirs[_plain(name)].append(pupil)
    counts = collections.Counter(map(_plain, listed))
    same = {name: theirs[name][0] for name, count in counts.items() if count == 1 and len(theirs.get(name, ())) == 1}
    sure = set(same.values())
    like: dict[str, list[str]] = collections.defaultdict(list)
    for pupil, name in present.items():
        if pupil not in sure:
            like[_bare(name)].append(pupil)
    lines = (Line(name, same.get(_plain(name), ""),
                  () if _plain(name) in same else tuple(like.get(_bare(name), ()))) for name in listed)  # fmt: skip
    return Compared(tuple(lines), tuple(pupil for pupil in present if pupil not in sure))


def decide(found: Compared, answers: Mapping[int, str], leaving: Sequence[str]) -> Changes:
    """``answers``: for each line that is asked, its number -> a pupil or :data:`NEW`; ``leaving``: pupils that go.

    Raises :class:`BadInput` for a question without an answer, or one pupil for two lines.
    """
    added, renamed = [], {}
    for number, line in enumerate(found.lines):
        answer = answers.get(number, "") if line.asked else NEW if line.is_new else line.same
        if answer == NEW:
            added.append(line.name)
        elif answer in line.asked and answer not in renamed:
            renamed[answer] = line.name
        elif line.asked:
            raise BadInput("Say for each first name that stands twice who it is, each pupil once.")
    gone = [pupil for pupil in found.missing if pupil in leaving and pupil not in renamed]
    return Changes(tuple(added), renamed, tuple(gone))


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFD", name.casefold())
    return " ".join(
        "".join(c for c in folded if not unicodedata.combining(c)).replace("-", " ").replace("’", "'").split()
    )


def _bare(name: str) -> str:
    """Without the letter or number that tells two apart."""
    return _LETTER.sub("", _plain(name)) or _plain(name)
