# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The model voice of a teacher's own sequences: clips made in the background by the box's voice, at two speeds."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import queue
import threading
from collections.abc import Mapping
from pathlib import Path

from appliance.errors import CartableError
from appliance.hub.spoken import Spoken
from appliance.sequences import checks, sounds
from appliance.sequences.dictionary import Dictionary
from appliance.sequences.package import DOCUMENT
from appliance.sequences.sequence import Item, Sequence
from appliance.sequences.sounds import Clip, Clips
from appliance.store.own_sequences import OwnSequences

log = logging.getLogger(__name__)


def said(sequence: Sequence, item: Item, dictionary: Dictionary) -> Mapping[str, str]:
    """Word -> ARPAbet, where a voice is not left to read it as it likes: what the teacher gave, and the two words of a
    pair, which differ by the sound announced and by nothing else."""
    found: dict[str, str] = {}
    for activity in sequence.activities:
        for pair in activity.pairs:
            if item.text in pair:
                first, second = (sequence.item(text) for text in pair)
                ways = checks.apart(first, second, activity.focus[0], dictionary.ways)
                found |= {item.words[0]: " ".join(ways[pair.index(item.text)])} if ways else {}
    return {**found, **item.pronunciations}


def missing(clips: Clips, folder: Path, item: Item) -> tuple[str, ...]:
    """The speeds at which ``item`` has no sound, or one of another text."""
    clip = clips.clips.get(item.slug)
    if clip is None or clip.text != item.text:
        return sounds.SPEEDS
    files = {speed: folder / "sounds" / sounds.name(item.slug, speed) for speed in sounds.SPEEDS}
    return tuple(speed for speed, path in files.items() if speed not in clip.sha256 or not path.is_file())


class Models:
    """Makes the sounds that own sequences lack, one sequence after the other."""

    def __init__(
        self, own: OwnSequences | None = None, spoken: Spoken | None = None, dictionary: Dictionary | None = None
    ) -> None:
        self._own = own or OwnSequences()
        self._spoken = spoken or Spoken()
        self._dictionary = dictionary or Dictionary()
        self._wanted: queue.Queue[str | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with what an earlier day left undone."""
        for name in self._own.ids():
            self._wanted.put(name)
        self._thread = threading.Thread(target=self._work, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the sound under way."""
        self._stopping.set()
        self._wanted.put(None)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def want(self, name: str) -> None:
        """This sequence has changed."""
        self._wanted.put(name)

    def lacking(self, name: str) -> tuple[Item, ...]:
        """The items of a sequence that have no sound yet. Raises :class:`appliance.errors.NotFound`."""
        folder = self._own.folder(name)
        clips = Clips.load(folder)
        return tuple(item for item in self._own.get(name).items if missing(clips, folder, item))

    def _work(self) -> None:
        while (name := self._wanted.get()) is not None and not self._stopping.is_set():
            try:
                self._complete(name)
            except CartableError as error:
                log.warning("The sounds of sequence %s were not made: %s", name, error)

    def _complete(self, name: str) -> None:
        """Ends when the sequence changes, or goes: then it is wanted again, or by nobody."""
        with contextlib.suppress(FileNotFoundError):
            document = (self._own.folder(name) / DOCUMENT).read_bytes()
            for item in self.lacking(name):
                if self._stopping.is_set() or not self._own.add(name, self._made(name, item), document):
                    return

    def _made(self, name: str, item: Item) -> dict[str, bytes]:
        """The sounds that an item lacks, and the list, which comes last."""
        folder, sequence = self._own.folder(name), self._own.get(name)
        clips = Clips.load(folder)
        told = said(sequence, item, self._dictionary)
        made: dict[str, bytes] = {}
        voice, before = "", clips.clips.get(item.slug)
        sums = dict(before.sha256) if before is not None and before.text == item.text else {}
        for speed in missing(clips, folder, item):
            made[speed], voice = self._spoken.model(item.text, slow=speed == sounds.SLOW, sounds=told)
            sums[speed] = hashlib.sha256(made[speed]).hexdigest()
        listed = Clips({**clips.clips, item.slug: Clip(item.text, voice, False, sums)})
        files = {f"sounds/{sounds.name(item.slug, speed)}": sound for speed, sound in made.items()}
        return {**files, sounds.LIST: listed.dump()}
