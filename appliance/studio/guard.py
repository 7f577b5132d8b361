# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Who may ask what, and errors as sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from appliance.errors import CartableError, Refused
from appliance.http_rules import SAFE_METHODS, from_another_page
from appliance.i18n import translator
from appliance.studio.parts import STUDIO
from appliance.visitor import Visitor, visitor

ORIGIN = "X-Cartable-Origin"
CAPTIONS = "/api/studio/captions"
FOR_PUPILS = frozenset((CAPTIONS,))
"""What pupils of the lesson that goes on may read; everything else is the teacher's."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def allowed(request: web.Request) -> Visitor:
    """Who asks. Raises :class:`appliance.errors.Refused` for who may not, :class:`appliance.errors.Unreachable` while
    the hub does not answer."""
    cookie = request.headers.get(hdrs.COOKIE, "")
    found = await asyncio.to_thread(visitor, request.app[STUDIO].hub, cookie)
    pupils = request.method in SAFE_METHODS and request.path in FOR_PUPILS
    if not found.teacher and not (pupils and found.pupil):
        raise Refused("Only the teacher may do this: sign in first.")
    return found


@web.middleware
async def said(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in JSON, with a sentence in the language of the box."""
    try:
        return await handler(request)
    except CartableError as error:
        told = {"error": error.localized(translator(request.app[STUDIO].language))}
        return web.json_response(told, status=error.status, headers={hdrs.CACHE_CONTROL: "no-store"})


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """From the network, the teacher, from the box's own pages; from the box itself, everything."""
    origin, headers = request.headers.get(ORIGIN), request.headers
    if origin not in ("hub", "local"):
        return web.Response(status=421)
    if origin == "hub":
        if request.path.startswith("/local/"):
            return web.Response(status=404)
        other = from_another_page(request.host, headers.get(hdrs.ORIGIN), headers.get("Sec-Fetch-Site"))
        if request.method not in SAFE_METHODS and other:
            return web.Response(status=403)
        await allowed(request)
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    return response
