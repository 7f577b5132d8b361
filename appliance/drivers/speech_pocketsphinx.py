# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Port ``SpeechEngine`` by pocketsphinx 5.1.1 (BSD) with its own American English model, adapted to children.

Their voices are brought nearer to the model's adults by a warp of the frequency axis. Two passes over the sound: what
was said, of everything that may be; then, unless that was the expected phrase, how well this one fits, which finds it
where the first lost it. Both score every sound of the model at each moment: so scores of different grammars compare.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.drivers.speech_paths import Graph, checked, followed
from appliance.errors import BadInput, Damaged, Unreachable
from appliance.ports import RATE, Heard, HeardWord, Probe, SpeechTask, Way

FRAMES_PER_S = 100
LANGUAGE = "en"
DICTIONARY = "cmudict-en-us.dict"
WARP = 1.2
"""Inverse linear: formants of children of six to nine stand that much higher."""
NARROW = {"beam": 1e-60, "pbeam": 1e-60, "wbeam": 1e-40}
"""For what was said."""
WIDE = {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-60}
"""For one phrase: a path that is cut short has no score."""
UNIT = math.log(1.0001) * 1024
"""Natural logarithms in one step of a score: pocketsphinx keeps base 1.0001 without its last ten bits."""
SHORTEST = 2 * RATE // 10
"""Bytes: less holds no word, and no window of the features."""
MAX_ADDED = 4000
"""Words of our own in the decoder's dictionary before it is made anew, since none can be taken out again."""
SURE = 1000.0
"""The wrong way fits nowhere: beyond any threshold of contrasts.toml."""
_LOST = -1e6
Found = tuple[tuple[HeardWord, ...], float]


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


class PocketsphinxEngine:
    """See :class:`appliance.ports.SpeechEngine`. Needs no installed model."""

    name = "pocketsphinx"
    accepts = -6.3
    """On the train half: 94 % of sentences said right, 5 % of others."""
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
                lm=None, loglevel="FATAL", samprate=float(RATE), dither=True, seed=1, compallsen=True,
                warp_type="inverse_linear", warp_params=str(WARP),
            )  # fmt: skip
        except (RuntimeError, ValueError) as error:
            raise Damaged("The speech model cannot be loaded: install the box's program again.") from error
        self._added.clear()

    def knows(self, word: str) -> bool:
        """See the port."""
        return self._decoder is not None and self._decoder.lookup_word(word) is not None

    def listen(self, pcm: bytes, task: SpeechTask) -> Heard:
        """See the port. A probe costs one more pass."""
        checked(pcm, task)
        if self._decoder is None or len(self._added) > MAX_ADDED:
            self.load()
        if len(pcm) < SHORTEST:
            return Heard("nothing", (), _LOST, (None,) * len(task.probes))
        path, best = self._heard(pcm, Graph.everything(task), NARROW)
        right = _right(task)
        wanted, score = path, best
        if not path or followed(path, task) != "expected" or any(word.way.rule for word in path):
            wanted, score = self._heard(pcm, Graph.chain(right), WIDE)
        if wanted and score >= best:
            path = wanted
        fit = (score + min(0.0, score - best)) / max(1, len(pcm) * FRAMES_PER_S // (2 * RATE))
        probes = tuple(self._probed(pcm, right, probe) for probe in task.probes)
        return Heard(followed(path, task) if path else "nothing", path, fit, probes)

    def probe(self, pcm: bytes, task: SpeechTask) -> tuple[float | None, ...]:
        """The probes of :meth:`listen` alone."""
        return tuple(self._probed(pcm, _right(task), probe) for probe in task.probes)

    def _probed(self, pcm: bytes, right: Sequence[Sequence[Way]], probe: Probe) -> float | None:
        """Between the two ways of one word, all others said rightly. None where the right one fits nowhere: nothing is
        concluded from a path that may have been cut short."""
        before, after = right[: probe.slot], right[probe.slot + 1 :]
        one, other = (
            self._heard(pcm, Graph.chain([*before, [way], *after]), WIDE)[1] for way in (probe.right, probe.wrong)
        )
        return None if one == _LOST else min(SURE, one - other)

    def _heard(self, pcm: bytes, graph: Graph, beams: dict[str, float]) -> Found:
        """The best whole path and its score; no words when none fits."""
        decoder = self._decoder
        for name, width in beams.items():
            decoder.config[name] = width
        names = {self._named(way): way for _, _, way in graph.arcs}
        arcs = [(start, end, 1.0, self._named(way)) for start, end, way in graph.arcs]
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


def _right(task: SpeechTask) -> list[list[Way]]:
    return [[way for way in slot.ways if not way.rule] for slot in task.expected]
