# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Anonymous lessons: in memory, bounded, and nowhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from appliance.hub import anonymous
from appliance.model import Activity, Choice, Question
from appliance.store import activities
from tests.hub import site as rig
from tests.hub.lesson_rig import Teacher, answer_of, classroom, now, send, tablet, teacher
from tests.hub.site import Site

__all__ = ["classroom", "teacher"]


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


def test_who_sends_thousands_takes_nothing_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    from appliance.errors import BadInput, NotFound
    from appliance.model import Answered, LessonOptions

    monkeypatch.setattr(anonymous, "MOST_EACH", 3)
    held = anonymous.Anonymous()
    lesson = held.begin("x", anonymous.animals(2, [name for _, name in anonymous.ANIMALS]), (), LessonOptions(), "2026")
    fox, owl = (pupil.id for pupil in held.pupils())
    held.keep(lesson.id, "owl", Answered(owl, "a", "q", "x", correct=True))
    for number in range(9):
        held.keep(lesson.id, str(number), Answered(fox, "a", str(number), "x" * 9999, correct=True))
    held.keep(lesson.id, "8", Answered(fox, "a", "8", "x", correct=True))
    assert [(answer.pupil, answer.question) for answer in held.answered()] == [
        (owl, "q"), (fox, "6"), (fox, "7"), (fox, "8")]  # fmt: skip
    with pytest.raises(NotFound):
        held.keep(lesson.id, "4", Answered("another", "a", "q", "x", correct=True))
    assert {len(answer.choice) for answer in held.answered()} == {1, anonymous.LONGEST_RESPONSE}
    for count in (0, -1, anonymous.MOST_PUPILS + 1):
        with pytest.raises(BadInput):
            anonymous.animals(count, [name for _, name in anonymous.ANIMALS])
    held.end("2026")
    with pytest.raises(NotFound):
        held.keep(lesson.id, "5", Answered(fox, "a", "q", "x", correct=True))
