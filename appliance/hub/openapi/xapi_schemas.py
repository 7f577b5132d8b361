# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The objects of xAPI-Data 2.4 and 2.5 as JSON Schema. The box checks more than a schema can say: see its sentences."""

from __future__ import annotations

from appliance.hub.openapi.parts import COUNT, MOMENT, TEXT, YES_NO, Json, many, record, ref
from appliance.xapi.objects import COMPONENTS

IRI: Json = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9/._~-]+$"}
UUID: Json = {"type": "string", "format": "uuid"}
MAILBOX: Json = {"type": "string", "pattern": "^mailto:[A-Za-z0-9.]+@[A-Za-z0-9]+\\.[a-z]+$"}
SHA1: Json = {"type": "string", "pattern": "^[0-9a-fA-F]{40}$"}
SHA2: Json = {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
DURATION: Json = {"type": "string", "description": "ISO 8601", "examples": ["PT4M30S"]}
LANGUAGE: Json = {"type": "string", "description": "RFC 5646", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"}


def schemas() -> dict[str, Json]:
    """Name -> JSON Schema (2020-12)."""
    return {
        "LanguageMap": {"type": "object", "propertyNames": LANGUAGE, "additionalProperties": TEXT},
        "Extensions": {"type": "object", "propertyNames": IRI},
        "Account": record({"homePage": IRI, "name": TEXT}),
        "Agent": _identified("Agent", {}),
        "Group": {"anyOf": [_identified("Group", {"member": many(ref("Agent"))}, kind=True), _anonymous()]},
        "Actor": {"anyOf": [ref("Agent"), ref("Group")]},
        "Verb": record({"id": IRI}, {"display": ref("LanguageMap")}),
        "Activity": record({"id": IRI}, {"objectType": {"const": "Activity"}, "definition": ref("Definition")}),
        "Component": record({"id": TEXT}, {"description": ref("LanguageMap")}),
        "Definition": _definition(),
        "StatementRef": record({"objectType": {"const": "StatementRef"}, "id": UUID}),
        "Attachment": _attachment(),
        "Score": record({}, {name: {"type": "number"} for name in ("raw", "min", "max")}
                        | {"scaled": {"type": "number", "minimum": -1, "maximum": 1}}),
        "Result": _result(),
        "ContextActivities": record({}, {name: {"anyOf": [ref("Activity"), many(ref("Activity"))]}
                                         for name in ("parent", "grouping", "category", "other")}),
        "Context": _context(),
        "SubStatement": _sub_statement(),
        "Statement": _statement(),
        "StatementIds": many(UUID),
        "StatementResult": record({"statements": many(ref("Statement"))},
                                  {"more": {"type": "string", "description": "Where the next page is; empty: none"}}),
        "Person": _person(),
        "About": record({"version": many(TEXT, minItems=1)}, {"extensions": ref("Extensions")}),
    }  # fmt: skip


def _identified(kind_name: str, optional: dict[str, Json], *, kind: bool = False) -> Json:
    """Exactly one inverse functional identifier (Data 2.4.2.3)."""
    typed = {"objectType": {"const": kind_name}}
    given = typed if kind else {}
    optional = {**({} if kind else typed), "name": TEXT, **optional}
    each = {"mbox": MAILBOX, "mbox_sha1sum": SHA1, "openid": {"type": "string", "format": "uri"},
            "account": ref("Account")}  # fmt: skip
    return {"anyOf": [record({**given, name: schema}, optional) for name, schema in each.items()]}


def _anonymous() -> Json:
    return record({"objectType": {"const": "Group"}, "member": many(ref("Agent"))}, {"name": TEXT})


def _definition() -> Json:
    lists = sorted({name for names in COMPONENTS.values() for name in names})
    return record({}, {
        "name": ref("LanguageMap"),
        "description": ref("LanguageMap"),
        "type": IRI,
        "moreInfo": IRI,
        "extensions": ref("Extensions"),
        "interactionType": {"enum": list(COMPONENTS)},
        "correctResponsesPattern": many(TEXT),
        **{name: many(ref("Component")) for name in lists},
    })  # fmt: skip


def _attachment() -> Json:
    optional = {"description": ref("LanguageMap"), "fileUrl": IRI}
    return record({"usageType": IRI, "display": ref("LanguageMap"), "contentType": TEXT, "length": COUNT,
                   "sha2": SHA2}, optional)  # fmt: skip


def _result() -> Json:
    return record({}, {"score": ref("Score"), "success": YES_NO, "completion": YES_NO, "response": TEXT,
                       "duration": DURATION, "extensions": ref("Extensions")})  # fmt: skip


def _context() -> Json:
    agents = many(record({"objectType": {"const": "contextAgent"}, "agent": ref("Agent")},
                         {"relevantTypes": many(IRI, minItems=1)}))  # fmt: skip
    groups = many(record({"objectType": {"const": "contextGroup"}, "group": ref("Group")},
                         {"relevantTypes": many(IRI, minItems=1)}))  # fmt: skip
    return record({}, {
        "registration": UUID,
        "instructor": ref("Actor"),
        "team": ref("Group"),
        "contextActivities": ref("ContextActivities"),
        "contextAgents": {**agents, "description": "2.0 only"},
        "contextGroups": {**groups, "description": "2.0 only"},
        "revision": TEXT,
        "platform": TEXT,
        "language": LANGUAGE,
        "statement": ref("StatementRef"),
        "extensions": ref("Extensions"),
    })  # fmt: skip


def _common() -> dict[str, Json]:
    return {"result": ref("Result"), "context": ref("Context"), "timestamp": MOMENT,
            "attachments": many(ref("Attachment"))}  # fmt: skip


def _sub_statement() -> Json:
    about = {"anyOf": [ref("Activity"), ref("Agent"), ref("Group"), ref("StatementRef")]}
    return record({"objectType": {"const": "SubStatement"}, "actor": ref("Actor"), "verb": ref("Verb"),
                   "object": about}, _common())  # fmt: skip


def _statement() -> Json:
    about = {"anyOf": [ref("Activity"), ref("Agent"), ref("Group"), ref("StatementRef"), ref("SubStatement")]}
    return record(
        {"actor": ref("Actor"), "verb": ref("Verb"), "object": about},
        {
            **_common(),
            "id": UUID,
            "stored": {**MOMENT, "description": "Set by the box"},
            "authority": {**ref("Actor"), "description": "Set by the box"},
            "version": {"type": "string", "pattern": "^(1\\.0(\\.[0-9]+)?|2\\.0(\\.[0-9]+)?)$"},
        },
    )


def _person() -> Json:
    return record({"objectType": {"const": "Person"}}, {
        "name": many(TEXT),
        "mbox": many(TEXT),
        "mbox_sha1sum": many(SHA1),
        "openid": many(TEXT),
        "account": many(ref("Account")),
    })  # fmt: skip
