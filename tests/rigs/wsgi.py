# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A waitress server in a thread, for the time of a test."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def running(server: Any) -> Iterator[None]:
    """While the block runs. Its descriptors are closed last: whoever wakes it, a worker that has answered too, writes
    into one of them."""
    over = threading.Event()
    thread = threading.Thread(target=_serve, args=(server, over), name="wsgi")
    thread.start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown()
        over.set()
        server.pull_trigger()
        thread.join(10)
        assert not thread.is_alive()
        server.asyncore.close_all(server._map)


def _serve(server: Any, over: threading.Event) -> None:
    while not over.is_set():
        server.asyncore.loop(timeout=1, map=server._map, count=1)
