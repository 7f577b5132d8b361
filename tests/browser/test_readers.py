# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Our EPUB and PDF readers: pages turn, contents open, reading resumes, text is text; on books that others made."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Frame, expect
from playwright.sync_api import Page as Tab

from tests.browser import probes
from tests.browser.conftest import PHONE, Open
from tests.browser.pages import Who
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, eventually

pytestmark = pytest.mark.browser

BOOK, MANUAL = "guide-calibre.epub", "physique-avec-expeyes.pdf"


@pytest.fixture
def tablet(open_as: Open) -> BrowserContext:
    """In a pupil's hands."""
    return open_as(Who.PUPIL)


def opened(tablet: BrowserContext, box: Box, filename: str, anchor: str = "") -> tuple[Tab, Frame]:
    """The page, and the reader in its frame, ready."""
    page = tablet.new_page()
    page.goto(f"{box.base}/lire/{box.resource(filename)['id']}" + (f"?a={quote(anchor)}" if anchor else ""))
    frame = eventually(page, lambda: next((f for f in page.frames if "/static/readers/" in f.url), None), "no reader")
    assert isinstance(frame, Frame)
    expect(frame.locator("html[data-ready=yes]")).to_be_attached()
    assert frame.locator("html[data-failed]").count() == 0
    return page, frame


def percent(frame: Frame) -> int:
    found = re.search(r"(\d+) %", frame.inner_text("#state"))
    assert found
    return int(found[1])


def shown_text(page: Tab) -> str:
    """What of the book stands in view, from the frames inside the reader."""
    texts = []
    for frame in page.frames:
        if frame.url.startswith("blob:") and not frame.is_detached():
            texts.append(
                frame.evaluate("""() => { const at = frameElement ? frameElement.getBoundingClientRect().left : 0;
              const wide = parent.innerWidth, found = [];
              for (const e of document.querySelectorAll('p, h1, h2, h3, li')) for (const r of e.getClientRects())
                if (r.right + at > 0 && r.left + at < wide) { found.push(e.textContent); break; }
              return found.join('\\n'); }""")
            )
    return "\n".join(texts).strip()


def chapter(page: Tab) -> Frame:
    """The part of the book that is open."""
    found = eventually(page, lambda: next((f for f in page.frames if f.url.startswith("blob:")), None), "no chapter")
    assert isinstance(found, Frame)
    return found


def turn(page: Tab, frame: Frame, button: str = "#next") -> None:
    """One tap; until the page has turned and lies still."""
    before = frame.inner_text("#state")
    frame.locator(button).click()
    eventually(page, lambda: frame.inner_text("#state") != before, "the page does not turn")
    eventually(page, lambda: _still(page, frame), "the page never lies still")


def _still(page: Tab, frame: Frame) -> bool:
    before = frame.inner_text("#state"), shown_text(page)
    page.wait_for_timeout(200)
    return (frame.inner_text("#state"), shown_text(page)) == before


def test_epub_uses_the_whole_screen(box: Box, tablet: BrowserContext) -> None:
    page, frame = opened(tablet, box, BOOK)
    turn(page, frame)
    room = frame.evaluate("document.querySelector('main').clientHeight")
    assert chapter(page).evaluate("frameElement.getBoundingClientRect().height") > 0.85 * room


def test_epub_pages_turn(box: Box, tablet: BrowserContext) -> None:
    page, frame = opened(tablet, box, BOOK)
    start = percent(frame)
    seen = []
    for _ in range(4):
        turn(page, frame)
        seen.append(str(eventually(page, lambda: shown_text(page) or " ", "no text")))
    assert percent(frame) > start
    assert any(len(text) > 100 for text in seen)
    there = percent(frame)
    turn(page, frame, "#previous")
    turn(page, frame, "#previous")
    eventually(page, lambda: percent(frame) < there, "the page does not turn back")


def test_epub_turns_by_keys(box: Box, tablet: BrowserContext) -> None:
    page, frame = opened(tablet, box, BOOK)
    frame.locator("#next").focus()
    before = shown_text(page)
    page.keyboard.press("ArrowRight")
    eventually(page, lambda: shown_text(page) != before, "the key does nothing")
    page.keyboard.press("ArrowLeft")
    eventually(page, lambda: shown_text(page) == before, "the key does nothing")


