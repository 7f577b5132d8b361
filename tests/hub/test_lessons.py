# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A lesson from its opening to its summary, as pages see it."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance import sealing
from appliance.hub import anonymous, lesson_plans
from appliance.hub.app import create_app
from appliance.hub.roles import Role
from appliance.model import Activity, Choice, Group, Lesson, Question
from appliance.ports import Clock, Now
from appliance.store import activities, lessons, people
from tests.hub import people as staff_rig
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


# -- opening --


def test_the_home_page_opens_the_last_plan_with_one_tap(classroom: Site, teacher: Teacher) -> None:
    teacher.open("activity:a2", classe="g")
    teacher.bell()
    page = teacher.site.text("/enseignant/accueil")
    assert re.search(r'name="plan" value="activity:a2">.*?</svg>Reprendre\s*: Les formes', page)
    assert 'name="plan" value="activity:a1"' in page, "what was not used yet is a favourite"
    assert teacher.site.post("/enseignant/seance/ouvrir", "/enseignant/accueil", plan="activity:a2", animaux=28)
    running = classroom.hub.anonymous.running()
    assert running is not None
    assert running.title == "Les formes"


def test_a_class_is_proposed_only_where_a_teacher_has_an_account(classroom: Site, teacher: Teacher) -> None:
    teacher.bell()
    assert "28 animaux, séance anonyme" in teacher.site.text("/enseignant/accueil")
    with classroom.hub.db.writing() as conn:
        conn.execute("INSERT INTO staff VALUES ('s', 'teacher', 'x', x'00', '2026-11-02T08:00:00Z', NULL)")
    assert '<input type="hidden" name="classe" value="g">' in teacher.site.text("/enseignant/accueil")


def test_favourites_are_what_was_opened_most(classroom: Site, teacher: Teacher) -> None:
    for plan in (["activity:a1"], ["activity:a1", "activity:a2"], ["activity:a1", "activity:a2"], ["activity:a2"]):
        teacher.open(*plan, classe="g")
    teacher.bell()
    page = teacher.site.text("/enseignant/accueil")
    found = re.findall(r'name="plan" value="([^"]*)"', page)
    assert found == ["activity:a2", "activity:a1 activity:a2", "activity:a1"] or found[0] == "activity:a2"
    assert len(found) <= 1 + lesson_plans.FAVOURITES


OPENINGS: tuple[tuple[dict[str, str], int], ...] = (
    ({"plan": "activity:none"}, 400),
    ({"plan": "nonsense"}, 400),
    ({"plan": "resource:../../etc"}, 400),
    ({"plan": "pupil:p1"}, 400),
    ({"plan": "activity:a1", "classe": "none"}, 400),
    ({"plan": "activity:a1", "animaux": "0"}, 400),
    ({"plan": "activity:a1", "animaux": "61"}, 400),
    ({"plan": "activity:a1", "animaux": "9" * 50}, 400),
    ({"plan": "activity:a1", "animaux": "²"}, 400),
    ({"plan": "activity:a1", "animaux": "60", "minutes": "7", "correction": "x", "ranking": "é"}, 303),
)


def test_what_cannot_be_opened_is_refused_and_the_running_lesson_goes_on(classroom: Site, teacher: Teacher) -> None:
    for fields, status in OPENINGS:
        answer = teacher.site.post("/enseignant/seance/ouvrir", **fields)
        assert answer.status_code == status, fields
        assert (lessons.running(classroom.hub.db) is None) == (status == 303), fields


def test_a_pupil_may_open_what_is_planned_and_nothing_else(classroom: Site, teacher: Teacher) -> None:
    teacher.open("activity:a2", classe="g")
    pupil = tablet(classroom)
    assert "/exercice/a2" in pupil.text("/etagere")
    assert "/exercice/a1" not in pupil.text("/etagere")
    assert pupil.get("/exercice/a2").status_code == 200
    assert pupil.get("/exercice/a1").status_code == 404


def test_resources_outside_the_plan_are_closed_but_for_the_teacher(school: Site) -> None:
    teacher = Teacher(school)
    first, second = (resource.id for resource in school.hub.library.list()[:2])
    teacher.open(f"resource:{first}")
    try:
        pupil = tablet(school)
        assert f"/lire/{first}" in pupil.text("/etagere")
        assert f"/lire/{second}" not in pupil.text("/etagere")
        assert pupil.get(f"/lire/{first}").status_code == 200
        assert pupil.get(f"/lire/{second}").status_code == 404
        assert teacher.site.get(f"/lire/{second}").status_code == 200
        teacher.open(f"resource:{first}", shelf="1")
        assert tablet(school).get(f"/lire/{second}").status_code == 200
    finally:
        teacher.open(classe="g")


