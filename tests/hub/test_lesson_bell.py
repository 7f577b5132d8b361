# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The bell, and after: the summary, a lesson reopened, answers that come back late."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
import sqlite3
import uuid

from appliance.ports import Clock, Now
from appliance.store import lessons, steady
from tests.hub.lesson_rig import Teacher, answer_of, classroom, now, send, tablet, teacher
from tests.hub.site import Site

__all__ = ["classroom", "teacher"]


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


def test_a_bell_that_the_card_does_not_take_locks_the_vault_all_the_same(classroom: Site, teacher: Teacher) -> None:
    classroom.hub.vaults.put("g", b"x" * 32, "session")
    with contextlib.closing(sqlite3.connect(classroom.hub.config.database)) as conn:
        conn.execute("CREATE TRIGGER full BEFORE UPDATE ON lesson BEGIN SELECT RAISE(ABORT, 'full'); END")
    assert teacher.site.post("/enseignant/seance/cloche", "/enseignant/accueil").status_code == 500
    assert lessons.running(classroom.hub.db) is not None
    assert not classroom.hub.vaults.is_open("g")


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
    runs_on(classroom, classroom.hub.clock.now().wall)
    for days, refused in ((59, 0), (61, 1)):
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
        with classroom.hub.db.writing() as conn:
            conn.execute("UPDATE lesson SET ended_at = ?, options = ?",
                         (at.isoformat(timespec="seconds"), '{"end_sure": true}'))  # fmt: skip
        told = send(classroom, {**kept, "id": str(uuid.uuid4())})
        assert len(told["refused"]) == (refused if trusted else 0)


def runs_on(site: Site, wall: float) -> None:
    """The clock has not jumped for two weeks."""
    with site.hub.db.writing() as conn:
        steady.looked(conn, wall - 14 * 86400)
        steady.looked(conn, wall)


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
    runs_on(classroom, clock.wall.timestamp())
    assert send(classroom, kept) == {"accepted": [kept["id"]], "refused": []}


def test_a_bell_by_the_right_clock_is_remembered_as_such(classroom: Site, teacher: Teacher) -> None:
    clock = SetClock(classroom.hub.clock)
    clock.trusted = True
    object.__setattr__(classroom.hub, "clock", clock)
    teacher.open("activity:a1", classe="g")
    kept = answer_of(tablet(classroom, "p1").text("/exercice/a1"), "a", age_ms=3_600_000)
    teacher.bell()
    clock.wall += datetime.timedelta(days=61)
    assert send(classroom, {**kept, "id": str(uuid.uuid4())})["refused"] == [], "it may be the clock that jumped"
    runs_on(classroom, clock.wall.timestamp())
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
