# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the box knows of an activity: its canonical definition, from all that statements told (Data 2.4.4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

COMPONENT_LISTS = ("choices", "scale", "source", "target", "steps")
_LANGUAGE_MAPS = ("name", "description")


def activities(value: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(IRI, definition) of each activity that a checked statement or its substatement defines, in order."""
    target = value["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity" and target.get("definition"):
        yield target["id"], target["definition"]
    elif kind == "SubStatement":
        yield from activities(target)
    context = value.get("context")
    if context and "contextActivities" in context:
        for listed in context["contextActivities"].values():
            for activity in [listed] if isinstance(listed, dict) else listed:
                if activity.get("definition"):
                    yield activity["id"], activity["definition"]


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
