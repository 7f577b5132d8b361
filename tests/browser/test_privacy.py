# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A shared tablet tells nobody who held it before, and the two origins stay apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import TABLET, Open
from tests.browser.pages import PAGES, Page, Who
from tests.rigs.box import Box
from tests.rigs.chromium import ARGUMENTS, PROGRAM, Watch, eventually

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def remembering(browser: Browser) -> Iterator[Browser]:
    """A browser that keeps left pages alive for Back, as those of people do (Playwright's own does not)."""
    with browser.browser_type.launch(
        executable_path=PROGRAM,
        args=list(ARGUMENTS),
        ignore_default_args=["--disable-back-forward-cache"],
    ) as running:
        yield running


def test_back_after_goodbye_never_shows_the_previous_pupil(box: Box, remembering: Browser) -> None:
    alias = str(box.rows("SELECT alias FROM pupil ORDER BY position LIMIT 1")[0]["alias"])
    context = remembering.new_context(**TABLET, locale="fr-FR")
    page = context.new_page()
    page.goto(box.base + "/qui")
    page.locator(".animals a").first.click()
    page.locator("main form .button:not(.plain)").click()
    expect(page).to_have_url(re.compile("/etagere$"))
    greeting = page.inner_text("h1")
    assert alias in greeting
    page.locator("a.hero").first.click()
    expect(page).to_have_url(re.compile("/exercice/"))
    page.locator("a[href='/etagere']").first.click()
    page.locator(".bar nav form button").click()
    expect(page).to_have_url(re.compile("/qui$"))
    for _ in range(6):
        page.go_back(wait_until="load")
        if not page.url.startswith(box.base):
            break
        assert greeting not in page.inner_text("main")
        assert "/exercice/" not in page.url or page.locator("form.question").count() == 0
    context.close()


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
def test_pages_are_never_stored(box: Box, open_as: Open, watch: Watch, shown: Page) -> None:
    if shown.status != 200:
        watch.allow(rf"status of {shown.status}")
    answer = open_as(shown.who).new_page().goto(box.base + shown.path(box))
    assert answer is not None
    assert "no-store" in answer.headers["cache-control"]
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(box: Box, open_as: Open) -> None:
    context = open_as(Who.TEACHER)
    page = context.new_page()
    page.goto(box.base + "/enseignant/accueil")
    cookies = context.cookies()
    assert {cookie["name"] for cookie in cookies} >= {"cartable"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies)
    assert page.evaluate("document.cookie") == ""


def test_teachers_pages_send_a_pupil_to_the_sign_in(box: Box, open_as: Open) -> None:
    page = open_as(Who.PUPIL).new_page()
    for shown in PAGES:
        if shown.who is Who.TEACHER:
            page.goto(box.base + shown.path(box))
            assert page.url == box.base + "/enseignant", shown.name


def test_the_teacher_leaves(box: Box, open_as: Open, browser: Browser) -> None:
    page = open_as(Who.TEACHER).new_page()
    page.goto(box.base + "/enseignant/accueil")
    page.locator("form[action='/enseignant/quitter'] button").click()
    expect(page).to_have_url(re.compile("/(qui|etagere)$"))
    page.goto(box.base + "/enseignant/accueil")
    expect(page).to_have_url(re.compile("/enseignant$"))


def test_the_exercise_names_no_pupil_to_the_network(box: Box, open_as: Open) -> None:
    """What leaves the tablet holds a signed token, never the alias."""
    alias = str(box.rows("SELECT alias FROM pupil ORDER BY position LIMIT 5")[4]["alias"])
    page = open_as().new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    page.goto(box.base + "/qui")
    page.locator(".animals a").nth(4).click()
    page.locator("main form .button:not(.plain)").click()
    page.locator("a.hero").first.click()
    page.locator("button[name=choice]").first.click()
    eventually(page, lambda: page.evaluate("!window.cartable.waiting().length"), "the answer never left")
    assert any("/api/answers" in line for line in sent)
    assert not [line for line in sent if alias in line]
