# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A teacher's own sequence of spoken English on a running box; asking again changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

from tests.rigs.box import Box

NAME = "mon-zoo"
BASE = "/enseignant/oral"
PATIENCE_S = 30.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WORDS = """ship = un navire
sheep = un mouton
zebra = un zèbre
read = lire
What is it? = Qu’est-ce que c’est ?
It's a sheep. = C’est un mouton."""


def made(box: Box) -> str:
    """Its name: six words and phrases, two pictures, its sounds made."""
    if box.client.request("GET", f"{BASE}/{NAME}/modifier").status == 200:
        return NAME
    _post(box, f"{BASE}/nouvelle", title_fr="Mon zoo", title_en="My zoo", level="ce2", theme="animals", words=WORDS)
    here = f"{BASE}/{NAME}/modifier"
    _post(box, here, part="item", slug="sheep", text="sheep", fr="un mouton", picture="1F411")
    _post(box, here, part="item", slug="ship", text="ship", fr="un navire", picture="1F6A2")
    deadline = time.monotonic() + PATIENCE_S
    while b"its-a-sheep.mp3" not in (page := box.client.request("GET", here).body):
        assert time.monotonic() < deadline, page[:2000]
        time.sleep(0.1)
    return NAME


def editor(query: str) -> Callable[[Box], str]:
    """The address of its editor."""
    return lambda box: f"{BASE}/{made(box)}/modifier{query}"


def _post(box: Box, path: str, **fields: str) -> None:
    answer = box.client.request("POST", path, body=urlencode(fields).encode(), headers=FORM)
    assert answer.status == 303, answer.body[:2000]
