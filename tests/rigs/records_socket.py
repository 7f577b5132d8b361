# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A simulated hub on a Unix socket that takes statements, and has the bad days that a real one seldom has on demand."""

from __future__ import annotations

import contextlib
import http.server
import json
import socketserver
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Statement = dict[str, Any]


class RecordsSocket:
    """What arrived, and what to answer next."""

    def __init__(self) -> None:
        self.stored: dict[str, Statement] = {}
        self.deliveries: list[tuple[list[float], list[Statement]]] = []
        """Ages and statements of each request that could be read."""
        self.headers: list[dict[str, str]] = []
        self.next: deque[int] = deque()
        """Statuses to give to the next requests instead of taking them; 0: take, then hang up; -1: take."""
        self.retry_after = ""
        self.refuses: Callable[[Statement], int] = lambda statement: 0
        """A status when a statement is not to be taken; a whole batch fails with its worst."""
        self.arrived = threading.Event()

    def take(self, statements: list[Statement]) -> int:
        """As the hub: all or nothing; known ones are listed again."""
        statuses = [self.refuses(s) or self._conflict(s) for s in statements]
        if any(statuses):
            return max(statuses)
        self.stored |= {s["id"]: s for s in statements}
        return 200

    def _conflict(self, statement: Statement) -> int:
        known = self.stored.get(statement["id"])
        same = known is None or {**known, "timestamp": 0} == {**statement, "timestamp": 0}
        return 0 if same else 409


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def _handler(hub: RecordsSocket) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            statements = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            ages = [float(age) for age in self.headers["X-Cartable-Ages"].split(",")]
            hub.headers.append(dict(self.headers))
            hub.deliveries.append((ages, statements))
            planned = hub.next.popleft() if hub.next else -1
            status = hub.take(statements) if planned <= 0 else planned
            hub.arrived.set()
            if planned != 0:
                taken = planned < 0 and status == 200
                self._answer(status, [s["id"] for s in statements] if taken else {"error": "no"})

        def _answer(self, status: int, told: object) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            if hub.retry_after:
                self.send_header("Retry-After", hub.retry_after)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

        def address_string(self) -> str:
            return "local"

    return Handler


@contextlib.contextmanager
def listening(path: Path) -> Iterator[RecordsSocket]:
    """A hub on the socket ``path`` for the length of a block."""
    hub = RecordsSocket()
    with _Server(str(path), _handler(hub)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
            path.unlink()
