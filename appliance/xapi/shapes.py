# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The formats that a statement is read in (Communication 2.1.3, "format"): ids and canonical; exact is its own text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from appliance.xapi.definitions import COMPONENT_LISTS

Shape = Callable[[dict[str, Any]], dict[str, Any]]
_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")


def ids(value: Mapping[str, Any]) -> dict[str, Any]:
    """``value``, a checked statement, with only what identifies its agents, groups, verbs and activities.

    A group that nothing identifies keeps its members, each with only what identifies it.
    """
    return _shaped(value, _identified, _only_id, _only_id)


def canonical(
    value: Mapping[str, Any],
    definition_of: Callable[[str], Mapping[str, Any] | None],
    languages: Sequence[str],
) -> dict[str, Any]:
    """``value`` with each activity as the box knows it, and one language in each map of an activity or a verb.

    ``definition_of``: IRI -> canonical definition, None when there is none: then the statement's own is used.
    ``languages``: tags in order of preference, from Accept-Language.
    """

    def activity(given: dict[str, Any]) -> dict[str, Any]:
        definition = definition_of(given["id"]) or given.get("definition")
        return {**given, "definition": _one_language(definition, languages)} if definition else given

    def verb(given: dict[str, Any]) -> dict[str, Any]:
        return {**given, "display": _only(given["display"], languages)} if "display" in given else given

    return _shaped(value, lambda agent: agent, verb, activity)


def choose(language_map: Mapping[str, str], languages: Sequence[str]) -> str | None:
    """The tag of the text to show, one of the map's own; None for an empty map.

    Range by range, in order: the tag itself, one that the range begins (RFC 2616 section 14.4), the range shortened
    from its end (RFC 4647 section 3.4); then what a shortened range begins; then the first tag of the map.
    """
    tags = {tag.lower(): tag for tag in language_map}
    wanted = [language.lower() for language in languages]
    for language in wanted:
        if language == "*":
            break
        found = tags.get(language) or _begun(language, tags)
        for shorter in _shortened(language):
            found = found or tags.get(shorter)
        if found:
            return found
    for language in wanted:
        for shorter in _shortened(language):
            if found := _begun(shorter, tags):
                return found
    return next(iter(language_map), None)


def _shaped(value: Mapping[str, Any], agent: Shape, verb: Shape, activity: Shape) -> dict[str, Any]:
    made = dict(value)
    made["actor"] = agent(value["actor"])
    made["verb"] = verb(value["verb"])
    target = value["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        made["object"] = activity(target)
    elif kind in ("Agent", "Group"):
        made["object"] = agent(target)
    elif kind == "SubStatement":
        made["object"] = _shaped(target, agent, verb, activity)
    if "authority" in value:
        made["authority"] = agent(value["authority"])
    if "context" in value:
        made["context"] = _context(value["context"], agent, activity)
    return made


def _context(context: Mapping[str, Any], agent: Shape, activity: Shape) -> dict[str, Any]:
    made = dict(context)
    for key in ("instructor", "team"):
        if key in context:
            made[key] = agent(context[key])
    for key, role in (("contextAgents", "agent"), ("contextGroups", "group")):
        if key in context:
            made[key] = [{**item, role: agent(item[role])} for item in context[key]]
    if "contextActivities" in context:
        made["contextActivities"] = {
            kind: [activity(each) for each in ([listed] if isinstance(listed, dict) else listed)]
            for kind, listed in context["contextActivities"].items()
        }
    return made


def _identified(agent: dict[str, Any]) -> dict[str, Any]:
    made = {key: agent[key] for key in ("objectType", *_IDENTIFIERS) if key in agent}
    if made.keys().isdisjoint(_IDENTIFIERS):
        made["member"] = [_identified(member) for member in agent["member"]]
    return made


def _only_id(value: dict[str, Any]) -> dict[str, Any]:
    return {"id": value["id"]}


def _one_language(definition: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Any]:
    made = dict(definition)
    for key in ("name", "description"):
        if key in made:
            made[key] = _only(made[key], languages)
    for key in COMPONENT_LISTS:
        if key in made:
            made[key] = [
                {**component, "description": _only(component["description"], languages)}
                if "description" in component
                else component
                for component in made[key]
            ]
    return made


def _only(language_map: Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    tag = choose(language_map, languages)
    return {} if tag is None else {tag: language_map[tag]}


def _begun(language: str, tags: Mapping[str, str]) -> str | None:
    return next((tag for lower, tag in tags.items() if lower.startswith(language + "-")), None)


def _shortened(language: str) -> list[str]:
    """The range without its last subtags; a single character never ends one (RFC 4647 section 3.4)."""
    parts = language.split("-")
    return ["-".join(parts[:count]) for count in range(len(parts) - 1, 0, -1) if len(parts[count - 1]) > 1]
