# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Statements that came with no clock: held, then put right, whatever dies meanwhile."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.store import record_settling, record_times, times
from appliance.store.record_lines import Held, Statement
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


def dies_settling(box: Box, monkeypatch: pytest.MonkeyPatch, killed_after: int) -> None:
    """The clock is put right, and the process dies after so many steps of it."""
    calls = 0

    def step(name: str) -> None:
        nonlocal calls
        calls += name == "settle"
        if calls > killed_after:
            raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(record_settling, "step", step)
        with pytest.raises(KeyboardInterrupt):
            box.records.settle_clock(box.clock.now())


@pytest.mark.parametrize("start", [5.0, START + 5e8])
@pytest.mark.parametrize("killed_after", range(5))
def test_a_death_between_two_steps_changes_nothing_of_the_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: float, killed_after: int
) -> None:
    monkeypatch.setattr(record_settling, "AT_ONCE", 3)
    box = Box(tmp_path, SetClock(start, trusted=False))
    for _ in range(10):
        box.add(told(), told(result={"score": {"scaled": 0.5}}))
        wait(box, 60)
    trust(box, START)
    dies_settling(box, monkeypatch, killed_after)
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


OTHER = "11111111-1111-4111-8111-111111111111"
FUTURES = ["2044-06-01T00:00:00.000000Z", "2060-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]


def foreign(sequence: int, stored: str, origin: str = OTHER, **more: Any) -> Statement:
    value = told(timestamp="2026-01-01T00:00:00Z", **more)
    given = json.dumps(value)[:-1]
    body = (given + ',"version":"1.0.0"}').encode()
    return Statement(value["id"], origin, sequence, stored, True, len(given), body, hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("stored", [*FUTURES, "1970-01-01T00:00:00.000000Z"])
@pytest.mark.parametrize("wall", [5.0, START - 1e6, START + 5e8, 2.9e9, 1e15])
def test_no_import_and_no_wrong_clock_stops_time(tmp_path: Path, stored: str, wall: float) -> None:
    """Whoever polls with ``since`` misses nothing, and once the clock is right, so is ``stored``."""
    box = Box(tmp_path, SetClock(wall, trusted=False))
    box.add(told())
    box.records.merge([foreign(1, stored), foreign(2, stored)])
    box.add(told(), told())
    box.records.merge([foreign(3, stored)])
    grows(box)
    assert rows(box)[-1]["stored"] < "2062"
    box = box.again()
    box.add(told())
    wait(box, 60)
    assert polled(box, lambda: box.add(told(), told())) == 2
    assert polled(box, lambda: box.records.merge([foreign(4, stored)])) == 1
    trust(box, START)
    assert polled(box, lambda: box.add(told())) >= 1
    grows(box)
    assert START - 120 < seconds(rows(box)[-1]["stored"]) < START + 10
    assert polled(box, lambda: box.records.merge([foreign(5, stored)])) == 1
    assert seconds(rows(box)[-1]["stored"]) < START + 10
    grows(box)
    box.close()


def polled(box: Box, work: Callable[[], object]) -> int:
    """How many statements somebody finds who asks for what was stored after the last one."""
    last = datetime.datetime.fromisoformat(rows(box)[-1]["stored"])
    if box.clock.trusted:
        box.records.settle_clock(box.clock.now())
        last = datetime.datetime.fromisoformat(rows(box)[-1]["stored"])
    work()
    return len(box.records.query(Query(since=last, ascending=True)).found)


@pytest.mark.parametrize("stored", FUTURES)
@pytest.mark.parametrize("trusted", [True, False])
def test_what_comes_from_the_future_is_brought_back(box: Box, stored: str, trusted: bool) -> None:
    """Between what came before and after it; its own bytes stay."""
    box.add(told())
    wait(box, 3600)
    lines = [foreign(number, stored) for number in range(1, 4)]
    if trusted:
        trust(box, START - 3600)
    box.records.merge(lines)
    box.clock.trusted = False
    wait(box, 3600)
    box.add(told())
    trust(box, START)
    box.records.settle_clock(box.clock.now())
    kept = rows(box)
    grows(box)
    assert seconds(kept[0]["stored"]) == pytest.approx(START - 7200, abs=0.1)
    assert seconds(kept[4]["stored"]) == pytest.approx(START, abs=0.1)
    assert [bytes(row["body"]) for row in kept[1:4]] == [line.body for line in lines]
    assert [row["trusted"] for row in kept] == [1] * 5
    assert box.db.reading().execute("SELECT count(*) FROM held").fetchone()[0] == 0
    assert record_times.first_provisional(box.db.reading()) is None
    assert box.records.settle_clock(box.clock.now()) == 0


def test_a_backup_restored_without_a_clock_keeps_its_times(box: Box, tmp_path: Path) -> None:
    source = Box(tmp_path / "source", SetClock(START, trusted=True))
    for _ in range(5):
        source.add(told())
        wait(source, 86_400)
    assert box.take(source.export()).taken["statements"] == 5
    expected = [row["stored"] for row in rows(source)]
    assert [row["stored"] for row in rows(box)] == expected
    trust(box, START + 5 * 86_400)
    box.add(told())
    assert [row["stored"] for row in rows(box)][:5] == expected
    source.close()


def test_what_a_trusted_clock_had_stored_stays_where_it_is(box: Box) -> None:
    """The clock was said to be right, in 2060; it was not. What comes then has to come after."""
    trust(box, 2.85e9)
    box.add(told())
    box.clock.trusted = False
    box.records.merge([foreign(1, FUTURES[0]), foreign(2, FUTURES[2])])
    before = rows(box)[0]["stored"]
    trust(box, START)
    box.records.settle_clock(box.clock.now())
    box.add(told())
    grows(box)
    assert rows(box)[0]["stored"] == before
    assert record_times.first_provisional(box.db.reading()) is None


@pytest.mark.parametrize("own", [True, False])
def test_a_statement_without_a_time_of_its_own_moves_in_the_counts_too(box: Box, own: bool) -> None:
    """Another box may have kept one: then ``stored`` is its time."""
    value = {"id": str(uuid.uuid4()), "actor": ACTOR, "verb": {"id": "https://exemple.fr/v"},
             "object": {"id": "https://exemple.fr/a"}}  # fmt: skip
    body = json.dumps(value).encode()
    line = Statement(value["id"], box.id if own else OTHER, 1, FUTURES[0], True, len(body) - 1, body,  # type: ignore[arg-type]
                     hashlib.sha256(body).hexdigest())  # fmt: skip
    box.records.merge([line])
    trust(box, START)
    box.records.settle_clock(box.clock.now())
    derived = box.derived()
    last = box.db.reading().execute("SELECT last FROM actor_seen").fetchone()["last"]
    assert last / times.SECOND == pytest.approx(START, abs=0.1)
    box.records.rebuild(lambda done, total: None)
    assert box.derived() == derived


@pytest.mark.parametrize("killed_after", range(5))
def test_a_death_while_the_future_is_brought_back_changes_nothing(
    box: Box, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    monkeypatch.setattr(record_settling, "AT_ONCE", 3)
    for number in range(4):
        box.add(told(), told())
        box.records.merge([foreign(10 * number + each, FUTURES[0]) for each in range(1, 6)])
        wait(box, 60)
    trust(box, START)
    dies_settling(box, monkeypatch, killed_after)
    grows(box)
    box = box.again()
    box.add(told())
    grows(box)
    kept = [seconds(row["stored"]) for row in rows(box)]
    assert [kept[7 * number] for number in range(4)] == pytest.approx(
        [START - 60 * (4 - number) for number in range(4)], abs=0.2
    )
    assert kept[-1] < START + 10
    box.close()


def test_other_boxes_held_statements_stay_held_when_they_are_brought_back(box: Box) -> None:
    line = dataclasses.replace(foreign(1, FUTURES[0]), trusted=False, held=Held("boot-1", 7.0, None))
    box.records.merge([line])
    trust(box, START)
    box.records.settle_clock(box.clock.now())
    assert seconds(rows(box)[0]["stored"]) == pytest.approx(START, abs=0.1)
    [held] = box.db.reading().execute("SELECT boot, monotonic FROM held").fetchall()
    assert tuple(held) == ("boot-1", 7.0)
