# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/xapi``: the resources of xAPI-Communication 2, in their plain syntax."""

from __future__ import annotations

from appliance.hub.openapi.alternate import alternate
from appliance.hub.openapi.parts import (
    ANYBODY,
    COUNT,
    JSON,
    KEY,
    MOMENT,
    TEXT,
    YES_NO,
    Json,
    errors,
    header,
    many,
    operation,
    query,
    ref,
    told,
)
from appliance.hub.openapi.xapi_schemas import IRI, UUID

TAG = "xapi"
MIXED = "multipart/mixed"
BYTES: Json = {"type": "string", "format": "binary"}
ALWAYS = (400, 401, 403, 405, 413, 503)
"""May answer any request to a resource that asks for credentials."""


def parameters() -> dict[str, Json]:
    """Shared by several operations."""
    version: Json = {"type": "string", "pattern": "^(1\\.0(\\.[0-9]+)?|2\\.0(\\.[0-9]+)?)$", "examples": ["1.0.3"]}
    return {
        "Version": header("X-Experience-API-Version", version, "The version that the request is written in",
                          required=True),
        "Language": header("Accept-Language", TEXT, "Languages wanted, for format=canonical and for errors"),
        "IfMatch": header("If-Match", TEXT, "Only when the document is still the one with this ETag"),
        "IfNoneMatch": header("If-None-Match", TEXT, "A change: only when there is none (*). GET: 304 when unchanged"),
        "Agent": _agent("An Agent, as JSON; in 2.0 also a Group with an identifier", ref("Agent"), required=True),
        "Activity": query("activityId", IRI, "The activity", required=True),
        "Registration": query("registration", UUID, "One run through an activity; on this box, a lesson"),
        "Since": query("since", MOMENT, "Only what was stored or changed after this"),
    }  # fmt: skip


def headers() -> dict[str, Json]:
    """Of answers."""
    through = "Everything stored until then can be found; it never goes back"
    return {
        "Version": {"schema": TEXT, "required": True, "description": "The family that the box answers in"},
        "Through": {"schema": MOMENT, "required": True, "description": through},
        "ETag": {"schema": TEXT, "required": True, "description": "SHA-1 of the content, in quotes"},
    }


def paths() -> dict[str, Json]:
    """Path -> operations."""
    state = {"parameters": [_shared("Version"), _shared("Activity"), _shared("Agent"), _shared("Registration")]}
    profile = {"parameters": [_shared("Version"), _shared("Activity")]}
    person = {"parameters": [_shared("Version"), _shared("Agent")]}
    found: dict[str, Json] = {
        "/xapi/about": {"get": _about()},
        "/xapi/statements": {"parameters": [_shared("Version")], "get": _read(), "put": _put(), "post": _post()},
        "/xapi/activities": {**profile, "get": _described("activity", "An activity as it was last defined",
                                                          "Activity")},
        "/xapi/agents": {**person, "get": _described("person", "What is known of an agent", "Person")},
        "/xapi/activities/state": state | _documents("state", "stateId", all_at_once=True),
        "/xapi/activities/profile": profile | _documents("activityProfile", "profileId"),
        "/xapi/agents/profile": person | _documents("agentProfile", "profileId"),
    }  # fmt: skip
    return {path: item | alternate(path, item) for path, item in found.items()}


