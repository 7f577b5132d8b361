# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One attempt through the three gates. Pure but for the engine it is handed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

from appliance.ports import Heard, Probe, SpeechEngine, SpeechTask
from appliance.speech import content, feedback, signal
from appliance.speech.contrasts import contrasts
from appliance.speech.verdict import Outcome, Verdict, WordVerdict


def judge(pcm: bytes, task: SpeechTask, engine: SpeechEngine, before_db: float | None = None) -> Verdict:
    """What to answer to the recording ``pcm`` (see :class:`SpeechEngine`) of a pupil who was asked ``task``.

    ``before_db``: the room's level in the half second before, where the microphone gave it. An engine that fails gives
    *panne*; :class:`appliance.errors.BadInput` of a wrong sound or task is the caller's.
    """
    started = time.process_time()
    measured = signal.measure(pcm, before_db)
    if measured.outcome:
        verdict = _told(measured.outcome, reason=measured.reason)
    else:
        heard = engine.listen(signal.cut(pcm, measured), task)
        verdict = _concluded(task, heard, engine.accepts)
    return dataclasses.replace(
        verdict, level_db=round(measured.level_db, 1), snr_db=round(measured.snr_db, 1), engine=engine.name,
        cpu_ms=round((time.process_time() - started) * 1000, 1),
    )  # fmt: skip


def _concluded(task: SpeechTask, heard: Heard, accepts: float) -> Verdict:
    looked = content.look(task, heard, accepts)
    asked = " ".join(slot.ways[0].text for slot in task.expected)
    focus = tuple(dict.fromkeys(probe.contrast for probe in task.probes))
    if looked.outcome is Outcome.ENCORE:
        return dataclasses.replace(_told(Outcome.ENCORE, heard=looked.heard, asked=asked), words=looked.words)
    words = _focused(task, heard, looked.words)
    missed = [word for word in words if not word.ok]
    if not missed:
        verdict = _told(Outcome.BRAVO, heard=looked.heard)
    else:
        said = " ".join(word.heard_as if not word.ok else word.text for word in words)
        known = said if all(word.heard_as for word in missed) else ""
        verdict = dataclasses.replace(_told(Outcome.PRESQUE, heard=known), tip=feedback.tip(missed[0].rule))
    return dataclasses.replace(verdict, words=words, focus=focus)


def _focused(task: SpeechTask, heard: Heard, words: Sequence[WordVerdict]) -> tuple[WordVerdict, ...]:
    """Gate 3: each announced contrast at its worst place of each word, against its threshold."""
    judged = list(words)
    for probe, margin in zip(task.probes, heard.probes, strict=True):
        if margin is None:
            continue
        word = judged[probe.slot]
        contrast = contrasts()[probe.contrast]
        if contrast.verdict and margin < contrast.least and word.ok:
            judged[probe.slot] = WordVerdict(word.text, False, _competitor(task, probe), probe.contrast, margin)
        elif word.score is None or margin < word.score:
            judged[probe.slot] = dataclasses.replace(word, score=margin)
    return tuple(judged)


def _competitor(task: SpeechTask, probe: Probe) -> str:
    """The real word that the slip makes; empty when it makes none."""
    ways = task.expected[probe.slot].ways
    return next((way.text for way in ways if way.phones == probe.wrong.phones), "")


def _told(outcome: Outcome, reason: str = "", heard: str = "", asked: str = "") -> Verdict:
    message, params = feedback.sentence(outcome, reason, heard, asked)
    return Verdict(outcome, message, params, heard=heard)
