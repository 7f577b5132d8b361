# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One row per MUST of the data part: put this value at that place of a good statement, is it still good?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.xapi.statement import VOIDED
from appliance.xapi.version import Version
from tests.xapi import good
from tests.xapi.good import ACCOUNT, ACTIVITY, AGENT, GONE, GROUP, IDENTIFIED, MBOX, REFERENCE

V1, V2 = (Version.V1,), (Version.V2,)


@dataclass(frozen=True)
class Row:
    section: str
    what: str
    place: good.Place
    new: Any
    taken: bool
    versions: tuple[Version, ...] = good.BOTH

    def __str__(self) -> str:
        return f"Data {self.section}: {self.what}"


def yes(section: str, what: str, place: str, new: Any, versions: tuple[Version, ...] = good.BOTH) -> Row:
    return Row(section, what, steps(place), new, True, versions)


def no(section: str, what: str, place: str, new: Any, versions: tuple[Version, ...] = good.BOTH) -> Row:
    return Row(section, what, steps(place), new, False, versions)


def steps(place: str) -> good.Place:
    return tuple(int(step) if step.isdigit() else step for step in place.split())


def both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {**one, **other}


OPENID: dict[str, Any] = {"openid": "https://example.org/ada"}
SHA1: dict[str, Any] = {"mbox_sha1sum": "cd9b00a5611f94eaa7b1661edab976068e364975"}
ANONYMOUS: dict[str, Any] = {"objectType": "Group", "member": [MBOX]}
OAUTH: dict[str, Any] = {"objectType": "Group", "member": [ACCOUNT, MBOX]}
ONE_OF_FOUR = "2.4.2.3"

