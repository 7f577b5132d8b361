# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""How long a pupil waits, what it costs, what stays in memory: by the service's own pool of worker processes."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from appliance.config import environment, load
from appliance.errors import Busy, Unreachable
from appliance.speech.contrasts import contrasts, rules
from appliance.speech.judge import judge
from appliance.speech.verdict import Asked
from appliance.speech.workers import Workers
from bench.measure import Table, until
from bench.speech_corpus import Recording
from bench.speech_hearing import BARE, drawn
from bench.speech_peer import Bare
from bench.speech_trials import Listener

TIMED = 120
PUPILS = 8
ROUNDS = 8
CORES = 2
NEVER = math.inf
BUSY = 0.3
"""Of a core taken by others: above it, times are said to be a busy computer's."""


def timing(table: Table, listener: Listener, recordings: list[Recording], share: float) -> None:
    """Waits of pupils, alone and eight at once; CPU beside one bare decoding pass."""
    busy = _others()
    sample = drawn(listener, recordings, share, TIMED)
    note = f" (busy computer: others took {busy:.1f} cores)" if busy > BUSY else ""
    _costs(table, listener, sample, recordings)
    with _pool("pocketsphinx") as workers:
        asked = [_question(listener, recording, recordings) for recording in sample]
        sounds = [recording.path.read_bytes() for recording in sample]
        for sound, question in zip(sounds[:2], asked[:2], strict=True):
            _waited(workers, sound, question)
        alone = [_waited(workers, sound, question) for sound, question in zip(sounds, asked, strict=True)]
        at_once = []
        with ThreadPoolExecutor(PUPILS) as pupils:
            jobs = list(zip(sounds, asked, strict=True))
            list(pupils.map(lambda job: _waited(workers, *job), jobs[:PUPILS]))  # both workers are there
            for _ in range(max(1, round(share * ROUNDS))):
                some = listener.dice.sample(jobs, PUPILS)
                at_once += list(pupils.map(lambda job: _waited(workers, *job), some))
    table.add(f"timing: end of speech to verdict, one pupil, with focus: p95{note}", _ms(_p95(alone)), unit="ms",
              target="<= 300 ms", met=lambda ms, _: ms <= 300)  # fmt: skip
    table.add(f"timing: the same: median{note}", _ms(statistics.median(alone)), unit="ms")
    table.add(f"timing: {PUPILS} pupils at once on {CORES} cores: p95{note}", _ms(_p95(at_once)), unit="ms",
              target="<= 1 s", met=lambda ms, _: ms <= 1000)  # fmt: skip
    never = (alone + at_once).count(NEVER)
    table.add(f"timing: attempts without a verdict{note}", never, target="0", met=lambda x, _: x == 0)


def _costs(table: Table, listener: Listener, sample: list[Recording], all_: list[Recording]) -> None:
    """CPU of whole verdicts, beside bare passes over the same recordings with the same twenty phrases."""
    bare = Bare()
    bare.load()
    texts = sorted({recording.words for recording in all_})
    plain = focus = peer = wrong = seconds = 0.0
    for recording in sample:
        others = listener.dice.sample([words for words in texts if words != recording.words], 20)
        pcm = recording.pcm()
        seconds += len(pcm) / 32000
        task = listener.asked(recording.words, others[:19])
        plain += _cpu(functools.partial(judge, pcm, task, listener.engine))
        peer += _cpu(functools.partial(bare.kind, pcm, task))
        looked = listener.asked(recording.words, others[:19], _focus(listener, recording.words))
        focus += _cpu(functools.partial(judge, pcm, looked, listener.engine))
        unsaid = listener.asked(others[19], others[:19])
        wrong += _cpu(functools.partial(judge, pcm, unsaid, listener.engine))
    table.add("timing: CPU of verdicts, right sentence among 20, for a second of sound", 1000 * plain / seconds,
              1000 * peer / seconds, unit="ms", peer_name=BARE, target="<= 3 x",
              met=lambda _, ratio: ratio <= 3)  # fmt: skip
    table.add("timing: CPU of verdicts, another sentence", 1000 * wrong / seconds, 1000 * peer / seconds, unit="ms",
              peer_name=BARE)  # fmt: skip
    table.add("timing: CPU of verdicts, right sentence, with focus", 1000 * focus / seconds, 1000 * peer / seconds,
              unit="ms", peer_name=BARE)  # fmt: skip


