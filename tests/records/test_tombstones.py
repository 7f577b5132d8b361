# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The signed word of an erasure between boxes: it acts on its own box's records, and nobody can forge it."""

from __future__ import annotations

import json

from appliance.store import settings
from tests.records.boxes import (
    Box,
    SetClock,
    body_of,
    fill,
    lines_of,
)
from tests.records.conftest import Made
from tests.records.erased import ZOE, exchanged, found_in


def test_a_tombstone_travels_and_acts_on_its_own_box_s_records(box: Box, make: Made) -> None:
    fill(box)
    other = exchanged(box, make)
    box.erasure.erase([box.agent(ZOE)])
    report = other.take(box.export())
    assert report.taken["tombstones"] == 2
    left = [body for body in other.bodies() if ZOE in json.dumps(body)]
    assert [body["actor"] for body in left] == [other.pupil(ZOE), box.pupil(ZOE)]  # both of the other box's making
    assert found_in(other.folder, "voice of zoe", "page 3 of zoe", "zoe-state") == []
    box.add(*(box.answer("ali-2") for _ in range(3)))
    other.take(box.export())
    assert body_of(other.export()).count(b'"erased":true') == 6


def test_a_box_speaks_for_no_third_one(box: Box, make: Made) -> None:
    """``other`` erases a pupil of ``box``: a third box keeps what it has of ``box``, and hands the word on."""
    fill(box)
    third = make("third", SetClock(box.clock.wall + 5000))
    third.take(box.export())
    other = exchanged(box, make)
    other.erasure.erase([box.agent(ZOE)])
    before = third.bodies()
    third.take(other.export())
    ours = [body for body in third.bodies() if body in before]
    assert ours == before
    assert len(list(lines_of(third.export(), "tombstone"))) == 3
    fourth = make("fourth", SetClock(box.clock.wall + 9000))
    fourth.take(third.export())
    assert body_of(fourth.export()) == body_of(third.export())
    back = box.take(other.export())
    assert back.damaged == []
    assert len([body for body in box.bodies() if ZOE in json.dumps(body)]) == 7  # one is the other box's own zoe-1


def test_a_forged_tombstone_is_refused(box: Box, make: Made) -> None:
    """A file whose header names another key for a box that is known already, or none."""
    fill(box)
    other = exchanged(box, make)
    liar = make("liar")
    settings.put(liar.db, "box_id", box.id)
    liar.close()
    liar = make("liar")
    liar.erasure.erase([box.agent(ZOE)])
    before = other.export()
    report = other.take(liar.export())
    assert [number for number, error in report.damaged if "not signed by the box" in error.message] == [2, 3]
    assert not +report.taken
    assert body_of(other.export()) == body_of(before)
    header, *rest = liar.export().splitlines(keepends=True)
    bare = json.dumps({**json.loads(header), "keys": {}, "box": other.id}).encode() + b"\n"
    assert len(other.take(b"".join([bare, *rest])).damaged) == 2


def test_a_file_teaches_no_key_but_its_own_box_s(box: Box, make: Made) -> None:
    """A hostile file names a key for a box that is not known here: that box's own words count all the same later."""
    fill(box)
    liar = make("liar")
    own = liar.id
    settings.put(liar.db, "box_id", box.id)
    liar = liar.again()
    liar.add(liar.answer(ZOE))
    liar.erasure.erase([box.agent(ZOE)])
    exported = liar.export()
    liar.close()
    header, *rest = exported.splitlines(keepends=True)
    told = json.loads(header)
    hostile = json.dumps({**told, "box": own, "key": "ab" * 32, "keys": {box.id: told["key"]}}).encode() + b"\n"
    third = make("third", SetClock(box.clock.wall + 5000))
    graves = [line for line in rest if line.startswith(b'{"tombstone"')]
    assert third.take(b"".join([hostile, *graves, b'{"end":{}}'])).taken["tombstones"] == len(graves)
    report = third.take(box.export())
    assert report.damaged == []
    assert ZOE in json.dumps(third.bodies())  # the forged words did not act
    assert not list(lines_of(third.export(), "tombstone"))  # and are gone, now that the key is known
    box.erasure.erase([box.agent(ZOE)])
    report = third.take(box.export())
    assert (report.damaged, report.taken["tombstones"]) == ([], 2)
    assert box.agent(ZOE) not in json.dumps(third.bodies())
    assert [number for number, _ in third.take(b"".join([hostile, *graves])).damaged] == [2, 3]


def test_a_word_that_others_handed_on_acts_once_its_box_says_it(box: Box, make: Made) -> None:
    fill(box)
    before = box.export()
    box.erasure.erase([box.agent(ZOE)])
    other = make("other", SetClock(box.clock.wall + 1000))
    other.take(box.export())
    third = make("third", SetClock(box.clock.wall + 5000))
    assert third.take(other.export()).taken["tombstones"] == 2
    assert not third.db.reading().execute("SELECT 1 FROM tombstone WHERE acts").fetchall()
    assert third.take(box.export()).taken["tombstones"] == 1  # the other is for ``box`` alone: of all origins
    assert len(third.db.reading().execute("SELECT 1 FROM tombstone WHERE acts").fetchall()) == 1
    third.take(before)
    assert found_in(third.folder, "voice of zoe", "page 3 of zoe") == []
