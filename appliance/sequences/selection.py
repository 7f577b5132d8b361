# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Which items an activity uses, and whether they suit it."""

from __future__ import annotations

from appliance.errors import BadInput
from appliance.sequences import fields
from appliance.sequences.fields import Table
from appliance.sequences.sequence import Activity, Item

SELECTORS = ("words", "phrases", "all")
"""Instead of a list: every item of that kind."""
NATURAL = {"picture-word": "words", "free-recording": "phrases"}
"""What a kind is about when nothing is said; others are about all."""
IN_ORDER = ("dialogue", "story", "song")
"""Kinds whose items must be listed one by one."""


def items(table: Table, kind: str, known: tuple[Item, ...]) -> tuple[str, ...]:
    """The texts that an activity names, or those natural for its kind. Raises :class:`BadInput`."""
    asked = table.get("items", NATURAL.get(kind, "all"))
    if "items" not in table and kind in IN_ORDER:
        raise BadInput('List its items in order: items = ["…", "…"].')
    if isinstance(asked, str):
        return _selected(fields.among("items", asked, SELECTORS), kind, known)
    texts = {item.text for item in known}
    named = tuple(text.replace("’", "'") for text in fields.texts(table, "items", least=1, most=80))
    for text in named:
        if text not in texts:
            raise BadInput("“%(text)s” is no item of this sequence: write it as in the list.", text=text[:60])
    return named


def _selected(selector: str, kind: str, known: tuple[Item, ...]) -> tuple[str, ...]:
    if kind == "question-answer":
        asked = {item.answers for item in known}
        return tuple(item.text for item in known if item.text in asked or item.answers)
    return tuple(item.text for item in known if selector == "all" or item.kind == selector[:-1])


def pairs(table: Table, known: tuple[Item, ...]) -> tuple[tuple[str, str], ...]:
    """The pairs of a game of minimal pairs. Raises :class:`BadInput`."""
    given = table.get("pairs")
    if not isinstance(given, list) or not given or not all(isinstance(pair, list) for pair in given):
        raise BadInput('Give its pairs: pairs = [["ship", "sheep"]].')
    found = []
    for pair in given[:40]:
        if len(pair) != 2 or pair[0] == pair[1]:
            raise BadInput("A pair is two different words.")
        found.append(items({"items": pair}, "minimal-pairs", known))
    return tuple((first, second) for first, second in found)


def fits(activity: Activity, known: tuple[Item, ...]) -> None:
    """Raises :class:`BadInput` when the items do not suit the kind of activity."""
    used = [item for item in known if item.text in activity.items]
    if not used:
        raise BadInput("It has no item: list some.")
    if len(set(activity.items)) < len(activity.items) and activity.kind not in IN_ORDER:
        raise BadInput("An item is there twice: take one out.")
    for item in used:
        if activity.kind == "picture-word" and not item.pictures:
            raise BadInput("“%(text)s” has no picture: give it one, or leave it out.", text=item.text)
        if activity.kind == "song" and not item.beats and len(item.words) > 1:
            raise BadInput("“%(text)s” has no beats: give one for each of its words.", text=item.text)
    if activity.kind == "question-answer" and not any(item.answers in activity.items for item in used if item.answers):
        raise BadInput('No item answers another: give answer_to = "the question" to an item.')
    if activity.kind == "minimal-pairs" and len(activity.focus) != 1:
        raise BadInput('Minimal pairs are about one contrast: focus = ["ih/iy"], for example.')