def _shared(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _agent(description: str, schema: Json, *, required: bool) -> Json:
    found = query("agent", {}, description, required=required)
    del found["schema"]
    return {**found, "content": {JSON: {"schema": schema}}}


def _with(*names: str) -> Json:
    return {
        {"Version": "X-Experience-API-Version", "Through": "X-Experience-API-Consistent-Through"}.get(name, name): {
            "$ref": f"#/components/headers/{name}"
        }
        for name in ("Version", *names)
    }


def _unchanged(*names: str) -> dict[str, Json]:
    return {"304": told("It is still the one whose ETag stands in If-None-Match", headers=_with(*names))}


def _about() -> Json:
    return operation("about", TAG, "The versions spoken here", ANYBODY, {
        "200": told("The latest of each family", ref("About"), headers=_with("ETag")),
        **_unchanged(), **errors(400, 405),
    })  # fmt: skip


def _read() -> Json:
    flag = {**YES_NO, "default": False}
    answer = told("A statement, or a page of them with the address of the next", headers=_with("Through", "ETag"))
    answer["content"] = {JSON: {"schema": {"anyOf": [ref("StatementResult"), ref("Statement")]}},
                         MIXED: {"schema": BYTES}}  # fmt: skip
    return operation(
        "readStatements", TAG, "Fetch a statement by its id, or search", KEY,
        {"200": answer, **_unchanged("Through"), **errors(*ALWAYS, 404)},
        description="With statementId or voidedStatementId only attachments and format may come along. `more` of an "
                    "answer is the address of the next page; statements that arrive meanwhile change nothing in it.",
        parameters=[
            query("statementId", UUID, "This one, unless it is voided"),
            query("voidedStatementId", UUID, "This one, which was voided"),
            _agent("Of this Agent or Group with an identifier, as JSON",
                   {"anyOf": [ref("Agent"), ref("IdentifiedGroup")]}, required=False),
            query("verb", IRI, "With this verb"),
            query("activity", IRI, "About this activity"),
            _shared("Registration"),
            query("related_activities", flag, "activity: also in the context, or inside a SubStatement"),
            query("related_agents", flag, "agent: also as authority, instructor, team, member, inside a SubStatement"),
            _shared("Since"),
            query("until", MOMENT, "Only what was stored until then"),
            query("limit", COUNT, "Most statements of a page; 0: as many as the box gives"),
            query("format", {"enum": ["exact", "ids", "canonical"]}, "Whole, identifiers only, or in one language"),
            query("attachments", flag, "Send the attachments along, as multipart/mixed"),
            query("ascending", flag, "Oldest first"),
            query("cursor", TEXT, "The box's own: stands in the address that `more` gives"),
            _shared("Language"),
        ],
    )  # fmt: skip


def _body(schema: Json) -> Json:
    note = "The JSON first, then each attachment with Content-Transfer-Encoding: binary and X-Experience-API-Hash"
    return {"required": True, "content": {JSON: {"schema": schema}, MIXED: {"schema": BYTES}}, "description": note}


def _put() -> Json:
    return operation(
        "putStatement", TAG, "Store one statement under an id made by the sender", KEY,
        {"204": told("It is stored, durably", headers=_with("Through")), **errors(*ALWAYS, 409, 507)},
        parameters=[query("statementId", UUID, "Its id", required=True)],
        requestBody=_body(ref("Statement")),
    )  # fmt: skip


def _post() -> Json:
    ages = header("X-Cartable-Ages", {**TEXT, "examples": ["12.5,0"]},
                  "From the box's own processes only, ignored from others: seconds between event and delivery of each "
                  "statement, with commas")  # fmt: skip
    return operation(
        "postStatements", TAG, "Store a statement, or all of a list, or none", KEY,
        {
            "200": told("The ids, in order; everything is stored, durably", ref("StatementIds"),
                        headers=_with("Through")),
            **errors(*ALWAYS, 409, 507),
        },
        parameters=[ages],
        requestBody=_body({"anyOf": [ref("Statement"), many(ref("Statement"))]}),
    )  # fmt: skip


def _described(name: str, summary: str, schema: str) -> Json:
    return operation(name, TAG, summary, KEY, {
        "200": told(summary, ref(schema), headers=_with("ETag")), **_unchanged(), **errors(*ALWAYS),
    })  # fmt: skip


def _documents(name: str, key: str, *, all_at_once: bool = False) -> dict[str, Json]:
    """A document resource (2.2): the ids of its documents without ``key``, one document with it."""
    one = query(key, {"type": "string", "maxLength": 2000}, "The document's id", required=True)
    perhaps = {**one, "required": False}
    change = [one, _shared("IfMatch"), _shared("IfNoneMatch")]
    bodies: list[Json] = [
        {"required": True, "content": {JSON: {"schema": schema}, "application/octet-stream": {"schema": BYTES}}}
        for schema in ({}, {"type": "object"})
    ]
    answer = told("The document as it was sent, or a JSON list of ids", headers=_with("ETag"))
    answer["content"] = {"*/*": {"schema": {}}}
    refusals = errors(*ALWAYS, 409, 412, 507)
    done = told("Done, durably", headers=_with())
    remove = [{**change[0], "required": not all_at_once}, *change[1:]]
    return {
        "get": operation(f"{name}Get", TAG, "A document, or the ids of all", KEY,
                         {"200": answer, **_unchanged("ETag"), **errors(*ALWAYS, 404)},
                         parameters=[perhaps, _shared("Since"), _shared("IfNoneMatch")]),
        "put": operation(f"{name}Put", TAG, "Store a document in place of any other", KEY,
                         {"204": done, **refusals}, parameters=change, requestBody=bodies[0]),
        "post": operation(f"{name}Post", TAG, "Merge a JSON object into a document", KEY,
                          {"204": done, **refusals}, parameters=change, requestBody=bodies[1]),
        "delete": operation(f"{name}Delete", TAG, "Delete a document" + (", or all" if all_at_once else ""), KEY,
                            {"204": done, **refusals}, parameters=remove),
    }  # fmt: skip
