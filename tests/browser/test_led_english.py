# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher leads an activity with the box's own microphone and loudspeaker: three services, simulated devices, the
real engine; by a phone, then without JavaScript."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from appliance.sequences import ready
from tests.browser.conftest import PHONE, sign_in
from tests.browser.pages import Who
from tests.rigs import box as rig
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, Watch

pytestmark = pytest.mark.browser

HOME, SEQUENCE = "/enseignant/accueil", "/enseignant/oral/cp-simon"
CONFIG = """[drivers]
microphone = "simulated"
microphone_device = "{heard}"
loudspeaker = "simulated"
loudspeaker_device = "8"
"""
SLOW_MS = 40_000
"""An engine is loaded, and the sound goes at its own pace."""


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box whose microphone hears “Walk!” again and again."""
    folder = tmp_path_factory.mktemp("english")
    heard, config = folder / "heard", folder / "cartable.toml"
    heard.mkdir()
    shutil.copy(ready.FOLDER / "cp-simon/sounds/walk.mp3", heard)
    config.write_text(CONFIG.format(heard=heard))
    box = rig.start(folder / "box", demonstration=None, config=config)
    try:
        yield box
    finally:
        box.stop()


@pytest.fixture
def phone(browser: Browser, english: Box) -> Iterator[BrowserContext]:
    """The teacher's, signed in."""
    yield from _signed_in(browser, english)


@pytest.fixture
def plain(browser: Browser, english: Box) -> Iterator[BrowserContext]:
    """The same without JavaScript."""
    yield from _signed_in(browser, english, java_script_enabled=False)


def _signed_in(browser: Browser, box: Box, java_script_enabled: bool = True) -> Iterator[BrowserContext]:
    watch = Watch((box.base, box.content))
    context = browser.new_context(**PHONE, locale="fr-FR", java_script_enabled=java_script_enabled)
    context.set_default_timeout(PATIENCE_MS)
    watch.follow(context)
    sign_in(context, box, Who.TEACHER)
    yield context
    context.close()
    watch.check()


def turn(page: Page) -> int:
    found = re.search(r"Tour (\d+) sur", page.locator("#room").inner_text())
    assert found, page.locator("#room").inner_text()
    return int(found[1])


def test_an_activity_is_led_from_a_phone(phone: BrowserContext, english: Box) -> None:
    page = phone.new_page()
    page.goto(english.base + HOME)
    page.get_by_role("link", name="Anglais oral").click()
    page.get_by_role("link", name="Les consignes de la classe").click()
    page.get_by_role("link", name="Mener avec la boîte", exact=True).click()
    page.get_by_label("Petit groupe").check()
    page.get_by_role("button", name="Commencer").click()
    room = page.locator("#room")
    expect(room.locator(".card-said")).to_contain_text("Walk!")
    expect(room.locator(".notice")).to_contain_text("Bravo", timeout=SLOW_MS)
    expect(page.locator("#level")).to_be_visible()
    expect(room.locator(".card-said")).to_contain_text("Wash your hands!", timeout=SLOW_MS)
    expect(room.locator(".notice")).to_contain_text("Encore une fois", timeout=SLOW_MS)
    room.get_by_role("button", name="Bien dit").click()
    expect(room).to_contain_text(re.compile("Vous avez décidé|Tour 3"))
    room.get_by_role("button", name="Pause").click()
    expect(room).to_contain_text("En pause.")
    before = turn(page)
    room.get_by_role("button", name="Suite").click()
    page.wait_for_function("n => document.querySelector('#room').innerText.includes(`Tour ${n} sur`)", arg=before + 1)
    room.get_by_role("button", name="Écouter aussi ma voix").click()
    expect(room).to_contain_text("next, again, slower, stop")
    page.get_by_role("button", name="Arrêter").click()
    expect(page.get_by_role("button", name="Commencer")).to_be_visible()
    page.close()


def test_an_activity_is_led_without_a_script(plain: BrowserContext, english: Box) -> None:
    page = plain.new_page()
    page.goto(f"{english.base}{SEQUENCE}/conduire?activite=3")
    page.get_by_role("button", name="Commencer").click()
    expect(page.locator(".card-said")).to_contain_text("Stand up!")
    assert page.url.endswith(f"{SEQUENCE}/conduire?activite=3")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#room")).to_contain_text("En pause.")
    page.get_by_role("button", name="Suite").click()
    expect(page.locator("#room")).to_contain_text("Tour 2 sur 8")
    page.goto(f"{english.base}/enseignant/oral/cp-hello/conduire")
    page.get_by_role("link", name="La mener").click()
    page.get_by_role("button", name="Arrêter").click()
    expect(page.get_by_role("button", name="Commencer")).to_be_visible()
    page.close()
