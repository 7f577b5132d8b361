# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""axe-core (``tests/data/axe``, MPL-2.0) run inside a page. The context must be made with ``bypass_csp``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

SCRIPT = Path(__file__).parents[1] / "data" / "axe" / "axe.min.js"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of axe.min.js in the npm package axe-core 4.14.1."""

TAGS = ("RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_RUN = (
    """tags => axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], iframes: false})"""
)


def source() -> str:
    """The script. AssertionError when it is not the published one."""
    text = SCRIPT.read_bytes()
    assert hashlib.sha256(text).hexdigest() == SHA256, f"{SCRIPT} is not axe-core 4.14.1"
    return text.decode()


def run(page: Page | Frame) -> tuple[list[str], int]:
    """Violations of every rule of :data:`TAGS` as readable lines, and how many rules had something to check.

    What stands in frames is not looked at: run it there.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    told: dict[str, Any] = page.evaluate(_RUN, list(TAGS))
    lines = [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['target']} {node['html'][:160]} "
        f"{'; '.join(check['message'] for check in node['any'] + node['all'] + node['none'])[:240]}"
        for violation in told["violations"]
        for node in violation["nodes"]
    ]
    return lines, len(told["passes"]) + len(told["violations"])
