# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the studio answers."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

from aiohttp import web

from appliance.errors import Unreachable
from appliance.i18n import translator
from appliance.studio.events import stream
from appliance.studio.guard import allowed
from appliance.studio.parts import STUDIO, Studio
from appliance.studio.source import Listener, Source

SOUND = "audio/L16;rate=16000;channels=1"
"""Of ``/local/listen``, but little endian: raw blocks of :data:`appliance.ports.BLOCK`."""
EVERY_BLOCKS = 2
"""The level is told five times a second."""
AWAY_S = 2.0
"""How often a microphone that is away is looked for, while its level is wanted."""


def add(app: web.Application) -> None:
    """The routes of sound."""
    app.router.add_get("/api/studio/now", now)
    app.router.add_get("/api/studio/level", level)
    app.router.add_post("/local/listen", listen)
    app.router.add_post("/local/play", play)
    app.router.add_post("/local/hush", hush)


async def now(request: web.Request) -> web.Response:
    """What there is, whether it is in use, how loud it is: ``level_db`` null while the microphone is closed."""
    studio = request.app[STUDIO]
    microphone, loudspeaker, level = studio.source.microphone, studio.player.loudspeaker, studio.source.level
    return web.json_response(
        {
            "microphone": {
                "name": microphone.name, "present": microphone.present(), "open": studio.source.open,
            },
            "loudspeaker": {
                "name": loudspeaker.name, "present": loudspeaker.present(), "playing": studio.player.playing,
            },
            "level_db": level and level.level_db,
            "noise_db": level and level.noise_db,
        }
    )  # fmt: skip


async def level(request: web.Request) -> web.StreamResponse:
    """The level while it is looked at: the microphone is open as long. ``error`` instead while there is none."""
    studio = request.app[STUDIO]
    return await stream(request, _levels(studio), lambda: allowed(request))


async def _levels(studio: Studio) -> AsyncIterator[object]:
    gettext = translator(studio.language)
    while True:
        try:
            async with studio.source.listen() as listener:
                async for told in _heard(studio.source, listener):
                    yield told
        except Unreachable as error:
            yield {"level_db": None, "noise_db": None, "error": error.localized(gettext)}
            await asyncio.sleep(AWAY_S)


async def _heard(source: Source, listener: Listener) -> AsyncIterator[object]:
    while True:
        for _ in range(EVERY_BLOCKS):
            await listener.next()
        if source.level is not None:
            yield dataclasses.asdict(source.level)


async def listen(request: web.Request) -> web.StreamResponse:
    """Sound as it comes, from now on, until the one who asks closes. A microphone that is away: 502; one that goes away
    ends the answer in the middle, which a client takes for an error."""
    source = request.app[STUDIO].source
    async with source.listen() as listener:
        block = await listener.next()
        response = web.StreamResponse(headers={"Content-Type": SOUND, "Cache-Control": "no-store"})
        await response.prepare(request)
        try:
            while True:
                await response.write(block)
                block = await listener.next()
        except Unreachable:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionResetError:
            pass
    return response


async def play(request: web.Request) -> web.Response:
    """A sound file, played to its end. ``?cut=1``: what plays now makes place."""
    await request.app[STUDIO].player.play(await request.read(), cut=request.query.get("cut") == "1")
    return web.Response(status=204)


async def hush(request: web.Request) -> web.Response:
    """Silence."""
    request.app[STUDIO].player.hush()
    return web.Response(status=204)
