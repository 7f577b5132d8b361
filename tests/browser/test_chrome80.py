# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The pupil's way on the oldest browser that a class may have: a real Chromium 80."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rigs.box import Box
from tests.rigs.chrome80 import chrome80
from tests.rigs.devtools import Devtools, devtools

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the old browser is published for x86-64 only"),
]

NEWER = "'wasm-unsafe-eval'"
"""A word of our policy that the old browser does not know, and says that it ignores."""

SEAT = 20
"""The animal of this file: other tests of the shared box take the first ones."""


READY = "location.pathname.includes('/readers/') && document.documentElement.dataset.ready"


@pytest.fixture
def tablet(box: Box) -> Iterator[Devtools]:
    """A watched page."""
    with chrome80("--lang=fr-FR", "--window-size=820,1180") as port, devtools(port) as page:
        assert " Chrome/80." in page.evaluate("navigator.userAgent").replace("Headless", "")
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        yield page
        assert troubles(page, box) == []


def troubles(page: Devtools, box: Box) -> list[str]:
    """Exceptions, errors of the console, requests outside the box."""
    found = []
    for event in page.events:
        told = event["params"]
        if event["method"] == "Runtime.exceptionThrown":
            found.append(json.dumps(told["exceptionDetails"])[:400])
        elif (
            event["method"] == "Log.entryAdded"
            and told["entry"]["level"] == "error"
            and NEWER not in told["entry"]["text"]
            and not _left(told["entry"], page)
        ):
            found.append(json.dumps(told["entry"])[:400])
        elif event["method"] == "Network.requestWillBeSent":
            url = told["request"]["url"]
            if not url.startswith((box.base, box.content, "data:", "blob:", "about:")):
                found.append(url)
    return found


def _left(entry: dict[str, Any], page: Devtools) -> bool:
    """Whether the reader itself left a body that was coming well: it turns to ranges once it knows that it may."""
    return "net::ERR_FAILED" in entry["text"] and any(
        event["method"] == "Network.responseReceived"
        and event["params"]["requestId"] == entry.get("networkRequestId")
        and event["params"]["response"]["status"] in (200, 206)
        for event in page.events
    )


def go(page: Devtools, address: str) -> None:
    page.call("Page.navigate", url=address)
    page.until(
        lambda: page.evaluate(f"document.readyState === 'complete' && location.href.startsWith({address!r})"), address
    )


def click(page: Devtools, selector: str, there: str) -> None:
    """Tap, and wait until the address holds ``there``."""
    page.evaluate(f"document.querySelector({selector!r}).click()")
    page.until(
        lambda: page.evaluate(f"document.readyState === 'complete' && location.pathname.includes({there!r})"),
        f"{selector} does not lead to {there}",
    )


def come_in(page: Devtools, box: Box) -> None:
    go(page, box.base + "/qui")
    click(page, f".animals a:nth-child({SEAT})", "/qui/")
    click(page, "main form .button:not(.plain)", "/etagere")


def reader(page: Devtools, box: Box, filename: str) -> int:
    """Open a book; the execution context of its reader, ready."""
    page.call("Runtime.disable")
    page.events.clear()
    page.call("Runtime.enable")
    go(page, f"{box.base}/lire/{box.resource(filename)['id']}")

    def ready() -> int:
        for event in list(page.events):
            if event["method"] != "Runtime.executionContextCreated":
                continue
            context = event["params"]["context"]
            with contextlib.suppress(AssertionError):  # a context that is gone
                if context["origin"] == box.content and page.evaluate(READY, context["id"]):
                    return int(context["id"])
        return 0

    return int(page.until(ready, f"{filename} does not open", 40))


def test_animal_search_and_answer(box: Box, tablet: Devtools) -> None:
    come_in(tablet, box)
    tablet.evaluate("document.querySelector('input[type=search]').value = 'lune'")
    click(tablet, ".search .button", "/etagere")
    tablet.until(
        lambda: tablet.evaluate("location.search.includes('lune') && document.querySelectorAll('a.book').length"), "x"
    )
    go(tablet, box.base + "/etagere")
    click(tablet, "a.hero", "/exercice/")
    before = box.rows("SELECT count(*) AS n FROM answer")[0]["n"]
    tablet.evaluate("document.querySelector('form.question button[name=choice]').click()")
    tablet.until(
        lambda: tablet.evaluate("document.querySelector('.feedback.notice').textContent.length > 5"), "no feedback"
    )
    tablet.until(lambda: box.rows("SELECT count(*) AS n FROM answer")[0]["n"] == before + 1, "no answer arrived")
    tablet.until(lambda: tablet.evaluate("document.getElementById('outbox').hidden"), "the count stays")


def test_a_page_is_laid_out(box: Box, tablet: Devtools) -> None:
    """Animals stand in rows, large enough, without scrolling sideways."""
    go(tablet, box.base + "/qui")
    boxes = tablet.evaluate("""[...document.querySelectorAll('.animals a')].map(a => { const r = a.getBoundingClientRect();
      return [r.left, r.top, r.width, r.height]; })""")
    assert len(boxes) == 28
    assert len({round(box[0]) for box in boxes}) >= 3
    assert all(min(box[2], box[3]) >= 88 for box in boxes)
    assert tablet.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tablet.evaluate("document.querySelector('.animals svg').getBoundingClientRect().height") > 60


def test_a_book_opens_and_its_page_turns(box: Box, tablet: Devtools) -> None:
    come_in(tablet, box)
    context = reader(tablet, box, "guide-calibre.epub")
    before = tablet.evaluate("document.getElementById('state').textContent", context)
    tablet.evaluate("document.getElementById('next').click()", context)
    tablet.until(lambda: tablet.evaluate("document.getElementById('state').textContent", context) != before, "no turn")
    assert tablet.evaluate("document.documentElement.dataset.failed", context) is None


def test_a_document_opens_and_its_page_turns(box: Box, tablet: Devtools) -> None:
    come_in(tablet, box)
    context = reader(tablet, box, "physique-avec-expeyes.pdf")
    tablet.evaluate("document.getElementById('next').click()", context)
    tablet.until(lambda: tablet.evaluate("document.documentElement.dataset.page", context) == "2", "no turn", 40)
    shades = "new Set(document.querySelector('#sheet canvas').getContext('2d').getImageData(0, 0, 600, 600).data).size"
    assert tablet.evaluate(shades, context) > 3
    assert tablet.evaluate("document.querySelectorAll('.textLayer span').length", context) > 3


def test_a_package_reports_what_the_pupil_does(box: Box, tablet: Devtools) -> None:
    """Its frame has no origin: the old browser, too, lets it speak to the box across origins, and to nobody else."""
    come_in(tablet, box)
    pupil = box.rows("SELECT id FROM pupil ORDER BY position")[SEAT - 1]["id"]
    go(tablet, f"{box.base}/lire/{box.resource('les-capitales-d-europe.zip')['id']}")

    def reported() -> bool:
        return any(pupil in str(row["body"]) and "initialized" in str(row["body"]) for row in box.rows(
            "SELECT cast(body AS TEXT) AS body FROM statement"))  # fmt: skip

    tablet.until(reported, "the package did not report", 40)
