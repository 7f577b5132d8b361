# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``CaptionEngine`` by Vosk 0.3.45 with an installed model (:mod:`appliance.speech.models`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.drivers.speech_vosk import installed
from appliance.drivers.vosk_library import Dictation, Model
from appliance.errors import Unreachable
from appliance.ports import RATE

LONGEST = 20 * RATE * 2
"""Bytes of a phrase: one that has no pause is ended, since what it takes of the memory grows."""
STILL = 2 * RATE * 2
"""Bytes between two looks at what is said: the same at both ends the phrase, since a model's own rule misses pauses,
those of digital silence first of all. Each look costs time, hence few."""


class VoskCaptions:
    """See :class:`appliance.ports.CaptionEngine`."""

    name = "vosk"

    def __init__(self, models: Path | None = None, language: str = "fr") -> None:
        self._path = installed(models, language)
        self._model: Model | None = None
        self._dictation: Dictation | None = None
        self._since = self._still = 0
        self._shown = ""

    @classmethod
    def at(cls, folder: Path) -> VoskCaptions:
        """With the model in ``folder``, installed or not."""
        engine = cls()
        engine._path = folder
        return engine

    def load(self) -> None:
        """See the port."""
        if self._path is None:
            raise Unreachable("No Vosk model is installed: see “cartable speech models list”.")
        self._model = Model(self._path)
        self._dictation = self._model.dictation()

    def close(self) -> None:
        """Give the memory back; not used afterwards."""
        if self._model is not None and self._dictation is not None:
            self._dictation.close()
            self._model.close()
            self._model = self._dictation = None

    def hear(self, pcm: bytes) -> Sequence[str]:
        """See the port."""
        found = self._loaded().hear(pcm)
        self._since = 0 if found else self._since + len(pcm)
        self._still += len(pcm)
        if self._since < LONGEST and not self._stands_still():
            return found
        return [*found, *(text for text in (self.finish(),) if text)]

    def _stands_still(self) -> bool:
        if self._still < STILL:
            return False
        before, self._still, self._shown = self._shown, 0, self.partial()
        return bool(before) and before == self._shown

    def partial(self) -> str:
        """See the port."""
        return self._loaded().partial()

    def finish(self) -> str:
        """See the port."""
        self._since, self._shown = 0, ""
        return self._loaded().finish()

    def _loaded(self) -> Dictation:
        if self._dictation is None:
            self.load()
        assert self._dictation is not None
        return self._dictation
