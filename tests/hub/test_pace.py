# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A tablet that sends on by itself fills no card, and no answer of anybody is thrown away for it."""

from __future__ import annotations

import re
import uuid

import pytest

from appliance.hub import pace
from appliance.hub.pace import Pace
from appliance.store import lessons
from tests.hub.lesson_rig import Teacher, answer_of, classroom, send, tablet, teacher
from tests.hub.site import Site

__all__ = ["classroom", "teacher"]


def test_what_comes_too_fast_stays_in_the_tablet_and_comes_later(
    classroom: Site, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "AT_ONCE", 5.0)
    teacher.open("activity:a1", classe="g")
    fox, owl = tablet(classroom, "p1"), tablet(classroom, "p2")
    page = fox.text("/exercice/a1")
    sent = [answer_of(page) for _ in range(8)]
    first = send(fox, *sent)
    assert first == {"accepted": [each["id"] for each in sent[:5]], "refused": []}
    assert send(fox, *sent[5:]) == {"accepted": [], "refused": []}, "kept by the tablet: neither taken nor refused"
    assert send(owl, answer_of(owl.text("/exercice/a1")))["accepted"]
    monkeypatch.setattr(pace, "EACH_S", 1e-9)
    assert send(fox, *sent[5:])["accepted"] == [each["id"] for each in sent[5:]]
    lesson = lessons.running(classroom.hub.db)
    assert lesson is not None
    assert len(lessons.answered(classroom.hub.db, lesson.id)) == 9


def test_a_form_that_comes_too_fast_is_told_to_wait(
    classroom: Site, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "AT_ONCE", 0.0)
    teacher.open("activity:a1", classe="g")
    fox = tablet(classroom, "p1")
    token = re.findall(r'name="token" value="([^"]+)"', fox.text("/exercice/a1"))[0]
    told = fox.post("/exercice/a1", id=str(uuid.uuid4()), token=token, question="q1", choice="a")
    assert told.status_code == 503
    assert "Attendez" not in told.text, "pupils are said tu"
    forged = [{"id": str(uuid.uuid4()), "token": "x"}]
    assert len(send(fox, *forged)["refused"]) == 1, "what can never come is refused all the same"


def test_everyone_of_a_team_counts_and_time_gives_back() -> None:
    moment = [0.0]
    held = Pace(lambda: moment[0])
    for _ in range(int(pace.AT_ONCE)):
        assert held.takes(["fox"])
    assert not held.takes(["fox"])
    assert not held.takes(["owl", "fox"])
    assert all(held.takes(["owl"]) for _ in range(int(pace.AT_ONCE)))
    moment[0] += pace.EACH_S
    assert held.takes(["owl", "fox"])
    assert not held.takes(["owl"])
    for number in range(pace.REMEMBERED):
        held.takes([number])
    assert held.takes(["fox"]), "forgotten: memory is bounded"
