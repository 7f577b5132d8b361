# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``SpeechEngine`` by Vosk 0.3.45 (Apache-2.0) with an installed model (:mod:`appliance.speech.models`).

Vosk ends its process on an empty or malformed grammar, and on one that is changed while it listens: here a grammar
always has a phrase, is made by :mod:`json`, and belongs to one recognizer, which hears one attempt.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.drivers.speech_paths import checked, path_of
from appliance.drivers.vosk_library import Model
from appliance.errors import NotFound, Unreachable
from appliance.ports import Heard, HeardWord, SpeechTask, Way

GARBAGE = ("[unk]", "<UNK>", "<unk>")
"""What models call a word that is none of theirs; each has one of these."""
SURE = 20.0
"""The winning path decides: a probe has no score of its own. In units of contrasts.toml, beyond any threshold."""


def installed(models: Path | None, language: str) -> Path | None:
    """The first model of ``language`` in the folder ``models/<language>/``."""
    folder = models / language if models else None
    found = sorted(folder.iterdir()) if folder and folder.is_dir() else []
    return next((path for path in found if path.is_dir() and not path.name.startswith(".")), None)


class VoskEngine:
    """See :class:`appliance.ports.SpeechEngine`."""

    name = "vosk"
    accepts = 0.3
    spells = False

    def __init__(self, models: Path | None = None, language: str = "en") -> None:
        self._path = installed(models, language)
        self._model: Model | None = None
        self._garbage: str | None = None

    @classmethod
    def at(cls, folder: Path) -> VoskEngine:
        """The engine of the model in ``folder``, installed or not."""
        engine = cls()
        engine._path = folder
        return engine

    def hears_grammars(self) -> bool:
        """Whether the model can be told what to expect; large ones cannot. Loaded models only."""
        return self._path is not None and any(self._path.rglob("HCLr.fst"))

    def load(self) -> None:
        """See the port."""
        if self._path is None:
            raise Unreachable("No Vosk model is installed: see “cartable speech models list”.")
        self._model = Model(self._path)
        self._garbage = next((word for word in GARBAGE if self.knows(word)), None)

    def knows(self, word: str) -> bool:
        """See the port."""
        return self._model is not None and "\0" not in word and self._model.finds(word)

    def listen(self, pcm: bytes, task: SpeechTask) -> Heard:
        """See the port. Raises :class:`NotFound` for an expected word that the model lacks."""
        checked(pcm, task)
        if self._model is None:
            self.load()
        assert self._model is not None
        for slot in task.expected:
            if not self.knows(slot.ways[0].text):
                raise NotFound("The speech model lacks the word “%(word)s”.", word=slot.ways[0].text)
        result = self._model.hear(pcm, list(dict.fromkeys(self._grammar(task))))
        kind, path = path_of([entry["word"] for entry in result], task)
        confidence = sum(entry["conf"] for entry in result) / len(result) if result else 0.0
        words = tuple(HeardWord(way, entry["start"], entry["end"]) for way, entry in zip(path, result, strict=False))
        score = confidence if kind == "expected" else 0.0
        return Heard(kind, words, score, tuple(self._probed(kind, path, task)))

    def _grammar(self, task: SpeechTask) -> Iterator[str]:
        """The expected phrase, each with one word said otherwise, the lesson's others, what is no word."""
        right = [slot.ways[0].text for slot in task.expected]
        yield " ".join(right)
        for at, slot in enumerate(task.expected):
            for way in slot.ways[1:]:
                if way.rule and self.knows(way.text):
                    yield " ".join([*right[:at], way.text, *right[at + 1 :]])
        for item in task.items:
            if all(self.knows(way.text) for way in item):
                yield " ".join(way.text for way in item)
        if self._garbage:
            yield self._garbage

    def _probed(self, kind: str, path: list[Way], task: SpeechTask) -> Iterator[float | None]:
        for probe in task.probes:
            heard = [way for way in task.expected[probe.slot].ways if way.phones == probe.wrong.phones]
            if kind != "expected" or not heard or not self.knows(heard[0].text):
                yield None
            else:
                yield -SURE if path[probe.slot].text == heard[0].text else SURE
