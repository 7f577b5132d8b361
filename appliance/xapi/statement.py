# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One statement against every MUST of the specification's data part.

1.0.3: xAPI-Data.md, sections 2.2 to 2.4 and 4. 2.0: IEEE 9274.1.1-2023, section 4.2. What is refused is refused with
:class:`BadInput`, whose message names the place and says what to write instead. Signatures: ``signature.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from appliance.errors import BadInput
from appliance.xapi import actors, attachments, checking, contexts, objects, results, terms
from appliance.xapi.checking import Rule
from appliance.xapi.version import Version

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
"""The one reserved verb (Data 2.3.2)."""

_REQUIRED = ("actor", "verb", "object")
_ONLY_WITH_ACTIVITY = ("revision", "platform")
_SEMVER_1_0 = r"\.0(?:\.[0-9]+(?:[A-Za-z\-][0-9A-Za-z.\-]*)?)?"
_VERSION_V1 = re.compile(f"1{_SEMVER_1_0}")
_VERSION_V2 = re.compile(f"[12]{_SEMVER_1_0}")


def check(value: Mapping[str, Any], version: Version) -> None:
    """Return when ``value`` (parsed JSON) is one good statement of ``version``, else raise BadInput.

    Nothing is looked up: whether a referenced statement exists, or an attachment's bytes came, is not asked here. One
    rule is the box's own: a statement that could be found by more than ``terms.MOST`` terms is refused. Those of its
    authority do not count: the box adds one to what it takes, and must take that again from its own export.
    """
    try:
        _STATEMENT[version](value)
    except BadInput as error:
        raise error if error.params["place"] else checking.within(error, "statement") from None
    if terms.many(value) and _terms(value) > terms.MOST:
        raise BadInput(
            "The statement names too many agents and activities, more than %(most)d in all: send several statements.",
            most=terms.MOST,
        )


def _terms(value: Mapping[str, Any]) -> int:
    return len(terms.terms({key: item for key, item in value.items() if key != "authority"}))


def check_agent(value: Any, version: Version) -> None:
    """Raise BadInput unless ``value`` is one Agent (Data 2.4.2.1). Both versions have the same."""
    checking.run(actors.agent, value, "agent")


def check_group(value: Any, version: Version) -> None:
    """Raise BadInput unless ``value`` is a Group, identified or anonymous (Data 2.4.2.2)."""
    checking.run(actors.group, value, "group")


def check_actor(value: Any, version: Version) -> None:
    """Raise BadInput unless ``value`` is an Agent or an identified Group, as a parameter must be (Data 2.2)."""
    checking.run(actors.identified, value, "agent")


def check_activity_id(text: Any) -> None:
    """Raise BadInput unless ``text`` is an IRI (Data 2.4.4.1)."""
    checking.run(checking.iri, text, "activityId")


def _version_rule(pattern: re.Pattern[str], example: str) -> Rule:
    def rule(value: Any) -> None:
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise BadInput(
                "%(place)s must be a version of xAPI that this request may use, such as %(example)s.",
                place="",
                example=example,
            )

    return rule


def _object_rule(kinds: Mapping[str, Rule]) -> Rule:
    def rule(value: Any) -> None:
        if not isinstance(value, dict):
            raise checking.not_an_object()
        kind = value.get("objectType", "Activity")
        chosen = kinds.get(kind) if isinstance(kind, str) else None
        if chosen is None:
            raise checking.not_among(kinds, "objectType")
        chosen(value)

    return rule


def _together(members: Rule) -> Rule:
    """Add what involves several properties of a statement or of a SubStatement."""

    def rule(value: Any) -> None:
        members(value)
        kind = value["object"].get("objectType", "Activity")
        if value["verb"]["id"] == VOIDED and kind != "StatementRef":
            raise BadInput(
                "%(place)s must be StatementRef: a voiding statement names another statement.",
                place="object.objectType",
            )
        context = value.get("context")
        if context and kind != "Activity":
            for key in _ONLY_WITH_ACTIVITY:
                if key in context:
                    raise BadInput(
                        "%(place)s is only for a statement whose object is an activity: remove it.",
                        place=f"context.{key}",
                    )

    return rule


def _statement_rule(context: Rule, moment: Rule, version: Rule) -> Rule:
    common: dict[str, Rule] = {
        "actor": actors.actor,
        "verb": objects.verb,
        "result": results.result,
        "context": context,
        "timestamp": moment,
        "attachments": attachments.attachments,
    }
    kinds: dict[str, Rule] = {
        "Activity": objects.activity,
        "Agent": actors.agent,
        "Group": actors.group,
        "StatementRef": objects.statement_ref,
    }
    inner = checking.members(
        {**common, "objectType": checking.one_of("SubStatement"), "object": _object_rule(kinds)},
        ("objectType", *_REQUIRED),
    )
    kinds_outside = {**kinds, "SubStatement": _together(inner)}
    own: dict[str, Rule] = {
        "id": checking.uuid,
        "object": _object_rule(kinds_outside),
        "stored": moment,
        "authority": actors.authority,
        "version": version,
    }
    return _together(checking.members({**common, **own}, _REQUIRED))


_STATEMENT: dict[Version, Rule] = {
    Version.V1: _statement_rule(contexts.context_v1, checking.timestamp, _version_rule(_VERSION_V1, "1.0.0")),
    Version.V2: _statement_rule(contexts.context_v2, checking.timestamp_rfc3339, _version_rule(_VERSION_V2, "2.0.0")),
}
