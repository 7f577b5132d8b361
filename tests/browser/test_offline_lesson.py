# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Where the browser trusts the connection, the lesson of the pupil who holds the tablet opens with the box off."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.browser.conftest import TABLET
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, eventually

pytestmark = pytest.mark.browser

PACKS = "caches.keys().then(names => names.filter(name => name.startsWith('cartable-pack-')))"
KEPT = """async () => { const name = (await caches.keys()).find(n => n.startsWith('cartable-pack-')); if (!name) return [];
  return (await (await caches.open(name)).keys()).map(r => new URL(r.url).pathname); }"""


def come_in(context: BrowserContext, box: Box, seat: int) -> Page:
    page = context.new_page()
    page.goto(box.base + "/qui")
    page.locator(".animals a").nth(seat).click()
    page.locator("main form .button:not(.plain)").click()
    page.wait_for_url("**/etagere")
    return page


def packed(page: Page) -> list[str]:
    """Wait until the tablet keeps the lesson."""
    wanted = {"/hors-ligne.json", "/etagere", "/exercice/un-peu-de-tout", "/static/app/quiz.js", "/static/app/app.css"}
    eventually(page, lambda: wanted <= set(page.evaluate(KEPT)), "the pack never came")
    (name,) = page.evaluate(PACKS)
    assert "1F98A" not in name
    return [str(path) for path in page.evaluate(KEPT)]


@pytest.mark.timeout(240)
def test_a_lesson_without_the_box(own_box: Box, browser: Browser) -> None:
    """The box is stopped: the quiz opens, corrects and keeps its answers, and what is not the lesson's does not open."""
    context = browser.new_context(**TABLET, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    page = come_in(context, own_box, 0)
    packed(page)
    own_box.stop()
    page.goto(own_box.base + "/exercice/un-peu-de-tout")
    expect(page.locator("form.question").first).to_be_visible()
    page.locator("form.question input[value=a]").first.check()
    page.locator("form.question .send button").first.click()
    expect(page.locator(".feedback.notice").first).to_contain_text("tortue")
    expect(page.locator("#outbox")).to_contain_text("1 réponse gardée")
    page.reload()
    expect(page.locator("#outbox")).to_contain_text("1 réponse gardée")
    page.goto(own_box.base + "/etagere")
    expect(page.locator("h1")).to_contain_text("Renard")
    with pytest.raises(Error):
        page.goto(own_box.base + "/reglages")
    context.close()


def test_nothing_of_a_pupil_stays_for_the_next(box: Box, browser: Browser) -> None:
    context = browser.new_context(**TABLET, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    page = come_in(context, box, 1)
    packed(page)
    first = page.evaluate(PACKS)
    page.locator("form[action='/au-revoir'] button").click()
    page.wait_for_url("**/qui")
    eventually(page, lambda: page.evaluate(PACKS) == [], "the pack stayed after goodbye")
    page.close()
    page = come_in(context, box, 2)
    packed(page)
    assert page.evaluate(PACKS) != first
    context.clear_cookies()  # the bell: whoever held the tablet is nobody now
    page.goto(box.base + "/qui")
    eventually(page, lambda: page.evaluate(PACKS) == [], "the pack stayed after the bell")
    context.close()


CHOOSE = """async () => { const form = document.querySelector('main form[action^="/qui/"]');
  await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), redirect: 'manual' }); }"""
BREAK = """async () => { const name = (await caches.keys()).find(n => n.startsWith('cartable-pack-'));
  const pack = await caches.open(name); await pack.delete('/hors-ligne.json');
  return pack.delete('/exercice/un-peu-de-tout'); }"""


@pytest.mark.timeout(240)
def test_who_comes_next_gets_no_page_of_the_one_before(own_box: Box, browser: Browser) -> None:
    """Without goodbye: the second pupil is in, then the box does not answer, and the first one's shelf is not shown.

    Before that, a pack that was half filled is not used, and completed by the next page.
    """
    context = browser.new_context(**TABLET, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    page = come_in(context, own_box, 0)
    packed(page)
    assert page.evaluate(BREAK)
    page.reload()
    packed(page)
    page.goto(own_box.base + "/qui")
    page.locator(".animals a").nth(1).click()
    page.wait_for_url("**/qui/*")
    page.evaluate(CHOOSE)
    own_box.stop()
    with pytest.raises(Error):
        page.goto(own_box.base + "/etagere")
    context.close()


def test_without_a_trusted_connection_there_is_no_worker_and_no_error(box: Box, browser: Browser) -> None:
    context = browser.new_context(**TABLET, locale="fr-FR")
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.add_init_script("Object.defineProperty(window, 'isSecureContext', { get: () => false })")
    page = come_in(context, box, 3)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0
    assert said == []
    context.close()
