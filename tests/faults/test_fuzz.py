# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""No request, however bent, makes ``/xapi`` answer 500, hang or grow. A million with ``make soak SUITE=fuzz``.

``CARTABLE_SEED=<seed>`` changes them all; a failure names the seed and the number of the request.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.drivers.clock_system import SystemClock
from tests.faults import fuzz_records
from tests.faults.fuzz_seeds import Request
from tests.faults.records_check import projections
from tests.faults.records_store import Store, opened, prepare
from tests.faults.wsgi import Answer, call

SOAK = os.environ.get("CARTABLE_SOAK") == "1"
COUNT = int(os.environ.get("CARTABLE_REQUESTS", "1000000" if SOAK else "6000"))
SEED = int(os.environ.get("CARTABLE_SEED", "1"))
SLOWEST_S = 5.0
GROWTH = 24 << 20
"""Bytes that the process may grow over the second half."""
REFUSALS = {400, 401, 403, 404, 405, 409, 411, 412, 413, 415, 416}
GOOD = {200, 204, 304}


@pytest.fixture
def store() -> Iterator[Store]:
    """In memory where the machine has a place for that: the disk is not what is tested."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        state = Path(name) / "state"
        prepare(state)
        with opened(state, SystemClock()) as store:
            yield store


@pytest.mark.system
@pytest.mark.timeout(7200 if SOAK else 120)
def test_no_request_breaks_the_store(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    statuses: collections.Counter[int] = collections.Counter()
    times: list[float] = []
    slowest, half, begun = (0.0, -1), 0, time.monotonic()
    for number in range(COUNT):
        asked = fuzz_records.request(SEED, number)
        start = time.perf_counter()
        answer = _sent(store, asked, number)
        spent = time.perf_counter() - start
        slowest = max(slowest, (spent, number))
        if number % 97 == 0:
            times.append(spent)
        statuses[answer.status] += 1
        _judge(asked, answer, number)
        if number == COUNT // 2:
            half = _resident()
    grown = _resident() - half
    rate = COUNT / (time.monotonic() - begun)
    with capsys.disabled():
        print(
            f"\n{COUNT:,} requests, {rate:,.0f}/s with their making; median {_median(times) * 1e3:.2f} ms; "
            f"slowest {slowest[0] * 1e3:.0f} ms (number {slowest[1]}); second half {grown / 2**20:+.1f} MB; "
            f"answers {dict(sorted(statuses.items()))}"
        )
    assert slowest[0] < SLOWEST_S, f"seed {SEED}, number {slowest[1]} took {slowest[0]:.1f} s"
    assert grown < GROWTH, f"{grown / 2**20:.1f} MB more"
    assert statuses[200] + statuses[204] > COUNT / 30, "nearly nothing was accepted: the fuzzer tries nothing deep"
    assert statuses[400] > COUNT / 5
    _sound(store)


def _sent(store: Store, asked: Request, number: int) -> Answer:
    headers = {"X-Experience-API-Version": "2.0.0" if number % 5 == 4 else "1.0.3", **store.headers, **asked.headers}
    query = fuzz_records.query_string(asked.parameters)
    with contextlib.ExitStack() as failed:
        failed.callback(lambda: print(_named(asked, number)))
        answer = call(store.application, asked.method, asked.path, query, headers, asked.body,
                      origin="local" if number % 7 == 0 else "hub")  # fmt: skip
        failed.pop_all()
    return answer


def _judge(asked: Request, answer: Answer, number: int) -> None:
    problems = []
    if answer.status not in GOOD | REFUSALS:
        problems.append(f"answered {answer.status}")
    for name, value in answer.headers.items():
        if not value.isprintable() or any(ord(sign) > 255 for sign in value):
            problems.append(f"header {name}: {value!r}")
    length = answer.headers.get("content-length")
    if length is not None and asked.method != "HEAD" and int(length) != len(answer.body):
        problems.append("Content-Length is wrong")
    if asked.method == "HEAD" and answer.body:
        problems.append("HEAD with a body")
    if asked.path.startswith("/xapi/") and "x-experience-api-version" not in answer.headers:
        problems.append("no X-Experience-API-Version")
    if answer.headers.get("content-type") == "application/json" and answer.body and answer.status >= 400:
        with contextlib.suppress(KeyError):
            json.loads(answer.body)["error"]
    assert not problems, f"{problems}: {_named(asked, number)} -> {answer.status} {answer.body[:300]!r}"


def _named(asked: Request, number: int) -> str:
    return f"CARTABLE_SEED={SEED}, number {number}: {asked.method} {asked.path} {asked.parameters} {asked.headers} " \
           f"{asked.body[:1500]!r}"  # fmt: skip


def _sound(store: Store) -> None:
    """What was accepted is kept as it should be."""
    with contextlib.closing(sqlite3.connect(f"file:{store.config.database}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        before = projections(conn)
        store.records.rebuild(lambda done, of: None)
        assert projections(conn) == before


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
