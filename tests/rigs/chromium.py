# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Real Chromium, and a watch over all that its pages say and ask for."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect, sync_playwright

PROGRAM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
)
PATIENCE_MS = 15_000


@contextlib.contextmanager
def chromium(*more: str, without: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser; ``without``: arguments of Playwright's own to leave out."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM, args=[*ARGUMENTS, *more], ignore_default_args=list(without) or None
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def beside(browser: Browser, *more: str) -> Iterator[Browser]:
    """Another browser with arguments of its own: a process has one Playwright, which ``browser`` came from."""
    other = browser.browser_type.launch(executable_path=PROGRAM, args=[*ARGUMENTS, *more])
    try:
        yield other
    finally:
        other.close()


@dataclasses.dataclass
class Watch:
    """What went wrong in the pages of one context, resources' own pages left out: they are not ours."""

    origins: tuple[str, ...]
    troubles: list[str] = dataclasses.field(default_factory=list)
    outside: list[str] = dataclasses.field(default_factory=list)
    allowed: list[str] = dataclasses.field(
        default_factory=lambda: ["Service Worker registration blocked by Playwright"]
    )

    def allow(self, pattern: str) -> None:
        """The test provokes this trouble itself."""
        self.allowed.append(pattern)

    def follow(self, context: BrowserContext) -> None:
        """Listen from now on."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(f"uncaught: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        where = str(message.location.get("url", ""))
        if message.type in ("error", "warning") and not re.search(r"/(zim|blob)/[0-9a-f]{64}/", where):
            self.troubles.append(f"{message.type}: {message.text} ({where})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((*self.origins, "data:", "blob:", "about:")):
            self.outside.append(request.url)

    def check(self) -> None:
        """AssertionError with what no test allowed."""
        left = [text for text in self.troubles if not any(re.search(pattern, text) for pattern in self.allowed)]
        assert not left, left
        assert not self.outside, f"asked for outside the box: {self.outside}"


def eventually(page: Page, condition: Callable[[], Any], what: str, deadline_s: float = 15) -> Any:
    """Poll while the page goes on living; returns what ``condition`` gave. AssertionError with ``what``."""
    end = time.monotonic() + deadline_s
    while True:
        with contextlib.suppress(Error):  # a frame that is being replaced
            if found := condition():
                return found
        assert time.monotonic() < end, what
        page.wait_for_timeout(50)


def settle(page: Page) -> None:
    """Until the page and its frames have loaded and been drawn."""
    page.wait_for_load_state("load")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def silence(page: Page) -> None:
    """Until the page asks for nothing more, or five seconds."""
    page.wait_for_load_state("load")
    with contextlib.suppress(Error):
        page.wait_for_load_state("networkidle", timeout=5000)
