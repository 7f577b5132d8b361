# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Every format, used as a pupil uses it, in real Chromium, on files that others made."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Frame, expect
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Open
from tests.browser.pages import Who
from tests.rigs.box import DEMONSTRATION, Box
from tests.rigs.chromium import Watch, eventually, settle

pytestmark = pytest.mark.browser

ZIM = "petite-encyclopedie.zim"
BUNDLE, SCRIPTED = "programmer-avec-kturtle.zip", "conjugueur.zip"
VIDEOS = ("big-buck-bunny-reveil.mp4", "grand-prix-1906.webm")
SOUNDS = ("bach-brandebourg-2.ogg", "alphabet-parle.mp3")
PICTURES = ("planisphere.svg", "terre-carte-satellite.jpg", "carte-europe-muette.png")
OFFICE = "dmaths-mode-emploi.odt"


@pytest.fixture
def tablet(open_as: Open) -> BrowserContext:
    """In a pupil's hands."""
    return open_as(Who.PUPIL)


def read(tablet: BrowserContext, box: Box, filename: str, anchor: str = "") -> Tab:
    """The reader page of a file of the demonstration."""
    page = tablet.new_page()
    page.goto(f"{box.base}/lire/{box.resource(filename)['id']}" + (f"?a={quote(anchor)}" if anchor else ""))
    settle(page)
    return page


def frame_of(page: Tab, box: Box) -> Frame:
    """The frame of the second origin, loaded."""
    frame = eventually(page, lambda: next((f for f in page.frames if f.url.startswith(box.content)), None), "no frame")
    frame.wait_for_load_state("load")
    assert isinstance(frame, Frame)
    return frame


CAUGHT = "Content Security Policy|Fetch API cannot load|Unsafe attempt|sandboxed"
"""What Chromium says while the attempts of :data:`PRISON` fail."""

PRISON = """async hub => {
  const tried = {};
  const attempt = async (name, act) => { try { tried[name] = String(await act()); } catch (error) { tried[name] = error.name || String(error); } };
  await attempt('cookie', () => document.cookie);
  await attempt('localStorage', () => localStorage.length);
  await attempt('sessionStorage', () => sessionStorage.length);
  await attempt('indexedDB', () => new Promise((yes, no) => { const r = indexedDB.open('x'); r.onsuccess = () => yes('opened'); r.onerror = () => no(r.error); }));
  await attempt('parent', () => parent.document.title);
  await attempt('fetch', () => fetch(hub + '/enseignant/accueil', {credentials: 'include'}).then(r => r.text()));
  await attempt('blind', () => fetch(hub + '/enseignant/accueil', {credentials: 'include', mode: 'no-cors'}).then(r => r.type));
  await attempt('post', () => fetch(hub + '/api/answers', {method: 'POST', credentials: 'include', mode: 'no-cors', body: '[]'}).then(r => r.type));
  await attempt('socket', () => new Promise((yes, no) => { const s = new WebSocket(hub.replace('http', 'ws')); s.onopen = () => yes('open'); s.onerror = no; }));
  await attempt('top', () => { top.location = hub + '/reglages'; return 'gone'; });
  await attempt('origin', () => origin);
  return tried;
}"""


@pytest.mark.parametrize("filename", [ZIM, SCRIPTED])
def test_scripts_of_a_resource_reach_nothing(box: Box, open_as: Open, watch: Watch, filename: str) -> None:
    """Even in a browser where the teacher is signed in."""
    watch.allow(CAUGHT)
    context = open_as(Who.TEACHER)
    page = read(context, box, filename)
    arrived: list[str] = []
    page.on("request", lambda request: arrived.append(request.url) if request.url.startswith(box.base) else None)
    address = page.url
    tried = frame_of(page, box).evaluate(PRISON, box.base)
    assert tried.pop("origin") == "null"
    assert tried.pop("top") in ("SecurityError", "gone")
    assert page.url == address, "a resource changed the whole page"
    for name, found in tried.items():
        assert found in ("SecurityError", "TypeError", "NetworkError", "undefined", "[object Event]"), (
            f"{name}: {found}"
        )
    assert [url for url in arrived if "enseignant" in url or "answers" in url or "reglages" in url] == []


