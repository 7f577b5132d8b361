# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A statement with every property that both versions have, its parts, and how tests bend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from appliance.errors import BadInput
from appliance.xapi.statement import check
from appliance.xapi.version import Version

BOTH = tuple(Version)
Place = tuple[str | int, ...]

UUID = "7ccd3322-e1a5-411a-a67d-6a735c76f119"
MBOX: dict[str, Any] = {"mbox": "mailto:ada@example.org"}
ACCOUNT: dict[str, Any] = {"account": {"homePage": "https://example.org/class", "name": "ada-7"}}
AGENT: dict[str, Any] = {"objectType": "Agent", "name": "Ada", **ACCOUNT}
GROUP: dict[str, Any] = {
    "objectType": "Group",
    "name": "Hawks",
    "member": [AGENT, {"openid": "https://example.org/bob"}],
}
IDENTIFIED: dict[str, Any] = {"objectType": "Group", "mbox_sha1sum": "cd9b00a5611f94eaa7b1661edab976068e364975"}
ACTIVITY: dict[str, Any] = {"objectType": "Activity", "id": "https://example.org/fractions"}
REFERENCE: dict[str, Any] = {"objectType": "StatementRef", "id": UUID}
EXTENSIONS: dict[str, Any] = {"https://example.org/extensions/colour": None, "urn:x:deep": {"Any": [None, "", {}, 1.5]}}
ATTACHMENT: dict[str, Any] = {
    "usageType": "https://example.org/certificate",
    "display": {"fr": "Diplôme"},
    "description": {"fr": "Un diplôme", "en-US": ""},
    "contentType": "text/plain; charset=ascii",
    "length": 27,
    "sha2": "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a",
    "fileUrl": "https://example.org/file.txt",
}
DEFINITION: dict[str, Any] = {
    "name": {"fr": "La moitié de huit"},
    "description": {"fr": "Combien font la moitié de huit ?", "zh-Hant-TW": "八"},
    "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
    "moreInfo": "https://example.org/fractions/about",
    "interactionType": "choice",
    "correctResponsesPattern": ["b"],
    "choices": [{"id": "a", "description": {"fr": "2"}}, {"id": "b"}],
    "extensions": EXTENSIONS,
}
RESULT: dict[str, Any] = {
    "score": {"scaled": 0.5, "raw": 5, "min": 0, "max": 10},
    "success": True,
    "completion": False,
    "response": "b",
    "duration": "PT1M30.5S",
    "extensions": EXTENSIONS,
}
CONTEXT: dict[str, Any] = {
    "registration": UUID,
    "instructor": AGENT,
    "team": GROUP,
    "contextActivities": {
        "parent": [ACTIVITY],
        "grouping": ACTIVITY,
        "category": [{"id": "urn:category"}, ACTIVITY],
        "other": [],
    },
    "revision": "2",
    "platform": "Cartable",
    "language": "fr-FR",
    "statement": REFERENCE,
    "extensions": EXTENSIONS,
}
RELEVANT: dict[str, Any] = {
    "contextAgents": [{"objectType": "contextAgent", "agent": AGENT, "relevantTypes": ["https://example.org/keeper"]}],
    "contextGroups": [{"objectType": "contextGroup", "group": GROUP, "relevantTypes": ["https://example.org/crew"]}],
}
"""What 2.0 adds to a context."""

STATEMENT: dict[str, Any] = {
    "id": UUID,
    "actor": AGENT,
    "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": "a répondu"}},
    "object": {**ACTIVITY, "definition": DEFINITION},
    "result": RESULT,
    "context": CONTEXT,
    "timestamp": "2026-11-22T06:52:30.123Z",
    "stored": "2026-11-22T06:52:31.000001Z",
    "authority": {"objectType": "Agent", **ACCOUNT},
    "version": "1.0.0",
    "attachments": [ATTACHMENT],
}
SUBSTATEMENT: dict[str, Any] = {
    "objectType": "SubStatement",
    **{key: value for key, value in STATEMENT.items() if key not in ("id", "stored", "authority", "version")},
}

GONE = object()
"""In place of a value: take the property away."""


def changed(value: Any, path: Place, new: Any) -> Any:
    """A copy of ``value`` with ``new`` at ``path`` (or nothing there, for GONE)."""
    if not path:
        return new
    whole = _unshared(value)
    parent = whole
    for step in path[:-1]:
        parent = parent[step]
    if new is GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return whole


def _unshared(value: Any) -> Any:
    """A copy without the parts that these constants share, which deepcopy would keep shared."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def renamed(value: Any, path: Place, key: str) -> Any:
    """A copy with the property at ``path`` called ``key``."""
    old = value
    for step in path:
        old = old[step]
    return changed(changed(value, path, GONE), (*path[:-1], key), old)


def places(value: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of a JSON value, outside extensions, with what is there."""
    yield path, value
    if path and path[-1] == "extensions":
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def spelled(path: Place) -> str:
    """The place as messages write it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "statement"


def fault(value: Any, version: Version) -> str | None:
    """The message that refuses ``value``, or None when it is a good statement."""
    try:
        check(value, version)
    except BadInput as error:
        return str(error)
    return None
