# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The context of a statement (Data 2.4.6; contextAgents and contextGroups: IEEE 9274.1.1, 4.2.2.5)."""

from __future__ import annotations

from typing import Any

from appliance.errors import BadInput
from appliance.xapi import actors, checking, objects
from appliance.xapi.checking import Rule

_activities = checking.each(objects.activity)


def _one_or_many(value: Any) -> None:
    if isinstance(value, dict):
        objects.activity(value)
    else:
        _activities(value)


_context_activities = checking.members(dict.fromkeys(("parent", "grouping", "category", "other"), _one_or_many))

_types = checking.each(checking.iri)


def _relevant_types(value: Any) -> None:
    _types(value)
    if not value:
        raise BadInput("%(place)s must list at least one IRI: leave it out if there is none.", place="")


def _relevant(name: str, key: str, rule: Rule) -> Rule:
    return checking.each(
        checking.members(
            {"objectType": checking.one_of(name), key: rule, "relevantTypes": _relevant_types}, ("objectType", key)
        )
    )


_V1: dict[str, Rule] = {
    "registration": checking.uuid,
    "instructor": actors.actor,
    "team": actors.group,
    "contextActivities": _context_activities,
    "revision": checking.text,
    "platform": checking.text,
    "language": checking.language,
    "statement": objects.statement_ref,
    "extensions": checking.extensions,
}

context_v1 = checking.members(_V1)
"""Rule: the context of 1.0.3."""

context_v2 = checking.members(
    {
        **_V1,
        "contextAgents": _relevant("contextAgent", "agent", actors.agent),
        "contextGroups": _relevant("contextGroup", "group", actors.group),
    }
)
"""Rule: the context of 2.0."""
