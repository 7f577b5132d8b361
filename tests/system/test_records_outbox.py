# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A service's outbox beside a real hub: what was made while the hub was dead arrives, once, with its time."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from appliance import records_outbox
from appliance.drivers.clock_system import SystemClock
from appliance.ports import Now
from appliance.records_outbox import RecordsOutbox
from tests.outbox.rig import said
from tests.rigs import box as rig
from tests.rigs.box import Box, until

pytestmark = pytest.mark.system

VERSION = {"X-Experience-API-Version": "1.0.3"}


class Unset:
    """The machine's clock before the network has set it."""

    def __init__(self) -> None:
        self._real = SystemClock()

    def now(self) -> Now:
        now = self._real.now()
        return Now(12.0, False, now.monotonic, now.boot)


class Heard:
    """What a box stored since the test began."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._before = len(box.rows("SELECT 1 FROM statement"))

    def statements(self) -> list[dict[str, Any]]:
        """With their ``stored``, in the order of arrival."""
        rows = self._box.rows("SELECT body, stored FROM statement ORDER BY row")[self._before :]
        return [{**json.loads(row["body"]), "stored": row["stored"]} for row in rows]

    def words(self) -> list[str]:
        return [statement["object"]["id"].rpartition("/")[2] for statement in self.statements()]


@pytest.fixture(scope="module")
def empty_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box without class or resources."""
    running = rig.start(tmp_path_factory.mktemp("records") / "state", demonstration=None)
    yield running
    running.stop()


@pytest.fixture
def heard(empty_box: Box) -> Heard:
    return Heard(empty_box)


@pytest.fixture
def outbox(empty_box: Box, tmp_path: Path) -> Iterator[RecordsOutbox]:
    outbox = RecordsOutbox(tmp_path / "speech", empty_box.client, SystemClock())
    yield outbox
    outbox.close()


def seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_what_is_made_while_the_hub_is_killed_arrives_once(
    empty_box: Box, heard: Heard, outbox: RecordsOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_outbox, "LONGEST_PAUSE_S", 0.2)
    outbox.start()
    over = threading.Event()
    added: list[str] = []

    def work() -> None:
        while not over.wait(0.01):
            outbox.add(said(f"w{len(added)}"))
            added.append(f"w{len(added)}")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(2):
            before = len(heard.words())
            until(lambda: len(heard.words()) > before + 20, "no statements flow", 60)  # noqa: B023
            empty_box.kill_hub()
    finally:
        over.set()
        worker.join()
    until(lambda: not outbox.waiting, "the outbox did not empty", 60)
    assert outbox.refused == 0
    assert heard.words() == added


def test_a_bad_one_stops_no_other(heard: Heard, outbox: RecordsOutbox, tmp_path: Path) -> None:
    outbox.add(said("before"))
    bad = outbox.add({"actor": "nobody"})
    outbox.add(said("after"))
    assert outbox.flush()
    assert heard.words() == ["before", "after"]
    assert outbox.refused == 1
    kept = json.loads((tmp_path / "speech" / "refused" / f"{bad}.json").read_text())
    assert kept["status"] == 400
    assert json.loads(kept["reason"])["error"]


def test_the_same_twice_is_stored_once(heard: Heard, outbox: RecordsOutbox) -> None:
    name = outbox.add(said("once"))
    assert outbox.flush()
    for _ in range(2):
        outbox.add({**heard.statements()[0], "id": name})
    assert outbox.flush()
    assert heard.words() == ["once"]
    assert outbox.refused == 0


def test_an_age_moves_the_timestamp_and_a_later_exact_time_is_the_same_statement(empty_box: Box, heard: Heard) -> None:
    sent = [said("a", id=str(uuid.uuid4())), said("b")]
    headers = {**VERSION, "X-Cartable-Ages": "600,0"}
    answer = empty_box.client.request("POST", "/xapi/statements", sent, headers=headers)
    assert answer.status == 200, answer.body
    first, second = heard.statements()
    assert 599 < seconds_between(first["timestamp"], second["timestamp"]) < 601
    exact = {**sent[0], "timestamp": "2026-01-01T00:00:00Z"}
    again = empty_box.client.request("POST", "/xapi/statements", [exact], headers=VERSION)
    assert again.status == 200, again.body
    assert heard.statements() == [first, second]


@pytest.mark.parametrize("ages", ["1", "1,2,3", "x,1", "-1,0", "nan,0", "inf,0"])
def test_ages_that_do_not_fit_are_refused(empty_box: Box, heard: Heard, ages: str) -> None:
    headers = {**VERSION, "X-Cartable-Ages": ages}
    answer = empty_box.client.request("POST", "/xapi/statements", [said("a"), said("b")], headers=headers)
    assert answer.status == 400
    assert not heard.words()


def test_a_service_without_a_clock_leaves_the_time_to_the_hub(empty_box: Box, heard: Heard, tmp_path: Path) -> None:
    outbox = RecordsOutbox(tmp_path / "bridge", empty_box.client, Unset())
    outbox.add(said("a"))
    assert outbox.flush()
    outbox.close()
    [statement] = heard.statements()
    assert 0 <= seconds_between(statement["timestamp"], statement["stored"]) < 30
