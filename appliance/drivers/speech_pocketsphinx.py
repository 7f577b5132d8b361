# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``SpeechEngine`` by pocketsphinx 5.1.1 (BSD) with its own American English model, adapted to children.

Their voices are brought nearer to the model's adults by a warp of the frequency axis. One pass over the sound tells
what was said, of everything that may be; where that is another phrase, a second one looks for the expected phrase
alone, which finds it where the first lost it. Every sound of the model is scored (``compallsen``, at every other
moment: ``ds``), so that scores of different grammars compare. Paths are the search's own: the second search in its
lattice (``bestpath``), which pocketsphinx does by itself, loses some that a child has said, and its scores are others.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.drivers.speech_paths import Graph, checked, followed
from appliance.errors import BadInput, Damaged, Unreachable
from appliance.ports import RATE, Heard, HeardWord, Probe, Slot, SpeechTask, Way

FRAMES_PER_S = 100
LANGUAGE = "en"
DICTIONARY = "cmudict-en-us.dict"
WARP = 1.2
"""Inverse linear: formants of children of six to nine stand that much higher."""
NARROW = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
"""For what was said."""
WIDE = {"beam": 1e-120, "pbeam": 1e-120, "wbeam": 1e-100}
"""For one phrase: a path that is cut short has no score."""
SLIP = 1e-10
"""Weight of a competitor beside the right word. Without it, one wins somewhere in 7 of 10 sentences that children read
(train half); with it in 4 or 5, some of them slips indeed."""
SQUEEZED_S = 0.05
"""A path with less for each sound, on average, is none: noise makes words as short as the model allows, 0.03 s. Said
right, on the train half: 0.087 s or more."""
UNIT = math.log(1.0001) * 1024
"""Natural logarithms in one step of a score: pocketsphinx keeps base 1.0001 without its last ten bits."""
SHORTEST = 2 * RATE // 10
"""Bytes: less holds no word, and no window of the features."""
MAX_ADDED = 4000
"""Words of our own in the decoder's dictionary before it is made anew, since none can be taken out again."""
SURE = 1000.0
"""The wrong way fits nowhere, or less well: beyond any threshold of contrasts.toml, none of which is above 0."""
_LOST = -1e6
Found = tuple[tuple[HeardWord, ...], float]
Weight = Callable[[Way], float]


def dictionary() -> Path:
    """The CMU pronouncing dictionary that comes with the model."""
    return _models() / DICTIONARY


def dictionary_file() -> Path | None:
    """The same without loading the library; None where it is not installed."""
    found = importlib.util.find_spec("pocketsphinx")
    path = Path(found.origin).parent / "model/en-us" / DICTIONARY if found and found.origin else None
    return path if path is not None and path.is_file() else None


