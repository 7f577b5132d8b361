# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A class in a lesson, its teacher and its tablets, as pages see them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.model import Activity, Choice, Question
from appliance.store import activities
from tests.hub import site as rig
from tests.hub.site import Site

NOW = "/api/lesson/now"


@pytest.fixture
def classroom(tmp_path: Path) -> Iterator[Site]:
    """Two pupils, a running lesson, two exercises, a second class."""
    with rig.opened(tmp_path / "state") as opened:
        rig.demonstration_class(opened)
        question = Question("q1", "Quelle forme ?", (Choice("a", "Rond"), Choice("b", "Carré")), "a", "Oui !", "Non.")
        with opened.hub.db.writing() as conn:
            activities.add(conn, Activity("a2", "Les formes", (question,)))
            conn.execute("INSERT INTO school_group VALUES ('h', 'CM2')")
            conn.execute("INSERT INTO pupil VALUES ('q1', 'h', 'Loup', '1F43A', 0)")
        yield opened


class Teacher:
    """A second browser of the site."""

    def __init__(self, site: Site) -> None:
        self.site = Site.__new__(Site)
        self.site.hub, self.site.app = site.hub, site.app
        self.site.browser = self.site.new_browser()
        self.site.sign_in()

    def open(self, *plan: str, classe: str = "", animaux: int = 28, **more: Any) -> None:
        fields = {"plan": list(plan), "classe": classe, "animaux": animaux, **more}
        answer = self.site.post("/enseignant/seance/ouvrir", **fields)
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"] == "/enseignant/seance"

    def bell(self) -> str:
        answer = self.site.post("/enseignant/seance/cloche", "/enseignant/accueil")
        assert answer.status_code == 303
        return answer.headers["Location"]

    def board(self) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.site.text("/enseignant/seance/tableau")))


@pytest.fixture
def teacher(classroom: Site) -> Teacher:
    return Teacher(classroom)


def tablet(site: Site, pupil: str = "") -> Site:
    """A browser of its own, in as ``pupil`` (default: the first of the grid)."""
    other = Site.__new__(Site)
    other.hub, other.app = site.hub, site.app
    other.browser = other.new_browser()
    pupil = pupil or re.findall(r'class="tile" href="/qui/([^"]+)"', other.text("/qui"))[0]
    other.enter(pupil)
    return other


def answer_of(page: str, choice: str = "a", **more: Any) -> dict[str, Any]:
    """An answer to the first question of an exercise page, as its script sends it."""
    token, question = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("token", "question"))
    assert token
    assert question
    return {"id": str(uuid.uuid4()), "token": token[1], "question": question[1], "choice": choice, **more}


def send(site: Site, *items: dict[str, Any]) -> dict[str, Any]:
    told = site.browser.post("/api/answers", json=list(items)).json
    assert told is not None
    return dict(told)


def now(site: Site, query: str = "") -> dict[str, Any]:
    return dict(site.get(NOW + query).json or {})
