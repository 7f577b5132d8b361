# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pupils come in: the grid of forty and of need groups, several on a tablet, badges, and the profile that follows."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance import passphrase, sealing
from appliance.hub import badges, lesson_office
from appliance.hub.roles import Role
from appliance.model import Activity, Choice, Group, Lesson, Pupil, Question
from appliance.store import audit, classes, lessons, people, vault
from tests.hub import site as rig
from tests.hub.people import account, seat
from tests.hub.site import Site, until

AT = "2026-11-02T08:00:00Z"
QUESTION = Question("q1", "Combien ?", (Choice("a", "Deux"), Choice("b", "Trois")), "a", "Oui !", "Non.")
BASE = "http://cartable.local/"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Site]:
    """Two classes of three; the first one's lesson runs."""
    with rig.quiet(tmp_path / "state") as site:
        for group, name in (("g", "CE2"), ("h", "CM1")):
            pupils = [Pupil(f"{group}{n}", group, alias, avatar) for n, (alias, avatar) in enumerate(
                (("Renard", "1F98A"), ("Hibou", "1F989"), ("Loup", "1F43A")))]  # fmt: skip
            lesson = Lesson(f"l{group}", group, "Les nombres", AT)
            people.put_class(site.hub.db, Group(group, name), pupils, [Activity("a1", "Compter", (QUESTION,))], lesson)
        run(site, "lg")
        yield site


def run(site: Site, lesson: str, group: str = "") -> None:
    """That lesson runs, and no other; perhaps with another group. Empty: after the bell."""
    with site.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET ended_at = CASE id WHEN ? THEN NULL ELSE ? END", (lesson, AT))
        if group:
            conn.execute("UPDATE lesson SET school_group = ? WHERE id = ?", (group, lesson))


def pupil(site: Site, name: str) -> Pupil:
    return people.pupil(site.hub.db, name)


def badge(site: Site, name: str) -> str:
    """The path of a pupil's badge."""
    with site.app.test_request_context(base_url=BASE):
        return badges.address(pupil(site, name)).removeprefix(BASE[:-1])


def nodes(text: str) -> int:
    return len(re.findall(r"<[a-z]", text))


def tiles(text: str) -> list[str]:
    return re.findall(r'class="tile"[^>]*><svg.*?</svg>([^<]*)</a>', text)


def test_a_class_of_forty_fits_the_grid(room: Site) -> None:
    with room.hub.db.writing() as conn:
        many = classes.add(conn, "Les quarante")
        classes.add_pupils(conn, many, [(f"{n:X}", f"Animal {n}") for n in range(40)])
    run(room, "lg", many)
    for path in ("/qui", "/qui/ensemble"):
        text = room.text(path)
        assert len(tiles(text)) == 40
        assert nodes(text) <= 180


def test_who_left_is_not_on_the_grid(room: Site) -> None:
    with room.hub.db.writing() as conn:
        classes.leave(conn, "g1", AT)
    assert tiles(room.text("/qui")) == ["Renard", "Loup"]
    assert room.get("/qui/g1").status_code == 404


def test_a_need_group_tells_two_foxes_apart(room: Site) -> None:
    with room.hub.db.writing() as conn:
        need = classes.add(conn, "Lecture", kind=classes.NEED)
        classes.set_members(conn, need, "g", ["g0", "g1"])
        classes.set_members(conn, need, "h", ["h0"])
    run(room, "lg", need)
    assert tiles(room.text("/qui")) == ["Renard\nCE2", "Hibou", "Renard\nCM1"]
    room.enter("h0")
    assert "Renard" in room.text("/etagere")
    assert room.get("/qui/h1").status_code == 404


def test_names_stand_on_the_grid_only_if_the_class_says_so(room: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    made = account(room, classes=("g",))
    room.hub.vaults.keep("g0", vault.NAME, b"Barnab\xc3\xa9")
    seat(room, room.new_browser(), Role.TEACHER, made.staff.id, sealing.of_private(made.private))
    assert tiles(room.text("/qui"))[0] == "Renard"
    with room.hub.db.writing() as conn:
        classes.change(conn, "g", name="CE2", regime="named", level="", names_shown=True)
    assert tiles(room.text("/qui"))[0] == "Renard", "a substitute opened the lesson"
    with room.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET opened_by = ?", (made.staff.id,))
    assert tiles(room.text("/qui")) == ["Renard\nBarnabé", "Hibou", "Loup"]
    room.hub.vaults.lock("g")
    assert tiles(room.text("/qui"))[0] == "Renard"


def together(site: Site, *names: str) -> int:
    token = site.token("/qui/g0")
    return site.browser.post("/qui/ensemble", data={"csrf": token, "pupil": list(names)}).status_code


def test_three_share_a_tablet_and_each_has_the_answer(room: Site) -> None:
    text = room.text("/qui/ensemble")
    for number in range(3):
        text = room.text(html.unescape(re.findall(r'class="tile" href="([^"]+)"', text)[0 if number == 0 else number]))
    assert re.findall(r'name="pupil" value="(\w+)"', text) == ["g0", "g1", "g2"]
    assert together(room, "g0", "g1", "g2") == 303
    assert "Renard, Hibou, Loup" in room.text("/etagere")
    token = re.search(r'data-token="([^"]+)"|name="token" value="([^"]+)"', room.text("/exercice/a1"))
    assert token
    answer = {"id": str(uuid.uuid4()), "token": token[1] or token[2], "question": "q1", "response": "a", "choice": "a"}
    for _ in range(2):
        sent = room.browser.post("/api/answers", data=json.dumps([answer]), content_type="application/json")
        assert sent.json == {"accepted": [answer["id"]], "refused": []}
    given = lessons.answered(room.hub.db, "lg")
    assert sorted((each.pupil, each.choice) for each in given) == [("g0", "a"), ("g1", "a"), ("g2", "a")]
    room.enter("g1")
    assert "Bonjour, Hibou" in room.text("/etagere").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("names", "status"),
    [((), 400), (("g0",), 400), (("g0", "g0"), 400), (("g0", "h0"), 404), (("g0", "g1", "g2", "h0", "h1"), 400)],
)
def test_a_team_is_two_to_four_of_the_class(room: Site, names: tuple[str, ...], status: int) -> None:
    assert together(room, *names) == status
    assert room.get("/").headers["Location"] == "/qui"