def test_epub_contents_open_a_chapter(box: Box, tablet: BrowserContext) -> None:
    page, frame = opened(tablet, box, BOOK)
    frame.locator("#contents").click()
    chapters = frame.locator("#toc button")
    assert chapters.count() >= 2
    title = chapters.last.inner_text()
    chapters.last.click()
    expect(frame.locator("#panel")).to_be_hidden()
    eventually(page, lambda: percent(frame) > 10, "the chapter does not open")
    eventually(page, lambda: title.split(".")[-1].strip()[:12] in shown_text(page), f"{title} is not shown")


def test_epub_resumes(box: Box, tablet: BrowserContext) -> None:
    page, frame = opened(tablet, box, BOOK)
    for _ in range(5):
        turn(page, frame)
    text, at = shown_text(page), percent(frame)
    page.locator("a[href='/etagere']").first.click()
    page.close()
    page, frame = opened(tablet, box, BOOK)
    eventually(page, lambda: _still(page, frame), "the page never lies still")
    assert percent(frame) == at
    assert shown_text(page) == text


def test_epub_letters_grow_and_the_profile_holds_inside(box: Box, tablet: BrowserContext) -> None:
    tablet.add_cookies([{"name": "cartable_lecture", "value": ".dys..opendyslexic", "url": box.base}])
    page, frame = opened(tablet, box, BOOK)
    turn(page, frame)
    inside = chapter(page)
    style = inside.evaluate(
        "(() => { const s = getComputedStyle(document.querySelector('p')); return [s.letterSpacing, s.fontFamily]; })()"
    )
    assert float(style[0].removesuffix("px")) > 1
    assert "OpenDyslexic" in style[1]
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    before = inside.evaluate(size)
    frame.locator("#bigger").click()
    eventually(page, lambda: inside.evaluate(size) > before, "no bigger letters")


ARRIVING = """async () => { const view = document.getElementById('book'), renderer = view.renderer, channel = new MessageChannel();
  const told = { half: 0, errors: [] }; let going = true;
  channel.port1.onmessage = () => { const doc = renderer.getContents()[0].doc;
    told.half += doc && !doc.body ? 1 : 0;
    try { renderer.render(); } catch (error) { told.errors.push(String(error)); }
    if (going) { channel.port2.postMessage(0); } };
  channel.port2.postMessage(0);
  for (let round = 0; round < 20 && !told.half; round += 1) {
    for (const index of view.book.sections.keys()) { view.style.height = 90 + index % 5 + '%'; await view.goTo(index); } }
  going = false; view.style.height = ''; return told; }"""
"""Asks for a new layout, as a change of size does, at every moment while one chapter after the other opens."""


def test_epub_of_another_size_while_a_chapter_arrives(box: Box, tablet: BrowserContext) -> None:
    """A tablet is turned over before the chapter has a body: there is nothing to lay out until it is there."""
    page, frame = opened(tablet, box, BOOK)
    told = frame.evaluate(ARRIVING)
    assert told["half"] > 0, "no chapter was seen arriving"
    assert told["errors"] == []
    eventually(page, lambda: _still(page, frame), "the page never lies still")
    page.set_viewport_size({"width": 1180, "height": 820})
    turn(page, frame, "#previous")
    room = frame.evaluate("document.querySelector('main').clientHeight")
    assert 0.8 * room < chapter(page).evaluate("frameElement.getBoundingClientRect().height") <= room
    assert shown_text(page)


def test_epub_scripts_do_not_run(box: Box, tablet: BrowserContext, watch: Watch) -> None:
    """The policy of the reader's own page holds for the chapters that it shows."""
    watch.allow("Content Security Policy")
    page, _ = opened(tablet, box, BOOK)
    inside = chapter(page)
    inside.evaluate("""() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';
      document.head.append(s); }""")
    assert inside.evaluate("window.ran") is None


def page_number(frame: Frame) -> int:
    return int(frame.evaluate("Number(document.documentElement.dataset.page)"))


