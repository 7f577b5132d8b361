# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the edge itself says: headers of every answer, and small pages when there is nothing else to show."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from aiohttp import hdrs, web
from multidict import CIMultiDict

from appliance.http_rules import BARE_POLICY, DEFAULTS, JSON_ERROR_HEADERS, JSON_ERRORS, NO_STORE, RESTARTING
from appliance.routes import Route


class Gone(ConnectionResetError):
    """The browser closed the connection: there is nobody to answer and nothing to mend."""


@contextlib.contextmanager
def to_browser() -> Iterator[None]:
    """Around what is written to a browser. Raises :class:`Gone` when it no longer listens, or takes nothing in time."""
    try:
        yield
    except (ConnectionError, TimeoutError) as error:
        raise Gone from error


def headers_for(route: Route | None, status: int) -> CIMultiDict[str]:
    """The headers that ``route`` puts on an answer of ``status``; no error is ever cached as if it were the file."""
    headers = CIMultiDict(route.headers if route else ())
    if status >= 400 and (route is None or hdrs.CACHE_CONTROL in headers):
        headers[hdrs.CACHE_CONTROL] = NO_STORE
    return headers


def add_defaults(headers: CIMultiDict[str]) -> None:
    """Complete an answer's headers."""
    for name, value in DEFAULTS:
        headers.setdefault(name, value)


def refusal(route: Route | None, status: int, text: str = "") -> web.Response:
    """A one-line answer. Closes the connection where the rest of the request is not wanted."""
    response = web.Response(status=status, headers=headers_for(route, status), text=text or None)
    if route is not None and route.json_errors:
        _say_json(response)
    response.headers[hdrs.CACHE_CONTROL] = NO_STORE
    if status in (400, 408, 413, 431):
        response.force_close()
    return response


def _say_json(response: web.Response) -> None:
    text = JSON_ERRORS.get(response.status, response.reason or "")
    response.text = json.dumps({"error": text}, separators=(",", ":"))
    response.content_type = "application/json"
    response.headers.update(dict(JSON_ERROR_HEADERS))


def restarting(route: Route) -> web.Response:
    """502: the service behind the route is away; the page comes back by itself."""
    if route.json_errors:
        return refusal(route, 502)
    response = web.Response(status=502, text=RESTARTING, content_type="text/html", charset="utf-8")
    response.headers.update(
        {hdrs.CACHE_CONTROL: NO_STORE, hdrs.RETRY_AFTER: "2", "Content-Security-Policy": BARE_POLICY}
    )
    return response
