# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A photo and a voice by the page's script: shrunk, kept in the tablet while the box is away, delivered once."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import media
from tests.browser.conftest import TABLET
from tests.rigs import box as boxes
from tests.rigs import media as rig
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, Watch, eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

KEPT = """() => new Promise(done => { const asked = indexedDB.open('cartable', 1); asked.onsuccess = () => {
  const found = asked.result.transaction('media').objectStore('media').getAll();
  found.onsuccess = () => { asked.result.close();
    done(found.result.map(each => [each.type, each.body.byteLength])); }; }; })"""
MICROPHONE = """if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext(), tone = context.createOscillator(), out = context.createMediaStreamDestination();
  tone.connect(out); tone.start(); return out.stream; };"""
CUT = """const ask = window.fetch; window.fetch = (address, ...rest) =>
  localStorage.getItem('cut') && address === '/api/media' ? Promise.reject(new TypeError()) : ask(address, ...rest);"""
"""The line to the hub, for photos and voices alone: not by an interception, which lets go of what it holds when a page
is closed."""
NO_STORE = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } });"


Open = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with the demonstration class and no resource."""
    folder = tmp_path_factory.mktemp("media")
    (folder / "class").mkdir()
    shutil.copy(boxes.DEMONSTRATION / "class.toml", folder / "class")
    (folder / "class" / "catalogue.toml").write_text("resource = []\n")
    found = boxes.start(folder / "box", demonstration=folder / "class")
    yield found
    found.stop()


@pytest.fixture
def watch(box: Box) -> Iterator[Watch]:
    found = Watch((box.base, box.content))
    yield found
    found.check()


@pytest.fixture
def open_as(browser: Browser, watch: Watch) -> Iterator[Open]:
    """A tablet that nobody holds yet."""
    with contextlib.ExitStack() as stack:

        def opened(**options: Any) -> BrowserContext:
            context = browser.new_context(**{**TABLET, "locale": "fr-FR", "service_workers": "block", **options})
            context.set_default_timeout(PATIENCE_MS)
            watch.follow(context)
            stack.callback(context.close)
            return context

        yield opened


def cut(page: Page, *, off: bool) -> None:
    page.evaluate("off => off ? localStorage.setItem('cut', '1') : localStorage.removeItem('cut')", off)


def come_in(context: BrowserContext, box: Box, seat: int) -> Page:
    """Choose an animal, then the quiz."""
    page = context.new_page()
    page.goto(box.base + "/qui")
    page.locator(".animals a").nth(seat).click()
    page.locator("main form .button:not(.plain)").click()
    page.wait_for_url("**/etagere")
    page.goto(f"{box.base}/exercice/{rig.quiz(box)}")
    return page


def pupil(box: Box, seat: int) -> str:
    return str(box.rows("SELECT id FROM pupil ORDER BY position")[seat]["id"])


def delivered(box: Box, seat: int) -> int:
    return len(box.rows("SELECT 1 FROM answer WHERE pupil = ? AND activity = ?", pupil(box, seat), rig.quiz(box)))


def works(box: Box) -> list[bytes]:
    """What the teacher sees of the lesson, the newest first."""
    lesson = box.rows("SELECT id FROM lesson ORDER BY started_at DESC LIMIT 1")[0]["id"]
    page = box.client.request("GET", f"/enseignant/travaux/seance/{lesson}").body.decode()
    sources = [part.partition('"')[0] for part in page.split(' src="')[1:]]
    shown = [each for each in sources if each.startswith("/enseignant/travaux/")]
    return [box.client.request("GET", each).body for each in shown]


def test_a_photo_outlives_a_cut_a_closed_tab_another_pupil_and_a_killed_hub(
    box: Box, open_as: Open, watch: Watch, tmp_path: Path
) -> None:
    watch.allow("Failed to load resource|ERR_")
    file = tmp_path / "dessin.jpg"
    file.write_bytes(media.photo((3000, 2000), place=True))
    context = open_as()
    context.add_init_script(CUT)
    page = come_in(context, box, 5)
    form = page.locator("form.kind-photo")
    form.locator("[type=file]").set_input_files(file)
    expect(form.locator("canvas")).to_be_visible()
    cut(page, off=True)
    form.locator(".send button").click()
    expect(form.locator(".feedback")).to_contain_text("Gardé dans cette tablette")
    expect(page.locator("#outbox")).to_contain_text("1 réponse gardée")
    ((kind, size),) = page.evaluate(KEPT)
    assert kind == "image/jpeg"
    assert size < len(file.read_bytes()) * 3
    page.close()

    page = come_in(context, box, 6)
    expect(page.locator("#outbox")).to_contain_text("1 réponse gardée")
    eventually(page, lambda: page.locator("form.kind-photo").count(), "the quiz is there")
    expect(page.locator("form.kind-photo [type=file]")).to_be_visible()
    assert page.locator("form.medium canvas").count() == 0
    page.close()

    page = come_in(context, box, 5)
    expect(page.locator("form.kind-photo .feedback")).to_contain_text("Gardé dans cette tablette")
    expect(page.locator("form.kind-photo [type=file]")).to_be_hidden()
    assert delivered(box, 5) == 0
    cut(page, off=False)
    box.kill_hub()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("form.kind-photo .feedback")).to_contain_text("Envoyé.", timeout=40_000)
    expect(page.locator("#outbox")).to_be_hidden()
    assert page.evaluate(KEPT) == []
    page.reload()
    expect(page.locator("form.kind-photo .feedback")).to_contain_text("Envoyé.")
    assert (delivered(box, 5), delivered(box, 6)) == (1, 0)
    shown = Image.open(io.BytesIO(works(box)[0]))
    assert shown.size == (1067, 1600), "upright, and no larger"


def test_a_voice_is_recorded(box: Box, open_as: Open, watch: Watch) -> None:
    context = open_as()
    context.add_init_script(MICROPHONE)
    page = come_in(context, box, 7)
    form = page.locator("form.kind-voice")
    button = form.locator("[name=record]")
    button.click()
    expect(button).to_have_text("Arrête")
    eventually(page, lambda: page.evaluate("performance.now() > 1500"), "a second of sound")
    button.click()
    expect(form.locator("audio")).to_be_visible()
    form.locator(".send button").click()
    expect(form.locator(".feedback")).to_contain_text("Envoyé.")
    assert delivered(box, 7) == 1
    assert works(box)[0].startswith(b"\x1a\x45\xdf\xa3")


def test_a_tablet_that_can_keep_nothing_says_so_and_sends_at_once(
    box: Box, open_as: Open, watch: Watch, tmp_path: Path
) -> None:
    watch.allow("Failed to load resource|ERR_")
    (tmp_path / "a.png").write_bytes(media.photo((50, 50), "PNG"))
    (tmp_path / "b.png").write_bytes(media.SVG)
    context = open_as()
    context.add_init_script(NO_STORE)
    context.add_init_script(CUT)
    page = come_in(context, box, 8)
    cut(page, off=True)
    form = page.locator("form.kind-photo")
    form.locator("[type=file]").set_input_files(tmp_path / "b.png")
    expect(form.locator(".feedback")).to_contain_text("Cela ne va pas")
    form.locator("[type=file]").set_input_files(tmp_path / "a.png")
    form.locator(".send button").click()
    expect(form.locator(".feedback")).to_contain_text("reste sur cette page")
    expect(page.locator("#outbox")).to_contain_text("1 réponse gardée")
    cut(page, off=False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(form.locator(".feedback")).to_contain_text("Envoyé.")
    assert delivered(box, 8) == 1


def test_without_script_the_form_sends_it(box: Box, open_as: Open, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(media.photo())
    page = come_in(open_as(java_script_enabled=False), box, 9)
    form = page.locator("form.kind-photo")
    form.locator("[type=file]").set_input_files(tmp_path / "a.jpg")
    form.locator(".send button").click()
    expect(page.locator("form.kind-photo .feedback")).to_contain_text("Envoyé.")
    assert delivered(box, 9) == 1
