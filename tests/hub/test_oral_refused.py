# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a tablet may not say, though the box signed its page: another sequence, after the bell, without end."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer

from appliance.errors import NotFound
from appliance.hub import oral_delivery
from tests.hub import oral_rig
from tests.hub.lesson_rig import tablet
from tests.hub.oral_rig import SEQUENCE, asked, kept, local, open_lesson
from tests.hub.site import Site

school = oral_rig.school
PAGE = f"/oral/{SEQUENCE}/0"


def turn(site: Site, told: dict[str, Any]) -> int:
    return local(site, "/api/oral/turn", told).status_code


def test_another_sequence_than_the_lessons(school: Site) -> None:
    open_lesson(school)
    told = asked(tablet(school, "p1").text(PAGE))
    tokens = URLSafeSerializer(school.hub.secret, salt="oral")
    lesson, pupils, _, step = tokens.loads(told["token"])
    item = {"activity": "0", "item": "red"}
    assert turn(school, {**item, "token": tokens.dumps([lesson, pupils, "cp-colours", step])}) == 404
    assert turn(school, told) == 200


def test_after_the_bell(school: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lesson whose end is sure, by a clock that is."""
    now = school.hub.clock.now
    monkeypatch.setattr(type(school.hub.clock), "now", lambda _: dataclasses.replace(now(), trusted=True))
    teacher = open_lesson(school)
    told = asked(tablet(school, "p1").text(PAGE))
    teacher.bell()
    for seconds, status in ((10, 200), (90, 403)):
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)
        with school.hub.db.writing() as conn:
            conn.execute("UPDATE lesson SET ended_at = ?, options = ?",
                         (at.isoformat(timespec="seconds"), '{"end_sure": true}'))  # fmt: skip
        assert turn(school, told) == status


def test_one_tablet_does_not_speak_without_end(school: Site) -> None:
    open_lesson(school)
    told = asked(tablet(school, "p1").text(PAGE))
    lesson, (pupil,), _, _ = URLSafeSerializer(school.hub.secret, salt="oral").loads(told["token"])
    while school.hub.pace.takes([(lesson, pupil)]):
        pass
    assert turn(school, told) == 503
    assert turn(school, asked(tablet(school, "p2").text(PAGE))) == 200, "others are heard"


def test_a_verdict_is_overruled_in_its_own_lesson(school: Site) -> None:
    open_lesson(school)
    told = asked(tablet(school, "p1").text(PAGE))
    assert kept(school, told)["kept"] is True
    with school.app.test_request_context("/"), pytest.raises(NotFound):
        oral_delivery.overrule("l", told["id"], "encore")
