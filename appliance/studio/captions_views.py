# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Live captions over HTTP: started and stopped by the teacher, read by the class."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from aiohttp import web

from appliance.errors import BadInput
from appliance.i18n import translator
from appliance.studio.events import stream
from appliance.studio.guard import CAPTIONS, allowed
from appliance.studio.parts import STUDIO

PAGE = "/enseignant/sous-titres"
"""Where a form comes from, and goes back to."""
OFTEN_S, SELDOM_S = 0.25, 15.0
"""Between two events: at least, at most."""


def add(app: web.Application) -> None:
    """The routes of captions."""
    app.router.add_get(CAPTIONS, read)
    app.router.add_post(CAPTIONS, do)
    app.router.add_get("/local/captions", now)


async def read(request: web.Request) -> web.StreamResponse:
    """What there is to read, each time that it changes."""
    studio = request.app[STUDIO]
    told = studio.captions.changes(translator(studio.language), OFTEN_S, SELDOM_S)
    return await stream(request, told, lambda: allowed(request))


async def now(request: web.Request) -> web.Response:
    """The same once, for a page without JavaScript; ``can``: whether there is a model."""
    studio = request.app[STUDIO]
    told = studio.captions.told(translator(studio.language))
    return web.json_response({**told, "can": studio.captions.can()})


async def do(request: web.Request) -> web.Response:
    """``do``: start or stop, in JSON or by a form, which is sent back to its page whatever came of it."""
    studio = request.app[STUDIO]
    form = request.content_type == "application/x-www-form-urlencoded"
    act = _act(await request.read(), form=form)
    if act == "stop":
        await studio.captions.stop()
    elif not form or studio.captions.can():  # the page says what is missing
        studio.captions.start()
    if form:
        raise web.HTTPSeeOther(PAGE)
    return web.json_response(studio.captions.told(translator(studio.language)))


def _act(body: bytes, *, form: bool) -> str:
    try:
        given = dict(parse_qsl(body.decode())) if form else json.loads(body)
        act = given.get("do") if isinstance(given, dict) else None
    except (ValueError, RecursionError):
        act = None
    if act not in ("start", "stop"):
        raise BadInput("Say whether to start or stop the captions.")
    return str(act)
