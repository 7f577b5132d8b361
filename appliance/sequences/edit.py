# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a teacher does to a sequence: each function takes one and gives another, checked as a file would be.

Activities follow their items: a new text, an item that goes, and one that comes where all of a kind were meant.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping

from appliance.errors import BadInput, NotFound
from appliance.sequences import reader, selection, writer
from appliance.sequences.sequence import Activity, Item, Sequence, TeacherSheet

LICENCE = "CC-BY-SA-4.0"
LONGEST_ID = 48
USUAL_MINUTES = 30
Rename = Callable[[str], str | None]
"""The text of an item -> its new one; None: it goes."""


def checked(sequence: Sequence) -> Sequence:
    """``sequence`` as its own document reads. Raises :class:`BadInput` with what to do."""
    return reader.read(writer.write(sequence))


def identifier(title: str, taken: Collection[str]) -> str:
    """A free name of a folder, made of ``title``."""
    plain = unicodedata.normalize("NFD", title.lower()).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_ID].strip("-") or "sequence"
    others = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (base, *others) if name not in taken)


def listed(text: str) -> tuple[tuple[str, str], ...]:
    """``cat = un chat`` a line, as the page of a new sequence asks. Raises :class:`BadInput` naming the line."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        english, _, french = (part.strip() for part in re.sub(r"\t+|\s[=:]\s|=", "=", line, count=1).partition("="))
        if not english or not french:
            raise BadInput("“%(line)s”: write the English, “=”, then what it means in French.", line=line[:60])
        found.append((english, french))
    if not found:
        raise BadInput("Write one word or phrase at least: the English, “=”, then what it means in French.")
    return tuple(found)


def begun(name: str, title: tuple[str, str], theme: str, level: str, author: str, texts: tuple[tuple[str, str], ...],
          sheet: tuple[str, str]) -> Sequence:  # fmt: skip
    """A new one of ``texts`` (English, French), to be listened to and repeated. ``title``: French, English; ``sheet``:
    an objective and a step to begin with. Raises :class:`BadInput`."""
    items = tuple(Item(english.replace("’", "'"), "word", french) for english, french in texts)
    items = tuple(dataclasses.replace(item, kind="phrase" if item.text[-1] in ".!?" else "word") for item in items)
    return checked(Sequence(
        name, *title, theme, level, LICENCE, (author,), (sheet[0],), items,
        (Activity("listen-repeat", tuple(item.text for item in items)),),
        TeacherSheet(USUAL_MINUTES, ("class",), (sheet[1],), (), ()),
    ))  # fmt: skip


def copied(sequence: Sequence, name: str, title: tuple[str, str], author: str) -> Sequence:
    """The same under another name; its authors stay, ``author`` is one more."""
    authors = sequence.authors if author in sequence.authors else (*sequence.authors, author)[-20:]
    return checked(
        dataclasses.replace(sequence, id=name, title_fr=title[0][:80], title_en=title[1][:80], authors=authors)
    )


def of_slug(sequence: Sequence, slug: str) -> Item:
    """One item. Raises :class:`NotFound`."""
    for item in sequence.items:
        if item.slug == slug:
            return item
    raise NotFound("There is no such word in this sequence: go back to it.")


def put(sequence: Sequence, item: Item, instead_of: str = "") -> Sequence:
    """With ``item`` in the place of the item of that slug, or last. Raises :class:`BadInput`, :class:`NotFound`."""
    if not instead_of:
        return _following(sequence, (*sequence.items, item), lambda text: text)
    old = of_slug(sequence, instead_of)
    items = tuple(item if each is old else each for each in sequence.items)
    return _following(sequence, items, lambda text: item.text if text == old.text else text)


def without(sequence: Sequence, slug: str) -> Sequence:
    """Without the item of that slug. Raises :class:`BadInput` for the last one, :class:`NotFound`."""
    gone = of_slug(sequence, slug)
    left = tuple(each for each in sequence.items if each is not gone)
    if not left:
        raise BadInput("Keep one word at least: add another one before you take this one away.")
    return _following(sequence, left, lambda text: None if text == gone.text else text)


def moved(sequence: Sequence, slug: str, by: int) -> Sequence:
    """The item of that slug ``by`` places further. Raises :class:`NotFound`."""
    items = list(sequence.items)
    at = items.index(of_slug(sequence, slug))
    items.insert(min(max(at + by, 0), len(items) - 1), items.pop(at))
    return checked(dataclasses.replace(sequence, items=tuple(items)))


def put_activity(sequence: Sequence, activity: Activity, number: int | None = None) -> Sequence:
    """With ``activity`` in the place of that number, from 0, or last. Raises :class:`BadInput`, :class:`NotFound`."""
    activities = list(sequence.activities)
    if number is None:
        activities.append(activity)
    else:
        activities[_place(sequence, number)] = activity
    return checked(dataclasses.replace(sequence, activities=tuple(activities)))


def without_activity(sequence: Sequence, number: int) -> Sequence:
    """Raises :class:`BadInput` for the last one, :class:`NotFound`."""
    activities = list(sequence.activities)
    del activities[_place(sequence, number)]
    if not activities:
        raise BadInput("Keep one activity at least: add another one before you take this one away.")
    return checked(dataclasses.replace(sequence, activities=tuple(activities)))


def moved_activity(sequence: Sequence, number: int, by: int) -> Sequence:
    """That activity ``by`` places further. Raises :class:`NotFound`."""
    activities = list(sequence.activities)
    activity = activities.pop(_place(sequence, number))
    activities.insert(min(max(number + by, 0), len(activities)), activity)
    return checked(dataclasses.replace(sequence, activities=tuple(activities)))


def _place(sequence: Sequence, number: int) -> int:
    if not 0 <= number < len(sequence.activities):
        raise NotFound("There is no such activity in this sequence: go back to it.")
    return number


def _following(sequence: Sequence, items: tuple[Item, ...], rename: Rename) -> Sequence:
    """With ``items``, and everything that names one of them brought in step."""
    bound = tuple(dataclasses.replace(item, answers=(rename(item.answers) or "") if item.answers else "")
                  for item in items)  # fmt: skip
    kept = [_activity(activity, sequence.items, bound, rename) for activity in sequence.activities]
    activities = tuple(activity for activity in kept if activity is not None)
    all_texts = tuple(item.text for item in bound)
    return checked(
        dataclasses.replace(
            sequence, items=bound, activities=activities or (Activity("listen-repeat", all_texts),)
        )
    )  # fmt: skip


def _activity(activity: Activity, before: tuple[Item, ...], after: tuple[Item, ...], rename: Rename) -> Activity | None:
    """None: nothing is left of it."""
    if activity.pairs:
        renamed = [(rename(first), rename(second)) for first, second in activity.pairs]
        pairs = tuple((first, second) for first, second in renamed if first and second)
        return dataclasses.replace(activity, pairs=pairs) if pairs else None
    selector = _selector(activity, before)
    named = _selected(activity.kind, selector, after) if selector else tuple(filter(None, map(rename, activity.items)))
    return dataclasses.replace(activity, items=named) if named else None


def _selector(activity: Activity, items: tuple[Item, ...]) -> str:
    """``words``, ``phrases`` or ``all`` where the activity is about exactly those; else nothing."""
    if activity.kind in selection.IN_ORDER:
        return ""
    natural = selection.NATURAL.get(activity.kind, "all")
    options: Mapping[str, None] = dict.fromkeys((natural, *selection.SELECTORS))
    return next((each for each in options if _selected(activity.kind, each, items) == activity.items), "")


def _selected(kind: str, selector: str, items: tuple[Item, ...]) -> tuple[str, ...]:
    """A game of pictures takes no item that has none."""
    shown = tuple(item for item in items if item.pictures) if kind == "picture-word" else items
    return selection.items({"items": selector}, kind, shown)
