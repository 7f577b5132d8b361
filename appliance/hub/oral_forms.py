# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""From the fields of a sequence's editor to its parts. Pure but for the dictionary, which is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from appliance.errors import BadInput
from appliance.sequences import checks, edit, kinds, pictures, selection
from appliance.sequences.dictionary import Dictionary, sounds_like
from appliance.sequences.sequence import Activity, Item, Sequence, TeacherSheet, slug, words

Form = MultiDict[str, str]
BETWEEN = " / "
"""The two words of a pair in a field."""
MOST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Word:
    """How a word of an item is said, where there is something to say about it."""

    text: str
    ways: tuple[str, ...]
    """What the dictionary proposes; none: it does not know the word."""
    said: str = ""
    """What stands in the field."""


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """What stands in the fields of an item, right or not."""

    slug: str = ""
    """Of the item that is changed; empty: a new one."""
    text: str = ""
    gloss: str = ""
    pictures: tuple[str, ...] = ()
    answers: str = ""
    beats: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    find: str = ""

    def words(self, dictionary: Dictionary) -> tuple[Word, ...]:
        """Those that the dictionary does not know, or that the teacher spoke of; one that stands alone also where there
        are several ways to say it: in a sentence nobody is to choose how "a" is said."""
        told = []
        every = tuple(dict.fromkeys(words(self.text)))
        for word in every:
            ways = tuple(" ".join(way) for way in dictionary.ways(word))
            if not ways or self.said.get(word) or len(ways) > len(every) == 1:
                told.append(Word(word, ways, self.said.get(word, "")))
        return tuple(told)


def shown_item(item: Item) -> ItemDraft:
    """An item in the editor's fields."""
    beats = " ".join(f"{beat:g}".replace(".", ",") for beat in item.beats)
    return ItemDraft(item.slug, item.text, item.gloss, item.pictures, item.answers, beats, item.pronunciations)


def filled_item(form: Form) -> ItemDraft:
    """The fields as they came. Raises :class:`BadInput` for a picture that no field proposes."""
    said = {name.removeprefix("say:"): _line(value) for name, value in form.items() if name.startswith("say:")}
    shown = dict.fromkeys(code for each in form.getlist("picture") for code in pictures.parse(each))
    return ItemDraft(
        form.get("slug", ""), _line(form.get("text", "")), _line(form.get("fr", "")), tuple(shown),
        form.get("answers", ""), _line(form.get("beats", "")), said, _line(form.get("find", "")),
    )  # fmt: skip


def item(draft: ItemDraft, dictionary: Dictionary) -> Item:
    """The item. Raises :class:`BadInput` with what to do, above all for a word that nobody told how to say."""
    if not draft.text or not draft.gloss:
        raise BadInput("Write the English, and what it means in French.")
    said = {}
    for word in words(draft.text):
        if draft.said.get(word):
            said[word] = sounds_like(draft.said[word], dictionary)
        elif not dictionary.ways(word):
            raise BadInput("The box does not know the word “%(word)s”: write below what it sounds like.", word=word)
    text = draft.text.replace("’", "'")
    kind = "phrase" if text.endswith((".", "!", "?")) else "word"
    return Item(text, "phrase" if kind == "phrase" else "word", draft.gloss, draft.pictures, said, draft.answers,
                _beats(draft.beats))  # fmt: skip


def _beats(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(beat.replace(",", ".")) for beat in text.split())
    except ValueError as error:
        raise BadInput("Write a number for each word, such as 1 0,5 2.") from error


@dataclass(frozen=True, slots=True)
class ActivityDraft:
    """What stands in the fields of an activity, right or not."""

    kind: str
    number: int | None = None
    """Of the activity that is changed, from 0; None: a new one."""
    items: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    instructions: str = ""
    tempo: str = "90"

    @property
    def in_order(self) -> bool:
        """Its items are written one a line."""
        return self.kind in selection.IN_ORDER


def new_activity(kind: str, sequence: Sequence) -> ActivityDraft:
    """A new one, with what is natural for its kind. Raises :class:`BadInput` for a kind that there is not."""
    if kind not in kinds.ACTIVITIES:
        raise BadInput("There is no such kind of activity.")
    if kind in (*selection.IN_ORDER, "minimal-pairs"):
        return ActivityDraft(kind)
    items = tuple(each for each in sequence.items if each.pictures or kind != "picture-word")
    return ActivityDraft(kind, items=selection.items({}, kind, items))


def shown_activity(activity: Activity, number: int) -> ActivityDraft:
    """An activity in the editor's fields."""
    return ActivityDraft(
        activity.kind, number, activity.items, activity.focus, tuple(BETWEEN.join(pair) for pair in activity.pairs),
        activity.instructions, str(activity.tempo or 90),
    )  # fmt: skip


def filled_activity(form: Form) -> ActivityDraft:
    """The fields as they came. Raises :class:`BadInput` for a kind that there is not."""
    if form.get("kind", "") not in kinds.ACTIVITIES:
        raise BadInput("There is no such kind of activity.")
    lines = [_line(line) for line in form.get("lines", "").splitlines() if line.strip()]
    return ActivityDraft(
        form["kind"], form.get("number", type=int), tuple(lines or form.getlist("item")), tuple(form.getlist("focus")),
        tuple(form.getlist("pair")), _line(form.get("instructions", "")), form.get("tempo", "90").strip(),
    )  # fmt: skip


