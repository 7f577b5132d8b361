# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``sequence.toml`` -> :class:`.Sequence`. Every error names the line, the item or the activity."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from appliance.errors import BadInput
from appliance.i18n import N_
from appliance.sequences import fields, kinds, pictures, selection
from appliance.sequences.fields import Table
from appliance.sequences.sequence import Activity, Item, Kind, Sequence, TeacherSheet, slug, words

FORMAT = 1
MOST_BYTES = 256 * 1024
MOST_ITEMS = 80
MOST_ACTIVITIES = 30
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "AGPL-3.0-or-later")
"""What may be shared freely, as SPDX writes it."""
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ENGLISH = re.compile(r"[A-Za-z][A-Za-z '’.,!?;:-]*")
_PHRASE = re.compile(r"[.!?]$")
_AT_LINE = re.compile(r"\(at line (\d+)")
_LONG_KEY = re.compile(
    r"""(?<![\w-])(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')(?:[ \t]*+\.[ \t]*+(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')){32}"""
)
"""A dotted key of more than 32 parts: ``tomllib`` takes memory and time by the square of their number."""
_ITEM_PLACE = N_("Item %(number)d (%(text)s): %(why)s")
_ACTIVITY_PLACE = N_("Activity %(number)d (%(kind)s): %(why)s")
_TEACHER_PLACE = N_("The teacher's sheet: %(why)s")
_TOP = ("format", "id", "title", "theme", "level", "licence", "authors", "objectives", "items", "activities", "teacher")
_ITEM = ("text", "kind", "fr", "picture", "say", "answer_to", "beats")
_ACTIVITY = ("kind", "items", "pairs", "focus", "instructions", "tempo")
_TEACHER = ("minutes", "modes", "steps", "watch", "without_screen")


def read(document: bytes) -> Sequence:
    """The sequence in a ``sequence.toml``. Raises :class:`BadInput` that says where and what."""
    top = _toml(document)
    fields.known_only(top, _TOP)
    if top.get("format") != FORMAT:
        raise BadInput("This sequence is not of format %(format)d: it needs another release of Cartable.",
                       format=FORMAT)  # fmt: skip
    title = fields.table(top, "title")
    fields.known_only(title, ("fr", "en"))
    items = _items(top)
    return Sequence(
        id=_identifier(top),
        title_fr=fields.text(title, "fr", most=80),
        title_en=fields.text(title, "en", most=80),
        theme=fields.choice(top, "theme", kinds.THEMES),
        level=fields.choice(top, "level", kinds.LEVELS),
        licence=fields.choice(top, "licence", LICENCES),
        authors=fields.texts(top, "authors", least=1, most=20),
        objectives=fields.texts(top, "objectives", least=1, most=6),
        items=items,
        activities=_activities(top, items),
        teacher=_teacher(top),
    )


