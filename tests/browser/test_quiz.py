# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The quiz by its script: it judges as the hub does, turns its parts without the network, and arrows move lines."""

from __future__ import annotations

import html
import re

import pytest
from playwright.sync_api import expect

from appliance.hub.assets import STATIC
from appliance.hub.quiz_view import Shown
from appliance.model import Question, QuestionKind
from tests.browser.conftest import Open
from tests.browser.pages import Who
from tests.hub.test_quiz_judging import JUDGED
from tests.rigs.box import Box
from tests.rigs.chromium import Watch

pytestmark = pytest.mark.browser


def form(question: Question, given: str) -> str:
    """A form as the page makes it, filled in with ``given``."""
    parts = given.split("[,]")
    if question.kind is QuestionKind.CHOICE:
        inner = f'<button class="answer" name="choice" value="{given}">x</button>'
    elif question.kind is QuestionKind.SEVERAL:
        inner = "".join(
            f'<label class="answer"><input type="checkbox" name="choice" value="{choice.id}"'
            f"{' checked' if choice.id in parts else ''}></label>" for choice in question.choices
        )  # fmt: skip
    elif question.kind is QuestionKind.ORDER:
        inner = "".join(f'<p data-id="{name}"></p>' for name in parts)
    elif question.kind is QuestionKind.MATCH:
        inner = "".join(
            f'<p data-source="{pair.split("[.]")[0]}"><select><option value="{pair.split("[.]")[1]}"></select></p>'
            for pair in parts
        )
    else:
        inner = f'<input name="choice" value="{html.escape(given)}">'
    shown = Shown(question, "", None, None, True)
    loose = ' data-loose="1"' if question.loose else ""
    return (
        f'<form class="question" data-kind="{question.kind}" data-answer="{html.escape(shown.keys)}" data-right="" '
        f'data-wrong="" data-tolerance="{question.tolerance}"{loose}>'
        + "".join(f'<input type="hidden" name="{name}">' for name in ("id", "token", "question"))
        + f'{inner}<button class="go">OK</button><p class="feedback"></p></form>'
    )


def test_the_script_judges_as_the_hub_does(box: Box, open_as: Open) -> None:
    page = open_as().new_page()
    forms = "".join(form(question, given) for question, given, _, _ in JUDGED)
    page.goto("about:blank")
    page.set_content(f'<main id="main"><div class="part" data-part="1">{forms}</div></main>')
    page.add_script_tag(path=STATIC / "app/quiz.js")
    page.evaluate("""() => document.querySelectorAll('form').forEach(form => {
      form.addEventListener('submit', event => event.preventDefault());
      (form.querySelector('button[name=choice]') || form.querySelector('.go')).click();
    })""")
    told = page.evaluate("[...document.querySelectorAll('.feedback')].map(words => words.className)")
    wanted = [f"feedback notice {'good' if fine else 'warn'}" for *_, fine in JUDGED]
    differing = [
        (case[1], case[3], said) for case, said, want in zip(JUDGED, told, wanted, strict=True) if said != want
    ]
    assert not differing


def test_parts_turn_without_the_network(box: Box, open_as: Open, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED")
    context = open_as(Who.PUPIL)
    page = context.new_page()
    page.goto(box.base + "/exercice/un-peu-de-tout")
    first = page.locator("form.question h2").first.inner_text()
    context.set_offline(True)
    page.locator(".part-links a[rel=next]").click()
    expect(page).to_have_url(re.compile(r"\?partie=2$"))
    expect(page.locator("form.question h2").first).not_to_have_text(first)
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.evaluate("document.querySelectorAll('*').length") <= 180
    page.locator(".part-links a[rel=prev]").click()
    expect(page.locator("form.question h2").first).to_have_text(first)
    context.set_offline(False)


def test_an_arrow_moves_a_line_and_keeps_the_focus(box: Box, open_as: Open) -> None:
    page = open_as(Who.PUPIL).new_page()
    page.goto(box.base + "/exercice/un-peu-de-tout")
    order = page.locator("form.kind-order")
    names = order.locator("[data-id]").evaluate_all("rows => rows.map(row => row.dataset.id)")
    down = order.locator(f"[data-id={names[0]}] [data-by='1']")
    down.press("Enter")
    moved = order.locator("[data-id]").evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert moved == [names[1], names[0], *names[2:]]
    expect(down).to_be_focused()
    expect(order.locator(".feedback")).to_contain_text("2/4")
