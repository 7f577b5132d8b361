# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The one statement: what a pupil answered is kept once, under a pseudonym, whatever happens to box and Wi-Fi."""

# ruff: noqa: E501 - scripts for the browser
from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.conftest import copy_state
from tests.rigs import box as rig
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, Watch, chromium, eventually

pytestmark = [pytest.mark.system, pytest.mark.browser]

ENDPOINT = "**/api/answers"
ARRIVAL_S = 60.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def classroom(prepared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box of this file's own: its hub is killed again and again."""
    with rig.running(copy_state(prepared_state, tmp_path_factory.mktemp("box") / "answers")) as box:
        yield box


@pytest.fixture
def tablet(browser: Browser, classroom: Box) -> Iterator[BrowserContext]:
    watch = Watch((classroom.base, classroom.content))
    watch.allow("Failed to load resource|ERR_")
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True, locale="fr-FR",
                                  service_workers="block")  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    watch.follow(context)
    yield context
    context.close()
    watch.check()


@pytest.fixture
def seat(classroom: Box) -> int:
    """The number of a pupil who has not answered yet."""
    answered = {row["pupil"] for row in classroom.rows("SELECT DISTINCT pupil FROM answer")}
    pupils = [row["id"] for row in classroom.rows("SELECT id FROM pupil ORDER BY position")]
    return next(index for index, pupil in enumerate(pupils) if pupil not in answered)


def pupil_at(box: Box, seat: int) -> dict[str, Any]:
    return dict(box.rows("SELECT * FROM pupil ORDER BY position")[seat])


def come_in(page: Page, box: Box, seat: int) -> None:
    """Animal, yes, exercise, whole: a form whose script has not arrived yet is sent as a page, which needs the box."""
    page.goto(box.base + "/qui")
    page.locator(".animals a").nth(seat).click()
    page.locator("main form .button:not(.plain)").click()
    expect(page).to_have_url(re.compile("/etagere$"))
    page.locator("a.hero").first.click()
    page.wait_for_url(re.compile("/exercice/"), wait_until="load")


def tap(page: Page, question: int = 0, *, right: bool = True) -> str:
    """Answer; returns the UUID that the answer carries."""
    form = page.locator("form.question").nth(question)
    wanted = form.get_attribute("data-answer")
    identifier = form.locator("input[name=id]").input_value()
    same = f"[value='{wanted}']"
    form.locator(f"button[name=choice]{same if right else f':not({same})'}").first.click()
    expect(form.locator(".feedback")).to_contain_text(
        form.get_attribute("data-right" if right else "data-wrong") or "?"
    )
    return identifier


def kept(page: Page, count: int) -> None:
    """The tablet says how many answers wait in it."""
    line = page.locator("#outbox")
    if count:
        expect(line).to_be_visible()
        expect(line).to_contain_text("1 réponse gardée" if count == 1 else f"{count} réponses gardées")
    else:
        expect(line).to_be_hidden(timeout=ARRIVAL_S * 1000)


def stored(box: Box, pupil: str) -> list[dict[str, Any]]:
    """A pupil's statements, oldest first."""
    rows = box.rows("SELECT s.body FROM answer a JOIN statement s ON s.id = a.statement WHERE a.pupil = ? ORDER BY s.row",
                    pupil)  # fmt: skip
    return [json.loads(row["body"]) for row in rows]


def arrives(page: Page, box: Box, pupil: str, *identifiers: str) -> list[dict[str, Any]]:
    """Wait, the page living on, until exactly these answers are there."""
    eventually(page, lambda: len(stored(box, pupil)) >= len(identifiers), "the answers never arrived", ARRIVAL_S)
    found = stored(box, pupil)
    assert sorted(statement["id"] for statement in found) == sorted(identifiers)
    return found


