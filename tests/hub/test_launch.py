# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Launch tokens: what a package's scripts may say they are, and for how long."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from itsdangerous import URLSafeSerializer

from appliance.errors import Refused
from appliance.hub import launch
from appliance.hub.context import Hub
from appliance.model import Group, Lesson, Pupil
from appliance.ports import Now
from appliance.store import classes, lessons, people, settings, steady
from appliance.xapi import identifiers
from tests.hub import site as rig
from tests.hub.site import CONTENT, Site

IRI = "http://example.org/activites/capitales?jeu=1"
TINCAN = (
    '<tincan xmlns="http://projecttincan.com/tincan.xsd"><activities><activity '
    f'id="{html.escape(IRI)}"><name>Les capitales</name>'
    '<launch lang="fr">jeu.html?mode=a%20b&amp;x=1</launch></activity></activities></tincan>'
)


def package() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("tincan.xml", TINCAN)
        archive.writestr("jeu.html", "<!doctype html><html lang='fr'><title>Jeu</title><p>Lisbonne")
    return out.getvalue()


@pytest.fixture
def classroom(tmp_path: Path) -> Iterator[Site]:
    """A class in a lesson; an old lesson of its own; another class."""
    with rig.opened(tmp_path / "state") as opened:
        rig.demonstration_class(opened)
        people.put_class(opened.hub.db, Group("h", "CM2"), [Pupil("q1", "h", "Loup", "1F43A")], [],
                         Lesson("other", "h", "Ailleurs", "2026-11-01T08:00:00Z"))  # fmt: skip
        yield opened


class At:
    """A clock that says what it is told."""

    def __init__(self, wall: float, trusted: bool = True) -> None:
        self._now = Now(wall, trusted, 1.0, "boot")

    def now(self) -> Now:
        return self._now


def checked(site: Site, token: str, clock: At | None = None) -> launch.Launch:
    parts: Hub = dataclasses.replace(site.hub, clock=clock) if clock else site.hub
    site.app.extensions["cartable"] = parts
    try:
        with site.app.app_context():
            return launch.check(token)
    finally:
        site.app.extensions["cartable"] = site.hub


def token(site: Site, *what: str) -> str:
    with site.app.app_context():
        return launch.token(*what)


def end_lesson(site: Site, lesson: str, at: str, *, sure: bool = True) -> None:
    options = json.dumps({"end_sure": sure})
    with site.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET ended_at = ?, options = ? WHERE id = ?", (at, options, lesson))


def test_a_token_stands_for_a_pupil_in_a_lesson(classroom: Site) -> None:
    found = checked(classroom, token(classroom, "l", "p1", IRI, "r"))
    box = settings.box_id(classroom.hub.db)
    assert found == launch.Launch("l", "p1", IRI, "r", identifiers.pupil(box, "p1"), running=True)


def test_forged_tokens(classroom: Site) -> None:
    good = token(classroom, "l", "p1", IRI)
    payload, signature = good.rsplit(".", 1)
    swapped = base64.urlsafe_b64encode(json.dumps(["l", "p2", IRI, ""]).encode()).decode().rstrip("=")
    attempt = URLSafeSerializer(classroom.hub.secret, salt="attempt").dumps(["l", "p1", IRI])
    unsigned = URLSafeSerializer(b"guess", salt="launch").dumps(["l", "p1", IRI, ""])
    for bad in (
        "",
        "x",
        payload,
        f"{swapped}.{signature}",
        attempt,
        str(unsigned),
        good + "a",
        "\ud800",
        "é.é",
        "a\0b",
    ):
        with pytest.raises(Refused):
            checked(classroom, bad)


@pytest.mark.parametrize("said", [["l", "p1"], ["l", "p1", IRI, "r", "more"], {"l": "p1"}, 7, None, "lp1r"])
def test_what_our_own_key_signed_but_is_no_token(classroom: Site, said: object) -> None:
    with pytest.raises(Refused):
        checked(classroom, str(URLSafeSerializer(classroom.hub.secret, salt="launch").dumps(said)))


@pytest.mark.parametrize(("lesson", "pupil"), [("none", "p1"), ("l", "none"), ("l", "q1"), ("other", "p1")])
def test_nobody_of_that_lesson(classroom: Site, lesson: str, pupil: str) -> None:
    with pytest.raises(Refused):
        checked(classroom, token(classroom, lesson, pupil, IRI))