AGENTS = [
    yes("2.4.2.1", "an agent needs no objectType", "actor", ACCOUNT),
    yes(ONE_OF_FOUR, "mbox alone", "actor", MBOX),
    yes(ONE_OF_FOUR, "mbox_sha1sum alone", "actor", SHA1),
    yes(ONE_OF_FOUR, "openid alone", "actor", OPENID),
    no("2.4.2.1", "no identifier", "actor", {"objectType": "Agent", "name": "Ada"}),
    no("2.4.2.1", "an empty agent", "actor", {}),
    *(
        no("2.4.2.1", f"two identifiers, {next(iter(one))} and {next(iter(other))}", "actor", both(one, other))
        for index, one in enumerate((MBOX, SHA1, OPENID, ACCOUNT))
        for other in (MBOX, SHA1, OPENID, ACCOUNT)[index + 1 :]
    ),
    no("2.4.2.1", "an agent has no members", "actor", both(AGENT, {"member": [MBOX]})),
    no("2.4.2", "another objectType", "actor objectType", "Person"),
    no("2.4.2", "an actor is no activity", "actor", ACTIVITY),
    no("2.4.2.3", "mbox without mailto:", "actor", {"mbox": "ada@example.org"}),
    no("2.4.2.3", "mbox_sha1sum of another length", "actor", {"mbox_sha1sum": "cd9b"}),
    no("2.4.2.3", "openid without a scheme", "actor", {"openid": "ada.example.org"}),
    no("2.4.2.4", "account without homePage", "actor account homePage", GONE),
    no("2.4.2.4", "account without name", "actor account name", GONE),
    no("2.4.2.4", "homePage without a scheme", "actor account homePage", "example.org/class"),
    yes("2.4.2.4", "homePage in any script", "actor account homePage", "https://example.org/école"),
]
GROUPS = [
    yes("2.4.2.2", "an anonymous group", "actor", GROUP),
    yes("2.4.2.2", "an identified group without members", "actor", IDENTIFIED),
    yes("2.4.2.2", "an identified group with members", "actor", both(IDENTIFIED, {"member": [AGENT]})),
    yes("2.4.2.2", "a group identified by account", "actor", both(ACCOUNT, {"objectType": "Group"})),
    no("2.4.2.2", "an anonymous group without member", "actor", {"objectType": "Group", "name": "Hawks"}),
    no("2.4.2.2", "an anonymous group of nobody", "actor", {"objectType": "Group", "member": []}),
    no("2.4.2.2", "a group that does not say so", "actor", {"member": [MBOX]}),
    no("2.4.2.2", "two identifiers", "actor", both(IDENTIFIED, MBOX)),
    no("2.4.2.2", "a group in an anonymous group", "actor", {"objectType": "Group", "member": [MBOX, IDENTIFIED]}),
    no("2.4.2.2", "a group in an identified group", "actor", both(IDENTIFIED, {"member": [GROUP]})),
    no("2.4.2.2", "one member outside a list", "actor", {"objectType": "Group", "member": MBOX}),
    no("2.4.2.2", "a member without identifier", "actor", {"objectType": "Group", "member": [{"name": "Ada"}]}),
]
VERBS = [
    no("2.4.3", "no id", "verb id", GONE),
    no("2.4.3", "id without a scheme", "verb id", "answered"),
    yes("2.4.3", "no display", "verb display", GONE),
    yes("4.2", "a language map may be empty", "verb display", {}),
    yes("4.2", "and its texts too", "verb display", {"fr": ""}),
    no("4.2", "a key that is no language tag", "verb display", {"a12345678": "a"}),
    no("4.2", "an empty key", "verb display", {"": "a"}),
    no("4.2", "a text that is none", "verb display", {"fr": 1}),
    no("2.3.2", "voiding something else than a statement", "verb id", VOIDED),
]
OBJECTS = [
    yes("2.4.4", "an activity needs no objectType", "object objectType", GONE),
    no("2.4.4", "another objectType", "object objectType", "Person"),
    no("2.4.4.1", "no id", "object id", GONE),
    no("2.4.4.1", "id without a scheme", "object id", "fractions"),
    yes("2.4.4.1", "no definition", "object definition", GONE),
    yes("2.4.4.1", "an empty definition", "object definition", {}),
    no("2.4.4.1", "type without a scheme", "object definition type", "question"),
    no("2.4.4.1", "moreInfo without a scheme", "object definition moreInfo", "example.org"),
    no("2.4.4.1", "moreInfo empty", "object definition moreInfo", ""),
    no("4.1", "an extension's key that is no IRI", "object definition extensions", {"colour": 1}),
    no("4.1", "an extension's empty key", "object definition extensions", {"": 1}),
    yes("4.1", "no extension", "object definition extensions", {}),
    no("2.4.4.2", "an agent without objectType", "object", MBOX),
    no("2.4.4.2", "a group without objectType", "object", {"member": [MBOX]}),
    no("2.4.4.2", "an agent without identifier", "object", {"objectType": "Agent"}),
    no("2.4.4.2", "an anonymous group of nobody", "object", {"objectType": "Group"}),
    no("2.4.4.3", "a reference without objectType", "object", {"id": good.UUID}),
    no("2.4.4.3", "a reference without id", "object", {"objectType": "StatementRef"}),
    no("2.4.4.3", "a reference whose id is no UUID", "object", {"objectType": "StatementRef", "id": "urn:a:b"}),
    no("2.4.4.3", "a reference with more", "object", both(REFERENCE, {"definition": {}})),
]


def interaction(kind: str, *lists: str) -> dict[str, Any]:
    components = [{"id": "a"}, {"id": "b", "description": {"fr": "Deux"}}]
    return {"interactionType": kind, "correctResponsesPattern": ["a"], **dict.fromkeys(lists, components)}