def test_an_answer_becomes_a_pseudonymous_statement(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    first, second = tap(page, 0), tap(page, 1, right=False)
    right, wrong = sorted(arrives(page, classroom, pupil["id"], first, second), key=lambda s: s["id"] != first)
    kept(page, 0)
    assert right["actor"]["account"]["name"] == pupil["id"]
    assert right["verb"]["id"].endswith("/answered")
    assert (right["result"]["success"], wrong["result"]["success"]) == (True, False)
    group = classroom.rows("SELECT name FROM school_group WHERE id = ?", pupil["school_group"])[0]["name"]
    for word in (pupil["alias"], pupil["avatar"], group):
        assert word not in json.dumps([right["actor"], right["context"], right["result"]], ensure_ascii=False)
    page.reload()
    expect(page.locator("form.question").first.locator("button[aria-pressed=true]")).to_have_count(1)


def test_a_double_tap_is_one_answer(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    identifier = page.locator("form.question").first.locator("input[name=id]").input_value()
    page.locator("form.question").first.locator("button[name=choice]").first.dblclick()
    arrives(page, classroom, pupil["id"], identifier)


def test_without_the_network_it_waits_and_arrives_once(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    tablet.set_offline(True)
    sent = [tap(page, 0), tap(page, 1)]
    kept(page, 2)
    assert stored(classroom, pupil["id"]) == []
    tablet.set_offline(False)
    arrives(page, classroom, pupil["id"], *sent)
    kept(page, 0)


def test_the_tab_is_closed_and_another_page_opened(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    tablet.set_offline(True)
    sent = [tap(page, question) for question in range(3)]
    kept(page, 3)
    page.close()
    tablet.set_offline(False)
    later = tablet.new_page()
    later.goto(classroom.base + "/reglages")
    arrives(later, classroom, pupil["id"], *sent)
    kept(later, 0)


def test_reloads_while_the_box_is_away(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    """The page comes back by itself, shows what was answered, and what waits."""
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    tablet.route(ENDPOINT, lambda route: route.abort())
    identifier = tap(page)
    kept(page, 1)
    for _ in range(3):
        page.reload()
        kept(page, 1)
        expect(page.locator("form.question").first.locator("button[aria-pressed=true]")).to_have_count(1)
    classroom.kill_hub(wait=False)
    page.reload()
    tablet.unroute(ENDPOINT)
    expect(page.locator("form.question").first).to_be_visible(timeout=ARRIVAL_S * 1000)
    arrives(page, classroom, pupil["id"], identifier)
    kept(page, 0)


def test_the_hub_is_killed_before_the_answer(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    classroom.kill_hub(wait=False)
    identifier = tap(page)
    arrives(page, classroom, pupil["id"], identifier)
    kept(page, 0)


def test_the_hub_is_killed_in_the_middle_of_the_answer(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    for pid in classroom.hub_pids():
        os.kill(pid, signal.SIGSTOP)
    with page.expect_request(ENDPOINT):
        identifier = tap(page)
    kept(page, 1)
    classroom.kill_hub(wait=False)
    arrives(page, classroom, pupil["id"], identifier)
    kept(page, 0)


def test_the_hub_is_killed_after_it_wrote_and_before_the_tablet_hears(
    classroom: Box, tablet: BrowserContext, seat: int
) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        classroom.kill_hub()
        route.abort()

    tablet.route(ENDPOINT, lose)
    identifier = tap(page)
    arrives(page, classroom, pupil["id"], identifier)
    kept(page, 0)
    assert lost == [200]
    arrives(page, classroom, pupil["id"], identifier)


def test_another_pupil_takes_the_tablet(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page = tablet.new_page()
    first, second = pupil_at(classroom, seat), pupil_at(classroom, seat + 1)
    come_in(page, classroom, seat)
    tablet.route(ENDPOINT, lambda route: route.abort())
    firsts = [tap(page, 0), tap(page, 1)]
    page.goto(classroom.base + "/etagere")
    kept(page, 2)
    page.locator("form[action='/au-revoir'] button").click()
    expect(page).to_have_url(re.compile("/qui$"))
    come_in(page, classroom, seat + 1)
    kept(page, 2)
    expect(page.locator("button[aria-pressed=true]")).to_have_count(0)
    seconds = [tap(page, 0, right=False)]
    kept(page, 3)
    tablet.unroute(ENDPOINT)
    page.evaluate("dispatchEvent(new Event('online'))")
    arrives(page, classroom, first["id"], *firsts)
    arrives(page, classroom, second["id"], *seconds)
    kept(page, 0)


@pytest.mark.parametrize("trouble", ["full", "forbidden"])
def test_a_tablet_whose_memory_is_full(classroom: Box, tablet: BrowserContext, seat: int, trouble: str) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    if trouble == "forbidden":
        tablet.add_init_script(
            "Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError'); }"
        )
    come_in(page, classroom, seat)
    if trouble == "full":
        page.evaluate("""() => { let n = 5e6; while (n >= 1) try { localStorage.setItem('fill' + n + Math.random(), 'x'.repeat(n)); }
          catch (e) { n = Math.floor(n / 2); } }""")
    tablet.route(ENDPOINT, lambda route: route.abort())
    identifier = tap(page)
    kept(page, 1)
    expect(page.locator("#outbox")).to_contain_text("Ne ferme pas cette page")
    tablet.unroute(ENDPOINT)
    page.evaluate("dispatchEvent(new Event('online'))")
    arrives(page, classroom, pupil["id"], identifier)
    kept(page, 0)


def test_two_tabs_send_the_same_answers(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    tablet.set_offline(True)
    sent = [tap(page, 0), tap(page, 1)]
    tablet.set_offline(False)
    others = [tablet.new_page() for _ in range(3)]
    with contextlib.ExitStack() as waits:
        for other in others:
            waits.enter_context(other.expect_response(classroom.base + "/etagere"))
        for other in others:
            other.goto(classroom.base + "/etagere", wait_until="commit")
    arrives(page, classroom, pupil["id"], *sent)
    kept(page, 0)


def test_a_refused_answer_is_said_and_not_sent_for_ever(classroom: Box, tablet: BrowserContext, seat: int) -> None:
    """A tablet that comes from another box holds answers that this one cannot take."""
    page, pupil = tablet.new_page(), pupil_at(classroom, seat)
    come_in(page, classroom, seat)
    page.evaluate("""() => { const id = '6f1f3b1e-0000-4000-8000-000000000000'; localStorage.setItem('cartable.answer.' + id,
      JSON.stringify({id, token: 'of.another.box', question: 'q', choice: 'a', at: Date.now()})); }""")
    identifier = tap(page)
    arrives(page, classroom, pupil["id"], identifier)
    expect(page.locator("#outbox")).to_contain_text("n’a pas pu être gardée")
    expect(page.locator("#outbox")).to_have_attribute("data-count", "0")
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('cartable.answer.'))") == []
