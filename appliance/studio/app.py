# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The studio's application: what the network may ask of the sound card, for the teacher alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from appliance.client import Client
from appliance.errors import CartableError
from appliance.http_rules import SAFE_METHODS, from_another_page
from appliance.i18n import translator
from appliance.listening import Listening, end_with_parent, notify
from appliance.visitor import teacher

ORIGIN = "X-Cartable-Origin"
HUB = web.AppKey("hub", Client)
LANGUAGE = web.AppKey("language", str)
DEVICES = web.AppKey("devices", tuple[str, str])
"""Names of microphone and loudspeaker."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(hub: Client, language: str, microphone: str, loudspeaker: str) -> web.Application:
    """``language``: of what is said to somebody who is not known yet."""
    app = web.Application(middlewares=[_said, _allowed])
    app[HUB], app[LANGUAGE], app[DEVICES] = hub, language, (microphone, loudspeaker)
    app.router.add_get("/api/studio/now", now)
    return app


def run(app: web.Application, listening: Listening) -> int:
    """Until SIGTERM or SIGINT; returns the exit code."""
    end_with_parent()
    app.on_startup.append(_ready)
    web.run_app(app, sock=listening.socket, print=None, access_log=None, shutdown_timeout=1)
    notify("STOPPING=1")
    return 0


async def _ready(_: web.Application) -> None:
    notify("READY=1")


async def now(request: web.Request) -> web.Response:
    """What there is: names, whether it is plugged in, how loud it is."""
    microphone, loudspeaker = ({"name": name, "present": False} for name in request.app[DEVICES])
    return web.json_response({"microphone": microphone, "loudspeaker": loudspeaker, "level_db": None})


@web.middleware
async def _said(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in JSON, with a sentence."""
    try:
        return await handler(request)
    except CartableError as error:
        told = {"error": error.localized(translator(request.app[LANGUAGE]))}
        return web.json_response(told, status=error.status, headers={hdrs.CACHE_CONTROL: "no-store"})


@web.middleware
async def _allowed(request: web.Request, handler: Handler) -> web.StreamResponse:
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
        await asyncio.to_thread(teacher, request.app[HUB], headers.get(hdrs.COOKIE, ""))
    response = await handler(request)
    if not response.prepared:
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    return response