HAS = {
    "choice": ["choices"],
    "sequencing": ["choices"],
    "likert": ["scale"],
    "matching": ["source", "target"],
    "performance": ["steps"],
    **{kind: [] for kind in ("true-false", "fill-in", "long-fill-in", "numeric", "other")},
}
ALL_LISTS = ("choices", "scale", "source", "steps", "target")
HERE = "object definition"
INTERACTIONS = [
    *(yes("2.4.4.1", f"{kind} with its lists", HERE, interaction(kind, *lists)) for kind, lists in HAS.items()),
    *(yes("2.4.4.1", f"{kind} without lists", HERE, interaction(kind)) for kind in HAS),
    *(
        no("2.4.4.1", f"{kind} with {name}", HERE, interaction(kind, name))
        for kind, lists in HAS.items()
        for name in ALL_LISTS
        if name not in lists
    ),
    no("2.4.4.1", "another interactionType", HERE, interaction("compound")),
    no("2.4.4.1", "an interaction without interactionType", HERE, {"correctResponsesPattern": ["a"]}),
    *(no("2.4.4.1", f"{name} without interactionType", HERE, {name: [{"id": "a"}]}) for name in ALL_LISTS),
    yes("2.4.4.1", "no right answer", f"{HERE} correctResponsesPattern", []),
    no("2.4.4.1", "a pattern outside a list", f"{HERE} correctResponsesPattern", "b"),
    no("2.4.4.1", "a pattern that is no text", f"{HERE} correctResponsesPattern", [True]),
    yes("2.4.4.1", "no component", f"{HERE} choices", []),
    no("2.4.4.1", "two components with one id", f"{HERE} choices", [{"id": "a"}, {"id": "b"}, {"id": "a"}]),
    no("2.4.4.1", "a component without id", f"{HERE} choices", [{"description": {"fr": "2"}}]),
    no("2.4.4.1", "a component whose id is a number", f"{HERE} choices", [{"id": 1}]),
    no("2.4.4.1", "a component that is a text", f"{HERE} choices", ["a"]),
    no("4.2", "a component's description in no language", f"{HERE} choices", [{"id": "a", "description": {"a1": "2"}}]),
]
RESULTS = [
    *(yes("2.4.5.1", f"scaled {value}", "result score scaled", value) for value in (-1, 1, 0, -0.0, 1.0, 1e-300)),
    *(
        no("2.4.5.1", f"scaled {value}", "result score scaled", value)
        for value in (1.0000001, -1.1, 2, 1e300, -(10**40))
    ),
    yes("2.4.5.1", "raw at min", "result score raw", 0),
    yes("2.4.5.1", "raw at max", "result score raw", 10.0),
    no("2.4.5.1", "raw under min", "result score raw", -0.1),
    no("2.4.5.1", "raw over max", "result score raw", 10**400),
    yes("2.4.5.1", "raw alone", "result score", {"raw": -3}),
    no("2.4.5.1", "raw under min without max", "result score", {"raw": 1, "min": 2}),
    no("2.4.5.1", "raw over max without min", "result score", {"raw": 3, "max": 2}),
    no("2.4.5.1", "min equal to max", "result score", {"min": 5, "max": 5}),
    no("2.4.5.1", "min over max", "result score", {"min": 6, "max": 5}),
    yes("2.4.5.1", "an empty score", "result score", {}),
    *(no("2.2", f"{key} in quotes", f"result score {key}", "0") for key in ("scaled", "raw", "min", "max")),
    *(no("2.2", f"{key} a boolean", f"result score {key}", True) for key in ("scaled", "raw", "min", "max")),
    *(no("2.2", f"{key} that JSON does not have", f"result score {key}", float("nan")) for key in ("scaled", "raw")),
    *(no("2.2", f"{key} in quotes", f"result {key}", "true") for key in ("success", "completion")),
    *(no("2.2", f"{key} a number", f"result {key}", 1) for key in ("success", "completion")),
    no("2.2", "response a number", "result response", 2),
    yes("2.4.5", "an empty response", "result response", ""),
    no("4.6", "weeks and days", "result duration", "P4W1D"),
    no("4.6", "the alternative format", "result duration", "P0003-06-04T12:30:05"),
    no("4.6", "empty", "result duration", ""),
    no("4.1", "an extension's key that is no IRI", "result extensions", {"colour": 1}),
]
KINDS = ("parent", "grouping", "category", "other")
CONTEXTS = [
    no("2.4.6", "registration that is no UUID", "context registration", "lesson-1"),
    no("2.4.6.1", "registration in braces", "context registration", "{7ccd3322-e1a5-411a-a67d-6a735c76f119}"),
    yes("2.4.6", "an agent as instructor", "context instructor", MBOX),
    yes("2.4.6", "a group as instructor", "context instructor", IDENTIFIED),
    no("2.4.6", "an instructor without identifier", "context instructor", {"objectType": "Agent"}),
    yes("2.4.6", "an identified team", "context team", IDENTIFIED),
    yes("2.4.6", "an anonymous team", "context team", ANONYMOUS),
    no("2.4.6", "an agent as team", "context team", AGENT),
    no("2.4.6", "a team that does not say that it is a group", "context team", MBOX),
    no("2.4.6", "language that is no tag", "context language", "français"),
    no("2.4.6", "language empty", "context language", ""),
    no("2.4.6", "statement that is no reference", "context statement", ACTIVITY),
    no("2.4.6", "statement without objectType", "context statement", {"id": good.UUID}),
    no("2.4.6", "statement without UUID", "context statement", {"objectType": "StatementRef", "id": "1"}),
    no("4.1", "an extension's key that is no IRI", "context extensions", {"colour": 1}),
    *(yes("2.4.6.2", f"one {kind}", "context contextActivities", {kind: ACTIVITY}) for kind in KINDS),
    *(yes("2.4.6.2", f"several {kind}", "context contextActivities", {kind: [ACTIVITY, ACTIVITY]}) for kind in KINDS),
    *(no("2.4.6.2", f"{kind} is an IRI", "context contextActivities", {kind: "urn:a:b"}) for kind in KINDS),
    *(no("2.4.6.2", f"{kind} has an agent", "context contextActivities", {kind: [ACTIVITY, AGENT]}) for kind in KINDS),
    *(no("2.4.6.2", f"{kind} without id", "context contextActivities", {kind: {}}) for kind in KINDS),
    no("2.4.6.2", "another kind", "context contextActivities", {"sibling": ACTIVITY}),
    yes("2.4.6.2", "none of them", "context contextActivities", {}),
]
WHO: list[dict[str, Any]] = [{"objectType": "contextAgent", "agent": AGENT}]
TEAMS: list[dict[str, Any]] = [{"objectType": "contextGroup", "group": GROUP}]
IRI = "https://example.org/keeper"
RELEVANT = [
    no("2.4.6", "1.0.3 has no contextAgents", "context contextAgents", WHO, V1),
    no("2.4.6", "1.0.3 has no contextGroups", "context contextGroups", TEAMS, V1),
    *(
        row
        for key, one, name, wrong in (
            ("contextAgents", WHO[0], "agent", GROUP),
            ("contextGroups", TEAMS[0], "group", AGENT),
        )
        for row in (
            yes("4.2.2.5 of 2.0", f"{key} without relevantTypes", f"context {key}", [one], V2),
            yes("4.2.2.5 of 2.0", f"{key} empty", f"context {key}", [], V2),
            yes("4.2.2.5 of 2.0", f"{key} of two", f"context {key}", [one, both(one, {"relevantTypes": [IRI]})], V2),
            no("4.2.2.5 of 2.0", f"{key} outside a list", f"context {key}", one, V2),
            no("4.2.2.5 of 2.0", f"{key} without objectType", f"context {key}", [{name: one[name]}], V2),
            no("4.2.2.5 of 2.0", f"{key} of another type", f"context {key}", [both(one, {"objectType": "Agent"})], V2),
            no("4.2.2.5 of 2.0", f"{key} of nobody", f"context {key}", [{"objectType": one["objectType"]}], V2),
            no("4.2.2.5 of 2.0", f"{key} of the other kind", f"context {key}", [both(one, {name: wrong})], V2),
            no("4.2.2.5 of 2.0", f"{key} of no type", f"context {key}", [both(one, {"relevantTypes": []})], V2),
            no("4.2.2.5 of 2.0", f"{key} of no IRI", f"context {key}", [both(one, {"relevantTypes": ["abc"]})], V2),
            no("4.2.2.5 of 2.0", f"{key} of one type alone", f"context {key}", [both(one, {"relevantTypes": IRI})], V2),
        )
    ),
]
MOMENTS = [
    *(
        row
        for key in ("timestamp", "stored")
        for row in (
            yes("4.5", f"{key} of the future", key, "2126-11-22T06:52:30Z"),
            yes("4.5", f"{key} elsewhere", key, "2026-11-22T06:52:30.123456+05:45"),
            yes("4.5", f"{key} in the basic format", key, "20261122T065230Z", V1),
            no("4.5", f"{key} in the basic format, which is not RFC 3339", key, "20261122T065230Z", V2),
            yes("4.5", f"{key} without a zone", key, "2026-11-22T06:52:30", V1),
            no("4.5", f"{key} without a zone, which is not RFC 3339", key, "2026-11-22T06:52:30", V2),
            no("4.5", f"{key} at minus zero", key, "2026-11-22T06:52:30-00:00"),
            no("4.5", f"{key} on no day", key, "2026-02-30T06:52:30Z"),
            no("4.5", f"{key} a day only", key, "2026-11-22"),
            no("4.5", f"{key} a number", key, 1795330350),
            no("4.5", f"{key} empty", key, ""),
        )
    ),
]
AUTHORITIES = [
    yes("2.4.9", "an agent", "authority", MBOX),
    yes("2.4.9", "an application and a user", "authority", OAUTH),
    no("2.4.9", "one member", "authority member", [ACCOUNT]),
    no("2.4.9", "three members", "authority", both(OAUTH, {"member": [ACCOUNT, MBOX, OPENID]})),
    no("2.4.9", "two users without an application's account", "authority", both(OAUTH, {"member": [MBOX, OPENID]})),
    no("2.4.9", "an identified group", "authority", IDENTIFIED),
    no("2.4.9", "an identified group of two", "authority", both(OAUTH, MBOX)),
    no("2.4.9", "an agent without identifier", "authority", {"objectType": "Agent"}),
]
VERSIONS = [
    *(
        yes("2.4.10", f"version {text}", "version", text)
        for text in ("1.0", "1.0.0", "1.0.3", "1.0.9", "1.0.10-beta.1")
    ),
    *(
        no("2.4.10", f"version {text!r}", "version", text)
        for text in ("", "1", "0.9.9", "1.1.0", "1.0.", "1.0.x", "v1.0.0")
    ),
    no("2.4.10", "version 2.0.0 in a request of 1.0.3", "version", "2.0.0", V1),
    yes("4.2.4.3 of 2.0", "version 2.0.0", "version", "2.0.0", V2),
    no("4.2.4.3 of 2.0", "version 2.1.0", "version", "2.1.0"),
    no("2.4.10", "version a number", "version", 1.0),
]
ATTACHMENT = "attachments 0"
ATTACHMENTS = [
    yes("2.4.11", "none", "attachments", []),
    *(
        no("2.4.11", f"no {key}", f"{ATTACHMENT} {key}", GONE)
        for key in ("usageType", "display", "contentType", "length", "sha2")
    ),
    *(yes("2.4.11", f"no {key}", f"{ATTACHMENT} {key}", GONE) for key in ("description", "fileUrl")),
    no("2.4.11", "usageType without a scheme", f"{ATTACHMENT} usageType", "certificate"),
    no("2.4.11", "fileUrl without a scheme", f"{ATTACHMENT} fileUrl", "file.txt"),
    no("2.4.11", "contentType without a subtype", f"{ATTACHMENT} contentType", "text"),
    no("2.4.11", "display in no language", f"{ATTACHMENT} display", {"a12345678": "a"}),
    no("2.4.11", "description that is a text", f"{ATTACHMENT} description", "a"),
    yes("2.4.11", "length 0", f"{ATTACHMENT} length", 0),
    *(no("2.4.11", f"length {value!r}", f"{ATTACHMENT} length", value) for value in (-1, 1.5, 27.0, "27", True)),
    no("2.4.11", "sha2 of another length", f"{ATTACHMENT} sha2", "ab"),
    yes("2.4.11", "sha2 of SHA-512", f"{ATTACHMENT} sha2", "ab" * 64),
    no("2.4.11", "an attachment outside a list", "attachments", good.ATTACHMENT),
]
IDS = [
    yes("2.4.1", "an id in capitals", "id", good.UUID.upper()),
    no("2.4.1", "an id that is no UUID", "id", "statement-1"),
    no("2.4.1", "an empty id", "id", ""),
]
ROWS = [
    *IDS, *AGENTS, *GROUPS, *VERBS, *OBJECTS, *INTERACTIONS, *RESULTS, *CONTEXTS, *RELEVANT, *MOMENTS, *AUTHORITIES,
    *VERSIONS, *ATTACHMENTS,
]  # fmt: skip
INSIDE = [row for row in ROWS if row.place[0] not in ("id", "stored", "authority", "version")]
"""What a SubStatement has too: it must be validated as a statement (Data 2.4.4.3)."""
