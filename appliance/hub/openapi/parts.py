# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Short words for the objects of an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html, section 4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

JSON = "application/json"
TEXT: Json = {"type": "string"}
COUNT: Json = {"type": "integer", "minimum": 0}
YES_NO: Json = {"type": "boolean"}
MOMENT: Json = {"type": "string", "format": "date-time"}

LOCAL: list[Json] = [{"local": []}]
"""Security: the box's own processes only."""
TEACHER: list[Json] = [{"teacher": []}, {"local": []}]
ANYBODY: list[Json] = [{}]
KEY: list[Json] = [{"basic": []}, {"local": []}]


def ref(name: str) -> Json:
    """A schema of ``components.schemas``."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: Mapping[str, Json], optional: Mapping[str, Json] | None = None, *, more: bool = False) -> Json:
    """An object with these properties and, unless ``more``, no other one."""
    found: Json = {"type": "object", "properties": {**required, **(optional or {})}, "required": [*required]}
    return found if more else {**found, "additionalProperties": False}


def many(items: Json, **limits: int) -> Json:
    """An array; ``limits``: minItems, maxItems."""
    return {"type": "array", "items": items, **limits}


def or_null(kind: str) -> Json:
    """A JSON type, or null."""
    return {"type": [kind, "null"]}


def query(name: str, schema: Json, description: str, *, required: bool = False) -> Json:
    """A query parameter."""
    return {"name": name, "in": "query", "schema": schema, "description": description, "required": required}


def header(name: str, schema: Json, description: str, *, required: bool = False) -> Json:
    """A request header."""
    return {**query(name, schema, description, required=required), "in": "header"}


def within(name: str, description: str) -> Json:
    """A part of the path: text without a slash."""
    return {**query(name, {"type": "string", "pattern": "^[^/]+$"}, description, required=True), "in": "path"}


def told(description: str, schema: Json | None = None, kind: str = JSON, headers: Json | None = None) -> Json:
    """A response; without a body when there is no ``schema``."""
    found: Json = {"description": description}
    if schema is not None:
        found["content"] = {kind: {"schema": schema}}
    return {**found, "headers": headers} if headers else found


def errors(*statuses: int) -> Json:
    """Responses of ``components.responses``."""
    return {str(status): {"$ref": f"#/components/responses/e{status}"} for status in statuses}


def sent(schema: Json, kind: str = JSON, *, required: bool = True) -> Json:
    """A request body of one kind."""
    return {"required": required, "content": {kind: {"schema": schema}}}


def operation(
    name: str, tag: str, summary: str, security: list[Json], responses: Mapping[str, Json], **more: Any
) -> Json:
    """An operation; ``more``: description, parameters, requestBody."""
    return {"operationId": name, "tags": [tag], "summary": summary, "security": security, "responses": {**responses},
            **more}  # fmt: skip