def test_a_resource_opened_by_its_own_address_is_as_far_away(box: Box, open_as: Open, watch: Watch) -> None:
    """Not framed: the policy that its answer carries is what holds."""
    watch.allow(CAUGHT + "|favicon")
    context = open_as(Who.TEACHER)
    resource = box.resource(SCRIPTED)
    page = context.new_page()
    page.goto(f"{box.content}/blob/{resource['blob']}/{resource['entry']}")
    tried = page.evaluate(PRISON.replace("await attempt('top'", "if (false) await attempt('top'"), box.base)
    assert tried["origin"] == "null"
    assert tried["cookie"] == tried["localStorage"] == "SecurityError"
    assert tried["fetch"] == tried["blind"] == tried["post"] == "TypeError"


def test_zim_search_opens_the_article_and_its_links_work(box: Box, tablet: BrowserContext) -> None:
    page = tablet.new_page()
    page.goto(box.base + "/etagere?q=" + quote("capitale Mongolie Oulan-Bator"))
    page.locator("a.book", has_text="Petite encyclopédie").first.click()
    frame = frame_of(page, box)
    expect(frame.locator("h1")).to_contain_text("Mongolie")
    picture = frame.locator("img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    frame.locator("a[href]").first.click()
    eventually(page, lambda: "mongolie" not in frame.url, "the link does nothing")
    expect(frame.locator("h1")).not_to_contain_text("Mongolie")
    assert page.url.startswith(box.base)


def test_zim_video_plays_and_seeks(box: Box, tablet: BrowserContext) -> None:
    page = read(tablet, box, ZIM, "ciel/phases-de-la-lune")
    video = frame_of(page, box).locator("video")
    video.evaluate("v => { v.muted = true; return v.play(); }")
    eventually(page, lambda: video.evaluate("v => v.currentTime") > 0.1, "the film stands still")
    video.evaluate("v => { v.currentTime = 20; }")
    eventually(page, lambda: video.evaluate("v => !v.seeking && v.currentTime >= 20 && v.readyState >= 2"), "no seek")


def test_zim_offers_to_resume(box: Box, tablet: BrowserContext) -> None:
    read(tablet, box, ZIM, "pays/chine").close()
    page = read(tablet, box, ZIM)
    page.locator("#resume").click()
    expect(frame_of(page, box).locator("h1")).to_contain_text("Chine")


def test_web_bundle_runs_its_inline_script(box: Box, tablet: BrowserContext) -> None:
    page = read(tablet, box, SCRIPTED)
    frame = frame_of(page, box)
    scripts = frame.evaluate("document.querySelectorAll('script:not([src])').length")
    assert scripts >= 1
    frame.locator("select").first.select_option("finir")
    frame.locator("button").first.click()
    expect(frame.locator("body")).to_contain_text("finiss")


def test_web_bundle_pages_and_pictures(box: Box, tablet: BrowserContext) -> None:
    page = read(tablet, box, BUNDLE)
    frame = frame_of(page, box)
    title = frame.title()
    frame.locator("a[href$='.html']").first.click()
    eventually(page, lambda: frame.title() != title or frame.url.endswith(".html"), "no other page")
    images = frame.locator("img").all()
    assert all(image.evaluate("i => i.complete && i.naturalWidth > 0") for image in images)


def _partial(page: Tab) -> list[dict[str, Any]]:
    """Answers to come that are pieces of a file."""
    seen: list[dict[str, Any]] = []
    page.on(
        "response", lambda r: seen.append({"url": r.url, "status": r.status, "range": r.headers.get("content-range")})
    )
    return seen


@pytest.mark.parametrize("filename", VIDEOS)
def test_video_plays_seeks_shows_captions_and_resumes(box: Box, tablet: BrowserContext, filename: str) -> None:
    page = tablet.new_page()
    answers = _partial(page)
    resource = box.resource(filename)
    page.goto(f"{box.base}/lire/{resource['id']}")
    video = page.locator("video")
    eventually(page, lambda: video.evaluate("v => v.readyState >= 1"), "no film")
    length = video.evaluate("v => v.duration")
    video.evaluate("v => { v.muted = true; return v.play(); }")
    eventually(page, lambda: video.evaluate("v => v.currentTime") > 0.2, "the film stands still")
    assert video.evaluate("v => v.videoWidth") > 0
    video.evaluate("v => v.pause()")
    video.evaluate("(v, at) => { v.currentTime = at; }", length * 0.6)
    eventually(page, lambda: video.evaluate("v => !v.seeking && v.readyState >= 2"), "no seek")
    assert video.evaluate("v => v.currentTime") == pytest.approx(length * 0.6, abs=0.1)
    pieces = [a for a in answers if a["status"] == 206]
    assert pieces
    assert all(str(a["range"]).startswith("bytes ") for a in pieces)
    cues = "v => [...v.textTracks].map(t => [t.kind, t.mode, t.cues ? t.cues.length : 0])"
    eventually(page, lambda: video.evaluate(cues)[0][2] >= 1, "no captions")
    assert video.evaluate(cues)[0][:2] == ["captions", "showing"]
    page.close()

    again = read(tablet, box, filename)
    at = int(length * 0.6)
    video = again.locator("video")
    eventually(again, lambda: at - 1 <= video.evaluate("v => v.currentTime") <= at + 1, "does not resume")
    assert video.evaluate("v => v.paused")


def test_video_opens_where_the_search_found_it(box: Box, tablet: BrowserContext) -> None:
    page = read(tablet, box, "phases-de-la-lune.mp4", "12")
    video = page.locator("video")
    eventually(page, lambda: video.evaluate("v => Math.abs(v.currentTime - 12) < 0.5"), "not at 12 s")


@pytest.mark.parametrize("filename", SOUNDS)
def test_sound_plays_seeks_and_resumes(box: Box, tablet: BrowserContext, filename: str) -> None:
    page = read(tablet, box, filename)
    audio = page.locator("audio")
    eventually(page, lambda: audio.evaluate("a => a.readyState >= 1 && a.duration > 10"), "no sound")
    audio.evaluate("a => { a.muted = true; return a.play(); }")
    eventually(page, lambda: audio.evaluate("a => a.currentTime") > 0.2, "silence")
    audio.evaluate("a => { a.pause(); a.currentTime = a.duration / 2; }")
    eventually(page, lambda: audio.evaluate("a => !a.seeking && a.readyState >= 2"), "no seek")
    at = audio.evaluate("a => a.currentTime")
    assert at > 5
    page.close()
    audio = read(tablet, box, filename).locator("audio")
    eventually(audio.page, lambda: abs(audio.evaluate("a => a.currentTime") - at) <= 1, "does not resume")


def test_each_pupil_resumes_at_their_own_place(box: Box, tablet: BrowserContext, open_as: Open) -> None:
    page = read(tablet, box, SOUNDS[0])
    page.locator("audio").evaluate("a => { a.currentTime = 60; }")
    eventually(
        page,
        lambda: page.evaluate("Object.keys(localStorage).some(k => k.startsWith('cartable.place.'))"),
        "not noted",
        10,
    )
    page.goto(box.base + "/etagere")
    page.locator(".bar nav form button").click()
    page.locator(".animals a").nth(3).click()
    page.locator("main form .button:not(.plain)").click()
    other = read(tablet, box, SOUNDS[0]).locator("audio")
    eventually(other.page, lambda: other.evaluate("a => a.readyState >= 1"), "no sound")
    assert other.evaluate("a => a.currentTime") == 0


@pytest.mark.parametrize("filename", PICTURES)
def test_picture_is_whole(box: Box, tablet: BrowserContext, filename: str) -> None:
    picture = read(tablet, box, filename).locator("img.picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("i => i.complete && i.naturalWidth > 100")
    assert picture.get_attribute("alt")


def test_office_file_is_saved_under_its_name_byte_for_byte(box: Box, tablet: BrowserContext) -> None:
    page = read(tablet, box, OFFICE)
    with page.expect_download() as waiting:
        page.locator("main a.button").first.click()
    saved = waiting.value
    assert saved.suggested_filename == OFFICE
    original = (DEMONSTRATION / "resources" / OFFICE).read_bytes()
    assert hashlib.sha256(saved.path().read_bytes()).digest() == hashlib.sha256(original).digest()
