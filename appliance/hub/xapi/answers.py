# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What goes back: JSON, documents, errors, and the headers that every answer carries."""

from __future__ import annotations

import datetime
import email.utils
import gzip
import html
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Request, Response

from appliance.errors import PreconditionFailed
from appliance.hub import http_headers
from appliance.store.documents import etag

JSON = "application/json"
WORTH_COMPRESSING = 4096
"""Bytes; below, neither the Wi-Fi nor the processor gains anything."""
GZIP_TAG = "-gzip"
"""Ends the ETag of a compressed answer: 1.0.3 reserves the plain SHA-1 for uncompressed ones (3.1)."""

CORS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers",
     "ETag, Last-Modified, X-Experience-API-Version, X-Experience-API-Consistent-Through"),
)  # fmt: skip
"""Resources' own scripts run with an opaque origin and carry their credentials in a header, never in a cookie."""

PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, DELETE"),
    ("Access-Control-Allow-Headers",
     "Authorization, Content-Type, Content-Encoding, If-Match, If-None-Match, Accept, Accept-Language, "
     "X-Experience-API-Version"),
    ("Access-Control-Max-Age", "86400"),
)  # fmt: skip

SAFE = (
    ("Content-Security-Policy", "sandbox; default-src 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)
"""A document may be a page: opened in a browser it must not run as one of the box's own."""

_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> bytes:
    """JSON, compact, UTF-8."""
    return _plain.encode(value).encode()


def content(body: bytes, content_type: str = JSON, *, modified: str | None = None) -> Response:
    """200 with ``body``; ``modified``: RFC 3339."""
    response = Response(body, HTTPStatus.OK, content_type=content_type)
    response.headers["ETag"] = f'"{etag(body)}"'
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)
    return response


def nothing() -> Response:
    """204."""
    response = Response(status=HTTPStatus.NO_CONTENT)
    response.headers.pop("Content-Type", None)
    return response


def http_date(moment: str) -> str:
    """An RFC 3339 time as HTTP writes it (RFC 9110, 5.6.7), to the second below."""
    return email.utils.format_datetime(datetime.datetime.fromisoformat(moment).astimezone(datetime.UTC), usegmt=True)


def error(request: Request, sentence: str, status: int) -> Response:
    """A refusal in the form that the client prefers (3.2): JSON unless it asks for text or HTML."""
    kind = request.accept_mimetypes.best_match((JSON, "text/plain", "text/html"), JSON)
    if kind == "text/html":
        body = f"<!doctype html><meta charset=utf-8><title>{status}</title><p>{html.escape(sentence)}</p>".encode()
    else:
        body = encode({"error": sentence}) if kind == JSON else sentence.encode()
    return Response(body, status, content_type=JSON if kind == JSON else f"{kind}; charset=utf-8")


def complete(request: Request, response: Response) -> Response:
    """Answer 304 to who has it already; compress what is long."""
    if response.status_code != HTTPStatus.OK or request.method not in ("GET", "HEAD"):
        return response
    tag = response.headers.get("ETag", "")
    if tag and _named(request.headers.get("If-None-Match"), tag[1:-1]):
        response.status_code = HTTPStatus.NOT_MODIFIED
        response.set_data(b"")
        response.headers.pop("Content-Type", None)
        response.headers.pop("Content-Length", None)
        return response
    if response.mimetype == JSON and request.path.endswith("/statements"):
        _compress(request, response, tag)
    return response


def _compress(request: Request, response: Response, tag: str) -> None:
    response.headers["Vary"] = "Accept-Encoding"
    body = response.get_data()
    if len(body) >= WORTH_COMPRESSING and http_headers.accepts_gzip(request.headers.get("Accept-Encoding", "")):
        response.set_data(gzip.compress(body, 1, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers["ETag"] = f'{tag[:-1]}{GZIP_TAG}"'


def precondition(match: str | None, none_match: str | None, current: str | None) -> None:
    """``If-Match`` and ``If-None-Match`` of a change (3.1; RFC 9110, 13.1), against the ETag of what is there now.

    A tag without its quotes, as old clients send it, is understood. Raises :class:`PreconditionFailed` (412).
    """
    if match is not None and not _named(match, current):
        raise PreconditionFailed("The document changed since you fetched it: fetch it again, then send your change "
                                 "with its new ETag in If-Match.")  # fmt: skip
    if none_match is not None and _named(none_match, current):
        raise PreconditionFailed("There is such a document already: fetch it, then send your change with its ETag in "
                                 "If-Match.")  # fmt: skip


def _named(header: str | None, current: str | None) -> bool:
    if header is None or current is None:
        return False
    tags = [tag.strip().removeprefix("W/").strip('"').removesuffix(GZIP_TAG) for tag in header[:2000].split(",")]
    return header.strip() == "*" or current in tags


def add(response: Response, headers: Mapping[str, str]) -> None:
    """Put ``headers`` on an answer, in place of its own of the same names."""
    for name, value in headers.items():
        response.headers[name] = value