def _models() -> Path:
    import pocketsphinx  # loads a library of native code: only in a worker

    return Path(pocketsphinx.get_model_path()) / "en-us"


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is known once the phrase was looked for beside the ways that probes look for."""

    said: tuple[HeardWord, ...]
    """The path that won."""
    right: float | None = None
    """Score of the phrase said rightly, by :data:`WIDE`; None: not measured yet."""
    wrong: float | None = None
    """Score of ``said`` by the same, where a wrong way won."""


class PocketsphinxEngine:
    """See :class:`appliance.ports.SpeechEngine`. Needs no installed model."""

    name = "pocketsphinx"
    accepts = -7.2
    """On the train half (240 sentences): 97 % of sentences said right, 2 % of others, 5 % of single words asked of a
    sentence."""
    spells = True

    def __init__(self, models: Path | None = None, language: str = LANGUAGE) -> None:
        self._language = language
        self._decoder: Any = None
        self._added: set[str] = set()

    def load(self) -> None:
        """See the port."""
        import pocketsphinx

        if self._language != LANGUAGE:
            raise Unreachable("pocketsphinx hears English only.")
        try:
            self._decoder = pocketsphinx.Decoder(
                lm=None, loglevel="FATAL", samprate=float(RATE), dither=True, seed=1, compallsen=True, ds=2,
                bestpath=False, warp_type="inverse_linear", warp_params=str(WARP),
            )  # fmt: skip
        except (RuntimeError, ValueError) as error:
            raise Damaged("The speech model cannot be loaded: install the box's program again.") from error
        self._added.clear()

    def knows(self, word: str) -> bool:
        """See the port."""
        return self._decoder is not None and self._decoder.lookup_word(word) is not None

    def listen(self, pcm: bytes, task: SpeechTask) -> Heard:
        """See the port. A probe whose wrong way wins costs one more pass or two."""
        checked(pcm, task)
        if self._decoder is None or len(self._added) > MAX_ADDED:
            self.load()
        if len(pcm) < SHORTEST:
            return Heard("nothing", (), _LOST, (None,) * len(task.probes))
        path, best = self._heard(pcm, Graph.everything(_probing(task)), NARROW, _weights(task))
        kind = followed(path, _probing(task)) if path else "nothing"
        score, beside = best, _Beside(path)
        if kind != "expected":
            wanted, score, beside = self._sought(pcm, task, best)
            if wanted and score >= best:
                path, kind = wanted, "expected"
        if _squeezed(path):
            path, kind = (), "nothing"
        fit = (score + min(0.0, score - best)) / max(1, len(pcm) * FRAMES_PER_S // (2 * RATE))
        probes = self._probed(pcm, task, beside) if kind == "expected" else (None,) * len(task.probes)
        return Heard(kind, path, fit, probes)

    def probe(self, pcm: bytes, task: SpeechTask) -> tuple[float | None, ...]:
        """The margins of all probes of ``task``, each of them measured."""
        right = _right(task)
        score = self._heard(pcm, Graph.chain(right), WIDE)[1]
        return tuple(self._margin(pcm, right, probe, score) for probe in task.probes)

    def _sought(self, pcm: bytes, task: SpeechTask, best: float) -> tuple[tuple[HeardWord, ...], float, _Beside]:
        """The expected phrase alone: its best path and score. One pass finds it beside the ways that probes look for; a
        second is needed only where one of these is the better, and better than ``best``, what was heard first."""
        said, score = self._heard(pcm, Graph.chain([slot.ways for slot in _probing(_plain(task)).expected]), WIDE)
        if not any(_wins(said, task.probes)):
            return said, score, _Beside(said, score)
        if score < best:
            return (), score, _Beside(())
        wanted, right = self._heard(pcm, Graph.chain(_right(task)), WIDE)
        return wanted, right, _Beside(said, right, score)

    def _probed(self, pcm: bytes, task: SpeechTask, beside: _Beside) -> tuple[float | None, ...]:
        """As :attr:`Heard.probes`. The path that won beside all wrong ways tells which of these win at all; only they
        are measured, the others get :data:`SURE`."""
        right, wins = _right(task), _wins(beside.said, task.probes)
        score = beside.right
        if score is None:
            score = self._heard(pcm, Graph.chain(right), WIDE)[1] if any(wins) else SURE
        if wins.count(True) == 1 and beside.wrong is not None:  # measured already
            margin = None if score == _LOST else min(SURE, score - beside.wrong)
            return tuple(margin if won else SURE for won in wins)
        return tuple(
            self._margin(pcm, right, probe, score) if won else SURE
            for probe, won in zip(task.probes, wins, strict=True)
        )

    def _margin(self, pcm: bytes, right: Sequence[Sequence[Way]], probe: Probe, score: float) -> float | None:
        """By how much the phrase said rightly beats the one with the wrong way. None where the right one fits nowhere:
        nothing is concluded from a path that may have been cut short."""
        before, after = right[: probe.slot], right[probe.slot + 1 :]
        other = self._heard(pcm, Graph.chain([*before, [probe.wrong], *after]), WIDE)[1]
        return None if score == _LOST else min(SURE, score - other)

    def _heard(self, pcm: bytes, graph: Graph, beams: dict[str, float], weight: Weight = lambda way: 1.0) -> Found:
        """The best whole path and its score; no words when none fits. A word that is the slip of one and the right one
        of another phrase is told as the slip."""
        decoder = self._decoder
        decoder.reinit_feat()  # what it kept of the voice before, and the dice of its dither, would change the answer
        for name, width in beams.items():
            decoder.config[name] = width
        names = {self._named(way): way for _, _, way in reversed(graph.arcs)}
        arcs = [(start, end, weight(way), self._named(way)) for start, end, way in graph.arcs]
        decoder.add_fsg("asked", decoder.create_fsg("asked", 0, 1, arcs))
        decoder.activate_search("asked")
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        said = tuple(
            HeardWord(names[s.word], s.start_frame / FRAMES_PER_S, (s.end_frame + 1) / FRAMES_PER_S)
            for s in (decoder.seg() if hypothesis else None) or () if s.word in names
        )  # fmt: skip
        if not said or not graph.accepts([word.way for word in said]):
            return (), _LOST
        return said, math.log(max(hypothesis.score, 1e-300)) / math.log(1.0001) * UNIT

    def _named(self, way: Way) -> str:
        """The decoder's name of a way of speaking: its sounds, so that one name never means two."""
        name = "+".join(way.phones)
        if name not in self._added:
            try:
                self._decoder.add_word(name, " ".join(way.phones), False)
            except RuntimeError as error:
                raise BadInput(
                    "“%(text)s” is no pronunciation: write sounds of ARPAbet with spaces between, as in “Z UW”.",
                    text=" ".join(way.phones)[:80],
                ) from error
            self._added.add(name)
        return name


def _squeezed(path: Sequence[HeardWord]) -> bool:
    sounds = sum(len(word.way.phones) for word in path)
    return sum(word.end_s - word.start_s for word in path) < SQUEEZED_S * sounds


def _wins(said: Sequence[HeardWord], probes: Sequence[Probe]) -> list[bool]:
    return [bool(said) and said[probe.slot].way.phones == probe.wrong.phones for probe in probes]


def _plain(task: SpeechTask) -> SpeechTask:
    """``task`` without slips."""
    return dataclasses.replace(task, expected=tuple(Slot(tuple(ways)) for ways in _right(task)))


def _right(task: SpeechTask) -> list[list[Way]]:
    return [[way for way in slot.ways if not way.rule] for slot in task.expected]


def _probing(task: SpeechTask) -> SpeechTask:
    """``task`` with what its probes look for among the ways of each word."""
    slots = [
        Slot((*slot.ways, *(probe.wrong for probe in task.probes if probe.slot == at)))
        for at, slot in enumerate(task.expected)
    ]
    return dataclasses.replace(task, expected=tuple(slots))


def _weights(task: SpeechTask) -> Weight:
    """A slip counts for less than the right word, unless it is what a probe looks for."""
    looked = {probe.wrong.phones for probe in task.probes}
    return lambda way: SLIP if way.rule and way.phones not in looked else 1.0
