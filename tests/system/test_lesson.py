# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A lesson with real tablets: opened in a few taps, thirty of them sent to the grid by the bell, nobody held."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from appliance.model import Activity, Choice, Question
from appliance.store import activities
from appliance.store.db import Database, Role
from tests.conftest import copy_state
from tests.rigs import box as rig
from tests.rigs.box import Box, until
from tests.rigs.chromium import ARGUMENTS, PATIENCE_MS, PROGRAM, chromium, eventually
from tests.rigs.lesson_tablet import Polling

pytestmark = [pytest.mark.system, pytest.mark.browser]

TABLETS = 30
BELL_S = 2.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """It keeps left pages alive for Back, as those of people do (Playwright's own does not)."""
    with (
        chromium() as first,
        first.browser_type.launch(
            executable_path=PROGRAM, args=list(ARGUMENTS), ignore_default_args=["--disable-back-forward-cache"]
        ) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def classroom(prepared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with rig.running(copy_state(prepared_state, tmp_path_factory.mktemp("box") / "lesson")) as box:
        yield box


@pytest.fixture
def device(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def teacher(classroom: Box, browser: Browser) -> Iterator[Page]:
    """Signed in, on the home page; a lesson of the demonstration's class runs."""
    context = browser.new_context(locale="fr-FR")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(classroom.base + "/enseignant")
    page.fill("#code", classroom.code)
    page.locator("form button").first.click()
    page.goto(classroom.base + "/enseignant/seance/ouvrir")
    page.locator("input[name=classe]").first.check()
    page.locator("main form > .button").click()
    page.wait_for_url("**/enseignant/seance")
    yield page
    context.close()


def come_in(page: Page, box: Box, seat: int = 0) -> None:
    page.goto(box.base + "/qui")
    page.locator(".animals a").nth(seat).click()
    page.locator("main form .button:not(.plain)").click()
    expect(page.locator("#hand")).to_be_visible()


def test_from_the_first_page_of_a_fresh_box_to_a_running_quiz(tmp_path: Path, device: BrowserContext) -> None:
    """Without class, name or account; 28 animals; the taps of the teacher and of the first pupil together."""
    box = rig.start(tmp_path / "fresh", demonstration=None)
    try:
        choices = (Choice("a", "Un demi"), Choice("b", "Un tiers"))
        db = Database(box.state / "cartable.sqlite", Role.HUB)
        activities.save(db, Activity("fractions", "Fractions", (Question("q", "1/2 ?", choices, "a", "Oui", "Non"),)))
        db.close()
        page, taps = device.new_page(), []

        def tap(selector: str) -> None:
            page.locator(selector).first.click()
            taps.append(selector)

        page.goto(box.base + "/")
        tap("a[href='/enseignant']")
        page.fill("#code", box.code)
        tap("form button")
        tap(".opening button:has-text('Fractions')")
        page.wait_for_url("**/enseignant/seance")
        assert page.locator(".seat").count() == 28
        page.context.clear_cookies()  # the same taps on a pupil's tablet, which shows the grid by itself
        page.goto(box.base + "/")
        tap(".animals a")
        tap("main form .button:not(.plain)")
        expect(page.locator("form.question")).to_be_visible()
        expect(page.locator("#lesson .badge")).to_have_text("Non conservé")
        assert len(taps) <= 6, taps
    finally:
        box.stop()


def test_the_bell_sends_thirty_tablets_to_the_grid(classroom: Box, teacher: Page, device: BrowserContext) -> None:
    pupils = [row["id"] for row in classroom.rows("SELECT id FROM pupil ORDER BY position")]
    others = [Polling(classroom, pupils[number % len(pupils)]) for number in range(TABLETS - 1)]
    page = device.new_page()
    come_in(page, classroom, 1)
    page.locator("a.hero").first.click()
    expect(page.locator("form.question").first).to_be_visible()
    shown = page.inner_text("main")
    threads = [threading.Thread(target=each.run) for each in others]
    for thread in threads:
        thread.start()
    try:
        until(lambda: all(each.polls >= 2 for each in others), "the tablets do not ask", 30)
        rung = time.monotonic()
        teacher.goto(classroom.base + "/enseignant/accueil")
        before = time.monotonic()
        teacher.locator("button.danger").click()
        page.wait_for_url("**/qui")
        here = time.monotonic() - before
        until(lambda: all(each.on_grid for each in others), "some tablet stayed", 15)
    finally:
        for each in others:
            each.stop.set()
        for thread in threads:
            thread.join()
    late = [round(each.on_grid - before, 2) for each in others if each.on_grid - before > BELL_S]
    assert not late, (late, here, before - rung)
    assert here <= BELL_S + 0.5, "the browser's own start of a page included"
    assert max(each.polls for each in others) < 200
    for _ in range(5):
        page.go_back(wait_until="load")
        if not page.url.startswith(classroom.base):
            break
        eventually(page, lambda: "gone" not in (page.get_attribute("html", "class") or ""), "it stays hidden")
        assert shown not in page.inner_text("body")
        assert not page.locator("form.question").count()


def test_a_tablet_on_the_grid_follows_the_next_lesson_by_itself(
    classroom: Box, teacher: Page, device: BrowserContext
) -> None:
    page = device.new_page()
    teacher.locator("button.danger").click()
    teacher.wait_for_url("**/bilan/*")
    page.goto(classroom.base + "/qui")
    expect(page.locator("h1")).to_have_text("Pose la tablette")
    teacher.locator("form[action*=rouvrir] button").click()
    expect(page.locator(".animals a").first).to_be_visible()


def test_look_at_me_covers_the_page_and_frees_it_when_the_box_is_silent(
    classroom: Box, teacher: Page, device: BrowserContext
) -> None:
    page = device.new_page()
    page.clock.install()
    come_in(page, classroom)
    page.clock.run_for(2000)
    teacher.goto(classroom.base + "/enseignant/seance")
    teacher.locator("form[action$=regardez] button").nth(2).click()
    cover = page.locator("#look")

    def covered() -> bool:
        page.clock.run_for(500)
        return cover.is_visible()

    eventually(page, covered, "the tablet does not say it")
    assert page.evaluate("document.activeElement.id") == "look"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "look"
    page.route("**/api/lesson/now*", lambda route: route.abort())
    page.clock.run_for(15_000)
    assert cover.is_visible()
    page.clock.run_for(8_000)
    assert cover.is_hidden(), "nobody is held by a box that died"
    page.unroute("**/api/lesson/now*")
    eventually(page, covered, "the box is back, and it is not over")
    page.clock.run_for(5 * 60_000 + 2000)
    assert cover.is_hidden(), "it frees itself"
    teacher.locator("form[action$=regardez] button").nth(3).click()


def test_a_killed_hub_holds_nobody_and_knows_the_room_again(
    classroom: Box, teacher: Page, device: BrowserContext
) -> None:
    page = device.new_page()
    come_in(page, classroom, 3)
    teacher.goto(classroom.base + "/enseignant/seance")
    teacher.locator("form[action$=regardez] button").nth(2).click()
    expect(page.locator("#look")).to_be_visible()
    classroom.kill_hub()
    expect(page.locator("#look")).to_be_hidden(timeout=30_000)
    teacher.goto(classroom.base + "/enseignant/seance")
    expect(teacher.locator(".seat.here")).to_have_count(1, timeout=10_000)


def test_what_a_tablet_kept_of_an_anonymous_lesson_is_refused_later_and_forgotten(
    classroom: Box, teacher: Page, device: BrowserContext
) -> None:
    teacher.goto(classroom.base + "/enseignant/seance/ouvrir")
    teacher.locator("input[name=classe][value='']").check()
    teacher.locator("input[name=plan]").first.check()
    teacher.locator("main form > .button").click()
    teacher.wait_for_url("**/enseignant/seance")
    page = device.new_page()
    come_in(page, classroom)
    page.route("**/api/answers", lambda route: route.abort())
    page.locator("form.question button[name=choice]").first.click()
    eventually(page, lambda: page.evaluate("window.cartable.waiting().length") == 1, "nothing waits")
    expect(teacher.locator(".seat.here")).to_contain_text("1 réponse gardée dans la tablette")
    teacher.locator("button.danger").click()
    teacher.wait_for_url("**/bilan/*")
    expect(page).to_have_url(re.compile("/qui$"))
    page.unroute("**/api/answers")
    page.reload()
    eventually(page, lambda: page.evaluate("window.cartable.waiting().length") == 0, "it was not forgotten")
    assert not classroom.rows("SELECT 1 FROM answer WHERE lesson LIKE 'anonymous-%'")


def test_a_dropped_tablet_is_seen_after_ten_seconds(classroom: Box, teacher: Page, device: BrowserContext) -> None:
    page = device.new_page()
    come_in(page, classroom, 5)
    teacher.goto(classroom.base + "/enseignant/seance")
    expect(teacher.locator(".seat.here")).to_have_count(1)
    page.locator("#hand button").click()
    expect(teacher.locator("#board form button")).to_have_count(1)
    teacher.locator("#board form button").click()
    expect(page.locator("#hand button")).to_have_attribute("aria-pressed", "false")
    page.close()
    left = time.monotonic()
    expect(teacher.locator(".seat.gone")).to_have_count(1, timeout=20_000)
    assert 7 < time.monotonic() - left < 16
