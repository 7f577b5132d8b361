# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Server-Sent Events (HTML Living Standard, 9.2), for as long as whoever reads them may."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import hdrs, web

from appliance.errors import Refused, Unreachable

ASKS_AGAIN_S = 30.0
"""How often the hub is asked anew who reads: a lesson ends, a teacher signs out."""
HEADERS = {
    hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8",
    hdrs.CACHE_CONTROL: "no-store",
    "X-Accel-Buffering": "no",
}


async def stream(
    request: web.Request, told: AsyncIterator[object], may: Callable[[], Awaitable[object]]
) -> web.StreamResponse:
    """What ``told`` gives, one event each, until the browser leaves, ``told`` ends or ``may`` raises."""
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    asked = time.monotonic()
    with contextlib.suppress(ConnectionResetError, Refused, Unreachable):
        async for each in told:
            if time.monotonic() - asked > ASKS_AGAIN_S:
                await may()
                asked = time.monotonic()
            await response.write(f"data: {json.dumps(each, ensure_ascii=False)}\n\n".encode())
        await response.write_eof()
    return response
