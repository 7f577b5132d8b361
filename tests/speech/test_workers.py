# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Workers that crash, hang, grow or write: the attempt gets a sentence, the next one a verdict, the disk nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.errors import BadInput, Busy, CartableError, Unreachable
from appliance.speech import workers as pool
from appliance.speech.verdict import Asked
from appliance.speech.workers import Workers
from tests.rigs.recordings import recorded

pytestmark = pytest.mark.system

Make = Callable[..., Workers]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Workers] = []

    def started(mode: str = "fine", most: int = 2, limit_s: float = 10.0, memory: int = 300) -> Workers:
        command = (sys.executable, "-m", "tests.rigs.listener", mode, str(memory), str(limit_s))
        made.append(Workers(command, most, limit_s))
        return made[-1]

    yield started
    for each in made:
        each.stop()


def said(workers: Workers, text: str = "hello", *items: str) -> dict[str, object]:
    return workers.judge(recorded("webm"), Asked(text, items=items))


def test_a_verdict(make: Make) -> None:
    told = said(make(), "It’s a 🐱")
    assert told["outcome"] == "bravo"
    assert told["heard"] == "It’s a 🐱"
    assert float(str(told["level_db"])) > 60_000, "the whole sound arrived"


@pytest.mark.parametrize("trouble", ["crash", "hang", "grow"])
def test_an_attempt_that_ends_its_worker_harms_no_other(make: Make, trouble: str) -> None:
    workers = make(limit_s=1.5)
    first = said(workers)["engine"]
    with pytest.raises(Unreachable, match="try again"):
        said(workers, trouble)
    assert said(workers)["engine"] != first


def test_what_a_worker_refuses_is_said_and_it_goes_on(make: Make) -> None:
    workers = make()
    first = said(workers)["engine"]
    with pytest.raises(BadInput, match="Record it again"):
        said(workers, "refuse")
    with pytest.raises(CartableError, match="no recording"):
        workers.judge(b"nonsense", Asked("hello"))
    assert said(workers)["engine"] == first


def test_no_voice_can_be_written(make: Make, tmp_path: Path) -> None:
    with pytest.raises(CartableError):
        said(make(), "write", str(tmp_path / "voice"))
    assert not (tmp_path / "voice").exists() or (tmp_path / "voice").stat().st_size == 0


@pytest.mark.parametrize(("mode", "words"), [("no-model", "no model"), ("dies", "could not listen")])
def test_no_engine(make: Make, mode: str, words: str) -> None:
    workers = make(mode)
    for _ in range(3):
        with pytest.raises(Unreachable, match=words):
            said(workers)


def test_a_worker_killed_while_it_waits_is_replaced_unseen(make: Make) -> None:
    workers = make()
    first = int(str(said(workers)["engine"]))
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
    assert int(str(said(workers)["engine"])) != first


def test_many_at_once_share_two_workers(make: Make) -> None:
    workers = make()
    with ThreadPoolExecutor(8) as threads:
        engines = {str(told["engine"]) for told in threads.map(lambda _: said(workers), range(24))}
    assert 1 <= len(engines) <= 2


def _refusal(workers: Workers) -> type[CartableError] | None:
    try:
        said(workers)
    except CartableError as error:
        return type(error)
    return None


def test_too_many_are_told_to_come_back(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAIT_S", 0.2)
    workers = make(most=1, limit_s=3.0)
    said(workers)
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        with pytest.raises(Unreachable):
            said(workers, "hang")

    with ThreadPoolExecutor(1) as threads:
        stuck = threads.submit(hang)
        begun.wait(5)
        told = [_refusal(workers) for _ in range(3)]
        stuck.result()
    assert Busy in told
    assert said(workers)["outcome"] == "bravo"


def test_idle_workers_end(make: Make) -> None:
    workers = make()
    pid = int(str(said(workers)["engine"]))
    assert workers.end_idle(60.0) == 1
    assert workers.end_idle(0.0) == 0
    assert not Path(f"/proc/{pid}").exists()
    workers.warm()
    assert workers.end_idle(60.0) == 1


def test_a_worker_serves_so_often_and_no_more(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SERVES", 3)
    workers = make(most=1)
    engines = [str(said(workers)["engine"]) for _ in range(7)]
    assert [engines.count(each) for each in dict.fromkeys(engines)] == [3, 3, 1]


def test_a_stopped_service_says_so(make: Make) -> None:
    workers = make()
    said(workers)
    workers.stop()
    with pytest.raises(Unreachable):
        said(workers)
