# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The description says what the applications answer: nothing missing, nothing extra, true under a rain of requests."""

from __future__ import annotations

import base64
import keyword
import os
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from appliance.box import Wsgi, application
from appliance.hub.context import Hub
from appliance.hub.openapi.document import document
from appliance.hub.xapi import create_xapi
from appliance.hub.xapi.app import RESOURCES
from appliance.store import record_lines
from appliance.store.record_keys import Keys

METHODS = ("post", "put", "get", "delete")
"""What writes comes first, so that there is something to read."""


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
        (method, path) for path, item in described["paths"].items() for method in set(METHODS) & set(item)
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
    names = [item[method]["operationId"] for item in described["paths"].values() for method in set(METHODS) & set(item)]
    assert len(names) == len(set(names))


RESERVED = {*keyword.kwlist, "class", "default", "delete", "export", "function", "interface", "new", "package"}
"""Words that Python, Java or TypeScript keep for themselves: generated clients call functions after operations."""


def test_no_operation_is_called_by_a_reserved_word(described: dict[str, Any]) -> None:
    names = {item[method]["operationId"] for item in described["paths"].values() for method in set(METHODS) & set(item)}
    assert names & RESERVED == set()


def test_the_alternate_request_syntax_is_described(described: dict[str, Any]) -> None:
    """1.0.3, part 3, 1.3: each method of each resource as a form."""
    for path, item in described["paths"].items():
        if not path.startswith("/xapi/"):
            continue
        assert f"POST {path}?method=" in item["description"]
        asked = item["x-alternate-request"]["post"]
        [method] = asked["parameters"]
        assert {name.lower() for name in method["schema"]["enum"]} - {"head"} == set(METHODS) & set(item)
        fields = asked["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
        assert ("content" in fields) is bool({"put", "post"} & set(item))
        assert {"Authorization", "If-Match"} < set(fields)
    statements = described["paths"]["/xapi/statements"]["x-alternate-request"]["post"]["requestBody"]["content"]
    assert {"statementId", "agent", "registration", "since", "cursor"} < set(
        statements["application/x-www-form-urlencoded"]["schema"]["properties"]
    )


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
EXAMPLES = 200 if os.environ.get("CARTABLE_SOAK") else 12
"""Of each operation."""

Environ = dict[str, Any]
Check = Callable[..., Any]


def speaking(app: Wsgi, **headers: str) -> Wsgi:
    """``app`` as reached by somebody whose requests carry ``headers`` (CGI names), uncompressed."""

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        return app({**environ, "HTTP_ACCEPT_ENCODING": "identity", **headers}, start_response)

    return application


@pytest.fixture(scope="module", autouse=True)
def _words_of_the_formats() -> None:
    """Formats that JSON Schema has no word for, and a media type that schemathesis does not know."""
    known = {
        "iri": st.from_regex(r"\Ahttps://example\.org/[a-zé0-9/]{1,8}(\?[a-z=]{0,4})?(#[a-z]{0,4})?\Z"),
        "mailto": st.from_regex(r"\Amailto:[a-z.0-9]{1,8}@[a-z]{1,8}\.fr\Z"),
        "iso8601": st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1)).map(lambda t: t.isoformat() + "Z"),
        "iso8601-duration": st.from_regex(r"\AP[1-9]DT[0-9]{1,3}(\.[0-9]{1,3})?S\Z"),
        "rfc5646": st.sampled_from(["fr", "en-GB", "zh-Hant", "es-419", "sl-rozaj", "x-box"]),
    }
    for name, strategy in known.items():
        schemathesis.openapi.format(name, strategy)

    @schemathesis.serializer("application/jsonl")
    def written(context: schemathesis.SerializationContext, value: object) -> bytes:
        return str(value).encode("utf-8", "replace")


def named(prefix: str) -> list[tuple[str, str]]:
    return sorted(operations(document(), prefix), key=lambda found: (METHODS.index(found[0]), found[1]))


def framed(case: schemathesis.Case[Any]) -> dict[str, Any]:
    """Bytes and types that schemathesis cannot write: random ones become a first part, or a line after a good one."""
    if case.media_type == "multipart/mixed":
        body = b"--x\r\nContent-Type: application/json\r\n\r\n%b\r\n--x--\r\n" % getattr(case.body, "data", b"{}")
        return {"data": body, "headers": {"Content-Type": "multipart/mixed; boundary=x"}}
    if case.media_type == "application/jsonl":
        header = record_lines.write_header(record_lines.Header("box", "0" * 64, "2026-11-22T08:00:00Z"))
        return {"data": header + str(case.body).encode("utf-8", "replace")}
    return {}


def holds(app: Wsgi, method: str, path: str, *, share: int = 1, more: tuple[Check, ...] = ()) -> None:
    """Requests as described, and requests that break the description, are answered as described.

    ``share``: one in so many of the usual number; ``more``: checks beside :data:`CHECKS`.
    """
    schema = schemathesis.openapi.from_dict(document())
    schema.app = app
    operation = schema[path][method]

    @settings(max_examples=max(2, EXAMPLES // share), suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    def answered_as_described(case: schemathesis.Case[Any]) -> None:
        if path == "/xapi/statements" and method == "put" and isinstance(case.body, dict):
            case.body.pop("id", None)  # it would never be the one of the query
        case.call_and_validate(checks=[*CHECKS, *more], **framed(case))

    answered_as_described()


@pytest.mark.parametrize("origin", ["local", "hub"])
@pytest.mark.parametrize(("method", "path"), named("/api"))
def test_the_box_answers_as_described(app: Flask, origin: str, method: str, path: str) -> None:
    holds(speaking(app, HTTP_X_CARTABLE_ORIGIN=origin), method, path)


@pytest.fixture(scope="module")
def records(parts: Hub) -> Wsgi:
    """``/xapi`` beside the pages, as the server runs them."""
    return application(parts.config, parts)


@pytest.fixture(scope="module")
def credentials(parts: Hub) -> str:
    """Of a key whose name is chance: Hypothesis takes words out of the sources, and adds keys of those names."""
    user, password = Keys(parts.db).add(secrets.token_hex(8), ["all"])
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_every_resource_of_xapi_is_described_and_no_other(parts: Hub) -> None:
    resources: dict[str, Iterable[str]] = {"about": ["GET"], **RESOURCES}
    wanted = {(method.lower(), f"/xapi/{path}") for path, handlers in resources.items() for method in handlers}
    assert operations(document(), "/xapi") == wanted
    assert {path for _, path in wanted} == {path for _, path in rules(create_xapi(parts), "/xapi")}


@pytest.mark.parametrize(("method", "path"), named("/xapi"))
def test_xapi_answers_as_described(records: Wsgi, credentials: str, method: str, path: str) -> None:
    known = speaking(records, HTTP_X_CARTABLE_ORIGIN="hub", HTTP_AUTHORIZATION=credentials)
    holds(known, method, path, more=(checks.negative_data_rejection, checks.missing_required_header))


@pytest.mark.parametrize(("method", "path"), named("/xapi"))
def test_xapi_answers_strangers_as_described(records: Wsgi, method: str, path: str) -> None:
    holds(speaking(records, HTTP_X_CARTABLE_ORIGIN="content"), method, path, share=4)


@pytest.mark.parametrize(("method", "path"), named("/xapi"))
def test_xapi_answers_the_box_s_own_processes_as_described(records: Wsgi, method: str, path: str) -> None:
    holds(speaking(records, HTTP_X_CARTABLE_ORIGIN="local"), method, path, share=2)
