# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Spoken English on a running box: pages, and verdicts handed to the hub as the speech service does; asking again
changes nothing.
"""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.rigs.box import Box

SEQUENCE, SOUNDS, SONG = "ce2-breakfast", "cp-sounds", "cp-song-morning"
ENCORE: Mapping[str, Any] = {
    "outcome": "encore",
    "sentence": "I heard “%(heard)s”. Listen, and say “%(asked)s”.",
    "heard": "bread",
    "params": {"heard": "bread", "asked": "cheese"},
}
PRESQUE: Mapping[str, Any] = {
    "outcome": "presque",
    "sentence": "Nearly! I heard “%(heard)s”.",
    "params": {"heard": "meek"},
    "heard": "meek",
    "tip": "Make the sound short, and do not smile.",
    "focus": ["ih/iy"],
    "words": [{"text": "milk", "ok": False, "heard_as": "meek", "rule": "ih/iy", "score": -2.0}],
}
NOISE: Mapping[str, Any] = {
    "outcome": "bruit",
    "sentence": "There is too much noise for me to judge. Come closer, or wait for silence.",
}
BRAVO: Mapping[str, Any] = {
    "outcome": "bravo",
    "sentence": "Well done! I heard “%(heard)s”.",
    "heard": "milk",
    "params": {"heard": "milk"},
}


def page(box: Box, place: str = "", sequence: str = SEQUENCE) -> str:
    """Where a sequence is; ``place``: of an activity in it."""
    del box
    return f"/oral/{sequence}{place}"


def asked(box: Box, pupil: str, place: str = "/1") -> dict[str, str]:
    """What the tablet of a pupil sends with a sound."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))

    def text(path: str, form: dict[str, str] | None = None) -> str:
        body = urlencode(form).encode() if form is not None else None
        with browser.open(Request(box.base + path, data=body), timeout=20) as answer:
            return str(answer.read().decode())

    def field(found: str, name: str) -> str:
        told = re.search(rf'name="{name}" value="([^"]*)"', found)
        assert told, name
        return html.unescape(told[1])

    text(f"/qui/{pupil}", {"csrf": field(text(f"/qui/{pupil}"), "csrf")})
    shown = text(page(box, place))
    return {"id": str(uuid.uuid4()), **{name: field(shown, name) for name in ("token", "activity", "item")}}


def tell(box: Box, told: dict[str, str], judged: Mapping[str, Any]) -> Any:
    """Hand a verdict to the hub."""
    body = json.dumps({**told, "verdict": judged}).encode()
    answer = box.client.request("POST", "/api/oral/attempts", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200, answer.body
    return answer.json()


def verdict(box: Box) -> str:
    """The page that shows a verdict."""
    first = box.rows("SELECT id FROM pupil ORDER BY position LIMIT 1")[0]["id"]
    return str(tell(box, asked(box, first, "/1?n=2"), NOISE)["page"]).partition("#")[0]


def progress(box: Box, place: str = "") -> str:
    """A page of the teacher's; two pupils have spoken."""
    if not box.rows("SELECT 1 FROM oral_attempt"):
        first, second = (row["id"] for row in box.rows("SELECT id FROM pupil ORDER BY position LIMIT 2"))
        for n, judged in enumerate((BRAVO, ENCORE, PRESQUE, PRESQUE), 1):
            tell(box, asked(box, first, f"/1?n={n}"), judged)
        tell(box, asked(box, second), BRAVO)
    return "/enseignant/oral/progres" + place


def pupil(box: Box) -> str:
    """The page of one who has spoken."""
    return f"{progress(box)}/eleve/{box.rows('SELECT pupil FROM oral_attempt LIMIT 1')[0]['pupil']}"
