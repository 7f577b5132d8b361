# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Everything is reached and done with a keyboard, and the focus is always seen."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser import probes
from tests.browser.conftest import Open
from tests.browser.pages import PAGES, Page, Who
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, settle

pytestmark = pytest.mark.browser

FOCUSABLE = """() => {
  const one = {}, found = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, video[controls], audio[controls]')]
    .filter(e => !e.disabled && e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden' && !(e.closest('details:not([open])') && !e.matches('summary')));
  return found.filter(e => e.type !== 'radio' || (!one[e.name] && (one[e.name] = true))).length;
}"""
"""Stops of the Tab key: radio buttons of one name are one."""


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
def test_tab_walks_through_the_page_and_shows_where_it_is(box: Box, open_as: Open, watch: Watch, shown: Page) -> None:
    if shown.status != 200:
        watch.allow(rf"status of {shown.status}")
    page = open_as(shown.who, viewport={"width": 820, "height": 700}).new_page()
    page.goto(box.base + shown.path(box))
    settle(page)
    wanted = page.evaluate(FOCUSABLE)
    page.keyboard.press("Tab")
    assert "skip" in page.evaluate("document.activeElement.className"), "the first stop skips the menu"
    reached, wrong = set(), []
    for _ in range(wanted + 3):
        found = page.evaluate(probes.FOCUS)
        if found is None or page.evaluate("document.activeElement.matches('iframe, video, audio')"):
            break
        reached.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
        if not found["ring"] or not found["inView"] or found["covered"]:
            wrong.append(found)
        page.keyboard.press("Tab")
    assert not wrong
    frames = page.locator("iframe, video, audio").count()
    assert len(reached) >= (wanted if not frames else 3), f"{len(reached)} of {wanted} reached"


def test_the_skip_link_skips(box: Box, open_as: Open) -> None:
    page = open_as().new_page()
    page.goto(box.base + "/qui")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("Boolean(document.activeElement.closest('main'))")


def _tab_to(page: Tab, selector: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            seen = page.evaluate(probes.FOCUS)
            assert seen["ring"]
            assert seen["inView"]
            return
    pytest.fail(f"the Tab key never comes to {selector}")


def test_the_whole_flow_without_touching_the_screen(box: Box, open_as: Open) -> None:
    """Animal, yes, search, open a book, back, exercise, answer, goodbye."""
    page = open_as().new_page()
    page.goto(box.base + "/")
    _tab_to(page, ".animals a:nth-child(3)")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/qui/.+"))
    _tab_to(page, "main form .button:not(.plain)")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/etagere$"))
    _tab_to(page, "input[type=search]")
    page.keyboard.type("lune")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=lune"))
    _tab_to(page, "a.book")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/lire/"))
    _tab_to(page, "a[href='/etagere']")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/etagere$"))
    _tab_to(page, "a.hero")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/exercice/"))
    _tab_to(page, "button[name=choice]")
    page.keyboard.press("Space")
    expect(page.locator(".feedback.notice").first).not_to_be_empty()
    page.goto(box.base + "/etagere")
    _tab_to(page, ".bar nav form button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/qui$"))


def test_the_teacher_signs_in_by_keyboard(box: Box, open_as: Open) -> None:
    page = open_as(Who.NOBODY).new_page()
    page.goto(box.base + "/enseignant")
    _tab_to(page, "#code")
    page.keyboard.type(box.code)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/enseignant/accueil$"))
    _tab_to(page, "main a[href='/enseignant/bibliotheque']")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/enseignant/bibliotheque$"))
