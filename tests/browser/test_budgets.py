# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a page may weigh (gzip), the first time and again. What a frame shows, media, pupils' photos are their own."""

from __future__ import annotations

import dataclasses
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from appliance.hub.assets import STATIC, static_url
from tests.browser.conftest import Open
from tests.browser.pages import PAGES, Kind, Page
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, silence

pytestmark = pytest.mark.browser

KB = 1000


@dataclasses.dataclass(frozen=True)
class Budget:
    nodes: int
    requests: int
    kb: int
    js_kb: int


BUDGETS = {
    Kind.PUPIL: Budget(180, 8, 80, 8),
    Kind.TEACHER: Budget(300, 12, 120, 30),
    Kind.DASHBOARD: Budget(400, 12, 120, 30),
}
CSS_KB = 12
AGAIN_REQUESTS, AGAIN_KB = 2, 15


@dataclasses.dataclass
class Weight:
    """Bytes over the wire, headers included, by kind of thing."""

    bytes: dict[str, int]
    urls: list[str]

    @property
    def kb(self) -> float:
        return sum(self.bytes.values()) / KB


class Meter:
    """Counts what the main frame of a tab fetches from the network, from Chromium's own figures."""

    def __init__(self, tab: Tab) -> None:
        self._cdp = tab.context.new_cdp_session(tab)
        self._main = self._cdp.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._asked: dict[str, dict[str, Any]] = {}
        self._cached: set[str] = set()
        self._ended: dict[str, int] = {}
        self._cdp.on("Network.requestWillBeSent", self._sent)
        self._cdp.on("Network.requestServedFromCache", lambda event: self._cached.add(event["requestId"]))
        self._cdp.on("Network.responseReceived", self._received)
        self._cdp.on("Network.loadingFinished", self._finished)
        self._cdp.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        works = event.get("type") == "Image" and "/enseignant/travaux/" in event["request"]["url"]
        if event.get("frameId") == self._main and event.get("type") != "Media" and not works:
            self._asked[event["requestId"]] = event

    def _received(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            self._cached.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        self._ended[event["requestId"]] = int(event["encodedDataLength"])

    def reading(self) -> Weight:
        """Since the last reading."""
        weight = Weight({}, [])
        for identifier, event in self._asked.items():
            if identifier in self._cached or event["request"]["url"].startswith(("data:", "blob:")):
                continue
            kind = event.get("type", "Other")
            weight.bytes[kind] = weight.bytes.get(kind, 0) + self._ended.get(identifier, 0)
            weight.urls.append(event["request"]["url"])
        self._asked, self._ended, self._cached = {}, {}, set()
        return weight


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
def test_budget(box: Box, open_as: Open, watch: Watch, shown: Page) -> None:
    if shown.status != 200:
        watch.allow(rf"status of {shown.status}")
    budget = BUDGETS[shown.kind]
    page = open_as(shown.who).new_page()
    meter = Meter(page)
    page.goto(box.base + shown.path(box))
    silence(page)
    nodes = page.evaluate("document.querySelectorAll('*').length")
    cold = meter.reading()
    page.goto("about:blank")
    meter.reading()
    page.goto(box.base + shown.path(box))
    silence(page)
    again = meter.reading()

    told = f"{nodes} nodes; cold {cold.bytes} {cold.urls}; again {again.bytes} {again.urls}"
    assert 10 <= nodes <= budget.nodes, told
    assert 2 <= len(cold.urls) <= budget.requests, told
    assert 1 < cold.kb <= budget.kb, told
    assert cold.bytes.get("Script", 0) <= (budget.js_kb + shown.more_js_kb) * KB, told
    assert 0 < cold.bytes["Stylesheet"] <= CSS_KB * KB, told
    assert 1 <= len(again.urls) <= AGAIN_REQUESTS, told
    assert again.kb <= AGAIN_KB, told


@pytest.mark.parametrize("sheet", sorted(path.name for path in (STATIC / "app").glob("*.css")))
def test_style_sheets_are_small(box: Box, sheet: str) -> None:
    request = urllib.request.Request(box.base + static_url(f"app/{sheet}"), headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.read()) <= CSS_KB * KB
