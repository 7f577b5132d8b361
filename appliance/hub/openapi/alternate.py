# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The alternate request syntax of each xAPI resource (1.0.3, part 3, 1.3): every method as a POST of a form.

OpenAPI has one POST for each path, and that is the resource's own. This other one stands beside it as
``x-alternate-request``, an Operation Object like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from appliance.hub.openapi.parts import TEXT, Json, query, record, sent
from appliance.hub.xapi.call import FORM, FORM_HEADERS, MOST_FORM_BYTES

METHODS = ("get", "put", "post", "delete")
NOTE = """In 1.0.3, not in 2.0, each method can also be written as `POST {path}?method={method}`, for scripts that may
send nothing but simple requests: method is the only query parameter; what would be a query parameter, a header
({headers}) or, for PUT and POST, the body (content) is a field of the form."""


def alternate(path: str, item: Json) -> Json:
    """What a Path Item says of it: a description, and the operation itself."""
    known = [method for method in METHODS if method in item]
    shown = "|".join(method.upper() for method in known)
    note = NOTE.replace("\n", " ").format(path=path, method=shown, headers=", ".join(FORM_HEADERS))
    return {"description": note, "x-alternate-request": {"post": _operation(item, known)}}


def _operation(item: Json, known: list[str]) -> Json:
    methods = [method.upper() for method in (*known, *(["head"] if "get" in known else []))]
    fields = {name: TEXT for method in known for name in _parameters(item, item[method])}
    headers = {name: {**TEXT, "description": "In place of the header"} for name in FORM_HEADERS}
    content = {"content": {**TEXT, "description": "The body; PUT and POST only"}} if {"put", "post"} & {*known} else {}
    return {
        "summary": "Any of the methods, as a form",
        "description": f"At most {MOST_FORM_BYTES >> 20} MiB. The answer is the one of the method.",
        "parameters": [query("method", {"enum": methods}, "The method meant", required=True)],
        "requestBody": sent(record({}, {**fields, **headers, **content}), FORM, required=False),
    }


def _parameters(item: Json, operation: Json) -> Iterator[str]:
    """The names of the query parameters, those of the whole path included."""
    found: list[dict[str, Any]] = [*item.get("parameters", []), *operation.get("parameters", [])]
    for parameter in found:
        shared = _SHARED.get(parameter.get("$ref", "").rpartition("/")[2])
        if shared or parameter.get("in") == "query":
            yield shared or parameter["name"]


_SHARED = {"Agent": "agent", "Activity": "activityId", "Registration": "registration", "Since": "since"}
"""The query parameters among ``components.parameters``."""
