# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Statements that came with no clock: held, then put right, whatever dies meanwhile."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.store import record_times, times
from appliance.store.records import Query
from tests.records.boxes import START, Box, SetClock

ACTOR = {"mbox": "mailto:a@exemple.fr"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    opened = Box(tmp_path, SetClock(5.0, trusted=False))
    yield opened
    opened.close()


def told(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "actor": ACTOR, "verb": {"id": "https://exemple.fr/v"},
            "object": {"id": "https://exemple.fr/a"}, **more}  # fmt: skip


def rows(box: Box) -> list[Any]:
    return box.db.reading().execute("SELECT * FROM statement ORDER BY row").fetchall()


def wait(box: Box, seconds: float) -> None:
    box.clock.wall += seconds
    box.clock.monotonic += seconds


def trust(box: Box, wall: float) -> None:
    box.clock.wall, box.clock.trusted = wall, True


def seconds(stored: str) -> float:
    return times.read(stored) / times.SECOND


def test_of_this_start_they_get_their_true_time_and_their_timestamps_too(box: Box) -> None:
    """1970: the box had no clock. An hour and a half later it learns the time."""
    first = told()
    box.records.append([prepared(box, first, age_s=30.0)])
    wait(box, 3600)
    own_time = told(timestamp="2020-02-02T02:02:02.000Z")
    box.add(told(), own_time)
    wait(box, 1800)
    assert [row["trusted"] for row in rows(box)] == [0, 0, 0]
    trust(box, START)
    assert box.records.settle_clock(box.clock.now()) == 3
    kept = rows(box)
    assert [row["trusted"] for row in kept] == [1, 1, 1]
    assert [seconds(row["stored"]) for row in kept] == pytest.approx(
        [START - 5400, START - 1800, START - 1800], abs=0.1
    )
    stamps = [json.loads(row["body"])["timestamp"] for row in kept]
    assert seconds(stamps[0]) == pytest.approx(START - 5430, abs=0.1)
    assert stamps[1] == kept[1]["stored"]
    assert stamps[2] == "2020-02-02T02:02:02.000Z"
    assert all(hashlib.sha256(row["body"]).digest() == row["sha256"] for row in kept)
    assert box.db.reading().execute("SELECT count(*) FROM held").fetchone()[0] == 0
    assert box.records.settle_clock(box.clock.now()) == 0


def prepared(box: Box, value: dict[str, Any], age_s: float) -> Any:
    made = box.prepared(value)
    made.age_s = age_s
    return made


def test_a_trusted_statement_puts_those_before_it_right_first(box: Box) -> None:
    """The clock was thirty years ahead: what comes after may not be dragged there."""
    box.clock.wall = START + 5e8
    box.add(told())
    wait(box, 60)
    trust(box, START)
    box.add(told())
    kept = rows(box)
    assert [row["trusted"] for row in kept] == [1, 1]
    assert seconds(kept[0]["stored"]) == pytest.approx(START - 60, abs=0.1)
    assert seconds(kept[1]["stored"]) == pytest.approx(START, abs=0.1)


def test_of_an_earlier_start_they_keep_an_estimate_between_their_neighbours(box: Box) -> None:
    trust(box, START)
    box.add(told())
    box.clock.trusted, box.clock.boot, box.clock.wall, box.clock.monotonic = False, "boot-2", 5.0, 10.0
    box = restarted(box)
    box.add(told())
    wait(box, 100)
    box.add(told())
    box.clock.boot, box.clock.wall, box.clock.monotonic = "boot-3", START + 5e8, 10.0
    box = restarted(box)
    box.add(told())
    box.clock.boot, box.clock.wall, box.clock.monotonic = "boot-4", 5.0, 10.0
    box = restarted(box)
    box.add(told())
    wait(box, 50)
    trust(box, START + 86_400)
    assert box.records.settle_clock(box.clock.now()) == 4
    kept = [seconds(row["stored"]) for row in rows(box)]
    assert kept[0] == pytest.approx(START, abs=0.1)
    assert kept[1] == pytest.approx(START, abs=0.1)
    assert kept[2] == pytest.approx(kept[1] + 100, abs=0.1)  # how long it took is known
    assert kept[3] == pytest.approx(START + 86_350, abs=0.1)  # it came from the future: before what came next
    assert kept[4] == pytest.approx(START + 86_350, abs=0.1)
    assert kept == sorted(set(kept))
    assert [row["trusted"] for row in rows(box)] == [1, 0, 0, 0, 1]
    box.close()


def restarted(box: Box) -> Box:
    """At a start without a clock it goes on after what was last."""
    return box.again()


@pytest.mark.parametrize("start", [5.0, START + 5e8])
@pytest.mark.parametrize("killed_after", range(5))
def test_a_death_between_two_steps_changes_nothing_of_the_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: float, killed_after: int
) -> None:
    monkeypatch.setattr(record_times, "AT_ONCE", 3)
    box = Box(tmp_path, SetClock(start, trusted=False))
    for _ in range(10):
        box.add(told(), told(result={"score": {"scaled": 0.5}}))
        wait(box, 60)
    trust(box, START)
    calls = 0

    def step(name: str) -> None:
        nonlocal calls
        calls += name == "settle"
        if calls > killed_after:
            raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(record_times, "step", step)
        with pytest.raises(KeyboardInterrupt):
            box.records.settle_clock(box.clock.now())
    grows(box)
    box = box.again()
    grows(box)
    box.add(told())
    kept = rows(box)
    expected = [START - 60 * (10 - number // 2) for number in range(20)]
    assert [seconds(row["stored"]) for row in kept[:20]] == pytest.approx(expected, abs=0.2)
    assert all(row["trusted"] for row in kept)
    derived = box.derived()
    box.records.rebuild(lambda done, total: None)
    assert box.derived() == derived
    last = box.db.reading().execute("SELECT last FROM actor_seen").fetchone()["last"]
    assert last / times.SECOND == pytest.approx(START, abs=0.2)
    box.close()


def grows(box: Box) -> None:
    stored = [row["stored"] for row in rows(box)]
    assert stored == sorted(set(stored))
    assert len(box.records.query(Query(ascending=True)).found) == len(stored)


def test_only_their_own_box_puts_the_times_of_statements_right(box: Box, tmp_path: Path) -> None:
    box.add(told())
    exported = box.export()
    other = Box(tmp_path / "other", SetClock(START + 50, trusted=True))
    assert other.take(exported).taken["statements"] == 1
    assert other.records.settle_clock(other.clock.now()) == 0
    assert len(other.db.reading().execute("SELECT * FROM held").fetchall()) == 1
    trust(box, START)
    box.records.settle_clock(box.clock.now())
    assert other.take(box.export()).known == 1
    assert other.db.reading().execute("SELECT * FROM held").fetchall() == []
    assert bytes(rows(other)[0]["sha256"]) == bytes(rows(box)[0]["sha256"])
    assert rows(other)[0]["trusted"] == 1
    other.close()
