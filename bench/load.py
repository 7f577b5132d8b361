# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Load: wrk (Debian) for throughput and CPU per request; an asyncio client for paced arrivals and their latencies."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from bench.measure import cpu_seconds

LUA = """
local paths = {}
for path in string.gmatch(os.getenv("WRK_PATHS") or "/", "%S+") do paths[#paths + 1] = path end
local turn = 0
request = function()
  turn = turn % #paths + 1
  return wrk.format(nil, paths[turn])
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
    + summary.errors.status, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """What a run did. Times in milliseconds, CPU in microseconds per request."""

    requests: int
    errors: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


def wrk(
    base: str, paths: Sequence[str], clients: int, seconds: float, pids: Callable[[], Sequence[int]],
    headers: Sequence[str] = (), folder: Path = Path("/tmp"),
) -> Load:  # fmt: skip
    """Closed loop over ``paths``; CPU is what ``pids()`` spent meanwhile."""
    if shutil.which("wrk") is None:
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=True, stdout=subprocess.DEVNULL)
    script = folder / "cartable-bench.lua"
    script.write_text(LUA)
    command = ["wrk", "-t1", f"-c{clients}", f"-d{int(seconds)}s", "--timeout", "10s", "-s", str(script)]
    for header in ("Accept-Encoding: gzip", *headers):
        command += ["-H", header]
    before = cpu_seconds(pids())
    run = subprocess.run([*command, base], env={"WRK_PATHS": " ".join(paths), "PATH": "/usr/bin:/bin"},
                         capture_output=True, text=True, check=True)  # fmt: skip
    spent = cpu_seconds(pids()) - before
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", run.stdout)
    if not found:
        raise RuntimeError(run.stdout + run.stderr)
    requests, duration, errors, p50, p99 = map(int, found.groups())
    return Load(
        requests, errors, requests / (duration / 1e6), p50 / 1000, p99 / 1000, spent / max(1, requests) * 1e6
    )  # fmt: skip


@dataclasses.dataclass(slots=True)
class Latencies:
    """Milliseconds of each answer, and how many failed."""

    times: list[float] = dataclasses.field(default_factory=list)
    errors: int = 0

    def percentile(self, share: float) -> float:
        """0 < share < 1."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


async def paced(urls: Sequence[str], clients: int, pause_s: float, seconds: float) -> Latencies:
    """``clients`` tablets that read a page, think ``pause_s``, read the next."""
    seen = Latencies()
    end = time.monotonic() + seconds

    async def tablet(number: int, session: aiohttp.ClientSession) -> None:
        await asyncio.sleep(pause_s * number / clients)
        turn = number
        while time.monotonic() < end:
            await fetch(session, urls[turn % len(urls)], seen)
            turn += 1
            await asyncio.sleep(pause_s)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(tablet(number, session) for number in range(clients)))
    return seen


async def fetch(session: aiohttp.ClientSession, url: str, seen: Latencies) -> None:
    """One GET, timed to its last byte."""
    start = time.perf_counter()
    try:
        async with session.get(url) as response:
            await response.read()
            if response.status >= 400:
                seen.errors += 1
    except (aiohttp.ClientError, TimeoutError, OSError):
        seen.errors += 1
    seen.times.append((time.perf_counter() - start) * 1000)


async def storm(visits: Sequence[Sequence[str]], within_s: float) -> Latencies:
    """Each tablet opens its pages one after the other; tablets arrive evenly within ``within_s``, no cookie shared."""
    seen = Latencies()

    async def tablet(number: int, urls: Sequence[str]) -> None:
        await asyncio.sleep(within_s * number / len(visits))
        async with aiohttp.ClientSession() as session:
            for url in urls:
                await fetch(session, url, seen)

    await asyncio.gather(*(tablet(number, urls) for number, urls in enumerate(visits)))
    return seen
