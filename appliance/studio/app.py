# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The studio's application: one process owns the sound card, and hands sound on to whoever may have it.

Sound lives in the memory of this process and of who listens, for seconds; nothing of it touches the disk.
"""

from __future__ import annotations

from aiohttp import web

from appliance.listening import Listening, end_with_parent, notify
from appliance.studio import captions_views, views
from appliance.studio.guard import guarded, said
from appliance.studio.parts import STUDIO, Studio

MOST_BYTES = 8 << 20
"""Of a sound to play."""


def create_app(parts: Studio) -> web.Application:
    """The application of these parts."""
    app = web.Application(middlewares=[said, guarded], client_max_size=MOST_BYTES)
    app[STUDIO] = parts
    views.add(app)
    captions_views.add(app)
    app.on_cleanup.append(_silent)
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


async def _silent(app: web.Application) -> None:
    """Nothing plays or listens any more."""
    app[STUDIO].player.hush()
    await app[STUDIO].captions.stop()
