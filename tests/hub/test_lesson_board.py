# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The running lesson: what tablets tell and hear, and what the board shows of it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re

import pytest

from appliance import sealing
from appliance.hub.app import create_app
from appliance.hub.roles import Role
from appliance.ports import Now
from tests.hub import people as staff_rig
from tests.hub import site as rig
from tests.hub.lesson_rig import NOW, Teacher, answer_of, classroom, now, send, tablet, teacher
from tests.hub.site import Site

__all__ = ["classroom", "teacher"]


def test_now_says_the_same_with_304_until_something_happens(classroom: Site, teacher: Teacher) -> None:
    pupil = tablet(classroom)
    first = pupil.get(NOW + "?w=2&p=/exercice/a1")
    assert first.status_code == 200
    assert first.json is not None
    assert first.json["hand"] is False
    headers = {"If-None-Match": first.headers["ETag"]}
    again = pupil.get(NOW + "?w=2&p=/exercice/a1", headers=headers)
    assert (again.status_code, again.data) == (304, b"")
    assert pupil.browser.post("/main-levee", data={"csrf": pupil.token("/etagere")}).status_code == 303
    raised = pupil.get(NOW, headers=headers)
    assert raised.status_code == 200
    assert raised.json
    assert raised.json["hand"] is True
    assert "Temps d’écran : " not in teacher.board()
    teacher.site.post("/enseignant/seance/minuteur", "/enseignant/accueil", minutes=10)
    assert "Temps d’écran : encore 10 min" in teacher.board()
    teacher.site.post("/enseignant/seance/regardez", "/enseignant/accueil", minutes=3)
    assert 179 < now(pupil)["look"] <= 180
    teacher.bell()
    assert now(pupil)["lesson"] == ""
    assert now(pupil)["you"] == ""


