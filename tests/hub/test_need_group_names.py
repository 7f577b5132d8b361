# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A need group with pupils of two teachers: each reads the first names of their own classes only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance import passphrase, sealing
from appliance.hub.roles import Role
from appliance.model import Lesson
from appliance.store import classes, lessons
from tests.hub import site as rig
from tests.hub.people import AT, account, seat
from tests.hub.site import Site

PAGES = ("/enseignant/classes/n", "/enseignant/eleves", "/enseignant/seance", "/enseignant/seance/bilan/need")


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        with site.hub.db.writing() as conn:
            for group, name, kind in (("h", "CM2", classes.CLASS), ("n", "Lecture", classes.NEED)):
                conn.execute("INSERT INTO school_group VALUES (?, ?)", (group, name))
                conn.execute("INSERT INTO group_detail (school_group, kind) VALUES (?, ?)", (group, kind))
            conn.execute("INSERT INTO pupil VALUES ('q1', 'h', 'Loup', '1F43A', 0)")
            conn.executemany("INSERT INTO member VALUES ('n', ?)", [("p1",), ("q1",)])
        yield site


def teacher_of(site: Site, group: str, words: str) -> tuple[FlaskClient, str]:
    made, browser = account(site, words=words, classes=(group,)), site.new_browser()
    seat(site, browser, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
    return browser, made.staff.id


def test_names_of_another_teachers_class_are_not_told(school: Site) -> None:
    first, identity = teacher_of(school, "g", "agrafe soleil tortue radis")
    second, _ = teacher_of(school, "h", "navet violon tortue radis")
    school.hub.vaults.keep("p1", "name", b"Lina")
    school.hub.vaults.keep("q1", "name", b"Marcel")
    with school.hub.db.writing() as conn:
        conn.execute("UPDATE group_detail SET names_shown = 1, regime = 'named'")
    lessons.begin(school.hub.db, Lesson("need", "n", "Lire", AT, opened_by=identity))
    for browser, own, other in ((first, "Lina", "Marcel"), (second, "Marcel", "Lina")):
        for page in PAGES:
            told = browser.get(page)
            assert told.status_code == 200, page
            assert (own in told.text, other in told.text) == (True, False), page
    grid = school.new_browser().get("/qui").text
    assert ("Lina" in grid, "Marcel" in grid) == (True, False), "nor on the grid of who opened the lesson"
