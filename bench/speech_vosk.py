# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What Vosk does to the process it lives in, and what ours do about it. With the one real model that a package registry
carries, Korean: English was not at hand, so nothing here says how well Vosk hears it."""

from __future__ import annotations

import array
import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

from appliance.drivers.sound_decoder import decode
from appliance.errors import CartableError, NotFound, Unreachable
from appliance.ports import RATE
from appliance.speech.competitors import task_for
from appliance.speech.verdict import Asked
from appliance.speech.workers import Workers
from bench.measure import Table, until
from bench.speech_corpus import Recording
from bench.speech_timing import status
from bench.speech_trials import Listener
from tests.rigs.korean import folder
from tests.rigs.recordings import recorded
from tests.rigs.speech_sounds import FORWARD, forward

HANA, DUL = "하나", "둘"
KILLED = 5
ATTEMPTS = 200
RATES = (8_000, 11_025, 22_050, 44_100, 48_000)
RAW = """
import sys
from appliance.drivers.vosk_library import Model
model = Model(sys.argv[1])
if sys.argv[2:]:
    model.hear(bytes(32000), [])
else:
    print("loaded", flush=True)
    sys.stdin.read()
"""


def manners(table: Table, listener: Listener, recordings: list[Recording], share: float) -> None:
    """Killed workers, empty grammars, unknown words, sounds of other rates, many recognizers, memory."""
    _empty_grammar(table)
    with _pool() as workers:
        said = workers.judge(recorded("wav"), Asked(HANA, items=[DUL]))
        unknown = _refused(workers, Asked("three"), NotFound)
        same = workers.judge(recorded("wav"), Asked(HANA, items=["three", DUL]))["engine"] == said["engine"]
        table.add("vosk: unknown word: a clear error, and unknown competitors left out (the worker stays)",
                  100 * (unknown + same) / 2, unit="%", target="100 %", met=lambda x, _: x == 100)  # fmt: skip
        _many(table, workers, int(said["engine"]))
        lost, judged = _killed(workers)
        table.add(f"vosk: {KILLED} workers killed while they listen: told so, and the next attempt judged",
                  100 * (lost + judged) / 2 / KILLED, unit="%", target="100 %", met=lambda x, _: x == 100)  # fmt: skip
    _rates(table, listener)


def _empty_grammar(table: Table) -> None:
    """The library by itself dies of it; an engine that has nothing to expect says so before."""
    raw = subprocess.run([sys.executable, "-c", RAW, str(folder()), "empty"], check=False, capture_output=True)
    with _pool() as workers:
        first = workers.judge(recorded("wav"), Asked(HANA))["engine"]
        told = _refused(workers, Asked(" "), CartableError)
        kept = workers.judge(recorded("wav"), Asked(HANA))["engine"] == first
    table.add("vosk: grammar []: processes lost", 0 if told and kept else 1, int(raw.returncode < 0),
              peer_name="the library", target="0", met=lambda x, _: x == 0)  # fmt: skip


def _many(table: Table, workers: Workers, pid: int) -> None:
    """One recognizer for each attempt."""
    for _ in range(ATTEMPTS // 10):
        workers.judge(recorded("wav"), Asked(HANA, items=[DUL]))
    before = status(pid, "VmRSS")
    for _ in range(ATTEMPTS):
        workers.judge(recorded("wav"), Asked(HANA, items=[DUL]))
    table.add(f"vosk: {ATTEMPTS} recognizers: growth of the worker", status(pid, "VmRSS") - before, unit="MB",
              target="<= 8 MB", met=lambda mb, _: mb <= 8)  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", RAW, str(folder())], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as bare:
        assert bare.stdout is not None
        bare.stdout.readline()
        model = status(bare.pid, "VmRSS")
        bare.kill()
    table.add("vosk: Korean model, worker after these", status(pid, "VmRSS"), model, unit="MB",
              peer_name="model alone", target="<= model + 60 MB", met=lambda mb, _: mb <= model + 60)  # fmt: skip


def _killed(workers: Workers) -> tuple[int, int]:
    """How often the attempt was told so, and how often the next one got its verdict."""
    told = judged = 0
    for _ in range(KILLED):
        pid = int(workers.judge(recorded("wav"), Asked(HANA))["engine"])
        killer = threading.Thread(target=_kill_at_work, args=(pid, _ticks(pid)))
        killer.start()
        told += _fails(workers)
        killer.join()
        judged += int(workers.judge(recorded("wav"), Asked(HANA))["engine"]) != pid
    return told, judged


def _fails(workers: Workers) -> bool:
    """A long recording, of which the worker sees no end."""
    try:
        workers.judge(recorded("wav", 20.0), Asked(HANA, items=[DUL]))
    except Unreachable:
        return True
    return False


def _kill_at_work(pid: int, spent: int) -> None:
    until(lambda: _ticks(pid) > spent + 2, 20, "the worker listens")
    os.kill(pid, signal.SIGKILL)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def _rates(table: Table, listener: Listener) -> None:
    """A recording says its own rate; none is believed to be the engine's."""
    task = task_for(Asked(FORWARD), listener.lexicon)
    heard = [listener.engine.listen(decode(_wav(forward(), rate)), task).kind == "expected" for rate in RATES]
    table.add("vosk: recordings of 8 to 48 kHz: brought to the engine's rate and heard (pocketsphinx)",
              100 * sum(heard) / len(heard), unit="%", target="100 %", met=lambda x, _: x == 100)  # fmt: skip


def _wav(pcm: bytes, rate: int) -> bytes:
    """A file of ``rate`` samples a second that says so."""
    samples = array.array("h", pcm)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        count = len(samples) * rate // RATE
        file.writeframes(array.array("h", (samples[at * RATE // rate] for at in range(count))).tobytes())
    return out.getvalue()


def _refused(workers: Workers, asked: Asked, error: type[CartableError]) -> bool:
    try:
        workers.judge(recorded("wav"), asked)
    except error as told:
        return bool(str(told)) and not isinstance(told, Unreachable)
    return False


@contextlib.contextmanager
def _pool() -> Iterator[Workers]:
    workers = Workers((sys.executable, "-m", "tests.rigs.korean", "2048", "20"), 1, 20.0)
    try:
        yield workers
    finally:
        workers.stop()
