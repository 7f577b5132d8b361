# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What axe cannot see: sizes of targets, narrow screens, a reader's own spacing, movement, sound, what is asked for."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from tests.browser import probes
from tests.browser.conftest import PHONE, PROJECTOR, TABLET, Open
from tests.browser.pages import BY_NAME, PAGES, Kind, Page, Who
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, settle

pytestmark = pytest.mark.browser

every_page = pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
DEVICES = {"phone": PHONE, "tablet": TABLET, "projector": PROJECTOR}


def visit(box: Box, open_as: Open, watch: Watch, shown: Page, **options: Any) -> Tab:
    """The page, loaded, on a device of its own."""
    if shown.status != 200:
        watch.allow(rf"status of {shown.status}")
    page = open_as(shown.who, **options).new_page()
    page.goto(box.base + shown.path(box))
    settle(page)
    return page


@contextlib.contextmanager
def spaced(page: Tab) -> Iterator[None]:
    """The page with a reader's own spacing."""
    style = page.add_style_tag(content=probes.SPACING)
    yield
    style.evaluate("style => style.remove()")


def nothing_cut_off(page: Tab) -> list[str]:
    """What hangs over the side or is cut off, as it is and with a reader's own spacing."""
    found: list[str] = page.evaluate(probes.SIDEWAYS)
    with spaced(page):
        return [*found, *page.evaluate(probes.CLIPPED), *page.evaluate(probes.SIDEWAYS)]


@every_page
def test_large_targets_nothing_moving_nothing_cut_off(box: Box, open_as: Open, watch: Watch, shown: Page) -> None:
    """Nothing plays by itself either, and a reader's own spacing leaves everything in its place."""
    least = 88 if shown.kind is Kind.PUPIL else 44
    page = visit(box, open_as, watch, shown, bypass_csp=True, reduced_motion="reduce", **PHONE)
    for device, options in DEVICES.items():
        page.set_viewport_size(options["viewport"])
        settle(page)
        assert page.evaluate(probes.TARGETS, least) == [], device
        assert page.evaluate(probes.MOVING) == [], device
        assert page.evaluate(probes.PLAYING) == [], device
        assert nothing_cut_off(page) == [], device


@every_page
def test_no_sideways_scroll_at_320_px(box: Box, open_as: Open, watch: Watch, shown: Page) -> None:
    """Whatever the reading profile, and with a reader's own spacing."""
    page = visit(box, open_as, watch, shown, viewport={"width": 320, "height": 640}, bypass_csp=True)
    assert nothing_cut_off(page) == []
    profile = "contrast.dys.huge.opendyslexic"
    page.context.add_cookies([{"name": "cartable_lecture", "value": profile, "url": box.base}])
    page.reload()
    settle(page)
    assert nothing_cut_off(page) == [], profile


def test_probes_can_fail(box: Box, open_as: Open, watch: Watch) -> None:
    page = visit(box, open_as, watch, BY_NAME["grid"], bypass_csp=True)
    page.evaluate("""() => document.querySelector('main').insertAdjacentHTML('beforeend',
      '<button id=a style="width:60px;height:90px;position:absolute;left:790px;transition:all 1s">x</button>' +
      '<p style="width:40px;height:10px;overflow:hidden">very long words</p><video autoplay muted></video>')""")
    assert len(page.evaluate(probes.TARGETS, 88)) == 1
    assert page.evaluate(probes.TARGETS, 44) == []
    assert len(page.evaluate(probes.SIDEWAYS)) == 2
    assert any("cut off" in line for line in page.evaluate(probes.CLIPPED))
    assert len(page.evaluate(probes.MOVING)) >= 1
    assert len(page.evaluate(probes.PLAYING)) == 1


def test_titles_are_unique(box: Box, open_as: Open, watch: Watch) -> None:
    watch.allow("status of 40[34]")
    tabs = {who: open_as(who).new_page() for who in Who}
    titles: dict[str, str] = {}
    for shown in PAGES:
        tabs[shown.who].goto(box.base + shown.path(box), wait_until="domcontentloaded")
        title = tabs[shown.who].title()
        assert title.endswith(" · Cartable")
        assert title.strip(" ·") != "Cartable"
        assert titles.get(title, shown.same_title_as) == shown.same_title_as, f"{shown.name}: {title}"
        titles.setdefault(title, shown.name)


def test_a_rotten_page_is_noticed(box: Box, open_as: Open, watch: Watch) -> None:
    """The watch over console, policy and outside requests sees what it must."""
    page = visit(box, open_as, watch, BY_NAME["grid"])
    page.evaluate("""() => { document.body.insertAdjacentHTML('beforeend', '<img src="http://192.0.2.1/x.png" onerror="1">');
      const s = document.createElement('script'); s.textContent = '1'; document.head.append(s); console.error('noise'); }""")
    page.wait_for_timeout(300)
    assert any("noise" in text for text in watch.troubles)
    assert any("Content Security Policy" in text for text in watch.troubles)
    watch.troubles.clear()
    watch.outside.clear()
