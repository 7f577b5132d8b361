# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What is in a sequence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["word", "phrase"]
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")


def words(text: str) -> tuple[str, ...]:
    """The words of an English text as dictionaries list them: lower case, no punctuation, compounds split."""
    return tuple(_WORD.findall(text.lower().replace("’", "'")))


def slug(text: str) -> str:
    """The name of an item's files: ``What's your name?`` -> ``whats-your-name``."""
    return "-".join(word.replace("'", "") for word in words(text))


@dataclass(frozen=True, slots=True)
class Item:
    """A word or a phrase to say."""

    text: str
    kind: Kind
    gloss: str
    """In French."""
    pictures: tuple[str, ...] = ()
    """At most three: OpenMoji codes (``1F44B``) or names of files below ``pictures/``."""
    pronunciations: Mapping[str, str] = field(default_factory=dict)
    """Word -> ARPAbet, for words that dictionaries lack."""
    answers: str = ""
    """The text of the question that this item answers."""
    beats: tuple[float, ...] = ()
    """How long each word lasts in a song, in beats."""

    @property
    def slug(self) -> str:
        """See :func:`slug`."""
        return slug(self.text)

    @property
    def words(self) -> tuple[str, ...]:
        """See :func:`words`."""
        return words(self.text)


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing to do with some of the items."""

    kind: str
    """A key of :data:`.kinds.ACTIVITIES`."""
    items: tuple[str, ...]
    """Texts of items, in order."""
    focus: tuple[str, ...] = ()
    """At most two keys of :data:`.kinds.CONTRASTS`."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Of minimal pairs: texts of items."""
    instructions: str = ""
    """In French; empty: the sentence of the kind."""
    tempo: int = 0
    """Of a song: beats a minute."""


@dataclass(frozen=True, slots=True)
class TeacherSheet:
    """How to lead the sequence, in French."""

    minutes: int
    modes: tuple[str, ...]
    steps: tuple[str, ...]
    watch: tuple[str, ...]
    without_screen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence, checked: its activities name items that it has."""

    id: str
    title_fr: str
    title_en: str
    theme: str
    level: str
    licence: str
    authors: tuple[str, ...]
    objectives: tuple[str, ...]
    items: tuple[Item, ...]
    activities: tuple[Activity, ...]
    teacher: TeacherSheet

    def item(self, text: str) -> Item:
        """The item of that text. Raises KeyError."""
        for item in self.items:
            if item.text == text:
                return item
        raise KeyError(text)
