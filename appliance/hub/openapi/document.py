# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The whole description."""

from __future__ import annotations

from appliance.hub.openapi import box_paths, box_schemas, oral_paths, records_paths, xapi_paths, xapi_schemas
from appliance.hub.openapi.parts import JSON, Json, ref

ERRORS = {
    400: "The request was not understood; the sentence says what is wrong, and where.",
    401: "No credentials, or wrong or revoked ones.",
    403: "Whoever asks may not do this.",
    404: "There is nothing of this name.",
    405: "This address does not take that method.",
    409: "The same identifier already means something else, or a change came without saying what it replaces.",
    412: "It is no longer as the request says that it must be (If-Match, If-None-Match).",
    413: "Over a limit of the box.",
    415: "The box does not take this kind of thing.",
    500: "Stored bytes are damaged: the technician must act.",
    502: "Something of the box does not answer: try again later.",
    503: "Busy: try again later.",
    507: "The disk is full or locked; nothing was lost, nothing was kept of this request.",
}

ABOUT = """What the box answers to programs on the local network. Reference: docs/reference/records.md.

HEAD is answered wherever GET is, with the same headers. Errors of `/api` and `/xapi` are `{"error": sentence}`, the
sentence in the language of the caller's `Accept-Language` (French or English) and fit to be shown to a person."""


def document() -> Json:
    """An OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cartable",
            "version": "1",
            "description": ABOUT,
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": "/", "description": "The box's hub"}],
        "tags": [
            {"name": "box", "description": "The library, answers, health"},
            {"name": "records", "description": "Learning records: keys, export, import, erasure (the box itself only)"},
            {"name": "xapi", "description": "xAPI 1.0.3 and 2.0 (IEEE 9274.1.1)"},
        ],
        "paths": {**box_paths.paths(), **oral_paths.paths(), **records_paths.paths(), **xapi_paths.paths()},
        "components": {
            "schemas": {**box_schemas.schemas(), **records_paths.schemas(), **xapi_schemas.schemas()},
            "responses": {f"e{status}": _error(sentence) for status, sentence in ERRORS.items()},
            "parameters": xapi_paths.parameters(),
            "headers": xapi_paths.headers(),
            "securitySchemes": _security(),
        },
    }


def _error(sentence: str) -> Json:
    return {"description": sentence, "content": {JSON: {"schema": ref("Error")}}}


def _security() -> Json:
    return {
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "A key made by `cartable records key add NAME`; or the user `launch` with the token that a "
            "lesson gives to a resource's own scripts.",
        },
        "teacher": {
            "type": "apiKey",
            "in": "cookie",
            "name": "cartable",
            "description": "The session of a browser that typed the code shown by the box. A change also needs the "
            "form token of a page of the box.",
        },
        "local": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Cartable-Origin",
            "description": "`local`, over the hub's Unix socket: a process of this box. What comes from the network "
            "never carries it: the edge writes its own value over it.",
        },
    }