def test_after_the_lesson_only_late_deliveries(classroom: Site) -> None:
    given, ended = token(classroom, "l", "p1", IRI), datetime.datetime(2026, 11, 2, 9, tzinfo=datetime.UTC)
    end_lesson(classroom, "l", "2026-11-02T09:00:00Z")
    for days in (0, 59):
        assert not checked(classroom, given, At(ended.timestamp() + days * 86400)).running
    late = At(ended.timestamp() + 61 * 86400)
    assert not checked(classroom, given, late).running, "the clock may have jumped"
    with classroom.hub.db.writing() as conn:
        for days in (47, 61):
            steady.looked(conn, ended.timestamp() + days * 86400)
    with pytest.raises(Refused):
        checked(classroom, given, late)
    assert not checked(classroom, given, At(0.0, trusted=False)).running
    assert not checked(classroom, given, At(4e9, trusted=False)).running, "a wrong clock loses nothing"
    end_lesson(classroom, "l", "2024-03-01T09:00:00Z", sure=False)
    assert not checked(classroom, given, late).running, "nor one that was wrong at the bell"


def test_a_lesson_of_a_need_group(classroom: Site) -> None:
    """Its pupils are members, whose class is another; who is no member has no part in it."""
    with classroom.hub.db.writing() as conn:
        group = classes.add(conn, "Besoin", kind=classes.NEED)
        classes.set_members(conn, group, "g", ["p1"])
    lessons.begin(classroom.hub.db, Lesson("n", group, "Lecture", "2026-11-02T10:00:00Z"))
    assert checked(classroom, token(classroom, "n", "p1", IRI)).pupil == "p1"
    with pytest.raises(Refused):
        checked(classroom, token(classroom, "n", "p2", IRI))


def frame(site: Site, path: str) -> tuple[str, str]:
    found = re.search(r'<iframe src="([^"]+)" title="[^"]*" name="([^"]+)"', site.text(path))
    assert found
    return html.unescape(found[1]), found[2]


def test_a_package_opens_with_parameters_for_a_pupil_and_for_nobody_else(classroom: Site) -> None:
    classroom.sign_in()
    classroom.upload(("jeu.zip", package()))
    classroom.settle()
    resource = classroom.only(format="web_bundle")
    page = f"{CONTENT}/blob/{resource.blob}/files/jeu.html?mode=a%20b&x=1"
    assert frame(classroom, f"/lire/{resource.id}")[0] == page, "the teacher"
    classroom.browser = classroom.new_browser()
    assert frame(classroom, f"/lire/{resource.id}")[0] == page, "nobody"
    classroom.enter("p1")
    address, name = frame(classroom, f"/lire/{resource.id}")
    told = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
    box = settings.box_id(classroom.hub.db)
    assert address.startswith(page + "&")
    assert told["endpoint"] == f"{CONTENT}/xapi/"
    assert json.loads(told["actor"]) == identifiers.pupil(box, "p1")
    assert told["registration"] == identifiers.registration(box, "l")
    assert told["activity_id"] == IRI
    scheme, password = told["auth"].split(" ")
    user, given = base64.b64decode(password).decode().split(":", 1)
    assert (scheme, user) == ("Basic", launch.USER)
    assert checked(classroom, given) == launch.Launch("l", "p1", IRI, resource.id, identifiers.pupil(box, "p1"), True)
    assert "Renard" not in address
    assert classroom.get(f"/lire/{resource.id}").headers["Cache-Control"] == "no-store"
    classroom.enter("p2")
    assert frame(classroom, f"/lire/{resource.id}")[1] != name, "Back may not bring the first pupil's frame"
    end_lesson(classroom, "l", "2026-11-02T09:00:00Z")
    end_lesson(classroom, "other", "2026-11-02T09:00:00Z")
    assert frame(classroom, f"/lire/{resource.id}")[0] == page, "no lesson"


def test_an_ordinary_bundle_gets_no_parameters(school: Site) -> None:
    school.browser = school.new_browser()
    school.enter("p1")
    page = school.text(f"/lire/{school.only(format='web_bundle').id}")
    assert "auth=" not in page
    assert "index.html?" not in page
    school.browser = school.new_browser()
