# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""axe-core finds nothing on any page, however it is shown."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import StorageState, ViewportSize

from tests.browser.conftest import TABLET, Open
from tests.browser.pages import PAGES, READERS, Page, Who
from tests.rigs import axe
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, settle

pytestmark = pytest.mark.browser

NARROW: ViewportSize = {"width": 320, "height": 640}
HALVED: ViewportSize = {"width": 410, "height": 590}
"""A tablet's page at 200 %."""
LEAST_RULES = 15
"""So many had something to look at, or the run saw no page."""


def looks(page: Tab, box: Box) -> Iterator[str]:
    """The page that is shown, in each display in turn; a reading profile is the server's, so it is loaded anew."""
    page.emulate_media(color_scheme="light")
    yield "light"
    page.emulate_media(color_scheme="dark")
    yield "dark"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(HALVED)
    yield "200 %"
    page.set_viewport_size(NARROW)
    yield "320 px"
    page.context.add_cookies([{"name": "cartable_lecture", "value": ".dys.big.opendyslexic", "url": box.base}])
    page.set_viewport_size(TABLET["viewport"])
    page.reload()
    settle(page)
    assert "space-dys" in (page.get_attribute("html", "class") or "")
    yield "dys"


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
def test_no_violation(box: Box, open_as: Open, watch: Watch, shown: Page) -> None:
    if shown.status != 200:
        watch.allow(rf"status of {shown.status}")
    page = open_as(shown.who, bypass_csp=True, reduced_motion="reduce").new_page()  # colours change at once
    answer = page.goto(box.base + shown.path(box))
    assert answer is not None
    assert answer.status == shown.status
    settle(page)
    found: list[str] = []
    for look in looks(page, box):
        violations, rules = axe.run(page)
        found += [f"{look}: {line}" for line in violations]
        assert rules >= LEAST_RULES, look
    assert not found, "\n".join(found)


def test_it_can_fail(box: Box, open_as: Open) -> None:
    """The same run finds what is wrong, of each family of rules."""
    page = open_as(bypass_csp=True).new_page()
    page.goto(box.base + "/qui")
    page.evaluate("""() => { document.title = ''; document.documentElement.lang = 'x';
      document.querySelector('main').insertAdjacentHTML('beforeend',
        '<img src="data:,"><p style="color:#999;background:#aaa">pale</p><div role="checkbox"></div><h6>deep</h6>'); }""")
    found = {line.split(" ")[0] for line in axe.run(page)[0]}
    assert {"document-title", "html-lang-valid", "image-alt", "color-contrast", "aria-required-attr"} <= found
    assert "heading-order" in found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("reader", READERS)
def test_no_violation_in_a_reader(
    box: Box, open_as: Open, identities: dict[Who, StorageState], reader: str, scheme: str
) -> None:
    kind = reader.partition(".")[0]
    page = open_as(Who.PUPIL, bypass_csp=True, color_scheme=scheme).new_page()
    page.goto(f"{box.base}/lire/{box.resources(kind)[0]['id']}")
    settle(page)
    frame = next(frame for frame in page.frames if f"/readers/{reader}" in frame.url)
    frame.locator("html[data-ready=yes]").wait_for()
    violations, rules = axe.run(frame)
    assert not violations, "\n".join(violations)
    assert rules >= 10
