# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One browser for the whole package, a context for each test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState

from tests.browser.pages import Who
from tests.rigs.box import Box
from tests.rigs.chromium import PATIENCE_MS, Watch, chromium

TABLET: dict[str, Any] = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "device_scale_factor": 2}
PROJECTOR: dict[str, Any] = {"viewport": {"width": 1920, "height": 1080}}


class Open(Protocol):
    """Open a watched context: a person (``who``) in front of a device (Playwright's context options)."""

    def __call__(self, who: Who = ..., **options: Any) -> BrowserContext: ...


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Real Chromium."""
    with chromium() as running:
        yield running


def sign_in(context: BrowserContext, box: Box, who: Who) -> None:
    """Do what that person does first."""
    page = context.new_page()
    if who is Who.PUPIL:
        page.goto(box.base + "/qui")
        page.locator(".animals a").first.click()
        page.locator("form button:not([data-say])").first.click()
        page.wait_for_url("**/etagere")
    elif who is Who.TEACHER:
        page.goto(box.base + "/enseignant")
        page.fill("#code", box.code)
        page.locator("form button").first.click()
        page.wait_for_url("**/enseignant/accueil")
    page.close()


@pytest.fixture(scope="package")
def identities(browser: Browser, box: Box) -> dict[Who, StorageState]:
    """The cookies of somebody of each kind, signed in as people do it."""
    states: dict[Who, StorageState] = {}
    for who in Who:
        context = browser.new_context(locale="fr-FR")
        sign_in(context, box, who)
        states[who] = context.storage_state()
        context.close()
    return states


@pytest.fixture
def watch(box: Box) -> Iterator[Watch]:
    """What the pages of this test said; checked at its end."""
    watch = Watch((box.base, box.content))
    yield watch
    watch.check()


@pytest.fixture
def open_as(browser: Browser, identities: dict[Who, StorageState], watch: Watch) -> Iterator[Open]:
    """See :class:`Open`; a tablet unless told otherwise. Closed at the end of the test."""
    with contextlib.ExitStack() as stack:

        def opened(who: Who = Who.NOBODY, **options: Any) -> BrowserContext:
            context = browser.new_context(
                **{**TABLET, "locale": "fr-FR", "storage_state": identities[who], "service_workers": "block", **options}
            )
            context.set_default_timeout(PATIENCE_MS)
            watch.follow(context)
            stack.callback(context.close)
            return context

        yield opened


@pytest.fixture
def tablet(open_as: Open) -> BrowserContext:
    """A tablet that nobody holds yet."""
    return open_as(Who.NOBODY)


@pytest.fixture
def phone(open_as: Open) -> BrowserContext:
    return open_as(Who.NOBODY, **PHONE)


@pytest.fixture
def projector(open_as: Open) -> BrowserContext:
    return open_as(Who.NOBODY, **PROJECTOR)