def activity(draft: ActivityDraft, sequence: Sequence, dictionary: Dictionary) -> Activity:
    """The activity. Raises :class:`BadInput` for items that there are not, sounds that they do not have."""
    if draft.kind == "minimal-pairs":
        made = _game(draft, pairs(sequence, dictionary))
    else:
        made = Activity(draft.kind, _items(draft, sequence), draft.focus, (), draft.instructions)
    if draft.kind == "song":
        if not draft.tempo.isdecimal() or not 40 <= int(draft.tempo) <= 200:
            raise BadInput("Give the song 40 to 200 beats a minute.")
        made = dataclasses.replace(made, tempo=int(draft.tempo))
    alone = dataclasses.replace(sequence, activities=(made,))
    for name in made.focus:
        if name not in kinds.CONTRASTS or not any(
            checks.bears(sequence.item(text), name, dictionary.ways) for text in made.items
        ):
            raise BadInput("None of these words has the sounds of “%(focus)s”: choose another sound, or other words.",
                           focus=name[:10])  # fmt: skip
    for found in checks.contrasts(alone, dictionary.ways):
        raise found
    return made


def _items(draft: ActivityDraft, sequence: Sequence) -> tuple[str, ...]:
    known = {each.slug: each.text for each in sequence.items}
    for text in draft.items:
        if slug(text) not in known:
            raise BadInput("“%(text)s” is no word of this sequence: write it as in the list, or add it there first.",
                           text=text[:60])  # fmt: skip
    if not draft.items:
        raise BadInput("Choose one word at least for this activity.")
    return tuple(known[slug(text)] for text in draft.items)


def _game(draft: ActivityDraft, offered: Mapping[str, tuple[str, ...]]) -> Activity:
    focus = [name for name, several in offered.items() if set(several) & set(draft.pairs)]
    chosen = [pair for pair in draft.pairs if any(pair in several for several in offered.values())]
    if len(focus) != 1 or len(chosen) != len(draft.pairs):
        raise BadInput("Choose pairs of one sound: make another activity for another sound.")
    found = [pair.split(BETWEEN) for pair in chosen]
    texts = tuple(dict.fromkeys(text for pair in found for text in pair))
    return Activity(draft.kind, texts, tuple(focus), tuple((one, other) for one, other in found), draft.instructions)


def pairs(sequence: Sequence, dictionary: Dictionary) -> dict[str, tuple[str, ...]]:
    """Contrast -> the pairs of words of this sequence that differ by it and by nothing else."""
    ways = {word: dictionary.ways(word) for each in sequence.items for word in each.words}
    single = [each for each in sequence.items if len(each.words) == 1]
    both = [(one, other) for at, one in enumerate(single) for other in single[at + 1 :]]
    found = {
        name: tuple(
            f"{one.text}{BETWEEN}{other.text}" for one, other in both if checks.apart(one, other, name, _known(ways))
        )
        for name in kinds.CONTRASTS
    }
    return {name: several for name, several in found.items() if several}


def _known(ways: Mapping[str, tuple[tuple[str, ...], ...]]) -> checks.Pronounce:
    return lambda word: ways.get(word, ())


def contrasts(sequence: Sequence, dictionary: Dictionary) -> tuple[str, ...]:
    """Those that a word of this sequence bears: no other can be announced."""
    ways = {word: dictionary.ways(word) for each in sequence.items for word in each.words}
    return tuple(name for name in kinds.CONTRASTS if any(checks.bears(e, name, _known(ways)) for e in sequence.items))


@dataclass(frozen=True, slots=True)
class SheetDraft:
    """What stands in the fields of the title and of the teacher's sheet, right or not; lists are one entry a line."""

    title_fr: str
    title_en: str
    level: str
    theme: str
    minutes: str
    modes: tuple[str, ...]
    objectives: str
    steps: str
    watch: str
    without: str


def shown_sheet(sequence: Sequence) -> SheetDraft:
    """Title and sheet in the editor's fields."""
    teacher = sequence.teacher
    listed = (sequence.objectives, teacher.steps, teacher.watch, teacher.without_screen)
    return SheetDraft(
        sequence.title_fr, sequence.title_en, sequence.level, sequence.theme, str(teacher.minutes), teacher.modes,
        *map("\n".join, listed),
    )  # fmt: skip


def filled_sheet(form: Form) -> SheetDraft:
    """The fields as they came."""
    title_fr, title_en, minutes = (_line(form.get(name, "")) for name in ("title_fr", "title_en", "minutes"))
    return SheetDraft(
        title_fr, title_en, form.get("level", ""), form.get("theme", ""), minutes, tuple(form.getlist("mode")),
        *(form.get(name, "") for name in ("objectives", "steps", "watch", "without")),
    )  # fmt: skip


def sheet(draft: SheetDraft, sequence: Sequence) -> Sequence:
    """``sequence`` with this title and sheet. Raises :class:`BadInput`."""
    if not all(0 < len(title) <= MOST_TITLE for title in (draft.title_fr, draft.title_en)):
        raise BadInput("Give a title in French and one in English, of at most %(most)s characters.", most=MOST_TITLE)
    if not draft.minutes.isdecimal() or not 5 <= int(draft.minutes) <= 120:
        raise BadInput("Say how many minutes it takes: 5 to 120.")
    steps, watch, without = (lines(each) for each in (draft.steps, draft.watch, draft.without))
    teacher, objectives = TeacherSheet(int(draft.minutes), draft.modes, steps, watch, without), lines(draft.objectives)
    if not objectives or not steps or not draft.modes:
        raise BadInput("Say what pupils learn, one step at least, and with whom.")
    return edit.checked(dataclasses.replace(
        sequence, title_fr=draft.title_fr, title_en=draft.title_en, theme=draft.theme, level=draft.level,
        objectives=objectives, teacher=teacher,
    ))  # fmt: skip


def lines(text: str) -> tuple[str, ...]:
    """One entry a line, without list marks."""
    return tuple(line for each in text.splitlines() if (line := _line(each).lstrip("-•* ").strip()))


def _line(text: str) -> str:
    return " ".join(text.split())
