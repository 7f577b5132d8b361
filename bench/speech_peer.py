# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Beside us: pocketsphinx as it comes, no warp, its own beams, one pass over the recording as it came."""

from __future__ import annotations

import pocketsphinx

from appliance.drivers.speech_paths import Graph, followed
from appliance.drivers.speech_pocketsphinx import PocketsphinxEngine
from appliance.ports import RATE, SpeechTask

BEAMS = {"beam": 1e-48, "pbeam": 1e-48, "wbeam": 7e-29}
"""Its defaults."""


class Bare(PocketsphinxEngine):
    """The same grammars, nothing of our configuration."""

    name = "pocketsphinx as it comes"

    def load(self) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", samprate=float(RATE))
        self._added.clear()

    def kind(self, pcm: bytes, task: SpeechTask) -> str:
        """One pass: ``expected``, ``item`` or ``nothing``."""
        path, _ = self._heard(pcm, Graph.everything(task), BEAMS)
        return followed(path, task) if path else "nothing"

    def fit(self, pcm: bytes, task: SpeechTask) -> float:
        """Of the expected phrase alone, for each sample."""
        right = [[way for way in slot.ways if not way.rule] for slot in task.expected]
        return self._heard(pcm, Graph.chain(right), BEAMS)[1] / max(1, len(pcm))
