# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Printed sheets, read back: text, size, fonts, codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pypdfium2
import pypdfium2.raw
import pytest
import zxingcpp

from appliance.hub.paper import cards, documents, recovery, sheet, tablets
from appliance.hub.paper.data import Place, Say, Seat
from appliance.hub.paper.pictures import animals
from appliance.i18n import translator

PLACE = Place("École Jean-Moulin, Œting", "CE2 – Mme Noël", "http://192.168.1.20:8080/", "cartable", "23/11/2026", True)
FRENCH = translator("fr")
KEY = "A3K9-X7QZ-2MNP-4R5T-6V8W-9Y0B-CDEF"
LONG = "Jean-Baptiste-Maximilien de Saint-Exupéry de la Tour-du-Pin-Courtenay"
A4 = (595.28, 841.89)


def seat(number: int, name: str = "") -> Seat:
    codes = list(animals())
    return Seat("Hérisson", codes[number % len(codes)], name, f"http://192.168.1.20:8080/badge/{number:032x}")


def opened(pdf: bytes) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(pdf)


def words(pdf: bytes) -> str:
    """All text, each run of spaces as one."""
    document = opened(pdf)
    text = " ".join(document[index].get_textpage().get_text_range() for index in range(len(document)))
    return " ".join(text.replace("\ufffe", "-").split())


def codes(pdf: bytes, page: int = 0) -> list[str]:
    """What a camera reads of a page printed at 150 dots an inch."""
    picture = opened(pdf)[page].render(scale=150 / 72).to_pil().convert("L")
    return sorted(found.text for found in zxingcpp.read_barcodes(picture))


Make = Callable[[Place, Say, str], bytes]
SHEETS: dict[str, Make] = {
    "badges": lambda place, say, tongue: cards.badges(place, [seat(n, "Zoé") for n in range(3)], say, tongue),
    "class": lambda place, say, tongue: cards.class_sheet(place, [seat(n, "Zoé") for n in range(3)], say, tongue),
    "nobody": lambda place, say, tongue: cards.badges(place, [], say, tongue),
    "empty class": lambda place, say, tongue: cards.class_sheet(place, [], say, tongue),
    "parents": documents.notice,
    "register": documents.register,
    "loans": lambda place, say, tongue: tablets.loan_register(place, 3, say, tongue),
    "home": tablets.take_home,
    "recovery": lambda place, say, tongue: recovery.recovery(place, KEY, say, tongue),
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_is_one_page_of_a4(name: str, language: str) -> None:
    document = opened(SHEETS[name](PLACE, translator(language), language))
    assert len(document) == 1
    assert document[0].get_size() == pytest.approx(A4, abs=0.1)
    assert document.get_metadata_dict()["Title"]


@pytest.mark.parametrize("name", SHEETS)
def test_fonts_are_within(name: str) -> None:
    pdf = SHEETS[name](PLACE, FRENCH, "fr")
    assert b"/FontFile2" in pdf
    assert b"/Helvetica" not in pdf, "a font that a printer may not have"
    assert len(pdf) < 100_000, "fonts are cut down to the letters used"


@pytest.mark.parametrize("name", SHEETS)
def test_a_box_without_a_school_prints_too(name: str) -> None:
    assert words(SHEETS[name](Place(), FRENCH, "fr"))


def test_badges_are_read_by_a_camera() -> None:
    seats = [seat(n, "Zoé") for n in range(25)]
    pdf = cards.badges(PLACE, seats, FRENCH, "fr")
    assert len(opened(pdf)) == 3
    assert [codes(pdf, page) for page in range(3)] == [[s.badge for s in seats[n : n + 10]] for n in (0, 10, 20)]


def test_a_badge_without_a_code() -> None:
    pdf = cards.badges(PLACE, [Seat("Renard", "1F98A")], FRENCH, "fr")
    assert codes(pdf) == []
    assert "Renard" in words(pdf)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Œdipe", "Œdipe"), ("Çağla", "Çağla"), ("Łukasz", "Łukasz"), ("Ÿves", "Ÿves"), ("Anne\u00a0Lou", "Anne Lou"),
        ("Zoe\u0301", "Zoé"), ("Léa 🦊", "Léa"), ("🦊", "Hérisson"), ("Юлия", "Hérisson"),
        ("D'Arc & <b>", "D'Arc & <b>"),
        ("Noé\u202e\n\0", "Noé"), ("", "Hérisson"),
    ],
)  # fmt: skip
def test_names_as_they_are_written(name: str, printed: str) -> None:
    for make in (cards.badges, cards.class_sheet):
        text = words(make(PLACE, [seat(0, name)], FRENCH, "fr"))
        assert printed in text
        assert "🦊" not in text


