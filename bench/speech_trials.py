# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the speech benchmark asks of the engine, one recording at a time: each function is one measurement."""

from __future__ import annotations

import bisect
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.drivers.speech_paths import Graph
from appliance.drivers.speech_pocketsphinx import WIDE, PocketsphinxEngine
from appliance.ports import Probe, Slot, SpeechTask, Way
from appliance.speech import signal
from appliance.speech.competitors import task_for
from appliance.speech.contrasts import Rule, contrasts, rules
from appliance.speech.phonetics import PHONES, VOWELS, Lexicon, Phones
from appliance.speech.verdict import Asked
from bench.speech_corpus import Recording


@dataclass
class Listener:
    """The engine under test, and what makes trials for it."""

    engine: PocketsphinxEngine
    lexicon: Lexicon
    dice: random.Random

    def ways(self, words: Sequence[str]) -> list[tuple[Way, ...]]:
        return [tuple(Way(word, phones) for phones in self.lexicon.ways(word)) for word in words]

    def cut(self, recording: Recording) -> bytes:
        """As the product hears it: the speech, with a margin."""
        pcm = recording.pcm()
        return signal.cut(pcm, signal.measure(pcm)) or pcm

    def asked(self, words: Sequence[str], others: Sequence[Sequence[str]], focus: Sequence[str] = ()) -> SpeechTask:
        """The task of a lesson that teaches ``words`` and ``others``."""
        return task_for(Asked(" ".join(words), tuple(focus), [" ".join(other) for other in others]), self.lexicon)

    def between(self, words: Sequence[str], at: int, other: Phones) -> SpeechTask:
        """The sentence ``words``, with ``other`` beside the word ``at``."""
        slots = self.ways(words)
        slots[at] = (*slots[at], Way("", other, "x"))
        return SpeechTask(tuple(map(Slot, slots)))

    def said_right(
        self, engine: PocketsphinxEngine, pcm: bytes, task: SpeechTask, at: int, beams: dict[str, float] = WIDE
    ) -> bool:
        """Whether ``engine`` hears the right word ``at`` and not the one beside it, both weighed alike, as the focus
        gate does."""
        path, _ = engine._heard(pcm, Graph.chain([slot.ways for slot in task.expected]), beams)
        return bool(path) and not path[at].way.rule

    def margin(self, pcm: bytes, words: Sequence[str], at: int, right: Phones, wrong: Phones) -> float | None:
        """By how much ``right`` beats ``wrong`` as the word ``at``."""
        slots = self.ways(words)
        slots[at] = (Way(words[at], right),)
        probe = Probe("", at, Way(words[at], right), Way("", wrong, "x"))
        return self.engine.probe(pcm, SpeechTask(tuple(map(Slot, slots)), probes=(probe,)))[0]

    def neighbour(self, word: str) -> Phones | None:
        """A real word one phone away."""
        right = self.lexicon.ways(word)[0]
        made = [
            (*right[:at], phone, *right[at + 1 :])
            for at, old in enumerate(right)
            for phone in sorted(VOWELS if old in VOWELS else PHONES - VOWELS)
            if phone != old
        ]
        real = [phones for phones in made if self.lexicon.said_as(phones) and phones not in self.lexicon.ways(word)]
        return self.dice.choice(real) if real else None


@dataclass(frozen=True)
class Trial:
    """A word of a recording for one contrast: said right, or, as if its wrong side had been asked, said wrong."""

    contrast: str
    recording: Recording
    at: int
    right: Phones
    wrong: Phones
    said_right: bool


def trials(listener: Listener, recordings: Sequence[Recording], each: int) -> Iterator[Trial]:
    """At most ``each`` of either kind for each contrast of the allow-list.

    Said right: the word has the sound (it is read by a learner, so some are said wrong: false alarms are counted too
    high). Said wrong: the word has the other sound, and the pupil is held to have been asked for the first.
    """
    for name in contrasts():
        for right in (True, False):
            found = list(_candidates(listener, recordings, rules()[name], said_right=right))
            listener.dice.shuffle(found)
            yield from found[:each]


def _candidates(
    listener: Listener, recordings: Sequence[Recording], rule: Rule, *, said_right: bool
) -> Iterator[Trial]:
    back = Rule(rule.name, rule.target, rule.source, rule.where)
    for recording in recordings:
        for at, word in enumerate(recording.words):
            said = listener.lexicon.ways(word)[0]
            for other in (rule if said_right else back).applied(said):
                right, wrong = (said, other) if said_right else (other, said)
                yield Trial(rule.name, recording, at, right, wrong, said_right)
                break


def auc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The share of pairs in which the right one has the larger value (ties count half)."""
    order = sorted(wrong)
    wins = sum(bisect.bisect_left(order, x) + bisect.bisect_right(order, x) for x in right)
    return wins / 2 / len(right) / len(wrong)
