# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The words of the house as plain data: no I/O, no framework. Vocabulary: docs/reference/vocabulary.md."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

LEVELS = (
    "maternelle", "cp", "ce1", "ce2", "cm1", "cm2", "6e", "5e", "4e", "3e", "2de", "1re", "term",
)  # fmt: skip
"""School levels, youngest first (France's cycles 1 to 4 and lycée)."""

SUBJECTS = (
    "francais", "maths", "sciences", "histoire-geo", "langues", "arts", "musique", "eps", "emc", "emi",
    "informatique", "decouvrir",
)  # fmt: skip

MODES = ("autonomie", "groupe", "classe", "maison")
"""How a resource is used: alone, in a small group, with the whole class, at home."""


class ResourceState(enum.StrEnum):
    """Where a resource stands. Only READY ones are shown to pupils."""

    READY = "ready"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Card:
    """What a person sees of a resource before opening it. Empty string or tuple: not known."""

    title: str = ""
    description: str = ""
    language: str = ""
    """BCP 47, e.g. ``fr``."""
    levels: tuple[str, ...] = ()
    subject: str = ""
    duration_minutes: int | None = None
    mode: str = ""
    licence: str = ""
    """SPDX identifier where one exists, else the holder's words."""
    author: str = ""
    source: str = ""
    """Where the file comes from, for the credit line."""

    def overlaid(self, edits: Mapping[str, object]) -> Card:
        """This card with a teacher's edits on top; unknown keys raise TypeError."""
        return replace(self, **edits)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Section:
    """A searchable piece of a resource: a ZIM article, a PDF page, an EPUB chapter, a caption.

    ``anchor`` is what the reader needs to open there (ZIM path, page number from 1, spine href, seconds).
    """

    anchor: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What a format found in a file. Paths are relative to the blob's directory."""

    format: str
    card: Card
    entry: str
    """What the reader opens first: a ZIM path, ``files/index.html``, ``original.pdf``…"""
    cover: str | None = None
    """A JPEG or PNG or SVG file of the blob, or None."""
    details: Mapping[str, object] = field(default_factory=dict)
    """JSON facts for the reader: pages, seconds, chapters, captions…"""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the library. ``id`` is stable for life; ``blob`` (SHA-256, hex) changes when it is updated."""

    id: str
    format: str
    card: Card
    blob: str | None
    """None: link only, nothing on the box."""
    filename: str
    """The name it came with, for export."""
    size: int
    """Bytes on disk, extracted files included."""
    entry: str
    cover: str | None
    details: Mapping[str, object]
    state: ResourceState
    added_at: str
    """RFC 3339, UTC."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result: one resource with the best of its sections."""

    resource: str
    """Resource id."""
    anchor: str
    title: str
    snippet: str
    """Plain text stored at import."""
    score: float


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """Empty: no restriction."""

    level: str = ""
    subject: str = ""
    format: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A pupil: a pseudonym and an animal. No surname, no birth date, ever."""

    id: str
    """Random pseudonym; the only pupil identifier in statements."""
    group: str
    alias: str
    avatar: str
    """OpenMoji hexcode, e.g. ``1F98A``."""


@dataclass(frozen=True, slots=True)
class Group:
    """A class or need group."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that the pupils of a lesson may open."""

    kind: str
    """``activity``, ``resource`` or ``oral`` (a sequence of spoken English)."""
    id: str


@dataclass(frozen=True, slots=True)
class LessonOptions:
    """How a lesson is held; whatever might press or compare pupils is off."""

    correction: str = "now"
    """``now``, or ``later``: pages then do not hold the right answers until :attr:`released`."""
    released: bool = False
    """The teacher shows the correction, though it was to come later."""
    minutes: int = 0
    """Screen time shown to pupils as a disc that shrinks; 0: none."""
    ranking: bool = False
    """The teacher's board is in the order of right answers, not of the class list."""
    whole_shelf: bool = False
    """Pupils may open everything else as well."""
    sitting: int = 1
    """Counts the openings of one lesson: cookies of an earlier one are void."""
    end_sure: bool = False
    """Whether ``ended_at`` was told by a clock that can be trusted."""

    @property
    def tells(self) -> bool:
        """Whether pupils' pages may hold the right answers."""
        return self.correction != "later" or self.released


