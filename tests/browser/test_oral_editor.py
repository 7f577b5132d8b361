# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A teacher copies a sequence, changes it, hears it, shares it and takes it in again, without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.pages import Who
from tests.rigs import quiz_photos, sounds
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, eventually

pytestmark = pytest.mark.browser

BASE = "/enseignant/oral"
DRAWN = "[...document.querySelectorAll('.drawn use')].every(use => use.getBBox().width > 10)"


def test_from_a_ready_sequence_to_a_file_and_back(box: Box, open_as: Open, watch: Watch, tmp_path: Path) -> None:
    watch.allow("status of 400")
    page = open_as(Who.TEACHER, java_script_enabled=False).new_page()
    page.goto(f"{box.base}{BASE}/cp-sounds")
    page.get_by_role("button", name="Copier et modifier").click()
    expect(page).to_have_url(re.compile("copie/modifier$"))
    editor = page.url
    page.get_by_role("link", name="Ajouter un mot ou une phrase").click()
    page.fill("[name=text]", "Bellaro")
    page.fill("[name=fr]", "Bellaro (le mouton)")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("bellaro")
    page.fill("[name='say:bellaro']", "bell arrow")
    page.fill("[name=find]", "mouton")
    page.get_by_role("button", name="Chercher", exact=True).click()
    page.locator("input[value='1F411']").check()
    eventually(page, lambda: page.evaluate(DRAWN), "pictures are drawn")
    page.set_input_files("[name=picture_file]", {
        "name": "rond.png", "mimeType": "image/png", "buffer": quiz_photos.photo(0, (300, 200))})  # fmt: skip
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page).to_have_url(editor)
    listen = page.get_by_role("link", name="Écouter\N{NO-BREAK SPACE}: Bellaro")
    eventually(page, lambda: page.reload() and listen.count(), "the box says the new word")
    clip = listen.get_attribute("href")
    heard = page.request.get(f"{box.base}{clip}")
    assert "immutable" in heard.headers["cache-control"]
    assert sounds.read(heard.body()).seconds > 0.3
    page.get_by_role("link", name="Voir", exact=True).click()
    photo = "[...document.querySelectorAll('.drawn img')].map(img => img.naturalWidth).join()"
    eventually(page, lambda: page.evaluate(photo) == "300" and page.evaluate(DRAWN), "the photo and the drawings")
    with page.expect_download() as download:
        page.get_by_role("link", name="Partager en fichier").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.suffix == ".oral"
    page.goto(f"{box.base}{BASE}")
    page.get_by_role("link", name="Recevoir un fichier").click()
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Recevoir un fichier").click()
    page.get_by_role("button", name="Garder les deux").click()
    expect(page).to_have_url(re.compile("copie-2/modifier$"))
    for address in (page.url, editor):
        page.goto(address)
        page.get_by_text("Retirer la séquence").click()
        page.get_by_role("button", name="Retirer", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("copie")
