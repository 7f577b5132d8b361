# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A clock set by hand, and something to say."""

from __future__ import annotations

from typing import Any

from appliance.ports import Now

WALL = 1_790_000_000.0


class Watch:
    """Port ``Clock`` set by hand."""

    def __init__(self, *, trusted: bool = False, boot: str = "boot-1", monotonic: float = 100.0) -> None:
        self.trusted, self.boot, self.monotonic, self.wall = trusted, boot, monotonic, WALL

    def now(self) -> Now:
        return Now(self.wall if self.trusted else 12.0, self.trusted, self.monotonic, self.boot)

    def passes(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds

    def reboots(self, *, trusted: bool, away_s: float, up_s: float) -> None:
        self.boot, self.trusted, self.monotonic = self.boot + "+", trusted, up_s
        self.wall += away_s + up_s


def said(word: str = "bonjour", **more: Any) -> dict[str, Any]:
    return {
        "actor": {"account": {"homePage": "https://cartable.invalid/boxes/b", "name": "p1"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/experienced"},
        "object": {"id": f"https://cartable.invalid/words/{word}"},
        **more,
    }