def test_pdf_pages_turn_to_the_last(box: Box, tablet: BrowserContext) -> None:
    page, frame = opened(tablet, box, MANUAL)
    total = int(box.resource(MANUAL)["details"]["pages"])
    assert page_number(frame) == 1
    assert frame.locator("#previous").is_disabled()
    first = frame.locator("#sheet canvas").evaluate("c => c.toDataURL()")
    frame.locator("#next").click()
    eventually(page, lambda: page_number(frame) == 2, "the page does not turn")
    assert frame.locator("#sheet canvas").evaluate("c => c.toDataURL()") != first
    assert f"{total}" in frame.inner_text("#state")
    page.close()
    page, frame = opened(tablet, box, MANUAL, str(total))
    eventually(page, lambda: page_number(frame) == total, "the last page does not open")
    assert frame.locator("#next").is_disabled()
    pixels = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
    assert frame.locator("#sheet canvas").evaluate(pixels) > 3


def test_pdf_resumes(box: Box, tablet: BrowserContext) -> None:
    page, frame = opened(tablet, box, MANUAL)
    for number in (2, 3, 4):
        frame.locator("#next").click()
        eventually(page, lambda: page_number(frame) == number, "the page does not turn")  # noqa: B023
    page.close()
    page, frame = opened(tablet, box, MANUAL)
    eventually(page, lambda: page_number(frame) == 4, "does not resume")


def test_pdf_text_is_text_where_it_is_seen(box: Box, tablet: BrowserContext) -> None:
    """It can be selected, and each word lies over its picture."""
    page, frame = opened(tablet, box, MANUAL, "10")
    eventually(page, lambda: frame.locator(".textLayer span").count() > 20, "no text")
    selected = frame.evaluate("""() => { const layer = document.querySelector('.textLayer'); const range = document.createRange();
      range.selectNodeContents(layer); const s = getSelection(); s.removeAllRanges(); s.addRange(range); return s.toString(); }""")
    assert len(selected) > 200
    sheet, words = (
        frame.evaluate("""() => { const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
      return [box(document.querySelector('#sheet canvas')), [...document.querySelectorAll('.textLayer span')].filter(e => e.textContent.trim()).map(box)]; }""")
    )
    outside = [
        w for w in words if w[0] < sheet[0] - 2 or w[2] > sheet[2] + 2 or w[1] < sheet[1] - 2 or w[3] > sheet[3] + 2
    ]
    assert not outside


def test_pdf_fetches_only_what_it_shows(box: Box, tablet: BrowserContext) -> None:
    page = tablet.new_page()
    fetched: list[int] = []
    page.on("response", lambda r: fetched.append(int(r.headers.get("content-length", 0)))
            if "original.pdf" in r.url and r.status == 206 else None)  # fmt: skip
    page.goto(f"{box.base}/lire/{box.resource(MANUAL)['id']}")
    frame = eventually(page, lambda: next((f for f in page.frames if "/static/readers/" in f.url), None), "no reader")
    expect(frame.locator("html[data-ready=yes]")).to_be_attached()
    assert fetched
    assert sum(fetched) < 0.6 * box.resource(MANUAL)["size"]


def test_pdf_zooms_and_fits_a_phone(box: Box, open_as: Open) -> None:
    page, frame = opened(open_as(Who.PUPIL, **PHONE), box, MANUAL)
    width = "document.querySelector('#sheet canvas').getBoundingClientRect().width"
    plain = frame.evaluate(width)
    assert plain <= 360
    frame.locator("#zoom").click()
    eventually(page, lambda: frame.evaluate(width) > plain * 1.3, "no zoom")


@pytest.mark.parametrize("filename", [BOOK, MANUAL])
def test_targets_of_the_readers_are_large(box: Box, tablet: BrowserContext, filename: str) -> None:
    _, frame = opened(tablet, box, filename)
    assert frame.evaluate(probes.TARGETS, 88) == []


@pytest.mark.parametrize("filename", [BOOK, MANUAL])
def test_what_cannot_be_opened_says_so(box: Box, tablet: BrowserContext, filename: str, watch: Watch) -> None:
    watch.allow("404")
    kind = box.resource(filename)["format"]
    page = tablet.new_page()
    page.goto(f"{box.content}/static/readers/{kind}.html#blob={'0' * 64}&entry=original.{kind}&lang=fr")
    expect(page.locator("#state")).to_contain_text("ne s’ouvre pas")