def _toml(document: bytes) -> Table:
    if len(document) > MOST_BYTES:
        raise BadInput("The file sequence.toml is too large: %(most)d kB at most.", most=MOST_BYTES // 1024)
    try:
        text = document.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = document[: error.start].count(b"\n") + 1
        raise BadInput(
            "Line %(line)s of sequence.toml is not UTF-8 text: save the file as UTF-8.", line=line
        ) from error
    if long := _LONG_KEY.search(text):
        raise _unreadable(text.count("\n", 0, long.start()) + 1)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise BadInput("The file sequence.toml has too many brackets inside one another.") from error
    except ValueError as error:  # its own, and Python's for a number of thousands of digits
        found = _AT_LINE.search(str(error))
        raise _unreadable(int(found[1]) if found else document.count(b"\n") + 1) from error


def _unreadable(line: int) -> BadInput:
    return BadInput("Line %(line)s of sequence.toml cannot be read: compare quotes, commas and brackets with "
                    "another sequence.", line=line)  # fmt: skip


def _identifier(top: Table) -> str:
    value = fields.text(top, "id", most=60)
    if not _ID.fullmatch(value):
        raise BadInput("The id “%(id)s” must be of small letters without accents, digits and hyphens.", id=value)
    return value


@contextmanager
def _place(message: str, **params: object) -> Iterator[None]:
    """Errors below are told with the place where they are."""
    try:
        yield
    except BadInput as error:
        raise BadInput(message, **params, why=error) from error


def _named(table: Table, key: str) -> str:
    """What stands there, for an error; a table of tables may be too deep to be written."""
    value = table.get(key)
    return value if isinstance(value, str) else "?"


def _items(top: Table) -> tuple[Item, ...]:
    found: dict[str, Item] = {}
    for number, table in enumerate(fields.tables(top, "items", MOST_ITEMS), 1):
        with _place(_ITEM_PLACE, number=number, text=_named(table, "text")[:60]):
            item = _item(table)
            if item.slug in found:
                raise BadInput("It is there twice: take one out.")
            found[item.slug] = item
    for number, item in enumerate(found.values(), 1):
        with _place(_ITEM_PLACE, number=number, text=item.text):
            if item.answers and item.answers not in {other.text for other in found.values()}:
                raise BadInput("It answers “%(text)s”, which is no item of this sequence.", text=item.answers)
    return tuple(found.values())


def _item(table: Table) -> Item:
    fields.known_only(table, _ITEM)
    text = fields.text(table, "text", most=120).replace("’", "'")
    if not _ENGLISH.fullmatch(text) or not slug(text):
        raise BadInput("Write English letters only: numbers in letters, no brackets, no symbols.")
    kind: Kind = "phrase" if _PHRASE.search(text) else "word"
    if "kind" in table:
        kind = "word" if fields.choice(table, "kind", ("word", "phrase")) == "word" else "phrase"
    return Item(
        text=text,
        kind=kind,
        gloss=fields.text(table, "fr", most=160),
        pictures=pictures.parse(fields.text(table, "picture", optional=True)),
        pronunciations=_pronunciations(table, text),
        answers=fields.text(table, "answer_to", optional=True),
        beats=_beats(table, text),
    )


def _pronunciations(table: Table, text: str) -> Mapping[str, str]:
    said = table.get("say", {})
    if not isinstance(said, dict):
        raise BadInput('“say” must be like { word = "W ER D" }.')
    found = {}
    for word in said:
        phones = fields.text(said, word).upper()
        wrong = [phone for phone in phones.split() if phone.rstrip("012") not in kinds.PHONES]
        if word not in words(text):
            raise BadInput("“say” gives the sounds of “%(word)s”, which is not in the text.", word=word[:40])
        if wrong:
            raise BadInput("“%(phone)s” is no sound of ARPAbet: see the list in the reference.", phone=wrong[0][:10])
        found[word] = " ".join(phone.rstrip("012") for phone in phones.split())
    return found


def _beats(table: Table, text: str) -> tuple[float, ...]:
    beats = table.get("beats", [])
    if not isinstance(beats, list) or not all(type(beat) in (int, float) and 0 < beat <= 8 for beat in beats):
        raise BadInput("“beats” must be a list of numbers over 0, at most 8.")
    if beats and len(beats) != len(words(text)):
        raise BadInput("There are %(beats)d beats for %(words)d words: give one for each word.",
                       beats=len(beats), words=len(words(text)))  # fmt: skip
    return tuple(float(beat) for beat in beats)


def _activities(top: Table, items: tuple[Item, ...]) -> tuple[Activity, ...]:
    found = []
    for number, table in enumerate(fields.tables(top, "activities", MOST_ACTIVITIES), 1):
        with _place(_ACTIVITY_PLACE, number=number, kind=_named(table, "kind")[:40]):
            found.append(_activity(table, items))
    return tuple(found)


def _activity(table: Table, items: tuple[Item, ...]) -> Activity:
    fields.known_only(table, _ACTIVITY)
    kind = fields.choice(table, "kind", kinds.ACTIVITIES)
    pairs = selection.pairs(table, items) if kind == "minimal-pairs" else ()
    activity = Activity(
        kind=kind,
        items=tuple(dict.fromkeys(text for pair in pairs for text in pair)) or selection.items(table, kind, items),
        focus=fields.choices(table, "focus", kinds.CONTRASTS, most=2),
        pairs=pairs,
        instructions=fields.text(table, "instructions", optional=True),
        tempo=fields.number(table, "tempo", 40, 200) if kind == "song" else 0,
    )
    selection.fits(activity, items)
    return activity


def _teacher(top: Table) -> TeacherSheet:
    table = fields.table(top, "teacher")
    with _place(_TEACHER_PLACE):
        fields.known_only(table, _TEACHER)
        return TeacherSheet(
            minutes=fields.number(table, "minutes", 5, 120),
            modes=fields.choices(table, "modes", kinds.MODES, least=1),
            steps=fields.texts(table, "steps", least=1, most=12),
            watch=fields.texts(table, "watch", most=8),
            without_screen=fields.texts(table, "without_screen", most=8),
        )
