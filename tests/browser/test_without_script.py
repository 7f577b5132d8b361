# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The pupil's whole way without JavaScript: animal, yes, shelf, search, every format, an answer and its feedback."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.pages import FORMATS
from tests.rigs.box import Box

pytestmark = pytest.mark.browser


@pytest.fixture
def page(box: Box, open_as: Open) -> Tab:
    """A pupil's shelf, reached by hand."""
    page = open_as(java_script_enabled=False).new_page()
    page.goto(box.base + "/")
    page.locator(".animals a").nth(1).click()
    expect(page).to_have_url(re.compile("/qui/"))
    page.locator("main form .button:not(.plain)").click()
    expect(page).to_have_url(re.compile("/etagere$"))
    return page


def test_search_and_filters(page: Tab) -> None:
    page.fill("input[type=search]", "lune")
    page.locator(".search .button").click()
    expect(page).to_have_url(re.compile("q=lune"))
    assert page.locator("a.book").count() >= 1
    assert page.locator("a.book .snip").count() >= 1
    page.goto(page.url.partition("?")[0])
    page.locator(".chips a").first.click()
    assert "format=" in page.url
    page.locator(".chips a").last.click()
    expect(page).to_have_url(re.compile("/etagere/filtres"))
    page.locator("input[name=niveau]").nth(1).check()
    page.locator("main form .button").click()
    expect(page).to_have_url(re.compile("niveau=.+"))
    assert page.locator("h1").count() == 1


def test_nothing_dead_is_shown(page: Tab) -> None:
    """Buttons that only a script could answer are hidden."""
    for button in page.locator("button[type=button]").all():
        assert not button.is_visible()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_opens(box: Box, page: Tab, kind: str) -> None:
    """In the page itself, or by a link to the file or its chapters."""
    resource = box.resources(kind)[0]
    page.goto(f"{box.base}/lire/{resource['id']}")
    assert resource["card"]["title"] in page.inner_text("h1")
    if kind in ("zim", "web_bundle"):
        body = page.frame_locator("iframe").locator("body")
        expect(body).not_to_be_empty()
    elif kind in ("epub", "pdf"):
        links = page.locator("noscript a, main a").all()
        answers = [page.request.get(link.get_attribute("href") or "") for link in links]
        assert answers
        assert all(answer.status == 200 for answer in answers)
        kinds = {answer.headers["content-type"].partition(";")[0] for answer in answers}
        assert kinds & ({"application/pdf"} if kind == "pdf" else {"application/xhtml+xml", "text/html"})
    elif kind in ("video", "audio"):
        source = page.locator(kind).get_attribute("src") or ""
        assert page.request.get(source, headers={"Range": "bytes=0-99"}).status == 206
        assert page.locator(kind).get_attribute("controls") is not None
    elif kind == "image":
        source = page.locator("img.picture").get_attribute("src") or ""
        assert page.request.get(source).headers["content-type"].startswith("image/")
    else:
        answer = page.request.get(page.locator("main a.button").first.get_attribute("href") or "")
        assert answer.status == 200
        assert "attachment" in answer.headers["content-disposition"]


def test_an_answer_and_its_feedback(box: Box, page: Tab) -> None:
    page.locator("a.hero").first.click()
    question = page.locator("form.question").first
    words = question.get_attribute("data-right") or ""
    question.locator(f"button[value='{question.get_attribute('data-answer')}']").click()
    expect(page).to_have_url(re.compile("/exercice/"))
    expect(page.locator("form.question").first.locator(".feedback")).to_contain_text(words)
    assert page.locator("form.question").first.locator("button[disabled]").count() >= 2
    page.goto(box.base + "/etagere")
    page.locator(".bar nav form button").click()
    expect(page).to_have_url(re.compile("/qui$"))