def test_the_only_thing_planned_opens_by_itself(classroom: Site, teacher: Teacher) -> None:
    teacher.open("activity:a2")
    pupil = tablet(classroom)
    chosen = re.findall(r'class="tile" href="/qui/([^"]+)"', pupil.text("/qui"))[0]
    assert pupil.post(f"/qui/{chosen}").headers["Location"] == "/exercice/a2"


def test_only_the_teacher_opens_rings_and_looks(classroom: Site) -> None:
    pupil = tablet(classroom)
    token = pupil.token("/qui/p1")
    for path in ("ouvrir", "cloche", "regardez", "minuteur", "main", "rouvrir/l"):
        answer = pupil.browser.post(f"/enseignant/seance/{path}", data={"csrf": token, "minutes": "1"})
        assert answer.headers["Location"] == "/enseignant"
        assert pupil.browser.post(f"/enseignant/seance/{path}", data={"minutes": "1"}).status_code == 403
    assert lessons.running(classroom.hub.db) is not None
    assert classroom.hub.room.told().look_s == 0


# -- now, room, board --


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
    teacher.site.post("/enseignant/seance/regardez", "/enseignant/accueil", minutes=3)
    assert 179 < now(pupil)["look"] <= 180
    teacher.bell()
    assert now(pupil)["lesson"] == ""
    assert now(pupil)["you"] == ""


def test_the_board_tells_who_is_here_and_what_they_do(classroom: Site, teacher: Teacher) -> None:
    assert teacher.board().count("pas encore là") == 2
    pupil = tablet(classroom, "p1")
    page = pupil.text("/exercice/a1")
    now(pupil, "?w=3&p=/exercice/a1")
    assert send(pupil, answer_of(page, "a"))["refused"] == []
    assert "1 sur 2 là" in teacher.board()
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


# -- the bell and after --


def test_the_bell_voids_cookies_and_the_summary_tells_what_was(classroom: Site, teacher: Teacher) -> None:
    pupil = tablet(classroom, "p1")
    page = pupil.text("/exercice/a1")
    send(pupil, answer_of(page, "b"))
    where = teacher.bell()
    assert where == "/enseignant/seance/bilan/l"
    for path in ("/exercice/a1", "/"):
        assert pupil.get(path).status_code == 302
    assert "Pose la tablette" in pupil.text("/qui")
    assert "Renard" not in pupil.text("/etagere")
    summary = teacher.site.text(where)
    assert "À revoir" in summary
    assert "Combien ?" in summary
    assert "à revoir\u00a0: 1" in summary
    assert teacher.bell() == "/enseignant/accueil", "a second tap does no harm"
    assert send(pupil, answer_of(page, "a"))["refused"] == [], "what was signed in the lesson is still taken"
    assert teacher.site.get("/enseignant/seance").status_code == 302


def test_the_bell_locks_the_vault(classroom: Site, teacher: Teacher) -> None:
    classroom.hub.vaults.put("g", b"x" * 32, "session")
    classroom.hub.vaults.put("h", b"x" * 32, "session")
    teacher.bell()
    assert not classroom.hub.vaults.is_open("g")
    assert classroom.hub.vaults.is_open("h")


def test_a_lesson_reopened_the_same_day_has_its_answers_and_new_cookies(classroom: Site, teacher: Teacher) -> None:
    teacher.open("activity:a1", classe="g")
    pupil = tablet(classroom, "p1")
    send(pupil, answer_of(pupil.text("/exercice/a1"), "a"))
    before = lessons.running(classroom.hub.db)
    where = teacher.bell()
    assert before
    answer = teacher.site.post(f"/enseignant/seance/rouvrir/{before.id}", where)
    assert answer.headers["Location"] == "/enseignant/seance"
    again = lessons.running(classroom.hub.db)
    assert again
    assert (again.id, again.options.sitting) == (before.id, 2)
    assert again.plan == before.plan
    assert now(pupil)["you"] == "", "the tablet must choose its animal again"
    assert pupil.get("/exercice/a1").status_code == 302
    pupil.enter("p1")
    assert "data-done" in pupil.text("/exercice/a1")


