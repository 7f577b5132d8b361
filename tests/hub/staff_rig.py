# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A school and its accounts, as pages see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance import passphrase
from appliance.ports import Now
from appliance.store import audit
from tests.hub import site as rig
from tests.hub.people import WORDS
from tests.hub.site import Site

OTHERS = "navet violon tortue radis"
PIN = "270418"


class Hand:
    """A clock moved by hand; ``boot``: another one for each start."""

    def __init__(self) -> None:
        self.time, self.boot, self.trusted = 1000.0, "b", True

    def now(self) -> Now:
        return Now(1_790_000_000 + self.time, self.trusted, self.time, self.boot)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Site]:
    """A class, on a hub whose search and imports are not started."""
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        yield site


def post(site: Site, browser: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(page).text)
    assert found, page
    return browser.post(path, data={"csrf": found[1], **fields})


def first_teacher(site: Site, browser: FlaskClient, words: str = WORDS, **fields: str) -> TestResponse:
    if 'name="code"' in browser.get("/enseignant").text:
        sign_in(site, browser, site.hub.presence.code)
    return post(site, browser, "/enseignant/compte/nouveau", "/enseignant/compte/nouveau", words=words, **fields)


def sign_in(site: Site, browser: FlaskClient, code: str) -> TestResponse:
    return post(site, browser, "/enseignant", "/enseignant", code=code)


def acts(site: Site, outcome: str = "done") -> list[tuple[str, str]]:
    found = audit.entries(site.hub.db.reading(), limit=500)
    return [(each.act, each.role) for each in reversed(found) if each.outcome == outcome]


def key_on(page: str) -> str:
    found = re.search(r'class="big recovery"[^>]*>(.*?)</p>', page, re.S)
    assert found
    return " ".join(re.findall(r"<span>(\w{4})</span>", found[1]))


def printed(site: Site, browser: FlaskClient, shown: TestResponse) -> str:
    """Tap "I have printed it" on the page that shows the key; returns the key."""
    fields = dict(re.findall(r'name="(csrf|public)" value="([^"]+)"', shown.text))
    answer = browser.post("/enseignant/cle/imprimee", data=fields)
    assert answer.status_code == 303, answer.text
    return key_on(shown.text)


def as_director(site: Site, key: str) -> FlaskClient:
    director = site.new_browser()
    assert post(site, director, "/direction", "/direction", key=key).status_code == 303
    return director
