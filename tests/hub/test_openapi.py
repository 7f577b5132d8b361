# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The description says what the applications answer: nothing missing, nothing extra, true under a rain of requests."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from appliance.box import Wsgi
from appliance.hub.openapi.document import document

METHODS = {"get", "put", "post", "delete"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document()


def rules(app: Flask, prefix: str) -> set[tuple[str, str]]:
    """Method and path of every rule, as OpenAPI writes them."""
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(prefix)
    }


def operations(described: dict[str, Any], prefix: str) -> set[tuple[str, str]]:
    return {
        (method, path) for path, item in described["paths"].items() for method in METHODS & set(item)
        if path.startswith(prefix)
    }  # fmt: skip


def test_every_rule_of_the_api_is_described_and_no_other(app: Flask, described: dict[str, Any]) -> None:
    assert operations(described, "/api") == rules(app, "/api")


def test_is_valid_openapi(described: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(described).validate()


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere_and_nothing_is_unused(described: dict[str, Any]) -> None:
    known = {f"#/components/{kind}/{name}" for kind, found in described["components"].items() for name in found
             if kind != "securitySchemes"}  # fmt: skip
    assert references(described) == known


def test_operations_have_names_of_their_own(described: dict[str, Any]) -> None:
    names = [item[method]["operationId"] for item in described["paths"].values() for method in METHODS & set(item)]
    assert len(names) == len(set(names))


def test_is_served_and_kept_by_whoever_has_it(tablet: FlaskClient, described: dict[str, Any]) -> None:
    answer = tablet.get("/api/openapi.json")
    assert answer.json == described
    assert answer.content_type == "application/json"
    again = tablet.get("/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    small = tablet.get("/api/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < 12_000


CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
EXAMPLES = 2000 if os.environ.get("CARTABLE_SOAK") else 12
"""Of each operation."""

Environ = dict[str, Any]


def speaking(app: Wsgi, **headers: str) -> Wsgi:
    """``app`` as reached by somebody whose requests carry ``headers`` (CGI names), uncompressed."""

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        return app({**environ, "HTTP_ACCEPT_ENCODING": "identity", **headers}, start_response)

    return application


def named(prefix: str) -> list[tuple[str, str]]:
    return sorted(operations(document(), prefix))


def holds(app: Wsgi, method: str, path: str) -> None:
    """Requests as described, and requests that break the description, are answered as described."""
    schema = schemathesis.openapi.from_dict(document())
    schema.app = app
    operation = schema[path][method]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    def answered_as_described(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    answered_as_described()


@pytest.mark.parametrize("origin", ["local", "hub"])
@pytest.mark.parametrize(("method", "path"), named("/api"))
def test_the_box_answers_as_described(app: Flask, origin: str, method: str, path: str) -> None:
    holds(speaking(app, HTTP_X_CARTABLE_ORIGIN=origin), method, path)
