# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Opening a lesson: what is proposed, what is refused, what pupils may open."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.hub import lesson_plans
from appliance.model import Activity, Group, Lesson
from appliance.store import activities, lessons, people
from tests.hub import site as rig
from tests.hub.lesson_rig import Teacher, classroom, tablet, teacher
from tests.hub.site import Site

__all__ = ["classroom", "teacher"]


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
    assert "L’étagère est vide" not in pupil.text("/etagere"), "what is planned is there"
    assert 'role="search"' not in pupil.text("/etagere")
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


def test_what_another_release_wrote_in_a_lesson_is_read(classroom: Site) -> None:
    with classroom.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET plan = ?, options = ?", (
            '[{"kind": "activity", "id": "a1"}, {"kind": "later", "id": "x"}]', '{"minutes": 5, "new": true}'
        ))  # fmt: skip
    lesson = lessons.get(classroom.hub.db, "l")
    assert [item.id for item in lesson.plan] == ["a1"]
    assert lesson.options.minutes == 5


def test_a_quiz_made_since_is_on_the_home_page(classroom: Site, teacher: Teacher) -> None:
    for plan in (["activity:a1"], ["activity:a2"], ["activity:a1", "activity:a2"], []):
        teacher.open(*plan)
    teacher.bell()
    with classroom.hub.db.writing() as conn:
        activities.add(conn, Activity("a9", "Le mien", ()))
    assert 'value="activity:a9"' in teacher.site.text("/enseignant/accueil")


def test_an_empty_box_says_what_to_do(tmp_path: Path) -> None:
    with rig.quiet(tmp_path / "state") as site:
        site.sign_in()
        assert "La boîte est vide" in site.text("/enseignant/accueil")
        assert "tapez un titre" in site.text("/enseignant/exercices")
        with site.hub.db.writing() as conn:
            activities.add(conn, Activity("a9", "Le mien", ()))
        assert "La boîte est vide" not in site.text("/enseignant/accueil")


def test_opening_says_which_lesson_it_ends(classroom: Site, teacher: Teacher) -> None:
    teacher.open("activity:a2", classe="g")
    assert "Les formes\u00a0» est ouverte" in teacher.site.text("/enseignant/seance/ouvrir?classe=h")
    teacher.bell()
    assert "est ouverte" not in teacher.site.text("/enseignant/seance/ouvrir?classe=h")


def test_beginning_a_lesson_ends_the_one_before(classroom: Site) -> None:
    people.put_class(classroom.hub.db, Group("h", "CM2"), [], [], Lesson("m", "h", "Maths", "2026-11-02T09:00:00Z"))
    lessons.begin(classroom.hub.db, Lesson("n", "h", "Maths", "2026-11-02T10:00:00Z"))
    rows = classroom.hub.db.reading().execute("SELECT id, ended_at FROM lesson ORDER BY id").fetchall()
    assert [row["ended_at"] for row in rows] == ["2026-11-02T10:00:00Z", "2026-11-02T10:00:00Z", None]
    assert [lesson.id for lesson in lessons.recent(classroom.hub.db, 2)] == ["n", "m"]
