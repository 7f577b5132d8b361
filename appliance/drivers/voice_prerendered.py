# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``Voice`` by clips that were made with the release (``tools/render_sounds.py``): they need no program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import appliance
from appliance.drivers.sentences import plain
from appliance.errors import NotFound, Unreachable

CLIPS = Path(appliance.__file__).parent / "hub/static/sounds"
INDEX = "sentences.json"
"""``{language: {sentence: file below the language's folder}}``."""


class PrerenderedVoice:
    """The sentences of ``folder``; none when it holds no list that can be read."""

    name = "prerendered"
    instant = True

    def __init__(self, folder: Path = CLIPS) -> None:
        self._clips: dict[tuple[str, str], Path] = {}
        try:
            listed = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        for language, sentences in listed.items():
            for sentence, name in sentences.items():
                self._clips[language, plain(sentence)] = folder / language / name

    def knows(self, text: str, language: str) -> bool:
        """See :class:`appliance.ports.Voice`."""
        return (language, plain(text)) in self._clips

    def speak(self, text: str, language: str, *, slow: bool = False, sounds: Mapping[str, str] | None = None) -> bytes:
        """See :class:`appliance.ports.Voice`."""
        clip = self._clips.get((language, plain(text)))
        if clip is None or slow or sounds:
            raise NotFound("The box cannot say this sentence.")
        try:
            return clip.read_bytes()
        except OSError as error:
            raise Unreachable("The sound of this sentence cannot be read: install Cartable again.") from error