def test_the_board_tells_who_is_here_and_what_they_do(classroom: Site, teacher: Teacher) -> None:
    assert teacher.board().count("pas encore là") == 2
    assert "Sur les tablettes, ouvrez" in teacher.board(), "nobody is here: what to do"
    pupil = tablet(classroom, "p1")
    page = pupil.text("/exercice/a1")
    now(pupil, "?w=3&p=/exercice/a1")
    assert send(pupil, answer_of(page, "a"))["refused"] == []
    assert "1 sur 2 là" in teacher.board()
    assert "ouvrez" not in teacher.board()
    assert (
        "Renard Compter justes : 1, à revoir : 0 3 réponses gardées dans la tablette Hibou pas encore là"
        in teacher.board()
    )
    send(pupil, answer_of(page, "b"))
    assert "à revoir : 1" in teacher.board(), "the last answer counts"
    other = tablet(classroom, "p1")
    now(other, "?p=/etagere")
    assert "sur l’étagère" in teacher.board()
    assert "2 tablettes" in teacher.board()
    fragment = teacher.site.get("/enseignant/seance/tableau")
    tag = fragment.headers["ETag"]
    conditional = json.dumps({"If-None-Match": tag})
    assert f'hx-headers="{conditional}"' in fragment.text.replace("&#34;", '"')
    again = teacher.site.get("/enseignant/seance/tableau", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_hand_is_raised_seen_and_lowered_by_either(classroom: Site, teacher: Teacher) -> None:
    pupil = tablet(classroom, "p1")
    pupil.post("/main-levee", "/etagere", retour="/exercice/a1")
    assert classroom.hub.room.hands() == ["p1"]
    assert 'name="pupil" value="p1"' in teacher.site.text("/enseignant/seance/tableau")
    assert 'aria-pressed="true"' in pupil.text("/etagere")
    teacher.site.post("/enseignant/seance/main", "/enseignant/seance", pupil="p1")
    assert classroom.hub.room.hands() == []
    answer = pupil.post("/main-levee", "/etagere", retour="//evil.example/x")
    assert answer.headers["Location"] == "/"
    pupil.post("/main-levee", "/etagere", baisser="1")
    assert classroom.hub.room.hands() == []


def test_without_script_a_page_is_heard_and_shows_look_at_me(classroom: Site, teacher: Teacher) -> None:
    pupil = tablet(classroom, "p1")
    pupil.text("/exercice/a1")
    assert "Compter" in teacher.board()
    teacher.site.post("/enseignant/seance/regardez", "/enseignant/accueil", minutes=1)
    assert "<noscript><p" in pupil.text("/etagere")
    teacher.site.post("/enseignant/seance/regardez", "/enseignant/accueil", minutes=0)
    assert "<noscript><p" not in pupil.text("/etagere")


def test_only_the_durations_shown_are_taken(classroom: Site, teacher: Teacher) -> None:
    for path, minutes in itertools.product(("regardez", "minuteur"), ("2", "", "-1", "9999999999", "5.0", "un")):
        answer = teacher.site.post(f"/enseignant/seance/{path}", "/enseignant/accueil", minutes=minutes)
        assert answer.status_code == 400, (path, minutes)
    assert classroom.hub.room.told().look_s == 0


def test_nonsense_from_a_tablet_does_no_harm(classroom: Site, teacher: Teacher) -> None:
    pupil = tablet(classroom, "p1")
    for query in ("w=-1&p=//x", "w=" + "9" * 400, "w=%00&p=%00", "p=/lire/" + "x" * 5000, "w=²", "w=%C2%B2"):
        assert pupil.get(f"{NOW}?{query}").status_code == 200, query
    assert "Renard" in teacher.board()


def test_foreign_and_forged_cookies_are_not_heard(classroom: Site, teacher: Teacher) -> None:
    stranger = create_app(dataclasses.replace(classroom.hub, secret=b"y" * 32)).test_client()
    stranger.environ_base.update(rig.HEADERS)
    token = re.search(r'name="csrf" value="([^"]+)"', stranger.get("/qui/p1").text)
    assert token
    stranger.post("/qui/p1", data={"csrf": token[1]})
    cookie = stranger.get_cookie("cartable")
    assert cookie is not None
    classroom.hub.room.enter("")
    other = classroom.new_browser()
    for value in (cookie.value, "x", "eyJsZXNzb24iOiJsIn0.x", ""):
        other.set_cookie("cartable", value)
        told = other.get(NOW).json
        assert told
        assert told["you"] == ""
        assert other.post("/main-levee", data={"csrf": token[1]}).status_code == 403
    assert classroom.hub.room.presence() == {}
    assert "0 sur 2" in teacher.board()


class _Jumped:
    """A wall clock set anew in the middle of a lesson."""

    def __init__(self, site: Site, wall: float) -> None:
        self._clock, self._wall = site.hub.clock, wall

    def now(self) -> Now:
        return dataclasses.replace(self._clock.now(), wall=self._wall)


@pytest.mark.parametrize("wall", [0.0, 4_000_000_000.0])
def test_a_clock_that_jumps_changes_nothing(classroom: Site, teacher: Teacher, wall: float) -> None:
    pupil = tablet(classroom, "p1")
    teacher.site.post("/enseignant/seance/regardez", "/enseignant/accueil", minutes=3)
    now(pupil, "?p=/etagere")
    before = classroom.hub.clock
    object.__setattr__(classroom.hub, "clock", _Jumped(classroom, wall))
    try:
        assert 170 < now(pupil, "?p=/etagere")["look"] <= 180
        assert "1 sur 2 là" in teacher.board()
        teacher.bell()
        assert now(pupil)["you"] == ""
    finally:
        object.__setattr__(classroom.hub, "clock", before)


def test_first_names_are_told_to_the_class_s_teacher_while_the_vault_is_open(classroom: Site) -> None:
    """Not to a substitute, nor to a pupil, nor after the bell."""
    made = staff_rig.account(classroom, classes=("g",))
    classroom.hub.vaults.keep("p1", "name", b"Zoubida")
    own, substitute = Teacher(classroom), Teacher(classroom)
    staff_rig.seat(classroom, own.site.browser, Role.TEACHER, made.staff.id,
                   sealing.Pair(made.private, made.staff.public))  # fmt: skip
    staff_rig.seat(classroom, substitute.site.browser, Role.SUBSTITUTE)
    tablet(classroom, "p1")
    assert "Renard · Zoubida" in own.board()
    assert "Zoubida" not in substitute.board()
    assert "Renard" in substitute.board()
    pupil = tablet(classroom, "p2")
    assert not [path for path in ("/qui", "/etagere", "/qui/p1", NOW) if "Zoubida" in pupil.get(path).text]
    where = substitute.bell()
    assert "Zoubida" not in substitute.site.text(where)
    assert "Zoubida" not in own.site.text(where)
    assert not classroom.hub.vaults.is_open("g")
    assert b"Zoubida" not in b"".join(path.read_bytes() for path in classroom.hub.config.box.state.rglob("*.sqlite*"))
