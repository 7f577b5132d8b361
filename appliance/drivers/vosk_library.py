# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""libvosk 0.3.45 by its C interface (``vosk_api.h``), out of its wheel and without its Python: that one imports a
client of the network, looks for models there, and tells failures by a bare Exception."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from appliance.errors import Damaged, Unreachable
from appliance.ports import RATE

CHUNK = 2 * RATE // 10
"""Bytes handed over at a time."""
QUIET = -1


@functools.cache
def _library() -> tuple[Any, Any]:
    """The interface of cffi and the library. Raises :class:`Unreachable` where this computer has none."""
    try:
        folder = Path(str(metadata.distribution("vosk").locate_file("vosk")))
    except metadata.PackageNotFoundError as error:
        raise Unreachable("Vosk is not installed on this computer.") from error
    spec = importlib.util.spec_from_file_location("_vosk_cffi", folder / "vosk_cffi.py")
    if spec is None or spec.loader is None:
        raise Unreachable("Vosk is not installed on this computer.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    library = module.ffi.dlopen(str(folder / "libvosk.so"))
    library.vosk_set_log_level(QUIET)
    return module.ffi, library


class Model:
    """A model in memory, for many recordings. Raises :class:`Damaged` for a folder that holds none."""

    def __init__(self, folder: Path) -> None:
        ffi, self._library = _library()
        self._nothing = ffi.NULL
        self._text: Callable[[Any], bytes] = ffi.string
        self._handle = self._made(self._library.vosk_model_new(str(folder).encode()))

    def close(self) -> None:
        """Give its memory back; not used afterwards."""
        self._library.vosk_model_free(self._handle)

    def finds(self, word: str) -> bool:
        """Whether the model has ``word``."""
        return "\0" not in word and self._library.vosk_model_find_word(self._handle, word.encode()) >= 0

    def hear(self, pcm: bytes, grammar: Sequence[str]) -> list[dict[str, Any]]:
        """The words: ``word``, ``conf``, ``start``, ``end``. ``grammar``: phrases of words that the model has, at least
        one."""
        text = json.dumps(list(grammar), ensure_ascii=False).encode()
        recognizer = self._made(self._library.vosk_recognizer_new_grm(self._handle, float(RATE), text))
        try:
            self._library.vosk_recognizer_set_words(recognizer, 1)
            return self._words(recognizer, pcm)
        finally:
            self._library.vosk_recognizer_free(recognizer)

    def dictation(self) -> Dictation:
        """A recognizer of anything that is said, for sound that goes on."""
        return Dictation(_library(), self._made(self._library.vosk_recognizer_new(self._handle, float(RATE))))

    def _words(self, recognizer: Any, pcm: bytes) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for at in range(0, len(pcm), CHUNK):
            piece = pcm[at : at + CHUNK]
            ended = self._library.vosk_recognizer_accept_waveform(recognizer, piece, len(piece))
            if ended < 0:
                raise Damaged("The speech model cannot be used: remove it and install it again.")
            if ended:  # a pause: what follows is another result
                found += self._result(self._library.vosk_recognizer_result(recognizer))
        return found + self._result(self._library.vosk_recognizer_final_result(recognizer))

    def _result(self, text: Any) -> list[dict[str, Any]]:
        words: list[dict[str, Any]] = json.loads(self._text(text)).get("result", [])
        return words

    def _made(self, handle: Any) -> Any:
        if handle == self._nothing:
            raise Damaged("The speech model cannot be used: remove it and install it again.")
        return handle


class Dictation:
    """What is said, phrase by phrase. The model must outlive it."""

    def __init__(self, interface: tuple[Any, Any], recognizer: Any) -> None:
        self._ffi, self._library = interface
        self._recognizer = recognizer

    def hear(self, pcm: bytes) -> list[str]:
        """Whole samples in; the phrases that a pause ended in them. Raises :class:`Damaged`."""
        found = []
        for at in range(0, len(pcm), CHUNK):
            piece = pcm[at : at + CHUNK]
            ended = self._library.vosk_recognizer_accept_waveform(self._recognizer, piece, len(piece))
            if ended < 0:
                raise Damaged("The speech model cannot be used: remove it and install it again.")
            if ended:
                found.append(self._text("text", self._library.vosk_recognizer_result(self._recognizer)))
        return [text for text in found if text]

    def close(self) -> None:
        """Give its memory back; not used afterwards."""
        self._library.vosk_recognizer_free(self._recognizer)

    def partial(self) -> str:
        """What was said since."""
        return self._text("partial", self._library.vosk_recognizer_partial_result(self._recognizer))

    def finish(self) -> str:
        """The same, for good: what follows is another phrase."""
        return self._text("text", self._library.vosk_recognizer_final_result(self._recognizer))

    def _text(self, key: str, told: Any) -> str:
        return str(json.loads(self._ffi.string(told)).get(key, ""))
