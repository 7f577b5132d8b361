# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The list of pages that the other tests walk comes from the application: what it lacks fails here."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import cast

import pytest

from appliance.config import Config
from appliance.hub.app import create_app
from appliance.hub.assets import STATIC
from appliance.hub.context import Hub
from appliance.hub.imports import Library
from appliance.hub.presence import PresenceCode
from appliance.hub.search import Search
from appliance.hub.trail import Trail
from appliance.hub.vaults import Vaults
from appliance.ports import Clock, Machine
from appliance.store.db import Database
from appliance.store.records import Records
from tests.browser.pages import (
    API,
    FRAGMENTS,
    LINES,
    OFFLINE,
    PAGES,
    PICTURES,
    READERS,
    REDIRECTS,
    SHEETS,
    SOUNDS,
    STAFF,
    WORKS,
    ZIPS,
)
from tests.rigs.box import Box

pytestmark = pytest.mark.browser


def _rules() -> set[str]:
    """The GET rules of the application; none of its parts is needed to draw its map."""
    parts = (cast(Database, None), cast(Library, None), cast(Search, None), cast(Clock, None))
    app = create_app(
        Hub(
            Config(),
            *parts,
            PresenceCode(),
            b"x" * 32,
            cast(Records, None),
            cast(Machine, None),
            cast(Vaults, None),
            cast(Trail, None),
        )
    )
    return {
        rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.endpoint != "static"
    }


def test_every_rule_is_listed() -> None:
    pages = {page.rule for page in PAGES if page.rule} | set(REDIRECTS) | set(STAFF)
    listed = pages | {*API, *FRAGMENTS, *LINES, *OFFLINE, *PICTURES, *SHEETS, *SOUNDS, *WORKS, *ZIPS}
    rules = _rules()
    assert not rules - listed, "list these in tests/browser/pages.py, so that they are tested"
    assert not listed - rules, "tests/browser/pages.py lists pages that are gone"


def test_every_reader_is_listed() -> None:
    assert sorted(path.name for path in (STATIC / "readers").glob("*.html")) == sorted(READERS)


def test_names_are_unique() -> None:
    assert len({page.name for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize("rule", API)
def test_api_answers_json(box: Box, rule: str) -> None:
    """Over the socket, where everything is allowed; the id of a thing that is not there is 404, in JSON too."""
    path = rule.replace("<job_id>", "0" * 16).replace("<int:number>", "999999")
    path = path.replace("<resource_id>", "none").replace("<sequence_id>", "none")
    answer = box.client.request("GET", path)
    assert answer.status in (200, 404) or (rule == "/api/health" and answer.status == 503), answer
    assert answer.headers["content-type"] == "application/json"
    answer.json()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


@pytest.mark.parametrize(("rule", "target"), REDIRECTS.items())
def test_redirects(box: Box, rule: str, target: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as sent:
        urllib.request.build_opener(_Stay).open(box.base + rule, timeout=10)
    with sent.value as answer:
        assert answer.code in (302, 303)
        assert answer.headers["Location"] == target
