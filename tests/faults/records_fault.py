# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One seeded fault of the record store, from its first request to the last judgement."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.faults import records_disks
from tests.faults.records_check import Ledger, Verdict, judge
from tests.faults.records_clock import Script, ScriptedClock, jumping, steady
from tests.faults.records_inside import Plan, run
from tests.faults.records_store import opened

REQUESTS = 30
LIFE_S = 60.0
KINDS = (
    "kill -9 at a step", "kill -9 between two SQL statements", "kill -9 at any moment", "power cut",
    "kill -9 between two SQL statements", "clock jumps", "kill -9 at a step", "disk full", "power cut",
    "erasure cut short", "kill -9 at any moment", "kill -9 between two SQL statements", "clock jumps",
    "erasure, power cut", "disk full", "kill -9 at a step", "erasure cut short", "erasure, kill -9 at any moment",
    "erasure, clock jumps",
)  # fmt: skip
"""In turn, by seed."""


@dataclasses.dataclass(slots=True)
class Outcome:
    """What a fault did. ``struck``: the process died of it, or the disk was full, or the clock jumped."""

    seed: int
    kind: str
    struck: bool
    acknowledged: int
    verdict: Verdict


class Life:
    """A process on its way; its lines go to the ledger."""

    def __init__(self, command: Sequence[str], ledger: Ledger, errors: Path, environment: dict[str, str]) -> None:
        self._ledger = ledger
        self._errors = errors
        self._rest = b""
        self.lines = 0
        with errors.open("wb") as err:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=err, env={**os.environ, **environment}
            )

    def read(self, lines: int, seconds: float) -> bool:
        """Read until so many lines were told, the time is over or the process has ended: then True."""
        end = time.monotonic() + seconds
        while self.lines < lines and (left := end - time.monotonic()) > 0:
            if self._ready(left) and not self._take():
                return True
        return False

    def drain(self) -> None:
        """Read what a frozen process had told."""
        while self._ready(0) and self._take():
            pass

    def _ready(self, seconds: float) -> bool:
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def _take(self) -> int:
        assert self.process.stdout is not None
        block = os.read(self.process.stdout.fileno(), 1 << 16)
        *whole, self._rest = (self._rest + block).split(b"\n")
        for line in whole:
            self._ledger.tell(line.decode())
        self.lines += len(whole)
        return len(block)

    def finish(self, allowed: Sequence[int]) -> int:
        """To the end of its output; returns its exit status, which must be one of ``allowed``."""
        over = self.read(1 << 30, LIFE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        if not over:
            self.process.kill()
        status = self.process.wait()
        said = self._errors.read_text(errors="replace")
        assert over, f"the process did not end within {LIFE_S} s: {said[-3000:]}"
        assert status in allowed, f"the process ended with {status}: {said[-3000:]}"
        return status


class Fault:
    """Plays one; everything it needs is drawn from its seed."""

    def __init__(self, seed: int, folder: Path, template: Path, image: Path | None) -> None:
        self.seed = seed
        self._folder = folder
        self._template = template
        self._image = image
        self._chance = random.Random(seed)
        self.kind = KINDS[seed % len(KINDS)]
        self._erase = self._chance.choice(("final", "past")) if "erasure" in self.kind else ""
        self._ledger = Ledger(seed, REQUESTS, self._erase)
        self._state = folder / "state"
        self._lives = 0

    def play(self) -> Outcome:
        """Suffer the fault, judge, send everything again (perhaps killed once more), judge. The folder is removed."""
        self._folder.mkdir(parents=True)
        shutil.copytree(self._template, self._state)
        struck = self._first_life()
        acknowledged = self._ledger.acknowledged
        verdict = self._judged(over=False)
        if self._chance.random() < 0.3:
            self._killed(self._chance.randrange(2 * REQUESTS))
            verdict.add(self._judged(over=False))
        self._last_life()
        verdict.add(self._judged(over=True))
        if not verdict.problems:
            shutil.rmtree(self._folder)
        return Outcome(self.seed, self.kind, struck, acknowledged, verdict)

    def _first_life(self) -> bool:
        if "step" in self.kind:
            return self._counted({"CARTABLE_FAIL_AT": f"{self._chance.randrange(1, 50)}:{self._folder / 'steps'}"})
        if "SQL" in self.kind:
            return self._counted(die_at=int(10 ** self._chance.uniform(0, 3.2)))
        if "cut short" in self.kind:
            return self._counted(die_at=int(10 ** self._chance.uniform(0, 2.4)), die_in_erasure=True)
        if "power cut" in self.kind:
            return self._unplugged()
        if "disk full" in self.kind:
            return self._starved()
        if "clock" in self.kind:
            return self._confused()
        return self._killed(self._chance.randrange(2 * REQUESTS))

    def _plan(self, state: Path, clock: Script | None = None) -> Plan:
        self._lives += 1
        script = clock or steady(self._lives)
        return Plan(self.seed, str(state), REQUESTS, script.to_json(), self._erase, skip=self._skipped())

    def _skipped(self) -> tuple[int, ...]:
        """Most of what was answered well is not sent again."""
        done = [item.number for item in self._ledger.items if self._ledger.done(item)]
        return tuple(number for number in done if self._chance.random() < 0.7)

    def _life(self, plan: Plan, wrap: Callable[[list[str]], list[str]] = list,
              environment: dict[str, str] | None = None) -> Life:  # fmt: skip
        program = [sys.executable, "-m", "tests.faults.records_inside", json.dumps(dataclasses.asdict(plan))]
        return Life(wrap(program), self._ledger, self._folder / "errors", environment or {})

    def _counted(self, environment: dict[str, str] | None = None, **doom: Any) -> bool:
        plan = dataclasses.replace(self._plan(self._state), **doom)
        return self._life(plan, environment=environment).finish((0, 137)) == 137

    def _killed(self, lines: int) -> bool:
        life = self._life(self._plan(self._state))
        life.read(lines + 1, LIFE_S)
        life.read(1 << 30, self._chance.uniform(0, 0.01))
        with contextlib.suppress(ProcessLookupError):
            life.process.send_signal(signal.SIGKILL)
        return life.finish((0, -signal.SIGKILL)) != 0

    def _confused(self) -> bool:
        life = self._life(self._plan(self._state, jumping(self._chance, 1)))
        if self._chance.random() < 0.5:
            life.read(self._chance.randrange(2 * REQUESTS), LIFE_S)
            life.process.kill()
        life.finish((0, -signal.SIGKILL))
        return True

    def _starved(self) -> bool:
        small, out = self._folder / "small", self._folder / "out"
        small.mkdir()
        ballast = self._chance.choice((0, 1 << 19))
        plan = dataclasses.replace(self._plan(small), ballast=str(small / "ballast") if ballast else "")
        room = self._chance.randrange(40_000, 400_000)
        life = self._life(
            plan, lambda words: records_disks.nearly_full(small, self._template, room, max(ballast, 1), out, words)
        )
        before = self._ledger.refused
        life.finish((0,))
        shutil.rmtree(self._state)
        out.rename(self._state)
        return self._ledger.refused > before

    def _unplugged(self) -> bool:
        at = self._folder / "card"
        at.mkdir()
        image = self._folder / "card.img"
        if self._image is None:
            shutil.copytree(self._template, at, dirs_exist_ok=True)
            life = self._life(self._plan(at))
        else:
            subprocess.run(["cp", "--sparse=always", self._image, image], check=True)
            life = self._life(self._plan(at), lambda words: records_disks.mounted(image, at, words))
        life.read(self._chance.randrange(1, 2 * REQUESTS), LIFE_S)
        life.read(1 << 30, self._chance.uniform(0, 0.01))
        struck = life.process.poll() is None
        if struck:
            records_disks.freeze(life.process.pid)
        life.drain()
        if self._image is None:
            records_disks.unplug_without_mount(at, self._state, self._chance.randbytes(self._chance.randrange(5000)))
        else:
            records_disks.unplug(image, self._state, self._folder)
        life.process.kill()
        life.finish((0, -signal.SIGKILL))
        image.unlink(missing_ok=True)
        return struck

    def _last_life(self) -> None:
        with opened(self._state, ScriptedClock(steady(self._lives + 1))) as store:
            run(store, self._plan(self._state), self._ledger.tell)

    def _judged(self, *, over: bool) -> Verdict:
        self._lives += 1
        with opened(self._state, ScriptedClock(steady(self._lives))) as store:
            return judge(store, self._ledger, over=over)
