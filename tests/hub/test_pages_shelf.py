# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from appliance.hub import covers
from appliance.hub.shelf import PER_RESOURCE, best_of_each, item, page_of
from appliance.model import Hit
from tests.hub.site import BUNDLE_TITLE, Site, until


def titles(page: str) -> list[str]:
    return re.findall(r"<b[^>]*>([^<]+)</b>", page)


def test_every_card_says_level_duration_and_place(school: Site) -> None:
    page = school.text("/etagere")
    assert sorted(titles(page)) == ["Le cycle de l’eau", "carte de France", "example.org"]
    assert "CM1, CM2" in page
    assert "15\u00a0min" in page
    assert "sur la boîte" in page
    assert "lien, demande internet" in page


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("niveau=ce2", {BUNDLE_TITLE, "example.org"}),
        ("niveau=cm2", {"carte de France", "example.org"}),
        ("matiere=sciences", {BUNDLE_TITLE}),
        ("format=image", {"carte de France"}),
        ("format=link", {"example.org"}),
        ("niveau=ce2&matiere=histoire-geo", set()),
        ("niveau=doctorat&matiere=%00&format=exe", {BUNDLE_TITLE, "carte de France", "example.org"}),
        ("page=-4", {BUNDLE_TITLE, "carte de France", "example.org"}),
        ("page=99999999999999999999", {BUNDLE_TITLE, "carte de France", "example.org"}),
        ("page=deux", {BUNDLE_TITLE, "carte de France", "example.org"}),
    ],
)
def test_filters(school: Site, asked: str, shown: set[str]) -> None:
    assert set(titles(school.text(f"/etagere?{asked}"))) == shown


def test_search_opens_where_it_was_found(school: Site) -> None:
    until(lambda: "neige" in school.text("/etagere?q=neige").split("<ul", 1)[1])
    page = school.text("/etagere?q=neige")
    assert re.search(r'href="/lire/\w+\?a=pages%2Fdeux.html"', page)


@pytest.mark.parametrize(
    "query", ["<script>alert(1)</script>", '"onfocus="x', "%s %(x)s {{ 7*7 }}", "\x00\u202e", "é" * 5000]
)
def test_hostile_queries_are_only_text(school: Site, query: str) -> None:
    page = school.text("/etagere", query_string={"q": query})
    assert "<script>alert" not in page
    assert '"onfocus="' not in page
    shown = re.sub(r"/api/voice/[^\"]*", "", page)  # a signature may hold these digits
    assert "49" not in shown.split("<main")[1].split("<nav")[0]


def test_filter_page_offers_only_what_there_is(school: Site) -> None:
    page = school.text("/etagere/filtres")
    assert "CE2" in page
    assert "Sciences" in page
    assert "Musique" not in page


def test_suggestions_are_json_and_never_fail(school: Site) -> None:
    until(lambda: school.get("/api/suggestions?q=cyc").json)
    assert school.get("/api/suggestions?q=c").json == []
    assert school.get("/api/suggestions").json == []


@pytest.mark.parametrize(
    ("count", "asked", "page", "shown"), [(0, 1, 1, 0), (9, 2, 1, 9), (10, 2, 2, 1), (10, 0, 1, 9), (30, 4, 4, 3)]
)
def test_pages(school: Site, count: int, asked: int, page: int, shown: int) -> None:
    resource = school.hub.library.list()[0]
    found = page_of([item(resource)] * count, asked)
    assert (found.page, len(found.items)) == (page, shown)


def test_cover_sheet(school: Site) -> None:
    resource = school.only(format="image")
    page = school.text("/etagere")
    address = re.search(r'<image href="([^"]+)"', page)
    assert address
    answer = school.get(address[1])
    sheet = Image.open(io.BytesIO(answer.data))
    assert sheet.format == "JPEG"
    rows = len(address[1].split("=")[1].split(","))
    assert sheet.size == (covers.WIDTH, covers.HEIGHT * rows)
    assert covers.key(resource) in address[1]
    assert school.get(address[1], headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("asked", ["", "?b=", "?b=../../etc/passwd", "?b=" + ",".join(["0" * 16] * 17), "?b=00"])
def test_bad_cover_sheets_are_refused(school: Site, asked: str) -> None:
    assert school.get(f"/couvertures.jpg{asked}").status_code == 400


def test_an_unknown_cover_is_an_empty_cell(school: Site) -> None:
    sheet = Image.open(io.BytesIO(school.get(f"/couvertures.jpg?b={'0' * 16}").data))
    assert sheet.size == (covers.WIDTH, covers.HEIGHT)


def test_the_empty_shelf_says_so(site: Site) -> None:
    assert "L’étagère est vide" in site.text("/etagere")


def test_nobody_is_told_so_and_led_to_the_animals(school: Site) -> None:
    """Also after "goodbye" and the browser's Back."""
    assert "Personne n’est choisi" in school.text("/etagere")
    browser, school.browser = school.browser, school.new_browser()
    try:
        school.enter()
        assert "Personne n’est choisi" not in school.text("/etagere")
        assert school.post("/au-revoir", "/etagere").status_code == 303
        assert "Personne n’est choisi" in school.text("/etagere")
    finally:
        school.browser = browser


def test_a_resource_is_found_at_most_twice_and_cards_come_first() -> None:
    hits = [Hit("a", f"p{n}", "", "", 9.0 - n) for n in range(5)] + [
        Hit("b", "", "", "", 1.0),
        Hit("a", "", "", "", 0.5),
    ]
    assert [(hit.resource, hit.anchor) for hit in best_of_each(hits)] == [("b", ""), ("a", ""), ("a", "p0")]
    assert PER_RESOURCE == 2


@pytest.mark.parametrize(("snippet", "shown"), [("……… 12 · …", ""), ("", ""), ("La Lune.", "La Lune.")])
def test_dots_are_no_snippet(school: Site, snippet: str, shown: str) -> None:
    resource = school.hub.library.list()[0]
    assert item(resource, Hit(resource.id, "p1", "x", snippet, 1.0)).snippet == shown
