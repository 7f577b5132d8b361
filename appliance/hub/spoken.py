# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sentences said once and kept: ``<state>/voices``, files named by signature, of a bounded size in all.

Only what a page of the box says is kept, never a name: a folder of sounds is read by whoever takes the card.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from appliance import power_cut
from appliance.errors import Busy, CartableError, NotFound
from appliance.ports import AMERICAN, Voice

log = logging.getLogger(__name__)

WAITING = 400
"""Sentences that may wait to be rendered before anyone asks; those of a few long quizzes. Others are rendered when
they are asked for."""
IN_LINE = 2
"""Requests that may wait for a sentence: the hub's other threads go on answering pages."""


class Sentence(NamedTuple):
    """What may be asked for. ``name``: of its file, without suffix; letters and digits."""

    name: str
    text: str
    language: str


class Spoken:
    """What the box says, by the first of ``voices`` that knows the sentence.

    ``folder``: where sounds are kept, None: nowhere; ``bound``: bytes of all of them. The oldest go first.
    """

    def __init__(self, voices: Sequence[Voice] = (), folder: Path | None = None, bound: int = 0) -> None:
        self._voices = voices
        self._folder = folder
        self._bound = bound
        self._sizes: dict[str, int] = {}
        self._wanted: queue.Queue[Sentence | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()
        self._listed = threading.Lock()
        """Guards ``_sizes``; held for no sound and no file."""
        self._line = threading.BoundedSemaphore(IN_LINE)

    def start(self) -> None:
        """Take up what is kept, and begin to render what is prepared. Needs no voice and no writable folder."""
        self._take_up()
        self._thread = threading.Thread(target=self._work, name="voices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the sentence under way."""
        if self._thread is not None:
            with contextlib.suppress(queue.Empty):
                while True:
                    self._wanted.get_nowait()
            self._wanted.put(None)
            self._thread.join()
            self._thread = None

    def knows(self, text: str, language: str) -> bool:
        """Whether :meth:`say` would give a sound. At once."""
        return self._voice(text, language) is not None

    def prepare(self, sentences: Iterable[Sentence]) -> None:
        """Have these ready before they are asked for, in the background; more than :data:`WAITING` are left out."""
        for sentence in sentences:
            voice = self._voice(sentence.text, sentence.language)
            if self._thread is None or voice is None or voice.instant or self._has(sentence.name):
                continue
            with contextlib.suppress(queue.Full):
                self._wanted.put_nowait(sentence)

    def say(self, sentence: Sentence) -> bytes:
        """The MP3 of a sentence, kept or rendered now.

        Raises :class:`appliance.errors.NotFound` without a voice for it, :class:`appliance.errors.Busy` when too many
        sentences are rendered, and what :meth:`appliance.ports.Voice.speak` raises.
        """
        voice = self._voice(sentence.text, sentence.language)
        if voice is None:
            raise NotFound("The box cannot say this sentence.")
        if voice.instant:
            return voice.speak(sentence.text, sentence.language)
        kept = self._kept(sentence.name)
        if kept is not None:
            return kept
        if not self._line.acquire(blocking=False):
            raise Busy("The box is saying too many things at once: try again.")
        try:
            return self._render(voice, sentence)
        finally:
            self._line.release()

    def model(self, text: str, *, slow: bool, sounds: Mapping[str, str]) -> tuple[bytes, str]:
        """The model of an item of a sequence, and who says it: an MP3 that is kept with the sequence, not here.

        Raises what :meth:`appliance.ports.Voice.speak` raises.
        """
        voice = next((each for each in self._voices if not each.instant and each.knows(text, AMERICAN)), None)
        if voice is None:
            raise NotFound("The box cannot say this sentence.")
        with self._turn:
            return voice.speak(text, AMERICAN, slow=slow, sounds=sounds), f"{voice.name} {AMERICAN}"

    def _voice(self, text: str, language: str) -> Voice | None:
        return next((voice for voice in self._voices if voice.knows(text, language)), None)

    def _render(self, voice: Voice, sentence: Sentence) -> bytes:
        """One at a time, and each once: who waited finds it kept."""
        with self._turn:
            kept = self._kept(sentence.name)
            if kept is not None:
                return kept
            sound = voice.speak(sentence.text, sentence.language)
            self._keep(sentence.name, sound)
            return sound

    def _work(self) -> None:
        while (sentence := self._wanted.get()) is not None:
            voice = self._voice(sentence.text, sentence.language)
            try:
                if voice is not None and not self._has(sentence.name):
                    self._render(voice, sentence)
            except CartableError as error:
                log.warning("A sentence was not rendered: %s", error)  # which one is nobody's business

    def _file(self, name: str) -> Path | None:
        return self._folder / f"{name}.mp3" if self._folder is not None else None

    def _kept(self, name: str) -> bytes | None:
        path = self._file(name)
        try:
            return path.read_bytes() if path is not None and self._has(name) else None
        except OSError:
            with self._listed:
                self._sizes.pop(name, None)
            return None

    def _has(self, name: str) -> bool:
        with self._listed:
            return name in self._sizes

    def _oldest_over(self, bound: int) -> str | None:
        """What has to go so that no more than ``bound`` bytes are kept; it is no longer listed."""
        with self._listed:
            if not self._sizes or sum(self._sizes.values()) <= bound:
                return None
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            return oldest

    def _keep(self, name: str, sound: bytes) -> None:
        """A card that is full or read-only keeps nothing: it is rendered again."""
        path = self._file(name)
        if path is None or len(sound) > self._bound:
            return
        try:
            while (oldest := self._oldest_over(self._bound - len(sound))) is not None:
                path.with_name(f"{oldest}.mp3").unlink(missing_ok=True)
            power_cut.replace(path, sound)
        except OSError as error:
            log.warning("A sound was not kept: %s", error)
            return
        with self._listed:
            self._sizes[name] = len(sound)

    def _take_up(self) -> None:
        """What an earlier start kept, oldest first."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            power_cut.sweep(self._folder)
            found = [(path, path.stat()) for path in self._folder.glob("*.mp3")]
        except OSError as error:
            log.warning("Sounds are not kept: %s", error)
            self._folder = None
            return
        found.sort(key=lambda each: each[1].st_mtime_ns)
        with self._listed:
            self._sizes = {path.stem: told.st_size for path, told in found}