def test_who_leaves_a_team_leaves_nobody(room: Site) -> None:
    together(room, "g0", "g1")
    room.post("/au-revoir", "/etagere")
    with room.app.test_request_context(), room.browser.session_transaction() as session:
        assert not {"lesson", "pupil", "team", "tablet"} & set(session)
        assert lesson_office.speakers() == []


def test_a_badge_leads_to_its_pupil(room: Site) -> None:
    answer = room.get(badge(room, "g1"))
    assert answer.headers["Location"] == "/qui/g1"
    assert badge(room, "g0") != badge(room, "g1")
    assert "g1" not in badge(room, "g1")


def test_a_badge_is_replayed_in_vain(room: Site) -> None:
    own, other = badge(room, "g1"), badge(room, "h1")
    assert room.get(other).status_code == 403, "another class's"
    run(room, "")
    assert room.get(own).status_code == 403, "after the bell"
    run(room, "lh")
    assert room.get(own).status_code == 403, "in the next class's lesson"
    assert room.get(other).status_code == 303
    noted = [each for each in audit.entries(room.hub.db.reading()) if each.subject == "GET /badge/<token>"]
    assert [each.outcome for each in noted] == [audit.REFUSED] * 3


@pytest.mark.parametrize("wrong", ["none", "g1", "%00", "é" * 20, "A" * 20, "=" * 3000])
def test_a_badge_is_not_guessed(room: Site, wrong: str) -> None:
    assert room.get(f"/badge/{wrong}").status_code == 403
    own = badge(room, "g1")
    assert room.get(own[:-1] + ("A" if own[-1] != "A" else "B")).status_code == 403


def test_a_stolen_badge_is_cancelled(room: Site) -> None:
    stolen = badge(room, "g1")
    room.sign_in()
    page = "/enseignant/classes/g/eleves/g1"
    assert room.post(f"{page}/badge", page).status_code == 303
    assert room.get(stolen).status_code == 403
    assert room.get(badge(room, "g1")).status_code == 303


def choose(site: Site, browser: FlaskClient, **fields: str) -> None:
    site.browser = browser
    assert site.post("/reglages", back="/etagere", **fields).status_code == 303


def test_the_profile_follows_the_pupil_and_nobody_else(room: Site) -> None:
    first, second = room.new_browser(), room.new_browser()
    choose(room, first, theme="dark", language="fr")
    room.enter("g0")
    assert 'class="theme-dark"' in room.text("/etagere"), "the tablet's own, for who has chosen nothing"
    choose(room, first, theme="contrast", spacing="dys", language="en")
    assert 'lang="en" class="theme-contrast space-dys"' in room.text("/etagere")
    room.browser = second
    assert 'class=""' in room.text("/qui")
    room.enter("g0")
    assert 'lang="en" class="theme-contrast space-dys"' in room.text("/etagere")
    room.browser = first
    room.post("/au-revoir", "/etagere")
    assert 'lang="fr" class="theme-dark"' in room.text("/qui")
    room.enter("g1")
    assert 'lang="fr" class="theme-dark"' in room.text("/etagere")
    together(room, "g0", "g1")
    assert 'class="theme-dark"' in room.text("/etagere"), "where several share it, the tablet's own"


def test_after_the_bell_the_tablet_is_its_own_again(room: Site) -> None:
    room.enter("g0")
    choose(room, room.browser, theme="contrast", language="fr")
    run(room, "lh")
    assert 'class=""' in room.text("/qui")


def test_a_profile_that_is_nonsense_is_passed_over(room: Site) -> None:
    with room.hub.db.writing() as conn:
        classes.set_details(conn, "g0", {"reading": 5, "language": ["x"]})
    room.enter("g0")
    assert 'lang="fr" class=""' in room.text("/etagere")


def test_who_comes_in_is_written_within_a_second_or_so(room: Site) -> None:
    """Together with who comes in at the same time; nobody has to ask for it."""
    for pupil in ("g0", "g1", "g2"):
        room.browser = room.new_browser()
        room.enter(pupil)

    def came() -> list[str]:
        return [each.who for each in audit.entries(room.hub.db.reading()) if each.act == "came in"]

    until(lambda: len(came()) == 3)
    assert came() == ["g2", "g1", "g0"]
    assert audit.verify(room.hub.db.reading()) is None


def test_an_act_after_others_is_written_after_them(room: Site) -> None:
    room.enter("g0")
    room.hub.trail.note("signed out", role="teacher")
    assert [each.act for each in audit.entries(room.hub.db.reading())][:2] == ["signed out", "came in"]


def test_who_came_in_is_in_the_audit_unless_nothing_is_kept(room: Site) -> None:
    room.enter("g0")
    room.hub.trail.flush()
    came = [each for each in audit.entries(room.hub.db.reading()) if each.act == "came in"]
    assert [(each.who, each.role, each.subject) for each in came] == [("g0", "pupil", "lg.1")]
    assert audit.verify(room.hub.db.reading()) is None
