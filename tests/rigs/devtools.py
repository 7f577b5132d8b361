# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The devtools protocol as far as an old Chromium needs it: one page, commands in turn, events kept."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import aiohttp

PATIENCE_S = 20.0


class Devtools:
    """A page of the browser whose devtools listen on ``port``; frames of other origins stay in its process."""

    def __init__(self, port: int) -> None:
        self._address = _first_page(port)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="devtools")
        self._thread.start()
        self._run(self._open())

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S + 5)

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(self._address, max_msg_size=0)
        self._reader = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told)
            else:
                self.events.append(told)

    async def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        self._waiting[number] = self._loop.create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE_S):
            return await self._waiting[number]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command; its result. AssertionError when the browser refuses it."""
        told: dict[str, Any] = self._run(self._call(method, params))
        assert "error" not in told, f"{method}: {told['error']}"
        result: dict[str, Any] = told["result"]
        return result

    def evaluate(self, expression: str, context: int | None = None) -> Any:
        """The value of an expression in the page, or in an execution context. AssertionError when it throws."""
        more = {} if context is None else {"contextId": context}
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, **more)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, condition: Callable[[], Any], what: str, deadline_s: float = PATIENCE_S) -> Any:
        """Poll; AssertionError with ``what`` after a while. A page that is being replaced has no value yet."""
        end = time.monotonic() + deadline_s
        while True:
            found = None
            with contextlib.suppress(AssertionError):
                found = condition()
            if found:
                return found
            assert time.monotonic() < end, what
            time.sleep(0.05)

    def close(self) -> None:
        """Close the socket and end the thread."""

        async def end() -> None:
            self._reader.cancel()
            await self._socket.close()
            await self._session.close()

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


def _first_page(port: int) -> str:
    """The WebSocket of the first page, which opens a moment after the port."""
    end = time.monotonic() + PATIENCE_S
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
            for page in json.load(answer):
                if page["type"] == "page":
                    return str(page["webSocketDebuggerUrl"])
        assert time.monotonic() < end, "the browser opens no page"
        time.sleep(0.05)


@contextlib.contextmanager
def devtools(port: int) -> Iterator[Devtools]:
    """Connected for the length of a block."""
    page = Devtools(port)
    try:
        yield page
    finally:
        page.close()
