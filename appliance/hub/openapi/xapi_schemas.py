# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The objects of xAPI-Data 2.4 and 2.5 as JSON Schema. The box checks more than a schema can say: see its sentences."""

from __future__ import annotations

from appliance.hub.openapi.parts import COUNT, MOMENT, TEXT, YES_NO, Json, many, record, ref
from appliance.xapi.objects import COMPONENTS

IRI: Json = {"type": "string", "format": "iri"}
UUID: Json = {"type": "string", "format": "uuid"}
MAILBOX: Json = {"type": "string", "format": "mailto", "examples": ["mailto:ada@example.org"]}
SHA1: Json = {"type": "string", "pattern": "^[0-9a-fA-F]{40}$"}
SHA2: Json = {"type": "string", "description": "SHA-224, 256, 384 or 512",
              "pattern": "^([0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})$"}  # fmt: skip
DURATION: Json = {"type": "string", "format": "iso8601-duration", "examples": ["PT4M30.5S"]}
TIMESTAMP: Json = {"type": "string", "format": "iso8601", "examples": ["2026-11-22T08:00:00Z"]}
LANGUAGE: Json = {"type": "string", "format": "rfc5646", "examples": ["fr"]}


def schemas() -> dict[str, Json]:
    """Name -> JSON Schema (2020-12)."""
    return {
        "LanguageMap": {"type": "object", "propertyNames": LANGUAGE, "additionalProperties": TEXT},
        "Extensions": {"type": "object", "propertyNames": IRI},
        "Account": record({"homePage": IRI, "name": TEXT}),
        "Agent": _identified("Agent", {}, typed=False),
        "TypedAgent": _identified("Agent", {}),
        "IdentifiedGroup": _identified("Group", {"member": many(ref("Agent"))}),
        "AnonymousGroup": record({"objectType": {"const": "Group"}, "member": many(ref("Agent"), minItems=1)},
                                 {"name": TEXT}),
        "Group": {"anyOf": [ref("IdentifiedGroup"), ref("AnonymousGroup")]},
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


def _identified(kind: str, optional: dict[str, Json], *, typed: bool = True) -> Json:
    """Exactly one inverse functional identifier (Data 2.4.2.3); ``typed``: objectType must be said."""
    said: dict[str, Json] = {"objectType": {"const": kind}}
    required, optional = (said, optional) if typed else ({}, {**said, **optional})
    each = {"mbox": MAILBOX, "mbox_sha1sum": SHA1, "openid": {"type": "string", "format": "uri"},
            "account": ref("Account")}  # fmt: skip
    return {"anyOf": [record({**required, name: schema}, {"name": TEXT, **optional}) for name, schema in each.items()]}


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
    return {"result": ref("Result"), "context": ref("Context"), "timestamp": TIMESTAMP,
            "attachments": many(ref("Attachment"))}  # fmt: skip


def _sub_statement() -> Json:
    about = {"anyOf": [ref("Activity"), ref("TypedAgent"), ref("Group"), ref("StatementRef")]}
    return record({"objectType": {"const": "SubStatement"}, "actor": ref("Actor"), "verb": ref("Verb"),
                   "object": about}, _common())  # fmt: skip


def _statement() -> Json:
    about = {"anyOf": [ref("Activity"), ref("TypedAgent"), ref("Group"), ref("StatementRef"), ref("SubStatement")]}
    return record(
        {"actor": ref("Actor"), "verb": ref("Verb"), "object": about},
        {
            **_common(),
            "id": UUID,
            "stored": {**MOMENT, "description": "Set by the box"},
            "authority": {"anyOf": [ref("Agent"), ref("AnonymousGroup")], "description": "Set by the box"},
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
