# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The speech service on its Unix socket: one process, small while nobody speaks, gone when nobody has for long.

Under waitress, which reads bodies in one thread and in memory: a slow sender holds no thread, no voice makes a file.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import UnixWSGIServer, create_server

from appliance.child import leave_no_core
from appliance.listening import Listening, end_with_parent, notify
from appliance.speech.app import MOST_BYTES, create_app
from appliance.speech.context import Speech

THREADS = 8
"""A class of tablets waits for its verdicts in them; most of them wait for a worker."""
CONNECTIONS = 48
"""At once, idle ones included; more wait in the socket's queue. Bounds what bodies take of the memory."""
BODY_S = 30.0
"""A request that takes longer to come is dropped: a trickle would keep its place for ever."""
LOOK_S = 5.0
"""How often idle workers are looked for, at most."""

LARGE = 32 << 10
"""Bytes of a block that is given back to the kernel at once."""
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def run(parts: Speech, listening: Listening, idle_s: float) -> int:
    """Until SIGTERM or SIGINT, or until nobody needed it for ``idle_s`` where systemd ``handed`` the socket over;
    returns the exit code."""
    leave_no_core()
    _give_back()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = made(_counted(create_app(parts), parts), listening.socket)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(parts))
    over = threading.Event()
    idle = threading.Thread(target=_rest, args=(parts, over, idle_s, listening.handed), name="idle", daemon=True)
    idle.start()
    end_with_parent()
    notify("READY=1")
    server.run()  # until _stop raises SystemExit in this thread
    notify("STOPPING=1")
    over.set()
    parts.listener.stop()
    return 0


def made(app: Wsgi, listening: socket.socket) -> UnixWSGIServer:
    """The server of ``app``, not running yet."""
    server = create_server(
        app, sockets=[listening], threads=THREADS, connection_limit=CONNECTIONS,
        max_request_body_size=MOST_BYTES, inbuf_overflow=2 * MOST_BYTES, outbuf_overflow=2 * MOST_BYTES,
        channel_timeout=30, cleanup_interval=5, ident=None, clear_untrusted_proxy_headers=True,
    )  # fmt: skip
    server.channel_class = _Channel
    return server


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, whose requests come within :data:`BODY_S`."""

    _begun = 0.0

    def received(self, data: bytes) -> bool:
        now = time.monotonic()
        if self.request is None:
            self._begun = now
        elif now - self._begun > BODY_S:
            self.will_close = True
        return bool(super().received(data))


def _give_back() -> None:
    """Large blocks, as voices are, go back to the kernel as soon as they are freed, instead of waiting for the next in
    what glibc keeps of each thread (mallopt(3)); another C library has no such call."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)
        mallopt(_M_ARENA_MAX, 1)


def _stop(parts: Speech) -> None:
    parts.listener.stop()
    sys.exit(0)


def _counted(app: Flask, parts: Speech) -> Wsgi:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with parts.usage.busy():
            return app(environ, start_response)

    return answer


def _rest(parts: Speech, over: threading.Event, idle_s: float, leaves: bool) -> None:
    while not over.wait(min(LOOK_S, idle_s / 4)):
        parts.listener.rest(idle_s)
        if leaves and parts.usage.idle_s() > idle_s:
            os.kill(os.getpid(), signal.SIGTERM)
            return
