# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``SpeechEngine`` that understands whatever it is told to: for lessons without a microphone, and for tests."""

from __future__ import annotations

import array
from collections.abc import Sequence
from pathlib import Path

from appliance.drivers.speech_paths import checked, path_of
from appliance.ports import RATE, Heard, HeardWord, SpeechTask, Way

LOUDEST_SILENCE = 300
"""Samples that stay below are silence."""
SURE = 20.0


class SimulatedEngine:
    """Hears ``hears`` in any sound that is no silence; the expected phrase, rightly said, while that is None."""

    name = "simulated"
    accepts = 0.0
    spells = True

    def __init__(self, models: Path | None = None, language: str = "en", hears: str | None = None) -> None:
        self.hears = hears

    def load(self) -> None:
        """Nothing to load."""

    def knows(self, word: str) -> bool:
        """Every word."""
        return bool(word)

    def listen(self, pcm: bytes, task: SpeechTask) -> Heard:
        """See :class:`appliance.ports.SpeechEngine`."""
        checked(pcm, task)
        samples = array.array("h", pcm)
        if max(map(abs, samples), default=0) < LOUDEST_SILENCE:
            return Heard("nothing", probes=(None,) * len(task.probes))
        right = [slot.ways[0] for slot in task.expected]
        kind, path = ("expected", right) if self.hears is None else path_of(self.hears.split(), task)
        length = len(samples) / RATE / max(1, len(path))
        words = tuple(HeardWord(way, n * length, (n + 1) * length) for n, way in enumerate(path))
        return Heard(kind, words, SURE if kind == "expected" else -SURE, tuple(self._probes(kind, path, task)))

    def _probes(self, kind: str, path: Sequence[Way], task: SpeechTask) -> list[float | None]:
        if kind != "expected":
            return [None] * len(task.probes)
        return [-SURE if path[p.slot].phones == p.wrong.phones else SURE for p in task.probes]
