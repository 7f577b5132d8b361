# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the box knows of an activity: its canonical definition, from all that statements told (Data 2.4.4.1)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Any

COMPONENT_LISTS = ("choices", "scale", "source", "target", "steps")
_LANGUAGE_MAPS = ("name", "description")
Told = tuple[str, dict[str, Any]]
"""IRI of an activity, and its definition."""


class Defines(enum.IntEnum):
    """Which definitions in a statement become what the box knows of activities."""

    NOTHING = 0
    EVERYTHING = 1
    OBJECT = 2
    """That of its object (or its substatement's) alone, none in a context."""


def activities(value: Mapping[str, Any]) -> Iterator[Told]:
    """(IRI, definition) of each activity that a checked statement or its substatement defines, in order."""
    yield from _of_object(value, activities)
    context = value.get("context")
    if context and "contextActivities" in context:
        for listed in context["contextActivities"].values():
            for activity in [listed] if isinstance(listed, dict) else listed:
                if activity.get("definition"):
                    yield activity["id"], activity["definition"]


def counted(value: Mapping[str, Any], defines: Defines) -> Iterator[Told]:
    """Those of :func:`activities` that count."""
    if defines is Defines.EVERYTHING:
        yield from activities(value)
    elif defines is Defines.OBJECT:
        yield from _of_object(value)


def granted(value: Mapping[str, Any], may: Callable[[str], bool]) -> Defines:
    """The most that a sender may define who may define only the activities for which ``may`` says so."""
    if all(may(iri) for iri, _ in activities(value)):
        return Defines.EVERYTHING
    return Defines.OBJECT if all(may(iri) for iri, _ in _of_object(value)) else Defines.NOTHING


def _of_object(
    value: Mapping[str, Any], inside: Callable[[Mapping[str, Any]], Iterator[Told]] | None = None
) -> Iterator[Told]:
    """``inside``: what tells of a substatement; None: this function."""
    target = value["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity" and target.get("definition"):
        yield target["id"], target["definition"]
    elif kind == "SubStatement":
        yield from (inside or _of_object)(target)


def merge(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """``old`` completed and corrected by ``new``; neither is changed.

    Of two texts in one language, two values of one extension or of one other property, the new one stands. When the
    type of interaction changes, what belonged to the former one goes.
    """
    if not old:
        return dict(new)
    made = dict(old)
    if new.get("interactionType", old.get("interactionType")) != old.get("interactionType"):
        for key in ("correctResponsesPattern", *COMPONENT_LISTS):
            made.pop(key, None)
    for key, item in new.items():
        if key in _LANGUAGE_MAPS:
            made[key] = _languages(made.get(key, {}), item)
        elif key == "extensions":
            made[key] = {**made.get(key, {}), **item}
        elif key in COMPONENT_LISTS:
            made[key] = _components(made.get(key, []), item)
        else:
            made[key] = item
    return made


def _components(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The new list; a component that stays keeps its description in the languages that the new one lacks."""
    known = {component["id"]: component.get("description", {}) for component in old}
    return [
        {**component, "description": _languages(known[component["id"]], component.get("description", {}))}
        if known.get(component["id"])
        else component
        for component in new
    ]


def _languages(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Language tags have no case (RFC 5646 section 2.1.1): a new "en-us" replaces "en-US"."""
    replaced = {tag.lower() for tag in new}
    return {**{tag: text for tag, text in old.items() if tag.lower() not in replaced}, **new}
