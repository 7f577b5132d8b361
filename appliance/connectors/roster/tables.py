# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Tables as text (RFC 4180 and its relatives): which separator, which columns."""

from __future__ import annotations

import collections
import csv
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from appliance.connectors.roster import levels
from appliance.connectors.roster.rows import Found, Roster, clean, roster
from appliance.connectors.roster.text import plain
from appliance.errors import BadInput, TooLarge

SEPARATORS = (";", "\t", ",", "|")
MAX_LINES = 5000
MAX_COLUMNS = 100
SAMPLES = 4
LONGEST_SAMPLE = 40
_LOOKED_AT = 60
"""Lines by which the separator is judged."""

FIRST_NAMES = ("prenom eleve", "prenom de l'eleve", "prenom usuel", "prenom d'usage", "1er prenom", "premier prenom",
               "prenom 1", "prenom1", "prenom", "prenoms eleve", "prenoms", "given name", "givenname", "first name",
               "firstname", "forename")  # fmt: skip
SURNAMES = ("nom eleve", "nom de l'eleve", "nom de famille", "nom de naissance", "nom", "nom d'usage eleve",
            "nom d'usage", "family name", "familyname", "last name", "lastname", "surname")  # fmt: skip
GROUPS = ("libelle classe", "libelle de la classe", "libelle division", "nom de la classe", "classe", "division",
          "classe/division", "groupe", "class", "homeroom")  # fmt: skip
LEVELS = ("niveau", "niveau classe", "niveau eleve", "libelle niveau", "mef", "formation", "grade", "level", "cycle")
"""Headers as :func:`plain` writes them, the best first."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column says what, from 0; None: no column does."""

    first_name: int | None = None
    group: int | None = None
    level: int | None = None
    surname: int | None = None
    """Looked at for a letter where two share a first name."""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells, the first line included. Held for as long as somebody chooses, then dropped."""

    lines: tuple[tuple[str, ...], ...] = field(repr=False)
    titled: bool
    """Whether the first line names the columns."""
    guess: Columns

    @property
    def width(self) -> int:
        """Columns."""
        return max(map(len, self.lines))

    def titles(self) -> list[str]:
        """The name of each column; empty ones where the first line does not tell."""
        first = self.lines[0] if self.titled else ()
        return [clean(cell, LONGEST_SAMPLE) for cell in (*first, *[""] * (self.width - len(first)))]

    def samples(self) -> list[list[str]]:
        """The first lines, each as wide as the table."""
        shown = self.lines[self.titled : self.titled + SAMPLES]
        return [[clean(_cell(line, n), LONGEST_SAMPLE) for n in range(self.width)] for line in shown]

    def chosen(self, columns: Columns, *, titled: bool | None = None, source: str = "table") -> Roster:
        """The pupils by these columns. Raises :class:`BadInput` without a column of first names, or without names."""
        if columns.first_name is None or not 0 <= columns.first_name < self.width:
            raise BadInput("Choose the column that holds the first names.")
        body = self.lines[1:] if (self.titled if titled is None else titled) else self.lines
        return roster(source, (_found(line, columns) for line in body if any(cell.strip() for cell in line)))


def _found(line: Sequence[str], columns: Columns) -> Found:
    group, level = _cell(line, columns.group), _cell(line, columns.level)
    return Found(_cell(line, columns.first_name), _cell(line, columns.surname), group, levels.level(level, group))


def _cell(line: Sequence[str], column: int | None) -> str:
    return line[column] if column is not None and 0 <= column < len(line) else ""


def parse(text: str) -> Table:
    """Raises :class:`BadInput` when it is no table, :class:`TooLarge`."""
    text = text.lstrip("\ufeff")
    separator, body = _separated(text)
    lines = tuple(_cells(body, separator))
    if not lines:
        raise BadInput("This file is empty: export the list again, then give the new file.")
    guess = guessed(lines[0])
    return Table(lines, guess != Columns(), guess if guess.first_name is not None else _alone(lines, guess))


def _alone(lines: Sequence[Sequence[str]], guess: Columns) -> Columns:
    """A table of one column can only be first names."""
    return Columns(0) if max(map(len, lines)) == 1 else guess


def _cells(text: str, separator: str) -> Iterable[tuple[str, ...]]:
    kept = 0
    try:
        for line in csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=False):
            if not any(cell.strip() for cell in line):
                continue
            kept += 1
            if kept > MAX_LINES or len(line) > MAX_COLUMNS:
                raise TooLarge("This table is larger than a school: give a list of at most %(lines)d pupils.",
                               lines=MAX_LINES)  # fmt: skip
            yield tuple(line)
    except csv.Error:
        raise BadInput("This file is not a table: export the list again as CSV.") from None


def _separated(text: str) -> tuple[str, str]:
    """The separator (as the first line says, ``sep=;``, or what cuts most lines evenly), and the text that it cuts."""
    if said := re.match(r"sep=([;\t,|])[ \t]*\r?\n", text):
        return said[1], text[said.end() :]
    head = list(itertools.islice(text.splitlines(), _LOOKED_AT))
    return max(SEPARATORS, key=lambda each: (_evenness(head, each), -SEPARATORS.index(each))), text


def _evenness(lines: Sequence[str], separator: str) -> float:
    try:
        widths = [len(line) for line in csv.reader(lines, delimiter=separator) if line]
    except csv.Error:
        return 0.0
    width, count = collections.Counter(widths).most_common(1)[0] if widths else (1, 0)
    return 0.0 if width < 2 else count / len(widths) + min(width, 50) / 1000


def guessed(titles: Sequence[str]) -> Columns:
    """The columns by their titles, wherever they stand and however accents came through."""
    named = [plain(title) for title in titles]

    def at(known: Sequence[str]) -> int | None:
        return next((named.index(title) for title in known if title in named), None)

    return Columns(at(FIRST_NAMES), at(GROUPS), at(LEVELS), at(SURNAMES))
