# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Cards and teacher's sheet: every item on paper, backs behind their fronts."""

from __future__ import annotations

import pypdfium2
import pytest

from appliance.hub.paper import english
from appliance.i18n import translator
from appliance.sequences import ready
from appliance.sequences.sequence import Sequence

FRENCH = translator("fr")
STOCK = ready.stock()


def text_of(pdf: bytes) -> list[str]:
    """The text of each page, on one line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]
    finally:
        document.close()


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def story() -> Sequence:
    return ready.sequence("cm-past-story")


def test_nine_cards_a_page_and_every_item_once(story: Sequence) -> None:
    pages = text_of(english.cards(story, STOCK, FRENCH, "fr"))
    assert len(pages) == -(-len(story.items) // 9)
    for number, item in enumerate(story.items):
        assert plain(item.text) in pages[number // 9]
        assert plain(item.gloss) in pages[number // 9]


def test_backs_are_behind_their_pictures(story: Sequence) -> None:
    """Turned along the long edge: the first card of a row is behind the last place of it."""
    pages = text_of(english.cards(story, STOCK, FRENCH, "fr", backs=True))
    assert len(pages) == 2 * -(-len(story.items) // 9)
    assert pages[0] == ""
    document = pypdfium2.PdfDocument(english.cards(story, STOCK, FRENCH, "fr", backs=True))
    page = document[1].get_textpage()
    left = page.search(story.items[0].text, match_case=True).get_next()
    assert left is not None
    x = page.get_charbox(left[0])[0]
    document.close()
    assert x > 595 * 2 / 3


def test_the_sheet_tells_all(story: Sequence) -> None:
    text = " ".join(text_of(english.lesson(story, FRENCH, "fr")))
    told = [*story.teacher.steps, *story.teacher.watch, *story.teacher.without_screen, *story.objectives]
    for sentence in [*told, *(item.text for item in story.items), "CC-BY-SA-4.0"]:
        assert plain(sentence) in text


def test_an_own_picture_that_is_not_there_leaves_its_place_empty(story: Sequence) -> None:
    assert english.cards(story, {}, FRENCH, "fr").startswith(b"%PDF")
