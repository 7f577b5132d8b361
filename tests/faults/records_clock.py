# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A clock that jumps where a script says: forwards, backwards, to 1970, trusted or not."""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from appliance.ports import Now

TRUE_START = 1_795_000_000.0
"""November 2026."""
YEAR = 365 * 86_400.0


@dataclasses.dataclass(frozen=True, slots=True)
class Jump:
    """From the ``reading``-th reading on, the wall clock is ``offset`` s from the truth."""

    reading: int
    offset: float
    trusted: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Script:
    """One run of a process: ``boot`` names the start of the machine, ``uptime`` is its age when the process starts."""

    boot: str
    uptime: float
    true: float
    """The true wall time when the process starts."""
    jumps: tuple[Jump, ...] = (Jump(0, 0.0, True),)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Script:
        return cls(value["boot"], value["uptime"], value["true"], tuple(Jump(**jump) for jump in value["jumps"]))


def steady(life: int) -> Script:
    """A right clock; each life of the process an hour after the last, after a restart of the machine."""
    return Script(f"boot-{life}", 60.0, TRUE_START + 3600 * life)


def jumping(chance: random.Random, life: int) -> Script:
    """Several jumps; some of them end with a right clock, as when a network comes."""
    wild = (-TRUE_START + 40, -YEAR, -3600.0, -2.0, 0.0, 2.0, 86_400.0, YEAR)
    readings = sorted(chance.sample(range(1, 60), 3))
    jumps = [Jump(0, chance.choice(wild), chance.random() < 0.4)]
    jumps += [Jump(reading, chance.choice(wild), chance.random() < 0.6) for reading in readings]
    if chance.random() < 0.5:
        jumps.append(Jump(readings[-1] + chance.randrange(1, 20), 0.0, True))
    return dataclasses.replace(steady(life), jumps=tuple(jumps))


class ScriptedClock:
    """Port :class:`appliance.ports.Clock`. Thread-safe."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._begun = time.monotonic()
        self._readings = 0
        self._lock = threading.Lock()

    def now(self) -> Now:
        with self._lock:
            jump = _at(self._script.jumps, self._readings)
            self._readings += 1
            passed = time.monotonic() - self._begun
        wall = self._script.true + passed + jump.offset
        return Now(wall, jump.trusted, self._script.uptime + passed, self._script.boot)


def _at(jumps: Sequence[Jump], reading: int) -> Jump:
    return next(jump for jump in reversed(jumps) if jump.reading <= reading)
