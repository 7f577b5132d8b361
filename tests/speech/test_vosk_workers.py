# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Vosk with a real model in worker processes: what it cannot do is said, what kills it harms one attempt."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import BadInput, NotFound, Unreachable
from appliance.speech.verdict import Asked
from appliance.speech.workers import Workers
from tests.rigs.recordings import recorded

pytestmark = pytest.mark.system
HANA = "하나"


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers((sys.executable, "-m", "tests.rigs.korean", "2048", "20"), 1, 20.0)
    yield made
    made.stop()


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def _kill_at_work(pid: int, since: int) -> None:
    deadline = time.monotonic() + 20
    while _ticks(pid) <= since + 2 and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)


def test_what_it_cannot_hear_is_said_and_the_worker_stays(workers: Workers) -> None:
    first = workers.judge(recorded("wav"), Asked(HANA, items=["three"]))["engine"]
    with pytest.raises(NotFound, match="three"):
        workers.judge(recorded("wav"), Asked("three"))
    with pytest.raises(BadInput, match="Nothing is expected"):  # by itself the library dies of an empty grammar
        workers.judge(recorded("wav"), Asked(" "))
    assert workers.judge(recorded("webm"), Asked(HANA))["engine"] == first


def test_a_worker_killed_while_it_listens_costs_one_attempt(workers: Workers) -> None:
    pid = int(workers.judge(recorded("wav"), Asked(HANA))["engine"])
    killer = threading.Thread(target=_kill_at_work, args=(pid, _ticks(pid)))
    killer.start()
    with pytest.raises(Unreachable, match="try again"):
        workers.judge(recorded("wav", 25.0), Asked(HANA, items=["둘"]))
    killer.join()
    assert int(workers.judge(recorded("wav"), Asked(HANA))["engine"]) != pid