@pytest.mark.parametrize("make", [cards.badges, cards.class_sheet])
def test_a_class_of_forty_with_long_names(make: Callable[[Place, Sequence[Seat], Say, str], bytes]) -> None:
    pdf = make(Place("École " * 30, "CE2 " * 30), [seat(n, LONG) for n in range(40)], FRENCH, "fr")
    document = opened(pdf)
    assert len(document) == (4 if make is cards.badges else 1)
    for page in document:
        for found in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT]):
            left, bottom, right, top = found.get_bounds()
            assert left > 20, "out of the paper"
            assert right < A4[0] - 20
            assert bottom > 20
            assert top < A4[1] - 20
    assert words(pdf).count("Jean-B") == 40


def test_every_animal_is_drawn() -> None:
    def ink(*avatars: str) -> int:
        pdf = cards.class_sheet(PLACE, [Seat("?", code) for code in avatars], FRENCH, "fr")
        return sum(opened(pdf)[0].render(scale=0.7).to_pil().convert("L").histogram()[:128])

    known = list(animals())
    assert len(known) >= 40
    nothing = ink(*["none"] * 12)
    for start in range(0, len(known), 12):
        some = known[start : start + 12]
        assert ink(*some, *["none"] * (12 - len(some))) > nothing + 60 * len(some), some


def test_the_notice_tells_what_this_class_keeps() -> None:
    animals_only = words(documents.notice(Place("É", "C"), FRENCH, "fr"))
    named = words(documents.notice(Place("É", "C", named=True), FRENCH, "fr"))
    assert "prénom ou un surnom" not in animals_only
    assert "prénom ou un surnom, scellé" in named
    assert "images qu’il fait" not in named
    assert "images qu’il fait" in words(documents.notice(Place("É", "C", named=True, portfolio=True), FRENCH, "fr"))
    for fact in ("31 août", "un an", "CNIL", "effacer", "École Jean-Moulin, Œting"):
        assert fact in words(documents.notice(PLACE, FRENCH, "fr"))


def test_the_register_has_what_article_30_asks() -> None:
    text = words(documents.register(PLACE, FRENCH, "fr"))
    for part in (
        "Responsable",
        "Finalités",
        "Personnes et données",
        "Destinataires",
        "Transferts",
        "Durées",
        "Sécurité",
    ):
        assert part in text


@pytest.mark.parametrize(("asked", "lines"), [(1, 1), (0, 1), (-5, 1), (12, 12), (13, 13), (10**9, 120)])
def test_the_loan_register_has_a_line_for_each_tablet(asked: int, lines: int) -> None:
    pdf = tablets.loan_register(PLACE, asked, FRENCH, "fr")
    assert len(opened(pdf)) == -(-lines // 12)
    last = (lines - 1) % 12 + 1
    found = codes(pdf, len(opened(pdf)) - 1)
    assert sorted(found) == sorted(f"{PLACE.address}?tablette={n}" for n in range(lines - last + 1, lines + 1))


def test_the_recovery_sheet_shows_the_key_and_no_code() -> None:
    pdf = recovery.recovery(PLACE, KEY, FRENCH, "fr")
    assert "".join(KEY.split("-")) in words(pdf).replace(" ", "").replace("–", "")
    assert codes(pdf) == []


def test_what_the_fonts_cannot_write() -> None:
    assert sheet.writable("a\u0301\tb \nc") == "á b c"
    assert sheet.writable("ﬁn") == "fin"
    assert sheet.writable("漢字") == "??"
    assert sheet.writable("\u200b🦊🏽\ufe0f") == ""
