# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/records``: keys, export, import, erasure, for the box itself."""

from __future__ import annotations

from typing import Any

from appliance.hub.openapi.parts import (
    COUNT,
    LOCAL,
    MOMENT,
    TEXT,
    YES_NO,
    Json,
    errors,
    many,
    operation,
    or_null,
    query,
    record,
    ref,
    sent,
    told,
    within,
)
from appliance.hub.openapi.xapi_schemas import UUID
from appliance.store.record_imports import TOLD
from appliance.store.record_keys import LONGEST_NAME, SCOPES

TAG = "records"
LINES = "application/jsonl"
WHO: Json = {
    "type": "string",
    "minLength": 1,
    "description": "Id or alias of a pupil, mailto: address, openid, or an Agent as JSON",
    "examples": ["mailto:ada@example.org"],
}


def paths() -> dict[str, Json]:
    """Path -> operations."""
    return {
        "/api/records": {
            "get": _local("recordsAbout", "How many statements there are", _ok({"statements": COUNT})),
        },
        "/api/records/keys": {
            "get": _local("keys", "The keys, revoked ones included", _ok({"keys": many(ref("Key"))})),
            "post": _add_key(),
        },
        "/api/records/keys/revoke": {
            "post": _local("revokeKey", "Refuse a key from now on",
                           {"200": told("The key", ref("Key")), **errors(400, 404, 413, 415, 507)},
                           requestBody=sent(record({"key": {**TEXT, "description": "Name or id"}}, more=True))),
        },
        "/api/records/export": {"get": _export()},
        "/api/records/import": {"post": _import()},
        "/api/records/rebuild": {
            "get": _local("rebuilt", "How far the rebuilding is", {"200": told("So far", ref("Rebuilding"))}),
            "post": _local("rebuild", "Make index, progress and counts again from the statements",
                           {"202": told("Begun, or going on", ref("Rebuilding"))}),
        },
        "/api/records/erasures/preview": {"post": _preview()},
        "/api/records/erasures": {
            "get": _local("erasures", "The erasures",
                          _ok({"tombstones": many(ref("Tombstone")), "unfinished": _unfinished()})),
            "post": _erase(),
        },
        "/api/records/quarantine": {
            "get": _local("quarantine", "Statements set aside", _ok({"statements": many(ref("Quarantined"))})),
        },
        "/api/records/quarantine/{number}": _one_set_aside(),
    }  # fmt: skip


def _local(name: str, summary: str, responses: dict[str, Json], **more: Any) -> Json:
    return operation(name, TAG, summary, LOCAL, responses | errors(403), **more)


def _ok(found: dict[str, Json]) -> dict[str, Json]:
    return {"200": told("All of it", record(found))}


def _add_key() -> Json:
    asked = record({"name": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}},
                   {"scopes": many({"enum": list(SCOPES)})}, more=True)  # fmt: skip
    made = record({"id": TEXT, "secret": {**TEXT, "description": "Told here and never again"}})
    return _local("addKey", "Make a key", {"201": told("The key", made), **errors(400, 409, 413, 415, 507)},
                  requestBody=sent(asked))  # fmt: skip


def _export() -> Json:
    return _local("exportRecords", "Every record as lines of JSON", {
        "200": told("Lines as they are made; without the last (end) it was cut short", TEXT, LINES),
    })  # fmt: skip


def _import() -> Json:
    first = {"type": "integer", "minimum": 2, "default": 2}
    return _local(
        "importRecords", "Take in lines of an export",
        {"200": told("What became of them", ref("Report")), **errors(400, 413, 503, 507)},
        parameters=[query("first", first, "Number of the first line in its file")],
        requestBody=sent({**TEXT, "description": "The first line of the file, then any of its other lines"}, LINES),
    )  # fmt: skip


def _preview() -> Json:
    return _local("erasurePreview", "Whom it means, and what an erasure would take away",
                  {"200": told("Nothing was changed", ref("Loss")), **errors(400, 404, 413, 415)},
                  requestBody=sent(record({"who": WHO}, more=True)))  # fmt: skip


def _unfinished() -> Json:
    told = "Null: no byte of what was erased is left. Else how many MB must be free to overwrite the last of them"
    return {**or_null("integer"), "description": told}


def _erase() -> Json:
    final = {**YES_NO, "description": "Nothing of theirs is kept from now on either"}
    return _local("erase", "Erase all that a pupil or an agent left",
                  {"200": told("It is gone", ref("Loss")), **errors(400, 404, 413, 415, 503, 507)},
                  requestBody=sent(record({"who": WHO, "final": final}, more=True)))  # fmt: skip


def _one_set_aside() -> Json:
    number = {**within("number", "Its number in the list"), "schema": {"type": "integer", "minimum": 0}}
    return {
        "get": _local("setAside", "A statement set aside, beside the one that the box keeps",
                      {"200": told("Both", ref("SetAside")), **errors(404)}, parameters=[number]),
        "delete": _local("dropSetAside", "Forget a statement set aside",
                         {"204": told("It is gone"), **errors(404, 503, 507)}, parameters=[number]),
    }  # fmt: skip


def schemas() -> dict[str, Json]:
    """Name -> JSON Schema."""
    place = {"origin": TEXT, "sequence": COUNT}
    set_aside = {"id": COUNT, "statement": UUID, **place, "reason": TEXT, "at": MOMENT}
    damaged = record({"line": {"type": "integer"}, "why": TEXT})
    return {
        "Key": record({"id": TEXT, "name": TEXT, "scopes": many({"enum": list(SCOPES)}), "created_at": MOMENT,
                       "revoked_at": or_null("string")}),
        "Rebuilding": record({"over": YES_NO, "progress": {"type": "number"}, "error": TEXT}),
        "Loss": record({"who": TEXT, "agents": many(TEXT), "statements": COUNT, "shared": COUNT, "documents": COUNT,
                        "pupil": YES_NO, "sealed": COUNT}),
        "Tombstone": record({"actor": TEXT, **place, "final": YES_NO, "at": MOMENT, "box": TEXT}),
        "Quarantined": record(set_aside),
        "SetAside": record({**set_aside, "body": {**TEXT, "description": "Its text"},
                            "kept": {**or_null("string"), "description": "The text of the one that the box keeps"}}),
        "Report": record({
            "taken": {"type": "object", "additionalProperties": COUNT, "description": "New lines of each kind"},
            "known": COUNT,
            "erased": COUNT,
            "set_aside": COUNT,
            "damaged": many(damaged, maxItems=TOLD),
            "damaged_lines": COUNT,
            "end": {**or_null("object"), "additionalProperties": COUNT},
        }),
    }  # fmt: skip