@dataclass(frozen=True, slots=True)
class Lesson:
    """A séance: identity belongs to it, never to a tablet."""

    id: str
    group: str
    """Empty: an anonymous lesson."""
    title: str
    started_at: str
    ended_at: str | None = None
    plan: tuple[Planned, ...] = ()
    """What pupils may open; empty: everything on the box."""
    options: LessonOptions = LessonOptions()
    opened_by: str = ""
    kept: bool = True
    """False: anonymous, in the hub's memory only."""

    @property
    def key(self) -> str:
        """Names this opening of the lesson, for cookies and tablets."""
        return f"{self.id}.{self.options.sitting}"

    def allows(self, kind: str, identifier: str) -> bool:
        """Whether pupils may open it."""
        return not self.plan or Planned(kind, identifier) in self.plan or (
            kind == "resource" and self.options.whole_shelf
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that a lesson holds, in the order of arrival: the last one to a question counts."""

    pupil: str
    activity: str
    question: str
    choice: str
    correct: bool

    @property
    def judged(self) -> bool:
        """Whether the box said right or wrong; a photo and a voice are for the teacher to look at."""
        return self.choice != MEDIUM


SAID = ("bravo", "presque", "encore")
"""How an attempt to say something can be told of: said, nearly, to be said again. Never a mark."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a pupil tried to say in English, as it was judged."""

    statement: str
    """The id of the statement that tells of it."""
    pupil: str
    sequence: str
    item: str
    """Slug of an item of the sequence."""
    outcome: str
    """One of :data:`SAID`."""
    activity: str = ""
    """A key of :data:`appliance.sequences.kinds.ACTIVITIES`."""
    heard: str = ""
    """Empty: nothing that was understood."""
    focus: tuple[tuple[str, bool], ...] = ()
    """(contrast that was looked at, said well?)."""
    overruled: bool = False
    """By the teacher."""


MEDIUM = "[medium]"
"""The choice of an :class:`Answered` that is a photo or a voice."""


class QuestionKind(enum.StrEnum):
    """How a question is answered; beside each, its interaction type (xAPI-Data 2.4.4.1)."""

    CHOICE = "choice"
    """One of several (choice)."""
    SEVERAL = "several"
    """Any number of several (choice)."""
    ORDER = "order"
    """All, in the right order (sequencing)."""
    MATCH = "match"
    """Each with its partner (matching)."""
    NUMBER = "number"
    """A number (numeric)."""
    TEXT = "text"
    """A few words (fill-in)."""
    PHOTO = "photo"
    """A picture that the pupil takes (other); never judged."""
    VOICE = "voice"
    """What the pupil says (other); never judged."""


MEDIA_KINDS = (QuestionKind.PHOTO, QuestionKind.VOICE)
"""Answered by a file, which no statement holds."""


MINE = "mine:"
"""What a picture or sound that a teacher gave begins with, in a question; then its id (store/quiz_media.py)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose, to put in order or to match."""

    id: str
    text: str
    image: str | None = None
    """OpenMoji hexcode, ``library:<key>`` (hub/quiz_pictures.py), :data:`MINE` and an id, or None."""
    sound: str | None = None
    """:data:`MINE` and an id, or None: the box says the words."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question. Its id stands for what is asked: whoever changes that gives it another (store/activities.py)."""

    id: str
    prompt: str
    choices: tuple[Choice, ...]
    """Empty for a number, a text, a photo, a voice."""
    answer: str
    """As xAPI-Data writes a response: ``a``; ``a[,]c`` in the order of ``choices``; ``b[,]a[,]c``;
    ``a[.]1[,]b[.]2`` in the order of ``choices``; ``3.5``; words. Empty for a photo and a voice."""
    right: str
    """Sentence shown after a right answer; empty: the page's own."""
    wrong: str
    sound: str | None = None
    """As :attr:`Choice.sound`; said in place of the prompt."""
    kind: QuestionKind = QuestionKind.CHOICE
    targets: tuple[Choice, ...] = ()
    """What ``choices`` are matched with."""
    also: tuple[str, ...] = ()
    """Other words that are right."""
    tolerance: str = "0"
    """How far from a number an answer is still right."""
    loose: bool = True
    """Words count whatever their capitals, accents, spaces, hyphens and apostrophes."""
    image: str | None = None
    """Shown with the prompt; as :attr:`Choice.image`."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A quiz."""

    id: str
    title: str
    questions: tuple[Question, ...]
