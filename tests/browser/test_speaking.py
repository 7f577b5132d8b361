# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A pupil speaks English to a whole box: the model's own voice through Chromium's microphone, the real engine.

No sound outlives its page, and without script, or without a microphone, a file does.
"""

from __future__ import annotations

import re
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from appliance.drivers import sound_decoder
from appliance.ports import RATE
from appliance.sequences import ready
from tests.browser.conftest import TABLET
from tests.rigs import box as boxes
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, Watch, beside
from tests.rigs.english import SEQUENCE
from tests.rigs.speech_sounds import hiss

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PAGE = f"/oral/{SEQUENCE}/0"
SAID = "hot-chocolate"
HEARD = re.compile(r"verdict (bravo|presque)")
VERDICT_MS = 30_000


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with the demonstration class and no resource."""
    folder = tmp_path_factory.mktemp("speaking")
    (folder / "class").mkdir()
    shutil.copy(boxes.DEMONSTRATION / "class.toml", folder / "class")
    (folder / "class" / "catalogue.toml").write_text("resource = []\n")
    found = boxes.start(folder / "box", demonstration=folder / "class")
    yield found
    found.stop()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A room, the model's voice, the room again."""
    clip = (ready.FOLDER / SEQUENCE / "sounds" / f"{SAID}.mp3").read_bytes()
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(hiss(0.7, 20) + sound_decoder.decode(clip) + hiss(4, 20))
    return path


@pytest.fixture(scope="module")
def speaking(browser: Browser, recording: Path) -> Iterator[Browser]:
    """A browser whose microphone says it."""
    with beside(
        browser, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}%noloop",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def watch(box: Box) -> Iterator[Watch]:
    found = Watch((box.base, box.content))
    yield found
    found.check()


@pytest.fixture
def tablet(box: Box, speaking: Browser, watch: Watch) -> Iterator[BrowserContext]:
    context = speaking.new_context(**TABLET, locale="fr-FR", service_workers="block")
    context.set_default_timeout(PATIENCE_MS)
    watch.follow(context)
    yield context
    context.close()


def come_in(context: BrowserContext, box: Box, path: str = PAGE) -> Page:
    page = context.new_page()
    page.goto(box.base + "/qui")
    page.locator(".animals a").first.click()
    page.locator("main form .button:not(.plain)").click()
    page.wait_for_url("**/etagere")
    page.goto(box.base + path)
    return page


def attempts(box: Box) -> list[tuple[str, str]]:
    return [(row["item"], row["outcome"]) for row in box.rows("SELECT item, outcome FROM oral_attempt")]


def test_listen_speak_verdict_next_and_wifi_that_goes(box: Box, tablet: BrowserContext, watch: Watch) -> None:
    watch.allow("Failed to load resource|ERR_")
    page = come_in(tablet, box)
    page.locator(".lead").click()
    expect(page.locator(".lead.playing")).to_have_count(0)
    expect(page.locator(".take")).to_be_hidden()
    tablet.route("**/api/speech/attempts", lambda route: route.abort())
    page.locator(".mic").click()
    expect(page.locator(".mic.on")).to_be_visible()
    expect(page.locator("#verdict")).to_contain_text("ta voix attend sur cette page", timeout=VERDICT_MS)
    assert attempts(box) == []
    assert page.evaluate("indexedDB.databases().then(all => all.map(each => each.name))") in ([], ["cartable"])
    tablet.unroute("**/api/speech/attempts")
    page.locator("[name=again]").click()
    expect(page.locator("#verdict")).to_have_class(HEARD, timeout=VERDICT_MS)
    expect(page.locator("#verdict")).to_contain_text("hot chocolate")
    expect(page.locator("[name=me]")).to_be_visible()
    (said,) = attempts(box)
    assert said[0] == SAID
    page.locator("[rel=next]").click()
    page.wait_for_url("**?n=2")
    expect(page.locator("#verdict")).to_have_text("")
    (body,) = box.rows("SELECT body FROM statement WHERE CAST(body AS TEXT) LIKE '%oral-outcome%'")
    assert b"audio" not in body["body"]


def test_without_script_a_file_brings_the_verdict_back(box: Box, speaking: Browser, recording: Path) -> None:
    context = speaking.new_context(**TABLET, locale="fr-FR", java_script_enabled=False)
    context.set_default_timeout(VERDICT_MS)
    page = come_in(context, box, f"{PAGE}?n=1")
    expect(page.locator(".mic")).to_be_hidden()
    page.locator("[type=file]").set_input_files(recording)
    page.locator(".take button").click()
    page.wait_for_url("**v=*")
    expect(page.locator("#verdict")).to_have_class(HEARD)
    expect(page.locator("#verdict")).to_contain_text("hot chocolate")
    context.close()


def test_without_a_secure_connection_the_file_s_field_is_there(
    box: Box, tablet: BrowserContext, recording: Path
) -> None:
    tablet.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false });")
    page = come_in(tablet, box)
    expect(page.locator(".mic")).to_be_hidden()
    page.locator("[type=file]").set_input_files(recording)
    expect(page.locator("#verdict")).to_have_class(HEARD, timeout=VERDICT_MS)


def test_free_speech_is_compared_and_sent_nowhere(box: Box, tablet: BrowserContext) -> None:
    page = come_in(tablet, box, f"/oral/{SEQUENCE}/4")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/speech/" in request.url else None)
    page.locator(".mic").click()
    expect(page.locator("#verdict.compare")).to_be_visible(timeout=VERDICT_MS)
    assert asked == []