def memory(table: Table, listener: Listener, recordings: list[Recording], share: float) -> None:
    """Of a worker after a lesson's attempts, and of the service while nobody speaks."""
    with _pool("pocketsphinx", most=1) as workers:
        for recording in drawn(listener, recordings, share, 60):
            workers.judge(recording.path.read_bytes(), _question(listener, recording, recordings))
        (worker,) = children_of(os.getpid(), "speech-worker")
        table.add("memory: pocketsphinx worker after 60 attempts, at its highest", status(worker, "VmHWM"), unit="MB",
                  target="<= 150 MB", met=lambda mb, _: mb <= 150)  # fmt: skip
    with _service() as service:
        table.add("memory: service while nobody speaks", status(service, "VmRSS"), unit="MB", target="<= 60 MB",
                  met=lambda mb, _: mb <= 60)  # fmt: skip


@contextlib.contextmanager
def _pool(engines: str, most: int = CORES) -> Iterator[Workers]:
    """The service's workers, with its limits."""
    with tempfile.TemporaryDirectory() as state:
        config = load([], {"box": {"state": Path(state), "run": Path(state)}, "drivers": {"speech_engines": engines}})
        os.environ.update(environment(config))
        workers = Workers((sys.executable, "-m", "appliance", "speech-worker"), most, config.speech.limit_s)
        try:
            yield workers
        finally:
            workers.stop()


@contextlib.contextmanager
def _service() -> Iterator[int]:
    """``cartable speech serve``: its process, once it listens."""
    with tempfile.TemporaryDirectory() as state:
        config = load([], {"box": {"state": Path(state), "run": Path(state)}})
        path = config.speech_socket
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance", "speech", "serve"], env={**os.environ, **environment(config)}
        )
        try:
            until(lambda: _answers(path), 30, "the service listens")
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _question(listener: Listener, recording: Recording, all_: list[Recording]) -> Asked:
    """What a lesson asks: the sentence, nine others, a contrast that it has."""
    others = listener.dice.sample([" ".join(r.words) for r in all_ if r.words != recording.words], 9)
    return Asked(" ".join(recording.words), _focus(listener, recording.words), others)


def _focus(listener: Listener, words: tuple[str, ...]) -> tuple[str, ...]:
    """The first contrast of the allow-list that the sentence has a place for."""
    judged = [contrast.name for contrast in contrasts().values() if contrast.verdict]
    ways = [listener.lexicon.ways(word)[0] for word in words]
    return tuple(name for name in judged if any(list(rules()[name].applied(way)) for way in ways))[:1]


def _waited(workers: Workers, sound: bytes, asked: Asked) -> float:
    """Seconds to the verdict; or :data:`NEVER`: the pool ends what takes too long, as on a computer busy with more."""
    started = time.monotonic()
    try:
        workers.judge(sound, asked)
    except (Busy, Unreachable):
        return NEVER
    return time.monotonic() - started


def _cpu(call: Callable[[], Any]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def _ms(seconds: float) -> float | None:
    return None if seconds == NEVER else 1000 * seconds


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def _others(seconds: float = 3.0) -> float:
    """Cores that other processes take, looked at for so long."""

    def idle() -> int:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
        return int(fields[4]) + int(fields[5])

    before = idle()
    time.sleep(seconds)
    return max(0.0, (os.cpu_count() or 1) - (idle() - before) / os.sysconf("SC_CLK_TCK") / seconds)


def children_of(parent: int, word: str) -> list[int]:
    """Living processes started by ``parent`` whose command line has ``word``."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            mine = entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent
            if mine and word.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def status(pid: int, field: str) -> float:
    """MB of ``VmRSS``, ``VmHWM`` (proc(5), status)."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{field}:")) / 1024