def test_a_lesson_of_another_day_stays_closed(classroom: Site, teacher: Teacher) -> None:
    where = teacher.bell()
    assert "Rouvrir" not in teacher.site.text(where)
    assert teacher.site.post("/enseignant/seance/rouvrir/l", "/enseignant/accueil").status_code == 409
    assert teacher.site.post("/enseignant/seance/rouvrir/none", "/enseignant/accueil").status_code == 404
    assert lessons.running(classroom.hub.db) is None


def test_the_next_class_is_one_tap_away_and_its_tablets_ask_who(classroom: Site, teacher: Teacher) -> None:
    page = teacher.site.text(teacher.bell())
    assert "Classe suivante" in page
    assert "/enseignant/seance/ouvrir?classe=h" in page
    assert re.search(r'value="h" checked', teacher.site.text("/enseignant/seance/ouvrir?classe=h"))
    teacher.open("activity:a1", classe="h")
    assert "Loup" in classroom.text("/qui")
    assert "Renard" not in classroom.text("/qui")
    assert classroom.post("/qui/p1", "/qui/q1").status_code == 404


def test_a_tablet_back_after_an_hour_gives_its_kept_answers_to_the_right_lesson(
    classroom: Site, teacher: Teacher
) -> None:
    first = tablet(classroom, "p1")
    kept = answer_of(first.text("/exercice/a1"), "a", age_ms=3_600_000)
    teacher.open("activity:a1", classe="g")
    second = tablet(classroom, "p2")
    assert send(second, kept)["accepted"] == [kept["id"]]
    assert send(second, kept)["accepted"] == [kept["id"]]
    rows = classroom.hub.db.reading().execute("SELECT lesson, pupil FROM answer").fetchall()
    assert [tuple(row) for row in rows] == [("l", "p1")]


def test_after_sixty_days_nothing_is_taken_any_more(classroom: Site, teacher: Teacher) -> None:
    kept = answer_of(tablet(classroom, "p1").text("/exercice/a1"), "a")
    teacher.bell()
    trusted = classroom.hub.clock.now().trusted
    for days, refused in ((59, 0), (61, 1)):
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
        with classroom.hub.db.writing() as conn:
            conn.execute("UPDATE lesson SET ended_at = ?, options = ?",
                         (at.isoformat(timespec="seconds"), '{"end_sure": true}'))  # fmt: skip
        told = send(classroom, {**kept, "id": str(uuid.uuid4())})
        assert len(told["refused"]) == (refused if trusted else 0)


