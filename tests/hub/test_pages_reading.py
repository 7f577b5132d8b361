# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import re

import pytest

from appliance.hub import labels
from appliance.model import Card
from tests.hub.site import CONTENT, Site


def test_a_bundle_opens_in_a_closed_frame_on_the_other_origin(school: Site) -> None:
    resource = school.only(format="web_bundle")
    page = school.text(f"/lire/{resource.id}")
    assert f'src="{CONTENT}/blob/{resource.blob}/files/index.html"' in page
    sandbox = re.search(r'sandbox="([^"]+)"', page)
    assert sandbox
    assert "allow-same-origin" not in sandbox[1]
    assert "allow-top-navigation" not in sandbox[1]


@pytest.mark.parametrize(
    ("anchor", "opened"),
    [
        ("pages/deux.html", "files/pages/deux.html"),
        ("pages/deux.html#fin", "files/pages/deux.html#fin"),
        ("../../manifest.json", "files/index.html"),
        ("javascript:alert(1)", "files/javascript%3Aalert%281%29"),
        ('"><script>', "files/%22%3E%3Cscript%3E"),
        ("", "files/index.html"),
    ],
)
def test_anchors_stay_inside(school: Site, anchor: str, opened: str) -> None:
    resource = school.only(format="web_bundle")
    page = school.text(f"/lire/{resource.id}", query_string={"a": anchor})
    assert f'src="{CONTENT}/blob/{resource.blob}/{opened}"' in page


def test_a_picture_has_its_alternative(school: Site) -> None:
    resource = school.only(format="image")
    page = school.text(f"/lire/{resource.id}")
    assert f'src="{CONTENT}/blob/{resource.blob}/original.png" alt="carte de France"' in page


def test_a_link_is_only_a_link(school: Site) -> None:
    page = school.text(f"/lire/{school.only(format='link').id}")
    assert 'href="https://example.org/x" rel="noreferrer external"' in page
    assert "<iframe" not in page


def test_the_place_belongs_to_the_pupil(school: Site) -> None:
    resource = school.only(format="web_bundle")
    assert f'data-place="cartable.place..{resource.id}"' in school.text(f"/lire/{resource.id}")
    browser, school.browser = school.browser, school.new_browser()
    try:
        school.enter("p2")
        assert f'data-place="cartable.place.p2.{resource.id}"' in school.text(f"/lire/{resource.id}")
    finally:
        school.browser = browser


@pytest.mark.parametrize("name", ["nope", "%00", "..%2f..", "a" * 3000])
def test_what_is_not_there_is_a_sentence(school: Site, name: str) -> None:
    answer = school.get(f"/lire/{name}")
    assert answer.status_code == 404
    assert "<h1" in answer.text


def test_hosts_of_other_shapes(school: Site) -> None:
    resource = school.only(format="image")
    for host, origin in (("192.168.1.4:8080", "http://192.168.1.4:9"), ("[fe80::1]:80", "http://[fe80::1]:9")):
        page = school.get(f"/lire/{resource.id}", headers={"Host": host, "X-Cartable-Content-Port": "9"}).text
        assert f'src="{origin}/blob/' in page


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", ""),
        ("GPL-3.0-or-later", "libre (GPL)"),
        ("GPL-2.0-or-later AND GFDL-1.2-no-invariants-or-later AND MIT", "libre (GPL, GFDL, MIT)"),
        ("CC-BY-SA-4.0", "CC BY-SA"),
        ("CC-BY-NC-ND-4.0", "CC BY-NC-ND"),
        ("LicenseRef-PublicDomain", "domaine public"),
        ("etalab-2.0", "libre (Etalab)"),
        ("GPL-3.0-only OR CC-BY-3.0", "libre (GPL), CC BY"),
        ("demander à Zoé", "demander à Zoé"),
        ("X" * 200, "X" * 200),
    ],
)
def test_licences_in_words(site: Site, code: str, words: str) -> None:
    with site.app.test_request_context("/", environ_base={"HTTP_X_CARTABLE_ORIGIN": "hub"}):
        assert labels.licence(Card(licence=code)) == words


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Debian verbiste 0.1.47, /usr/share ; build/make_bundles.py", "Debian verbiste 0.1.47, /usr/share"),
        ("Écrit pour Cartable : build/make_sheets.py", "Écrit pour Cartable"),
        ("https://example.org/a", "https://example.org/a"),
        ("", ""),
    ],
)
def test_sources_without_how_they_were_built(source: str, shown: str) -> None:
    assert labels.source(Card(source=source)) == shown


@pytest.mark.parametrize(
    ("label", "language", "shown"),
    [
        ("", "fr", "Français"),
        ("fr", "fr", "Français"),
        ("Pour sourds", "fr", "Pour sourds"),
        ("", "x\0", "x\0"),
        ("", "", ""),
    ],
)
def test_captions_name_their_language(label: str, language: str, shown: str) -> None:
    assert labels.track(label, language) == shown
