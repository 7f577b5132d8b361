# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The sequences of spoken English as the teacher looks for one: by level, by theme, by a word."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.errors import CartableError
from appliance.hub import oral_catalogue
from appliance.hub.language import gettext
from appliance.sequences import kinds, pictures
from appliance.sequences.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    id: str
    title_fr: str
    title_en: str
    level: str
    theme: str
    minutes: int
    items: int
    picture: str
    """OpenMoji code; empty where it has none but its teacher's own."""
    words: str
    """Everything that a search looks through, folded."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. Empty: all."""

    query: str = ""
    level: str = ""
    theme: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Wanted:
        """Unknown codes are left out."""
        level, theme = given.get("niveau", ""), given.get("theme", "")
        return cls(
            given.get("q", "").strip()[:100],
            level if level in kinds.LEVELS else "",
            theme if theme in kinds.THEMES else "",
        )


def found(wanted: Wanted) -> list[Entry]:
    """The entries that fit, by level, then theme. A sequence that cannot be read is left out."""
    words = folded(wanted.query).split()
    fits = [
        entry for entry in entries()
        if wanted.level in ("", entry.level) and wanted.theme in ("", entry.theme)
        and all(word in f"{entry.words} {folded(gettext(kinds.THEMES[entry.theme]))}" for word in words)
    ]  # fmt: skip
    return sorted(fits, key=_place)


def entries() -> Iterable[Entry]:
    """All of them."""
    for name in oral_catalogue.ids():
        try:
            yield _own(name) if oral_catalogue.own(name) else _ready(name)
        except CartableError:
            continue  # a file that somebody broke: the others are listed


def themes(level: str) -> list[str]:
    """Those that have a sequence of this level, in the order of the format."""
    has = {entry.theme for entry in entries() if level in ("", entry.level)}
    return [theme for theme in kinds.THEMES if theme in has]


def folded(text: str) -> str:
    """Small letters without accents: nobody types “Écoute” in a search."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _place(entry: Entry) -> tuple[int, int, str]:
    return list(kinds.LEVELS).index(entry.level), list(kinds.THEMES).index(entry.theme), entry.title_fr


def _own(name: str) -> Entry:
    return _entry(oral_catalogue.get(name))


@functools.cache
def _ready(name: str) -> Entry:
    """Kept: these never change while the box runs, and forty files take a second to read."""
    return _entry(oral_catalogue.get(name))


def _entry(sequence: Sequence) -> Entry:
    face = oral_catalogue.face(sequence)
    told = [sequence.title_fr, sequence.title_en, *sequence.objectives]
    told += [word for item in sequence.items for word in (item.text, item.gloss)]
    return Entry(
        sequence.id, sequence.title_fr, sequence.title_en, sequence.level, sequence.theme, sequence.teacher.minutes,
        len(sequence.items), "" if pictures.is_own(face) else face, folded(" ".join(told)),
    )  # fmt: skip
