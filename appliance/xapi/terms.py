# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a statement can be found by: the filters of GET statements (Communication 2.1.3) as (kind, value) pairs.

Every function takes what :func:`appliance.xapi.statement.check` has accepted. Values are compared exactly, except what
is hexadecimal: an ``mbox_sha1sum`` and a UUID are in lower case. The same functions make the value that is searched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from appliance.errors import BadInput

LONGEST = 512
"""Characters. A longer value is kept as its hash, so that an IRI of a megabyte costs the index no more than another."""
MOST = 1_000
"""Terms of a statement. A class of thirty, named one by one, has some seventy."""
_ALONE = 20
"""More than the terms of what a statement and its substatement name one by one."""
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
CONTEXT_KINDS = ("parent", "grouping", "category", "other")


def terms(value: Mapping[str, Any]) -> set[tuple[str, str]]:
    """All (kind, value) of a statement: agent, verb, activity, registration, any_agent, any_activity.

    ``agent``: the actor, or the object when it is an agent or a group, with the members of a group. ``any_agent``
    (related_agents) adds authority, instructor, team, the agents and groups of a 2.0 context, and all of these in a
    substatement; ``any_activity`` (related_activities) the context's activities, likewise. The verb and the
    registration are the statement's own.
    """
    agents: list[str] = []
    activities: list[str] = []
    _names(value["actor"], agents)
    target = value["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        activities.append(iri_value(target["id"]))
    elif kind in ("Agent", "Group"):
        _names(target, agents)
    found = {("agent", name) for name in agents}
    found.update([("activity", iri) for iri in activities])
    found.add(("verb", iri_value(value["verb"]["id"])))
    if "authority" in value:
        _names(value["authority"], agents)
    context = value.get("context")
    if context:
        if "registration" in context:
            found.add(("registration", context["registration"].lower()))
        _related(context, agents, activities)
    if kind == "SubStatement":
        _contained(target, agents, activities)
    found.update([("any_agent", name) for name in agents])
    found.update([("any_activity", iri) for iri in activities])
    return found


def many(value: Mapping[str, Any]) -> bool:
    """Whether a statement may have more than :data:`MOST` terms: told from the lengths of its lists, at little cost."""
    target = value["object"]
    listed = _listed(value)
    if target.get("objectType") == "SubStatement":
        listed += _listed(target)
    return 2 * listed + _ALONE > MOST


def agent_value(agent: Mapping[str, Any]) -> str:
    """One text for what identifies an agent or a group: "mbox mailto:x", "mbox_sha1sum ...", "openid ..." or
    "account <home page> <name>" (Data 2.4.2.3). Raises :class:`BadInput` for a group that nothing identifies.
    """  # fmt: skip
    if "account" in agent:
        account = agent["account"]
        return bounded(f"account {account['homePage']} {account['name']}")
    if "mbox" in agent:
        return bounded(f"mbox {agent['mbox']}")
    if "openid" in agent:
        return bounded(f"openid {agent['openid']}")
    if "mbox_sha1sum" in agent:
        return f"mbox_sha1sum {agent['mbox_sha1sum'].lower()}"
    raise BadInput("This group has no identifier of its own: name an agent or an identified group.")


def iri_value(iri: str) -> str:
    """The value that a verb or an activity is found by (simple string comparison, RFC 3987 section 5.3.1)."""
    return iri if len(iri) <= LONGEST else bounded(iri)


def uuid_value(text: str) -> str:
    """The value that a registration is found by."""
    return text.lower()


def bounded(text: str) -> str:
    """``text``, or its hash when it is longer than ``LONGEST``: a space makes it differ from every IRI."""
    if len(text) <= LONGEST:
        return text
    return f"sha256: {hashlib.sha256(text.encode()).hexdigest()}"


def reference(value: Mapping[str, Any]) -> str | None:
    """The id, in lower case, of the statement that this one is about (its object is a StatementRef), or None."""
    target = value["object"]
    return target["id"].lower() if target.get("objectType") == "StatementRef" else None


def voids(value: Mapping[str, Any]) -> str | None:
    """The id, in lower case, of the statement that this one voids (Data 2.3.2), or None."""
    return reference(value) if value["verb"]["id"] == VOIDED else None


def _names(agent: Mapping[str, Any], into: list[str]) -> None:
    """An agent's own value; a group's, if it has one, and those of its members."""
    if agent.get("objectType") == "Group":
        for member in agent.get("member", ()):
            into.append(agent_value(member))
        if not ("account" in agent or "mbox" in agent or "openid" in agent or "mbox_sha1sum" in agent):
            return
    into.append(agent_value(agent))


def _listed(value: Mapping[str, Any]) -> int:
    """How many members and activities a statement, or a substatement, names in lists."""
    context = value.get("context") or {}
    groups = [value["actor"], value["object"], value.get("authority"), context.get("instructor"), context.get("team")]
    if "contextGroups" in context:
        groups += [item["group"] for item in context["contextGroups"]]
    listed = len(groups) + len(context.get("contextAgents", ()))
    for group in groups:
        if group and "member" in group:
            listed += len(group["member"])
    for activities in context.get("contextActivities", {}).values():
        listed += len(activities)
    return listed


def _related(context: Mapping[str, Any], agents: list[str], activities: list[str]) -> None:
    if "instructor" in context:
        _names(context["instructor"], agents)
    if "team" in context:
        _names(context["team"], agents)
    for item in context.get("contextAgents", ()):
        _names(item["agent"], agents)
    for item in context.get("contextGroups", ()):
        _names(item["group"], agents)
    for listed in context.get("contextActivities", {}).values():
        for activity in [listed] if isinstance(listed, Mapping) else listed:
            activities.append(iri_value(activity["id"]))


def _contained(statement: Mapping[str, Any], agents: list[str], activities: list[str]) -> None:
    _names(statement["actor"], agents)
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        activities.append(iri_value(target["id"]))
    elif kind in ("Agent", "Group"):
        _names(target, agents)
    if "context" in statement:
        _related(statement["context"], agents, activities)
