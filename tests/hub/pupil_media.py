# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pupils' tablets that answer with photos and voices, and what the box then holds."""

from __future__ import annotations

import dataclasses
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance import passphrase, sealing
from appliance.hub.roles import Role
from appliance.model import Activity, Question, QuestionKind
from appliance.store import activities, classes
from tests import media
from tests.hub import site as rig
from tests.hub.people import account, seat
from tests.hub.site import Site

PHOTO, VOICE = (
    Question("vu", "Montre ton dessin", (), "", "", "", kind=QuestionKind.PHOTO),
    Question("dit", "Raconte", (), "", "", "", kind=QuestionKind.VOICE),
)
QUIZ = Activity("medias", "Dessine et raconte", (PHOTO, VOICE))


@dataclasses.dataclass
class Tablet:
    """One pupil's browser."""

    site: Site
    pupil: str

    def __post_init__(self) -> None:
        self.browser = self.site.new_browser()
        page = self.browser.get(f"/qui/{self.pupil}").text
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        assert token
        assert self.browser.post(f"/qui/{self.pupil}", data={"csrf": token[1]}).status_code == 303

    def page(self) -> str:
        return self.browser.get("/exercice/medias").text

    def answer(self, question: str = "vu", body: bytes = b"", **more: Any) -> dict[str, Any]:
        """The fields of an answer, as the page's script sends them."""
        token = re.search(r'name="token" value="([^"]+)"', self.page())
        assert token
        body = body or media.photo(place=True)
        return {"id": str(uuid.uuid4()), "token": token[1], "question": question, "medium": body, **more}

    def send(self, question: str = "vu", body: bytes = b"", **more: Any) -> TestResponse:
        return deliver(self.browser, self.answer(question, body, **more))


def deliver(browser: FlaskClient, fields: dict[str, Any], path: str = "/api/media", **headers: str) -> TestResponse:
    body, kind = media.form({name: each for name, each in fields.items() if name != "medium"}, fields["medium"])
    return browser.post(path, data=body, content_type=kind, headers=headers)


def refusal(answer: TestResponse) -> str:
    told = answer.json
    assert answer.status_code == 200, answer.text
    assert told
    assert told["accepted"] == [], told
    return str(told["refused"][0]["reason"])


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A class with a portfolio (its teacher's), one without, a running lesson of the first."""
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        activities.save(site.hub.db, QUIZ)
        yield site


@pytest.fixture
def teacher(school: Site) -> FlaskClient:
    made, browser = account(school, classes=("g",)), school.new_browser()
    with school.hub.db.writing() as conn:
        classes.change(conn, "g", name="CE2", regime=classes.PORTFOLIO, level="ce2", names_shown=False)
    seat(school, browser, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
    return browser


def files(site: Site) -> list[Path]:
    folder = site.hub.vaults.folder
    return list(folder.iterdir()) if folder.is_dir() else []


def bodies(site: Site) -> list[dict[str, Any]]:
    rows = site.hub.db.reading().execute("SELECT body FROM statement ORDER BY row")
    return [json.loads(row["body"]) for row in rows]


def sealed(site: Site) -> list[str]:
    rows = site.hub.db.reading().execute("SELECT id FROM sealed_item WHERE kind = 'media' ORDER BY rowid")
    return [row["id"] for row in rows]
