# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The Protocols between services and what they use. Services know these, never a driver or a format by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.facts import MachineFacts, Service
from appliance.model import Imported, Section

Progress = Callable[[float, str], None]
"""``progress(done, what)``: done in [0, 1]; what: a short gettext message id."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an import may use at most; over it, :class:`appliance.errors.TooLarge`."""

    max_bytes: int
    """Extracted files of one resource, in all."""
    max_files: int
    max_ratio: int
    """Extracted bytes per compressed byte of an archive, once past 10 MB."""


class SectionSink(Protocol):
    """Takes the searchable text of a resource while it is imported."""

    def add(self, section: Section) -> None: ...


class ResourceFormat(Protocol):
    """One file format of the library (entry-point group ``appliance.resource_formats``).

    Runs in a process of its own with bounded memory; may be killed at any moment, so it writes only below
    ``directory``.
    """

    name: str
    suffixes: tuple[str, ...]
    """Lower case with the dot; the first is used on export."""
    media_types: tuple[str, ...]

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether the content (first 4 KiB given; the file may be opened) is of this format, whatever its name."""
        ...

    def suffix(self, head: bytes, path: Path) -> str:
        """The one of ``suffixes`` to store this recognised content under, whatever its name was."""
        ...

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Read ``source`` (already at ``directory/original<suffix>``), write derived files below ``directory``.

        Raises :class:`appliance.errors.BadInput` (or a subclass) with a sentence that says what is wrong.
        """
        ...


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes inside a resource, read in pieces so that a film never stands in memory."""

    media_type: str
    size: int
    read: Callable[[int, int], bytes]
    """``read(offset, length)``: exactly those bytes; raises :class:`appliance.errors.Damaged`. Thread-safe."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """The path asked for is another name of ``path`` (below the same resource)."""

    path: str


class Content(Protocol):
    """One resource, open for reading. Thread-safe; freed when the last reference goes."""

    def get(self, path: str) -> Body | Redirect | None:
        """What stands at ``path`` ("" is the main page); None when nothing does.

        Raises :class:`appliance.errors.Damaged` when the stored bytes cannot be read.
        """
        ...


class ContentReader(Protocol):
    """Serves the inside of a resource that stays one file on disk (a ZIM)."""

    def open(self, blob: Path) -> Content:
        """The resource in the blob directory ``blob``.

        Raises :class:`appliance.errors.NotFound` when it has none of this kind, :class:`appliance.errors.Damaged`.
        """
        ...


class Advert(Protocol):
    """Makes the box findable on the LAN by name."""

    @property
    def name(self) -> str:
        """The name published now, with ``.local``: another one than :meth:`start` returned, once another box claims
        that. Empty before :meth:`start` and after :meth:`stop`, or the name wished for."""
        ...

    def start(self, name: str, port: int) -> str:
        """Publish; returns the name really taken (``cartable-2.local`` when another box has the first)."""
        ...

    def addresses(self) -> Iterable[str]:
        """The LAN addresses published now."""
        ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Now:
    """A reading of the clock."""

    wall: float
    """Seconds since 1970, UTC."""
    trusted: bool
    """False until something better than the last saved time set the clock."""
    monotonic: float
    """Seconds since the machine started; a wall clock that is set does not move it."""
    boot: str = ""
    """Names that start: readings of ``monotonic`` compare only within the same one."""


class Clock(Protocol):
    """Where the time comes from, and whether to believe it."""

    def now(self) -> Now: ...


class Machine(Protocol):
    """The machine that the box is, for its health (entry-point group ``appliance.machines``).

    A driver is made with the names of the faults that ``drivers.machine_faults`` asks for; it raises
    :class:`appliance.errors.ConfigError` for those that it cannot have.
    """

    def look(self, state: Path) -> MachineFacts:
        """Everything that can be known now, ``state`` being the state folder. Takes milliseconds; never raises."""
        ...

    def services(self) -> tuple[Service, ...] | None:
        """The box's units; none where systemd did not start this computer, None where it may not be asked.

        Takes up to seconds; never raises.
        """
        ...


MAX_SPOKEN = 300
"""Characters of the longest sentence that a :class:`Voice` takes: some forty seconds."""
SLOWER = 0.7
"""The pace of a :class:`Voice` that speaks slowly, next to its usual one."""
AMERICAN = "en-us"
"""The language of a model voice: the English that pronunciations, recognisers and the ready sequences are in."""


class Voice(Protocol):
    """Says sentences (entry-point group ``appliance.voices``). Thread-safe; keeps nothing of what it says."""

    name: str
    """Said beside a clip that is kept: who made it."""
    instant: bool
    """Its sounds are there already: keeping them would be keeping them twice. It says them in one way only."""

    def knows(self, text: str, language: str) -> bool:
        """Whether :meth:`speak` would say ``text`` (``language``: fr, en, en-us). At once; never raises.

        False for an unknown language, for nothing to say, above :data:`MAX_SPOKEN`, and where its program is missing.
        """
        ...

    def speak(self, text: str, language: str, *, slow: bool = False, sounds: Mapping[str, str] | None = None) -> bytes:
        """MP3 (ISO 11172-3 or 13818-3 layer III) without any tag, one channel. Takes up to seconds.

        ``slow``: at :data:`SLOWER` of its pace. ``sounds``, for ``en-us`` only: word in lower case -> ARPAbet without
        stress, said so wherever it stands in ``text``. A voice that is ``instant`` takes neither.

        Raises :class:`appliance.errors.NotFound` for what it does not know, or cannot say in that way,
        :class:`appliance.errors.Unreachable` when its program is missing or fails, :class:`appliance.errors.Busy` when
        it takes too long.
        """
        ...


class CaptionEngine(Protocol):
    """Writes down whatever is said, while it is said (entry-point group ``appliance.caption_engines``).

    Made with the folder of installed models and the language (``fr``). Lives in a process of its own, which it may take
    down, and in one thread of it.
    """

    name: str

    def load(self) -> None:
        """Takes the model into memory: up to seconds. Raises :class:`appliance.errors.Unreachable` when there is none
        to be had, :class:`appliance.errors.Damaged`."""
        ...

    def hear(self, pcm: bytes) -> Sequence[str]:
        """The next piece of sound (:data:`RATE`, whole samples); the phrases that ended in it, in their order."""
        ...

    def partial(self) -> str:
        """What was said since the last of them, as far as it is understood: it may still change."""
        ...

    def finish(self) -> str:
        """The same, for good: what follows is another phrase."""
        ...


RATE = 16_000
"""Samples per second of every sound that a :class:`SpeechEngine` takes: one channel, signed 16 bits, little endian."""

BLOCK = 2 * RATE // 10
"""Bytes of a block of sound: 100 ms at :data:`RATE`."""


class Microphone(Protocol):
    """The microphone of the box itself (entry-point group ``appliance.microphones``); keeps nothing of what it hears.

    A driver is made with ``drivers.microphone_device``, which says which one; empty: it chooses.
    """

    @property
    def name(self) -> str:
        """What the one that would be used now calls itself; empty while there is none."""
        ...

    def present(self) -> bool:
        """Whether there is one to open. At once; never raises."""
        ...

    def open(self) -> AbstractContextManager[Iterator[bytes]]:
        """Record, as long as the block lasts: blocks of exactly :data:`BLOCK` bytes (:data:`RATE`, one channel, s16le),
        at the pace of the sound. Entered, it records; left, the device is closed.

        Raises :class:`appliance.errors.Unreachable`, on entering and while blocks are read: there is none, another
        program has it, it was unplugged. Opening again later is right.
        """
        ...


class Loudspeaker(Protocol):
    """The loudspeaker of the box itself (entry-point group ``appliance.loudspeakers``). Thread-safe.

    A driver is made with ``drivers.loudspeaker_device``, as microphones are.
    """

    @property
    def name(self) -> str:
        """What the one that would be used now calls itself; empty while there is none."""
        ...

    def present(self) -> bool:
        """Whether there is one. At once; never raises."""
        ...

    def play(self, pcm: bytes, rate: int) -> bool:
        """Play one channel of s16le samples, ``rate`` a second; returns when they were heard: True, or False when
        :meth:`stop` cut them short.

        Raises :class:`appliance.errors.Unreachable` as a microphone does, :class:`appliance.errors.BadInput` for half a
        sample or no rate, :class:`appliance.errors.Conflict` while another sound plays.
        """
        ...

    def stop(self) -> None:
        """End what plays now, if anything; at once."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """One way of saying a word."""

    text: str
    """What is shown of it: a word, or a spelling made of sounds (``{T R IY}``) where no word is said so."""
    phones: tuple[str, ...]
    """ARPAbet without stress (CMUdict's 39)."""
    rule: str = ""
    """The French learner's rule that makes it of the right one (``th/t``); empty: the right way."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One word of the expected phrase: ``ways[0]`` is right, other right ones (dialects) follow, then competitors."""

    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """A question of the focus gate: at word ``slot``, ``right`` or ``wrong``? Both differ in one sound."""

    contrast: str
    slot: int
    right: Way
    wrong: Way


@dataclass(frozen=True, slots=True)
class SpeechTask:
    """What may have been said. Everything here is in the lexicon of who made it; an engine leaves out what it lacks."""

    expected: tuple[Slot, ...]
    items: tuple[tuple[Way, ...], ...] = ()
    """Other phrases of the lesson, word by word, none of them the expected one."""
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word of the winning path, in seconds from the start of the sound."""

    way: Way
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of one utterance."""

    kind: str
    """``expected`` (with any of its ways), ``item``, ``other`` (something else was said), or ``nothing``."""
    words: tuple[HeardWord, ...] = ()
    """The winning path, without silences; empty for ``other`` and ``nothing``."""
    score: float = 0.0
    """How well the expected phrase explains the sound, next to anything else: larger is better. Comparable within one
    driver only; its ``accepts`` is the least one that it holds right."""
    probes: tuple[float | None, ...] = ()
    """One for each probe: by how much the right way beats the wrong one; None where the engine cannot tell."""


class SpeechEngine(Protocol):
    """Hears which of a few things was said (entry-point group ``appliance.speech_engines``).

    Made with the folder of installed models and the language (``en``). Lives in a process of its own, which it may
    take down, and in one thread of it.
    """

    name: str
    accepts: float
    """The least :attr:`Heard.score` of a phrase said right, tuned on recordings of children."""
    spells: bool
    """Takes any pronunciation, so that no word is out of its reach; otherwise those only that it :meth:`knows`."""

    def load(self) -> None:
        """Takes the model into memory: up to seconds. Raises :class:`appliance.errors.Unreachable` when there is
        none to be had, :class:`appliance.errors.Damaged`."""
        ...

    def knows(self, word: str) -> bool:
        """Whether ``word`` (lower case) can be told apart by its spelling alone. Never raises once loaded."""
        ...

    def listen(self, pcm: bytes, task: SpeechTask) -> Heard:
        """Hear ``pcm`` (:data:`RATE`, whole utterance, some silence around it). Keeps nothing of it.

        Raises :class:`appliance.errors.BadInput` for half a sample, for nothing expected, for a phone that is none.
        """
        ...
