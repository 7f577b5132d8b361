# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher adds a file, sees it come in, edits its card and takes it off; with JavaScript and without."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, expect
from playwright.sync_api import Page as Tab

from tests.browser.conftest import PROJECTOR, sign_in
from tests.browser.pages import FRAGMENTS, Who
from tests.conftest import copy_state
from tests.rigs import axe
from tests.rigs import box as rig
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, Watch, eventually

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(prepared_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box whose library this file may change."""
    with rig.running(copy_state(prepared_state, tmp_path_factory.mktemp("box") / "desk")) as box:
        yield box


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def laptop(request: pytest.FixtureRequest, browser: Browser, desk: Box) -> Iterator[BrowserContext]:
    """In the teacher's hands."""
    watch = Watch((desk.base, desk.content))
    context = browser.new_context(**PROJECTOR, locale="fr-FR", java_script_enabled=request.param, bypass_csp=False)
    context.set_default_timeout(PATIENCE_MS)
    watch.follow(context)
    sign_in(context, desk, Who.TEACHER)
    yield context
    context.close()
    if request.param:
        watch.allow("status of 4")
        watch.check()


def bundle(title: str) -> FilePayload:
    """A web bundle that no box has yet."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("index.html", f"<!doctype html><html lang=fr><title>{title}</title><h1>{title}</h1>")
    return {"name": f"{title}.zip", "mimeType": "application/zip", "buffer": held.getvalue()}


def add(page: Tab, desk: Box, *files: FilePayload) -> None:
    page.goto(desk.base + "/enseignant/bibliotheque/ajouter")
    page.set_input_files("#files", list(files))
    page.locator("#upload button.button").click()


def test_a_file_comes_in_is_edited_and_leaves(
    desk: Box, laptop: BrowserContext, request: pytest.FixtureRequest
) -> None:
    title = f"Bundle {request.node.callspec.id}"
    page = laptop.new_page()
    add(page, desk, bundle(title))
    expect(page).to_have_url(re.compile("/enseignant/bibliotheque$"))
    desk.wait_for_imports()
    page.reload()
    page.locator("a.strong", has_text=title).click()
    assert page.input_value("#title") == title
    page.fill("#title", title + " corrigé")
    page.fill("#minutes", "12")
    page.locator("input[name=levels][value=cm1]").check()
    page.locator("form.panel .button").first.click()
    expect(page.locator("[role=status]", has_text="enregistrée").first).to_be_visible()
    card = page.locator("a.book", has_text=title + " corrigé")

    def found() -> bool:
        page.goto(f"{desk.base}/etagere?q=bundle+corrigé")
        return bool(card.count())

    eventually(page, found, "the search does not know the new title")
    expect(card.first).to_contain_text("12 min")
    page.goto(desk.base + "/enseignant/bibliotheque")
    page.locator("a.strong", has_text=title).click()
    page.locator("a.danger").click()
    page.locator("button.danger").click()
    expect(page).to_have_url(re.compile("/enseignant/bibliotheque$"))
    expect(page.locator("a.strong", has_text=title)).to_have_count(0)


def test_a_file_that_cannot_be_taken_is_refused_with_a_sentence(desk: Box, laptop: BrowserContext) -> None:
    page = laptop.new_page()
    add(page, desk, {"name": "virus.exe", "mimeType": "application/octet-stream", "buffer": b"MZ" + b"\0" * 2000})
    page.wait_for_load_state()
    desk_jobs = "SELECT state, message FROM import_job WHERE filename = 'virus.exe'"
    expect(page.locator("[role=alert]:visible, .bad").first).to_contain_text(re.compile(".{15,}"), timeout=30_000)
    assert not [row for row in desk.rows(desk_jobs) if row["state"] == "done"]


def test_the_fragment_of_imports(desk: Box, browser: Browser) -> None:
    """htmx asks for it every two seconds: 304 while nothing changed, a piece without violations otherwise."""
    context = browser.new_context(**PROJECTOR, locale="fr-FR", bypass_csp=True)
    sign_in(context, desk, Who.TEACHER)
    for rule in FRAGMENTS:
        if "<" in rule:  # test_led_english walks through it
            continue
        answer = context.request.get(desk.base + rule)
        assert answer.status == 200
        assert "<html" not in answer.text()
        assert len(answer.body()) < 12_000
        again = context.request.get(desk.base + rule, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status == 304
        page = context.new_page()
        page.set_content(f"<!doctype html><html lang=fr><title>x</title><main><h1>x</h1>{answer.text()}</main></html>")
        assert axe.run(page)[0] == []
    context.close()


def test_imports_move_without_a_reload(desk: Box, browser: Browser) -> None:
    """The list follows the imports by itself, and stops asking when they are over."""
    context = browser.new_context(**PROJECTOR, locale="fr-FR")
    watch = Watch((desk.base, desk.content))
    watch.follow(context)
    sign_in(context, desk, Who.TEACHER)
    page = context.new_page()
    add(page, desk, *(bundle(f"Lot {number}") for number in range(12)))
    expect(page).to_have_url(re.compile("/enseignant/bibliotheque$"))
    expect(page.locator("#imports[hx-get]")).to_have_count(0, timeout=60_000)
    expect(page.locator("#imports")).to_contain_text("Lot 11")
    assert not page.locator("#imports progress").count()
    watch.check()
    context.close()
