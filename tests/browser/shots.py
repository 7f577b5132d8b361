# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``python -m tests.browser.shots FOLDER [NAME…]``: a picture of every page on every device, to be looked at."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import PHONE, PROJECTOR, TABLET, sign_in
from tests.browser.pages import PAGES, Who
from tests.rigs import box as rig
from tests.rigs.box import Box
from tests.rigs.chromium import chromium, silence

DEVICES: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "tablet": TABLET,
    "projector": PROJECTOR,
    "tablet-dark": {**TABLET, "color_scheme": "dark"},
    "tablet-dys": {**TABLET, "profile": ".dys.big.opendyslexic"},
}


def main(folder: Path, names: list[str]) -> None:
    """Take them all, or those of the pages named."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, rig.running(Path(state) / "box") as box, chromium() as browser:
        for who in Who:
            for device, options in DEVICES.items():
                _take(box, browser, folder, who, device, dict(options), names)


def _take(
    box: Box, browser: Browser, folder: Path, who: Who, device: str, options: dict[str, Any], names: list[str]
) -> None:
    profile = options.pop("profile", "")
    context = browser.new_context(locale="fr-FR", **options)
    sign_in(context, box, who)
    if profile:
        context.add_cookies([{"name": "cartable_lecture", "value": profile, "url": box.base}])
    page = context.new_page()
    for shown in PAGES:
        if shown.who is who and (not names or shown.name in names):
            page.goto(box.base + shown.path(box))
            silence(page)
            page.screenshot(path=folder / f"{shown.name}--{device}.png", full_page=device != "projector")
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
