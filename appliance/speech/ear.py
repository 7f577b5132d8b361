# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The engines of a worker, in their order, behind one call: a recording and what was asked, in; the verdict, out."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.errors import Damaged, Unreachable
from appliance.ports import SpeechEngine, SpeechTask
from appliance.speech.competitors import task_for
from appliance.speech.judge import judge
from appliance.speech.phonetics import Lexicon, words_of
from appliance.speech.verdict import Asked, Verdict

MOST_TASKS = 64
"""Prepared tasks that are kept: a class says the same few words."""


class Ear:
    """The first of ``engines`` that loads, and one that takes any word where the first lacks some.

    Raises :class:`Unreachable` when none loads: pupils then compare themselves with the model.
    """

    def __init__(self, engines: Sequence[SpeechEngine], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._waiting = list(engines)
        self._loaded: list[SpeechEngine] = []
        self._tasks: dict[str, tuple[SpeechEngine, SpeechTask]] = {}
        if not self._next():
            raise Unreachable("No speech engine can be used: see drivers.speech_engines in the configuration.")

    def __call__(self, pcm: bytes, asked: Asked, before_db: float | None = None) -> Verdict:
        """See :func:`appliance.speech.judge.judge`. Raises :class:`appliance.errors.BadInput` for what cannot be
        asked or is no sound."""
        engine, task = self._prepared(asked)
        return judge(pcm, task, engine, before_db)

    def _prepared(self, asked: Asked) -> tuple[SpeechEngine, SpeechTask]:
        key = repr(asked)
        if key not in self._tasks:
            engine = self._for(asked)
            if len(self._tasks) >= MOST_TASKS:
                self._tasks.clear()
            self._tasks[key] = (engine, task_for(asked, self._lexicon, engine.knows))
        return self._tasks[key]

    def _for(self, asked: Asked) -> SpeechEngine:
        """The first that hears every word as it is to be said."""
        words = words_of(asked.text)
        own = any(word in asked.pronunciations for word in words)
        while True:
            for engine in self._loaded:
                if engine.spells or (not own and all(map(engine.knows, words))):
                    return engine
            if not self._next():
                return self._loaded[0]

    def _next(self) -> bool:
        """Load the next that can; whether there was one."""
        while self._waiting:
            engine = self._waiting.pop(0)
            try:
                engine.load()
            except (Unreachable, Damaged):
                continue
            self._loaded.append(engine)
            return True
        return False
