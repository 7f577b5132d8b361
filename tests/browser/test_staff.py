# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Accounts in a real browser, on a box of their own: first teacher, PIN, director, technician; every page looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser import probes
from tests.browser.conftest import TABLET
from tests.rigs import axe
from tests.rigs import box as rig
from tests.rigs.box import DEMONSTRATION, Box
from tests.rigs.chromium import PATIENCE_MS, settle

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SMALL: ViewportSize = {"width": 320, "height": 640}
WIDE: ViewportSize = {"width": 820, "height": 1180}
DISPLAYS: dict[str, tuple[ViewportSize, Literal["light", "dark"], str]] = {
    "light": (WIDE, "light", ""),
    "dark": (WIDE, "dark", ""),
    "200 %": ({"width": 410, "height": 590}, "light", ""),
    "dys": (WIDE, "light", "space-dys size-big font-opendyslexic"),
    "320 px": (SMALL, "light", ""),
}
MOST_NODES, MOST_STOPS = 300, 80


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with a class and no resource."""
    folder = tmp_path_factory.mktemp("staff")
    demonstration = folder / "demonstration"
    demonstration.mkdir()
    shutil.copy(DEMONSTRATION / "class.toml", demonstration)
    (demonstration / "catalogue.toml").write_text("resource = []\n")
    box = rig.start(folder / "state", demonstration=demonstration)
    yield box
    box.stop()


class Person:
    """Somebody in front of a tablet."""

    def __init__(self, browser: Browser, box: Box) -> None:
        self.context = browser.new_context(**TABLET, locale="fr-FR", bypass_csp=True)
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.box = box

    def go(self, path: str) -> None:
        self.page.goto(self.box.base + path)

    def press(self, where: str = "main form:not([action$='.pdf']) button:not([data-print])") -> None:
        self.page.locator(where).first.click()
        self.page.wait_for_load_state()

    def sign_in(self, code: str) -> None:
        self.go("/enseignant")
        self.page.fill("#code", code)
        self.press()

    def look(self) -> None:
        """Nothing wrong for axe in five displays; targets, sides, nodes; the focus is seen wherever Tab leads.

        Pages that were posted cannot be loaded again: the reading profile is put on the page that is there.
        """
        found: list[str] = []
        for name, (size, scheme, profile) in DISPLAYS.items():
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.set_viewport_size(size)
            self.page.evaluate("words => { document.documentElement.className = words; }", profile)
            settle(self.page)
            wrong = axe.run(self.page)[0] + self.page.evaluate(probes.TARGETS, 44) + self.page.evaluate(probes.SIDEWAYS)
            found += [f"{name}: {line}" for line in wrong]
        assert not found, (self.page.url, found)
        assert self.page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES, self.page.url
        self.walk()

    def walk(self) -> None:
        """By keyboard, as far as there is something to use."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate(probes.FOCUS)
            if focus is None:
                return
            assert focus["ring"], focus
            assert focus["inView"], focus
            assert not focus["covered"], focus
        raise AssertionError(f"{self.page.url}: Tab does not come to an end")


def test_accounts(browser: Browser, school: Box) -> None:
    teacher = Person(browser, school)
    teacher.sign_in(school.code)
    teacher.go("/enseignant/compte/nouveau")
    words = teacher.page.input_value("#words")
    teacher.page.fill("#name", "Mme Roux")
    teacher.press()
    teacher.look()
    key = " ".join(teacher.page.locator(".recovery span").all_inner_texts())
    assert teacher.page.locator("[data-print]").is_visible()
    with teacher.context.expect_page():  # the page that shows the key is still there beside it
        teacher.page.locator("form[action$='.pdf'] button").click()
    assert key == " ".join(teacher.page.locator(".recovery span").all_inner_texts())
    teacher.press()
    teacher.look()
    teacher.page.fill("#pin", "270418")
    teacher.page.fill("#again", "270418")
    teacher.press()
    teacher.look()
    for page in ("/enseignant/compte", "/enseignant/journal"):
        teacher.go(page)
        teacher.look()
    teacher.go("/enseignant/accueil")
    teacher.press("form[action$=quitter] button")
    teacher.go("/enseignant")
    teacher.look()
    teacher.page.fill("#pin", "270418")
    teacher.press()
    assert teacher.page.url.endswith("/enseignant/accueil")

    director = Person(browser, school)
    director.go("/direction")
    director.page.fill("#key", key)
    director.press()
    director.look()
    director.go(f"/enseignant/compte/{school.rows('SELECT id FROM staff')[0]['id']}/fermer")
    director.look()
    director.go("/direction/accueil")
    director.press("form[action$=phrase] button")
    director.look()
    teacher.go("/enseignant/compte")
    assert teacher.page.url.endswith("/enseignant"), "the old words are worth nothing, nor is the PIN"
    teacher.sign_in(words)
    assert teacher.page.locator("[role=alert]").is_visible()

    technician = Person(browser, school)
    technician.sign_in(school.code)
    technician.go("/enseignant/compte/nouveau")
    technician.page.locator("input[value=technician]").check()
    technician.press()
    technician.look()
    assert technician.page.url.endswith("/technique")
    for person in (teacher, director, technician):
        person.context.close()


def test_a_second_teacher_sees_no_pupil_of_the_first(browser: Browser, school: Box) -> None:
    teacher = Person(browser, school)
    teacher.sign_in(school.code)
    teacher.go("/enseignant/compte/nouveau")
    teacher.press()
    teacher.go("/enseignant/eleves")
    assert not teacher.page.locator("main a.tile").count(), "the class is another teacher's"
    teacher.context.close()