class SetClock:
    """A clock that a test sets."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.wall, self.trusted = clock, datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC), False

    def now(self) -> Now:
        return dataclasses.replace(self._clock.now(), wall=self.wall.timestamp(), trusted=self.trusted)


def test_a_bell_by_a_wrong_clock_loses_nothing(classroom: Site, teacher: Teacher) -> None:
    """The box started in 2024; its clock is set right an hour after the bell, and a tablet comes back."""
    clock = SetClock(classroom.hub.clock)
    object.__setattr__(classroom.hub, "clock", clock)
    teacher.open("activity:a1", classe="g")
    kept = answer_of(tablet(classroom, "p1").text("/exercice/a1"), "a", age_ms=3_600_000)
    teacher.bell()
    clock.wall, clock.trusted = datetime.datetime(2026, 11, 22, 9, tzinfo=datetime.UTC), True
    assert send(classroom, kept) == {"accepted": [kept["id"]], "refused": []}


def test_a_bell_by_the_right_clock_is_remembered_as_such(classroom: Site, teacher: Teacher) -> None:
    clock = SetClock(classroom.hub.clock)
    clock.trusted = True
    object.__setattr__(classroom.hub, "clock", clock)
    teacher.open("activity:a1", classe="g")
    kept = answer_of(tablet(classroom, "p1").text("/exercice/a1"), "a", age_ms=3_600_000)
    teacher.bell()
    clock.wall += datetime.timedelta(days=61)
    assert [each["id"] for each in send(classroom, kept)["refused"]] == [kept["id"]]


def test_what_is_changed_after_the_bell_counts_no_more(classroom: Site, teacher: Teacher) -> None:
    """By its age; a late delivery of what was said in the lesson does count, and so does a first answer."""
    clock = SetClock(classroom.hub.clock)
    clock.trusted = True
    object.__setattr__(classroom.hub, "clock", clock)
    teacher.open("activity:a1", classe="g")
    token = answer_of(tablet(classroom, "p1").text("/exercice/a1"), "b")
    other = answer_of(tablet(classroom, "p2").text("/exercice/a1"), "b")
    assert send(classroom, token)["refused"] == []
    teacher.bell()
    clock.wall += datetime.timedelta(minutes=10)
    again = {**token, "id": str(uuid.uuid4()), "response": "a", "choice": "a"}
    assert [each["id"] for each in send(classroom, again)["refused"]] == [again["id"]]
    assert send(classroom, token)["accepted"] == [token["id"]], "delivered again"
    assert send(classroom, other)["accepted"] == [other["id"]], "the only one"
    late = {**again, "id": str(uuid.uuid4()), "age_ms": 700_000}
    assert send(classroom, late)["accepted"] == [late["id"]], "said before the bell"


def test_two_tablets_of_one_pupil_both_work_and_the_last_answer_counts(classroom: Site, teacher: Teacher) -> None:
    tablets = [tablet(classroom, "p1") for _ in range(2)]
    pages = [each.text("/exercice/a1") for each in tablets]
    send(tablets[0], answer_of(pages[0], "a"))
    send(tablets[1], answer_of(pages[1], "b"))
    assert len(lessons.answered(classroom.hub.db, "l")) == 2
    for each in tablets:
        now(each, "?p=/exercice/a1")
    assert "justes : 0, à revoir : 1" in teacher.board()
    tablets[0].post("/au-revoir", "/etagere")
    assert "2 tablettes" not in teacher.board()


# -- anonymous --


def test_an_anonymous_lesson_works_like_a_kept_one_and_says_that_it_is_not(classroom: Site, teacher: Teacher) -> None:
    teacher.open("activity:a1", "activity:a2", animaux=50)
    names = re.findall(r'class="tile"[^>]*><svg.*?</svg>([^<]+)</a>', classroom.text("/qui"))
    assert len(names) == 50
    assert len(set(names)) == 50
    assert (names[0], names[len(anonymous.ANIMALS)]) == ("Renard", "Renard 2")
    pupil = tablet(classroom)
    page = pupil.text("/exercice/a1")
    assert "Non conservé" in page
    answer = answer_of(page, "a")
    assert send(pupil, answer, answer) == {"accepted": [answer["id"], answer["id"]], "refused": []}
    assert "data-done" in pupil.text("/exercice/a1")
    now(pupil, "?p=/exercice/a1")
    assert "Renard Compter justes : 1" in teacher.board()
    assert "rien n’est conservé après la cloche" in teacher.site.text("/enseignant/seance")
    where = teacher.bell()
    assert "justes\u00a0: 1" in teacher.site.text(where)
    assert "non conservée" in teacher.site.text(where)
    assert "Rouvrir" not in teacher.site.text(where)
    for _ in range(2):
        late = send(pupil, answer_of(page, "a"))
        assert late["accepted"] == []
        assert "pas conservée" in late["refused"][0]["reason"]
    teacher.open("activity:a2")
    assert teacher.site.get(where).status_code == 404


def test_after_a_restart_late_anonymous_answers_are_refused_as_not_kept(classroom: Site, teacher: Teacher) -> None:
    teacher.open("activity:a1")
    pupil = tablet(classroom)
    page = pupil.text("/exercice/a1")
    classroom.hub.anonymous.forget()  # what a new process knows: nothing
    assert "pas conservée" in send(pupil, answer_of(page))["refused"][0]["reason"]
    assert now(pupil)["you"] == ""


def test_an_anonymous_lesson_leaves_no_byte(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with rig.opened(state) as site:
        with site.hub.db.writing() as conn:
            choice = (Choice("a", "Rond"), Choice("b", "Carré"))
            activities.add(conn, Activity("a1", "Formes", (Question("q1", "Quoi ?", choice, "a", "Oui", "Non"),)))
        teacher = Teacher(site)
        before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
        teacher.open("activity:a1", minutes="5", ranking="1")
        lesson = site.hub.anonymous.running()
        assert lesson
        marks = [lesson.id, *(pupil.id for pupil in site.hub.anonymous.pupils()), "Grenouille"]
        for _ in range(3):
            pupil = tablet(site)
            page = pupil.text("/exercice/a1")
            answer = answer_of(page)
            assert send(pupil, answer)["refused"] == []
            marks += [answer["id"], answer["token"]]
            now(pupil, "?w=1&p=/exercice/a1")
            pupil.post("/main-levee", "/etagere")
        teacher.board()
        teacher.site.text(teacher.bell())
    after = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    assert len(site.hub.anonymous.answered()) == 3
    for path, content in after.items():
        assert not [mark for mark in marks if mark.encode() in content], path
    assert not [path for path in after.keys() - before.keys() if not {"index", "voices"} & set(path.parts)]


def test_a_package_gets_no_token_in_an_anonymous_lesson(tmp_path: Path) -> None:
    with rig.opened(tmp_path / "state") as site:
        site.sign_in()
        site.upload(("jeu.zip", rig.bundle()))
        site.settle()
        resource = site.hub.library.list()[0]
        with site.hub.db.writing() as conn:
            told = json.dumps({**resource.details, "xapi": {"activity": "https://example.org/jeu"}})
            conn.execute("UPDATE resource SET details = ?", (told,))
            conn.execute("INSERT INTO school_group VALUES ('g', 'CE2')")
            conn.execute("INSERT INTO pupil VALUES ('p1', 'g', 'Renard', '1F98A', 0)")
        teacher = Teacher(site)
        teacher.open(classe="g")
        assert "endpoint=" in tablet(site).text(f"/lire/{resource.id}")
        teacher.open()
        assert "endpoint=" not in tablet(site).text(f"/lire/{resource.id}")


def test_memory_of_an_anonymous_lesson_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from appliance.errors import BadInput, NotFound, TooLarge
    from appliance.model import Answered, LessonOptions

    monkeypatch.setattr(anonymous, "MOST_ANSWERS", 3)
    held = anonymous.Anonymous()
    lesson = held.begin("x", anonymous.animals(2, [name for _, name in anonymous.ANIMALS]), (), LessonOptions(), "2026")
    pupil = held.pupils()[0].id
    for number in range(3):
        held.keep(lesson.id, str(number), Answered(pupil, "a", "q", "x" * 9999, correct=True))
    held.keep(lesson.id, "0", Answered(pupil, "a", "q", "x", correct=True))
    with pytest.raises(TooLarge):
        held.keep(lesson.id, "3", Answered(pupil, "a", "q", "x", correct=True))
    with pytest.raises(NotFound):
        held.keep(lesson.id, "4", Answered("another", "a", "q", "x", correct=True))
    assert {len(answer.choice) for answer in held.answered()} == {anonymous.LONGEST_RESPONSE}
    for count in (0, -1, anonymous.MOST_PUPILS + 1):
        with pytest.raises(BadInput):
            anonymous.animals(count, [name for _, name in anonymous.ANIMALS])
    held.end("2026")
    with pytest.raises(NotFound):
        held.keep(lesson.id, "5", Answered(pupil, "a", "q", "x", correct=True))


def test_what_another_release_wrote_in_a_lesson_is_read(classroom: Site) -> None:
    with classroom.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET plan = ?, options = ?", (
            '[{"kind": "activity", "id": "a1"}, {"kind": "later", "id": "x"}]', '{"minutes": 5, "new": true}'
        ))  # fmt: skip
    lesson = lessons.get(classroom.hub.db, "l")
    assert [item.id for item in lesson.plan] == ["a1"]
    assert lesson.options.minutes == 5


def test_beginning_a_lesson_ends_the_one_before(classroom: Site) -> None:
    people.put_class(classroom.hub.db, Group("h", "CM2"), [], [], Lesson("m", "h", "Maths", "2026-11-02T09:00:00Z"))
    lessons.begin(classroom.hub.db, Lesson("n", "h", "Maths", "2026-11-02T10:00:00Z"))
    rows = classroom.hub.db.reading().execute("SELECT id, ended_at FROM lesson ORDER BY id").fetchall()
    assert [row["ended_at"] for row in rows] == ["2026-11-02T10:00:00Z", "2026-11-02T10:00:00Z", None]
    assert [lesson.id for lesson in lessons.recent(classroom.hub.db, 2)] == ["n", "m"]


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
