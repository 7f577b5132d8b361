# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What nginx and the development edge both do beside the routing table: default headers, limits, a pause page."""

from __future__ import annotations

from urllib.parse import urlsplit

from appliance.routes import NOSNIFF

DEFAULTS = (NOSNIFF, ("Referrer-Policy", "same-origin"))
"""On every answer; a route's own value, then a service's own value, go before these."""

NO_STORE = "no-store"
"""The Cache-Control of an answer that is an error, whatever the route says of its files."""

STREAM_OVER_MB = 8
"""A route that takes more than this gets its body passed on while it arrives; a smaller one is first read whole, so
that a slow sender never holds a thread of the service."""

READ_TIMEOUT_S = 60.0
UPLOAD_TIMEOUT_S = 600.0
"""How long a service may stay silent; an upload is hashed and synced to disk before it answers."""

UPSTREAM_IDLE_S = 5
"""How long a connection to a service is kept for the next request; the service itself closes it after ten."""

BODY_TIMEOUT_S = 30.0
"""How long a browser may stay silent in the middle of a body."""

BARE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

JSON_ERRORS = {
    413: "This is too large for the box.",
    502: "The service is starting again: try in a moment.",
    503: "Too many at once from here: try in a moment.",
    504: "The service took too long: try in a moment.",
}
"""Said to programs (:attr:`appliance.routes.Route.json_errors`). No quote, dollar or line break: nginx holds them."""
JSON_ERROR_HEADERS = (
    ("Cache-Control", NO_STORE),
    ("Access-Control-Allow-Origin", "*"),
    ("X-Experience-API-Version", "1.0.3"),
    ("Retry-After", "2"),
)
"""The version: xAPI 1.0.3, part 3, 3.3 wants it on every answer, and here nobody has read what the client speaks."""

RESTARTING = (
    "<!doctype html><html lang=fr><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<meta http-equiv=refresh content=2><title>Le service redémarre</title>"
    "<style>body{font:1.5rem/1.5 sans-serif;margin:20vh auto;max-width:30rem;padding:0 1rem;text-align:center}</style>"
    "<h1>Le service redémarre…</h1><p>Cette page se recharge toute seule.</p></html>"
)
"""Shown to people while a service is away. No double quote, dollar or line break: nginx holds it in one string."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def from_another_page(host: str, origin: str | None, site: str | None) -> bool:
    """Whether a changing request was made by a page of another origin; ``origin``, ``site``: the headers ``Origin`` and
    ``Sec-Fetch-Site`` (Fetch Metadata, 2.4), None where not sent.

    The second origin of the box is the same *site*: cookies ignore ports, so ``SameSite`` alone would not do.
    """
    if origin is not None:
        return urlsplit(origin).netloc != host
    return site in ("cross-site", "same-site")
