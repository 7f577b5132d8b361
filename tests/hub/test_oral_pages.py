# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher finds a sequence of spoken English, hears it, prints it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from appliance.hub.oral_pages import startable
from appliance.sequences import ready
from tests.hub import site as rig
from tests.hub.site import Site
from tests.hub.test_paper import words

BASE = "/enseignant/oral"


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Signed in, on a box with a class and no lesson that runs."""
    with rig.quiet(tmp_path_factory.mktemp("oral") / "state") as opened:
        opened.sign_in()
        yield opened


def listed(page: str) -> list[str]:
    return re.findall(r'class="strong" href="/enseignant/oral/([^"]+)"', page)


def test_every_sequence_is_listed_by_level_and_theme(teacher: Site) -> None:
    assert f'href="{BASE}"' in teacher.text("/enseignant/accueil"), "one tap from the home page"
    pages = [listed(teacher.text(f"{BASE}?page={page}")) for page in (1, 2, 3)]
    assert sorted(name for page in pages for name in page) == sorted(ready.ids())
    for level, prefix in (("cp-ce1", "cp-"), ("ce2", "ce2-"), ("cm1-cm2", "cm-")):
        found = listed(teacher.text(f"{BASE}?niveau={level}"))
        assert found
        assert all(name.startswith(prefix) for name in found)
    assert listed(teacher.text(f"{BASE}?theme=songs&niveau=ce2")) == ["ce2-song-week"]
    assert listed(teacher.text(f"{BASE}?page=99")) == pages[2]
    assert listed(teacher.text(f"{BASE}?niveau=x&theme=y")) == pages[0], "unknown codes ask for nothing"


@pytest.mark.parametrize(
    ("query", "among"), [("ECOUTE", "cp-simon"), ("stand up", "cp-simon"), ("sun", "cp-weather"), ("ship", "cp-sounds")]
)
def test_words_find_titles_items_and_glosses(teacher: Site, query: str, among: str) -> None:
    assert among in listed(teacher.text(f"{BASE}?q={query}"))


def test_what_fits_nothing_says_what_to_do(teacher: Site) -> None:
    assert 'class="notice"' in teacher.text(f"{BASE}?q=zzzzqx")
    assert teacher.get(f"{BASE}/none").status_code == 404
    assert teacher.get(f"{BASE}/cp-simon/papier/autre.pdf").status_code == 404
    for codes in ("", "XYZ", "1F44B," * 99):
        assert teacher.get(f"{BASE}/images.svg?c={codes}").status_code == 400


def test_the_pictures_of_a_page_are_one_sheet(teacher: Site) -> None:
    page = teacher.text(BASE)
    (sheet,) = set(re.findall(r'href="(/enseignant/oral/images\.svg[^"#]+)#', page))
    answer = teacher.get(sheet.replace("&amp;", "&"))
    assert answer.mimetype == "image/svg+xml"
    for code in re.findall(r'images\.svg[^"#]+#([^"]+)"', page):
        assert f'id="{code}"' in answer.text


@pytest.mark.parametrize("name", ["cp-simon", "cm-shopping", "cp-sounds"])
def test_a_sequence_shows_every_item_with_picture_and_sound(teacher: Site, name: str) -> None:
    sequence = ready.sequence(name)
    page = teacher.text(f"{BASE}/{name}") + (teacher.text(f"{BASE}/{name}?page=2") if len(sequence.items) > 20 else "")
    clips = re.findall(r'class="say" href="/static/english/[^/]+/sounds/([^?]+)\.mp3', page)
    assert clips == [item.slug for item in sequence.items]
    assert page.count('class="drawn"') == len(sequence.items)
    for point in (*sequence.objectives, *sequence.teacher.steps):
        assert point[:20].split("<")[0] in page.replace("&#39;", "'").replace("&amp;", "&")


def test_cards_and_sheet_are_printed(teacher: Site) -> None:
    page = teacher.text(f"{BASE}/cp-simon")
    for what in ("cartes", "cartes-verso", "fiche"):
        assert f"/papier/{what}.pdf" in page
        answer = teacher.get(f"{BASE}/cp-simon/papier/{what}.pdf")
        assert answer.mimetype == "application/pdf"
        assert "Stand up!" in words(answer.data)


def test_a_lesson_starts_with_one_tap_unless_one_runs(teacher: Site) -> None:
    with teacher.app.test_request_context():
        planned = startable("cp-hello")
    assert ('value="oral:cp-hello"' in teacher.text(BASE)) == planned
    assert ('value="oral:cp-hello"' in teacher.text(f"{BASE}/cp-hello")) == planned
