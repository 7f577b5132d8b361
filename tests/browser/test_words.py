# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pages speak one language, French or English, and say so where a piece is in another."""

from __future__ import annotations

import functools
import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from appliance.i18n import FOLDER
from tests.browser import probes
from tests.browser.conftest import Open
from tests.browser.pages import BY_NAME, PAGES, Page
from tests.rigs.box import Box
from tests.rigs.chromium import Watch, settle

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="fr")


def _pattern(sentence: str) -> re.Pattern[str]:
    """What the sentence looks like once its ``%(name)s`` fields are filled."""
    parts = re.split(r"%\(\w+\)[sd]", sentence.replace("%%", "%"))
    return re.compile(r"^" + r".{1,200}".join(re.escape(part) for part in parts) + r"$")


def _pairs(catalogue: Catalog) -> list[tuple[str, str]]:
    found = []
    for message in catalogue:
        ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
        words = message.string if isinstance(message.string, list | tuple) else (message.string,)
        pairs = [(" ".join(a.split()), " ".join(b.split())) for a, b in zip(ids, words, strict=False) if a and b]
        found += [(a, b) for a, b in pairs if a != b]  # a page's spaces are read as plain ones too
    return found


@functools.cache
def _sayings(catalogue: Catalog, side: int) -> list[re.Pattern[str]]:
    """Sentences of one language that the other does not also use."""
    other = {pair[1 - side] for pair in _pairs(catalogue)}
    return [
        _pattern(pair[side])
        for pair in _pairs(catalogue)
        if pair[side] not in other and re.search(r"[^\W\d]{4}", re.sub(r"%\(\w+\)[sd]", "", pair[side]))
    ]


@pytest.fixture(scope="module")
def own_words(box: Box) -> set[str]:
    """What people wrote, in whatever language."""
    titles = {str(resource["card"][key]) for resource in box.resources() for key in ("title", "author", "source")
              if resource["card"].get(key)}  # fmt: skip
    return titles | {
        str(row["alias"]) for row in box.rows("SELECT alias FROM pupil UNION SELECT name FROM school_group")
    }


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
def test_one_language(
    box: Box, open_as: Open, watch: Watch, catalogue: Catalog, own_words: set[str], shown: Page
) -> None:
    """French or English whole; and titles in another one say which."""
    if shown.status != 200:
        watch.allow(rf"status of {shown.status}")
    page = open_as(shown.who).new_page()
    for language in ("fr", "en"):
        page.context.add_cookies([{"name": "cartable_langue", "value": language, "url": box.base}])
        page.goto(box.base + shown.path(box))
        settle(page)
        assert page.get_attribute("html", "lang") == language
        foreign = _sayings(catalogue, 0 if language == "fr" else 1)
        words = page.evaluate(probes.WORDS)
        found = [
            text
            for text, said in words
            if said == language and text not in own_words and any(pattern.match(text) for pattern in foreign)
        ]
        assert not found, f"not in {language}"
        if language == "fr":
            page.evaluate("document.title = ''")
            assert not _mistaken(box, page.evaluate(probes.WORDS))


def _mistaken(box: Box, words: list[tuple[str, str]]) -> list[tuple[str, str]]:
    foreign = {r["card"]["title"]: r["card"]["language"] for r in box.resources()
               if r["card"].get("language") not in (None, "", "fr")}  # fmt: skip
    assert foreign, "the demonstration holds nothing foreign"
    return [(text, said) for text, said in words if said != foreign.get(text, said)
            and not text.startswith("cartable.")]  # fmt: skip


def test_the_catalogue_is_whole(catalogue: Catalog) -> None:
    missing = [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)]
    assert not missing


def test_a_foreign_title_is_on_a_tested_page(box: Box, open_as: Open) -> None:
    page = open_as().new_page()
    page.goto(box.base + BY_NAME["search-english"].path(box))
    assert page.locator("a.book [lang=en]").count() >= 1


def test_the_language_is_chosen_and_kept(box: Box, open_as: Open) -> None:
    page = open_as().new_page()
    page.goto(box.base + "/reglages?retour=/qui")
    page.locator("input[name=language][value=en]").check()
    page.locator("main form .button").click()
    page.wait_for_url("**/qui")
    assert page.get_attribute("html", "lang") == "en"
    assert "Who are you" in page.inner_text("h1")
    page.goto(box.base + "/etagere")
    assert page.get_attribute("html", "lang") == "en"
