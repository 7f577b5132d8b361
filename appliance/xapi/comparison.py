# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Whether two statements are the same one (Data 2.3.1, "Statement Comparison Requirements").

Ignored: what a record store sets, verbs' display, activities' definitions, the order of a group's members, the zone of
a timestamp and its digits beyond the millisecond (4.5), a duration's beyond the hundredth of a second (4.6), one
context activity alone or in an array (2.4.6.2), the case of what has none. Everything else counts. The bytes of
attachments are no part of a statement; what it says about them is.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from appliance.xapi import values

_SET_BY_STORE = frozenset(("authority", "stored", "version"))
_MILLISECOND = datetime.timedelta(milliseconds=1)
_SECONDS = re.compile(r"([0-9]+)[.,]([0-9]+)S\Z")
_sorted = json.JSONEncoder(sort_keys=True).encode


def same(old: Mapping[str, Any], old_added_keys: Collection[str], new: Mapping[str, Any]) -> bool:
    """Whether ``new`` says what ``old`` says.

    ``old_added_keys``: members of ``old`` that its sender did not give. An id or a timestamp counts only when both have
    it from their senders, since a store on the way may have set the other. Any JSON object may stand on either side.
    """
    left, right = _normal(old), _normal(new)
    for key in ("id", "timestamp"):
        if key in old_added_keys or key not in left or key not in right:
            left.pop(key, None)
            right.pop(key, None)
    return _equal(left, right)


def _normal(value: Mapping[str, Any]) -> dict[str, Any]:
    """A statement or substatement without what is ignored. What is malformed stays as it is, and differs."""
    made = {key: item for key, item in value.items() if key not in _SET_BY_STORE}
    for key, change in _CHANGES.items():
        if key in made:
            made[key] = change(made[key])
    return made


def _agent(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    made = dict(value)
    if isinstance(made.get("mbox"), str):
        name, at, domain = made["mbox"].rpartition("@")
        made["mbox"] = name + at + domain.lower()
    if "mbox_sha1sum" in made:
        made["mbox_sha1sum"] = _lower(made["mbox_sha1sum"])
    if isinstance(made.get("member"), list):
        made["member"] = sorted(map(_agent, made["member"]), key=_sorted)
    return made


def _verb(value: Any) -> Any:
    return _without(value, "display")


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind = value.get("objectType", "Activity")
    if kind == "SubStatement":
        return _normal(value)
    if kind in ("Agent", "Group"):
        return _agent(value)
    return _reference(value) if kind == "StatementRef" else _without(value, "definition")


def _reference(value: Any) -> Any:
    return {**value, "id": _lower(value.get("id"))} if isinstance(value, dict) else value


def _context(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for key, change in _CONTEXT_CHANGES.items():
        if key in made:
            made[key] = change(made[key])
    return made


def _context_activities(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    lists = {kind: listed if isinstance(listed, list) else [listed] for kind, listed in value.items()}
    return {kind: [_without(activity, "definition") for activity in listed] for kind, listed in lists.items()}


def _context_agents(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [
        {key: _agent(part) if key in ("agent", "group") else part for key, part in item.items()}
        if isinstance(item, dict)
        else item
        for item in value
    ]


def _result(value: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get("duration"), str):
        return value
    return {**value, "duration": _SECONDS.sub(_hundredths, value["duration"])}


def _hundredths(found: re.Match[str]) -> str:
    kept = found[2][:2].rstrip("0")
    return f"{found[1]}.{kept}S" if kept else f"{found[1]}S"


def _attachments(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{**item, "sha2": _lower(item.get("sha2"))} if isinstance(item, dict) else item for item in value]


def _moment(value: Any) -> Any:
    return (values.timestamp(value) or value) if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _without(value: Any, key: str) -> Any:
    return {name: item for name, item in value.items() if name != key} if isinstance(value, dict) else value


def _equal(left: Any, right: Any) -> bool:
    """As JSON: 1 and 1.0 are one number, true is none."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, datetime.datetime) and isinstance(right, datetime.datetime):
        return abs(left - right) < _MILLISECOND
    return bool(left == right)


_CHANGES = {
    "id": _lower,
    "actor": _agent,
    "verb": _verb,
    "object": _object,
    "result": _result,
    "context": _context,
    "timestamp": _moment,
    "attachments": _attachments,
}
_CONTEXT_CHANGES = {
    "registration": _lower,
    "instructor": _agent,
    "team": _agent,
    "contextActivities": _context_activities,
    "contextAgents": _context_agents,
    "contextGroups": _context_agents,
    "language": _lower,
    "statement": _reference,
}
