# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A child who cannot read: what a pupil page asks or says, a loudspeaker beside it says too. Nothing speaks alone."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Open
from tests.browser.pages import PAGES, Kind, Page, Who
from tests.rigs import sounds
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, eventually

pytestmark = pytest.mark.browser

PUPIL_PAGES = [page for page in PAGES if page.kind is Kind.PUPIL]
MUTE = """() => {
  const wrong = [], speaks = (e) => e && e.querySelector("a[href^='/api/voice/'], [data-said]");
  const shown = (e) => e.getClientRects().length > 0;
  for (const e of document.querySelectorAll('h1, h2, h3, legend, [role=alert]')) {
    if (shown(e) && !speaks(e.parentElement)) wrong.push(e.outerHTML.slice(0, 120));
  }
  for (const e of document.querySelectorAll('form.question .tile')) {
    if (e.textContent.trim() && !e.dataset.said && !speaks(e.parentElement)) wrong.push(e.outerHTML.slice(0, 120));
  }
  return wrong;
}"""
"""What stands without a loudspeaker. The feedback to an answer is said by its question's."""
ADDRESSES = """() => [...document.querySelectorAll("a[href^='/api/voice/'], [data-said]")]
  .map((e) => e.dataset.said || e.getAttribute('href'))"""
RECORDER = """window.played = [];
window.Audio = class {
  constructor(address) { this.address = address; }
  play() {
    window.played.push(this.address);
    setTimeout(() => this.onended && this.onended(), 0);
    return Promise.resolve();
  }
  pause() {}
};"""
LANGUAGE = "() => document.documentElement.lang"


@pytest.mark.parametrize("shown", PUPIL_PAGES, ids=lambda page: page.name)
def test_every_heading_and_question_is_said(box: Box, open_as: Open, watch: Watch, shown: Page) -> None:
    if shown.status != 200:
        watch.allow(rf"status of {shown.status}")
    context = open_as(shown.who)
    page = context.new_page()
    heard: dict[str, float] = {}
    for language in ("fr", "en"):
        context.add_cookies([{"name": "cartable_langue", "value": language, "url": box.base}])
        page.goto(box.base + shown.path(box))
        assert page.evaluate(LANGUAGE) == language
        assert page.evaluate(MUTE) == []
        addresses = page.evaluate(ADDRESSES)
        assert addresses
        if not shown.name.startswith("read-"):  # the title of a book is in the book's language
            assert any(address.startswith(f"/api/voice/{language}/") for address in addresses)
        for address in set(addresses) - heard.keys():
            answer = context.request.get(box.base + address)
            assert answer.status == 200, address
            heard[address] = sounds.read(answer.body()).seconds
    assert min(heard.values()) > 0.2


def test_a_tap_plays_then_a_tap_stops(box: Box, open_as: Open) -> None:
    page = open_as(Who.PUPIL).new_page()
    page.goto(box.base + next(page for page in PAGES if page.name == "quiz").path(box))
    assert page.locator(".playing").count() == 0, "nothing speaks alone"
    loudspeaker = page.locator("form.question .say").first
    loudspeaker.click()
    assert "playing" in (loudspeaker.get_attribute("class") or "")
    loudspeaker.click()
    assert page.locator(".playing").count() == 0
    assert "/exercice/" in page.url, "the page stayed"


def test_the_answers_are_said_after_the_question(box: Box, open_as: Open) -> None:
    page = open_as(Who.PUPIL).new_page()
    page.add_init_script(RECORDER)
    page.goto(box.base + next(page for page in PAGES if page.name == "quiz").path(box))
    question = page.locator("form.question").first
    asked = [question.locator(".say").evaluate("e => e.href")]
    asked += question.locator("[data-said]").evaluate_all("all => all.map(e => e.dataset.said)")
    question.locator(".say").click()
    eventually(page, lambda: len(page.evaluate("window.played")) == len(asked), "not all was said")
    assert page.evaluate("window.played") == asked
    assert page.locator(".playing").count() == 0


def test_without_script_the_browser_plays_it(box: Box, open_as: Open) -> None:
    page = open_as(Who.NOBODY, java_script_enabled=False).new_page()
    page.goto(box.base + "/qui")
    loudspeaker = page.locator(".say").first
    assert loudspeaker.is_visible()
    answer = page.request.get(box.base + (loudspeaker.get_attribute("href") or ""))
    assert answer.headers["content-type"] == "audio/mpeg"
