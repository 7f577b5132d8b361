# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Recordings made to harm, sent to the real service: a clear answer to each, nothing kept, memory bounded.

``make soak SUITE=speech`` sends ten thousand, and prints a table.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.errors import Unreachable
from tests.faults.hostile_sounds import KINDS, MOST, upload
from tests.rigs.hub_stand_in import HubStandIn, hub_stand_in
from tests.rigs.speech_service import Service, private_kb, service

pytestmark = pytest.mark.system

SOAK = os.environ.get("CARTABLE_SOAK") == "1"
COUNT = 10_000 if SOAK else 6 * len(KINDS)
AT_ONCE = 4
LIMIT_S = 25.0
"""Of an attempt: far above what any takes, on a computer that has other work too."""
SLOWEST_S = 5.0 + LIMIT_S
"""Of one answer: the wait for a worker besides."""
SERVICE_MB, WORKER_MB = 60, 150
SENT_ONLY = "signed"
ABOUT_THE_PUPIL = ("bravo", "presque", "encore")


@dataclass
class Tally:
    """What became of one kind."""

    answers: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Service, HubStandIn]]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    with (
        hub_stand_in(tmp_path / "run" / "hub.sock") as hub,
        service(tmp_path, drivers={"speech_engines": "simulated"}, speech={"limit_s": LIMIT_S}) as found,
    ):
        yield found, hub


def _answer(running: Service, number: int) -> tuple[str, str, float]:
    """The kind, what became of it, and how long it took."""
    kind, sound = upload(number)
    begun = time.monotonic()
    try:
        answer = running.send(sound)
    except Unreachable:  # more than it takes: it may close before everything is sent
        assert len(sound) > MOST, kind
        return kind, "413", time.monotonic() - begun
    told = answer.json() if answer.headers["content-type"] == "application/json" else {}
    if answer.status == 200:
        return kind, str(told["outcome"]), time.monotonic() - begun
    if len(sound) <= MOST:
        assert len(told["error"]) > 10, (kind, number, answer.body)
    return kind, str(answer.status), time.monotonic() - begun


@pytest.mark.timeout(7200 if SOAK else 120)
def test_hostile_uploads(
    running: tuple[Service, HubStandIn], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speech, hub = running
    tallies: dict[str, Tally] = defaultdict(Tally)
    memory: list[tuple[int, int]] = []
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for batch in range(0, COUNT, 100):
            numbers = range(batch, min(batch + 100, COUNT))
            for kind, what, took in threads.map(lambda number: _answer(speech, number), numbers):
                tallies[kind].answers[what] += 1
                tallies[kind].slowest_s = max(tallies[kind].slowest_s, took)
            memory.append((private_kb(speech.process.pid), max(_workers_kb(speech), default=0)))
    if SOAK:
        with capsys.disabled():
            print(_table(tallies, memory))
    _judge(tallies, memory)
    assert {each["verdict"]["outcome"] for each in hub.kept if each["token"] == SENT_ONLY} >= {"bravo"}
    assert "Traceback" not in speech.log.read_text()
    assert _files(tmp_path) == {"speech.log"}


def _workers_kb(speech: Service) -> Iterator[int]:
    for pid in speech.workers():
        try:
            yield private_kb(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just been replaced


def _judge(tallies: dict[str, Tally], memory: list[tuple[int, int]]) -> None:
    assert set(tallies) == set(KINDS)
    failed = {kind: tally.answers["panne"] for kind, tally in tallies.items() if tally.answers["panne"]}
    assert failed == {}, "workers die of what they are given"
    known = {*ABOUT_THE_PUPIL, "silence", "bruit", "400", "413", "415", "503"}
    for kind, tally in tallies.items():
        assert set(tally.answers) <= known, (kind, tally.answers)
        assert tally.slowest_s < SLOWEST_S, (kind, tally.slowest_s)
    assert set(tallies["good"].answers) <= {"bravo", "503"}, tallies["good"].answers
    assert set(tallies["empty"].answers) == {"400"}
    assert set(tallies["too_long"].answers) == {"413"}
    assert set(tallies["wrong_type"].answers) | set(tallies["script"].answers) == {"415"}
    assert max(service for service, _ in memory) < SERVICE_MB * 1000, memory
    assert max(worker for _, worker in memory) < WORKER_MB * 1000, memory


def _table(tallies: dict[str, Tally], memory: list[tuple[int, int]]) -> str:
    lines = [f"{kind:12} {tally.slowest_s:6.2f} s  {json.dumps(dict(tally.answers.most_common()))}"
             for kind, tally in tallies.items()]  # fmt: skip
    service, worker = (max(column) // 1000 for column in zip(*memory, strict=True))
    return "\n".join(["", *lines, f"most memory: service {service} MB, a worker {worker} MB"])


def _files(folder: Path) -> set[str]:
    """Every file that is no socket."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
