# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The health page of a box in trouble: the other pages' tests see it only as this computer is."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from appliance.client import Client
from appliance.drivers.machine_simulated import FAULTS, SERVICE_FAULTS
from tests.browser import probes
from tests.browser.conftest import PHONE, PROJECTOR, TABLET
from tests.browser.pages import Kind
from tests.browser.test_budgets import BUDGETS
from tests.rigs import axe
from tests.rigs.box import START_S, until
from tests.rigs.chromium import settle
from tests.rigs.nginx import free_port

pytestmark = pytest.mark.browser

ALL = " ".join(name for name in [*FAULTS, *SERVICE_FAULTS] if name != "nothing-known")
WRONG = {
    "Alimentation", "Température", "Horloge", "Mémoire", "Services", "Carte", "Disque", "Place réservée aux données",
}  # fmt: skip
LOOKS: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "tablet": TABLET,
    "projector": PROJECTOR,
    "dark": {**TABLET, "color_scheme": "dark"},
    "320-px": {"viewport": {"width": 320, "height": 640}},
    "dys": {"viewport": {"width": 320, "height": 640}, "profile": "contrast.dys.huge.opendyslexic"},
}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Client]]:
    """The address and the hub of a box on a simulated machine with everything wrong."""
    folder, port = tmp_path_factory.mktemp("ward"), free_port()
    settings = folder / "cartable.toml"
    settings.write_text(f'[drivers]\nadvert = "simulated"\nmachine = "simulated"\nmachine_faults = "{ALL}"\n')
    command = [sys.executable, "-m", "appliance", "--config", str(settings), "--state", str(folder / "s")]
    dev = [*command, "dev", "--port", str(port), "--content-port", str(free_port())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(dev, stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        base = f"http://127.0.0.1:{port}"
        until(lambda: answers(base), f"no first page: {(folder / 'log').read_text()[-500:]}", START_S)
        # What the hub does not see for itself comes as on the box: by the timer's doctor.
        noted = subprocess.run([*command, "doctor", "--journal"], capture_output=True, text=True, check=False)
        assert noted.stdout.startswith("<3>")
        yield base, Client(folder / "s" / "run" / "hub.sock")
    finally:
        process.terminate()
        process.wait(20)


def answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(base + "/reglages", timeout=5) as answer:
            return int(answer.status) == 200
    except OSError:
        return False


def opened(browser: Browser, ward: tuple[str, Client], who: str, look: str) -> Page:
    base, hub = ward
    options = dict(LOOKS[look])
    profile = options.pop("profile", "")
    context = browser.new_context(locale="fr-FR", bypass_csp=True, **options)
    if profile:
        context.add_cookies([{"name": "cartable_lecture", "value": profile, "url": base}])
    page = context.new_page()
    if who == "teacher":
        page.goto(base + "/enseignant")
        page.fill("#code", hub.request("GET", "/api/presence-code").json()["code"])
        page.locator("form button").first.click()
        page.wait_for_url("**/enseignant/accueil")
    page.goto(base + "/sante")
    settle(page)
    return page


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("who", ["pupil", "teacher"])
def test_a_box_in_trouble(browser: Browser, ward: tuple[str, Client], who: str, look: str) -> None:
    page = opened(browser, ward, who, look)
    violations, rules = axe.run(page)
    assert not violations, "\n".join(violations)
    assert rules >= 15
    assert page.evaluate(probes.SIDEWAYS) == []
    assert page.evaluate("document.querySelectorAll('*').length") <= BUDGETS[Kind.DASHBOARD].nodes
    wrong = page.locator("li:has(.badge.bad) strong").all_inner_texts()
    assert len(wrong) == len(WRONG) == len(set(wrong))
    assert set(wrong) == WRONG
    first = page.locator("main li").first
    assert "à réparer" in first.inner_text()
    assert first.locator(".mend").is_visible()
    page.add_style_tag(content=probes.SPACING)
    assert page.evaluate(probes.CLIPPED) == []
    assert page.evaluate(probes.SIDEWAYS) == []
    page.context.close()


def test_what_is_wrong_is_on_the_first_screen_of_a_phone(browser: Browser, ward: tuple[str, Client]) -> None:
    page = opened(browser, ward, "pupil", "phone")
    box = page.locator("main li .mend").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < PHONE["viewport"]["height"]
    page.context.close()


def test_nothing_private_is_shown(browser: Browser, ward: tuple[str, Client], tmp_path: Path) -> None:
    page = opened(browser, ward, "pupil", "tablet")
    text = page.inner_text("body")
    assert not [
        word for word in ("mmcblk0", "get_throttled", "SQLite", "Python", "eth0", str(tmp_path.parent)) if word in text
    ]
    page.context.close()
