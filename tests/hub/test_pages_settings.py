# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from appliance.hub.settings import ReadingProfile, parse_profile
from tests.hub.site import Site


def test_choices_are_kept_on_the_tablet(site: Site) -> None:
    answer = site.post(
        "/reglages", theme="dark", spacing="dys", size="big", font="andika", language="en", back="/etagere"
    )
    assert answer.headers["Location"] == "/etagere"
    for cookie in answer.headers.getlist("Set-Cookie"):
        if not cookie.startswith("cartable="):
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
    page = site.text("/etagere")
    assert '<html lang="en" class="theme-dark space-dys size-big font-andika">' in page
    assert "app/fonts.css" in page


def test_no_font_is_fetched_until_chosen(site: Site) -> None:
    page = site.text("/etagere")
    assert "fonts.css" not in page
    assert '<html lang="fr" class="">' in page


@pytest.mark.parametrize(
    "text", ["", "....", "x", '"><script>.dys', "dark.dys.big.andika.more", "…\x00.é", ".".join("a" * 500)]
)
def test_a_cookie_from_anywhere_is_harmless(text: str) -> None:
    for name in parse_profile(text).classes.split():
        assert name in {"theme-dark", "space-dys", "size-big", "font-andika"}


def test_a_profile_survives_its_cookie() -> None:
    profile = ReadingProfile("contrast", "dys", "huge", "lexend")
    assert parse_profile(profile.cookie) == profile


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "\t//evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: cartable=x",
        "/etagere?q=\x00",
        "/" + "a" * 9000,
    ],
)
def test_the_form_sends_nobody_elsewhere(site: Site, back: str) -> None:
    assert site.post("/reglages", back=back).headers["Location"] == "/"


def test_the_form_needs_its_token(site: Site) -> None:
    assert site.browser.post("/reglages", data={"theme": "dark"}).status_code == 403


def test_credits_name_every_library_and_resource(school: Site) -> None:
    page = school.text("/credits")
    for name in ("htmx.org", "foliate-js", "pdfjs-dist", "openmoji", "CC-BY-SA-4.0", "OFL-1.1"):
        assert name in page
