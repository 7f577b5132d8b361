# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""`make bench NAME=speech`: pocketsphinx, in the one configuration of the product, on real children.

The corpus is not ours to ship: ``CARTABLE_SPEECHOCEAN`` names a checkout (:mod:`bench.speech_corpus`). Judged on its
test half, children up to nine years; a sample drawn with a seed, ``CARTABLE_BENCH_COUNT`` sentences of it (0: all).
``CARTABLE_SPEECH_TUNE=1`` measures the contrasts on the train half instead: what ``contrasts.toml`` should say.
"""

from __future__ import annotations

import dataclasses
import os
import random
import resource
import statistics
import time
from collections.abc import Sequence

from appliance.drivers.speech_pocketsphinx import PocketsphinxEngine, dictionary
from appliance.ports import RATE, SpeechTask
from appliance.speech import signal
from appliance.speech.competitors import task_for
from appliance.speech.contrasts import contrasts
from appliance.speech.judge import judge
from appliance.speech.phonetics import Lexicon
from appliance.speech.verdict import Asked, Outcome
from bench.measure import Table
from bench.speech_corpus import Recording, babble, children, mixed, pink
from bench.speech_trials import Listener, auc, trials

COUNT = int(os.environ.get("CARTABLE_BENCH_COUNT", "150"))
EACH = int(os.environ.get("CARTABLE_BENCH_TRIALS", "70"))
"""Words of each kind for each contrast."""
NOISES = (15, 10, 5)
REFUSED = (Outcome.BRUIT, Outcome.PANNE, Outcome.SILENCE)


def main() -> None:
    """Measure; print and write the table."""
    engine, lexicon = PocketsphinxEngine(), Lexicon(dictionary())
    engine.load()
    tune = bool(os.environ.get("CARTABLE_SPEECH_TUNE"))
    recordings = [
        recording for recording in children("train" if tune else "test") if all(map(lexicon.ways, recording.words))
    ]
    listener = Listener(engine, lexicon, random.Random(762))
    table = Table("speech")
    if tune:
        return focus(table, listener, recordings, at_share=0.07)
    sample = listener.dice.sample(recordings, COUNT or len(recordings))
    sentences(table, listener, recordings, sample)
    words(table, listener, recordings, sample)
    noise(table, listener, recordings, sample[: max(20, len(sample) // 5)])
    focus(table, listener, recordings)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.add("memory of this process, engine and dictionary loaded, at its highest", memory, unit="MB",
              target="<= 150 MB", met=lambda mb, _: mb <= 150)  # fmt: skip
    print(f"\nwritten to {table.write()}")
    return None


def sentences(table: Table, listener: Listener, all_: Sequence[Recording], sample: Sequence[Recording]) -> None:
    """The whole product, gates and all: the right sentence among twenty, then another one expected."""
    texts = sorted({recording.words for recording in all_})
    heard, right, wrong, outcomes, mistaken, times, costs = 0, [], [], [], 0, [], []
    for recording in sample:
        others = listener.dice.sample([words for words in texts if words != recording.words], 20)
        asked = _asked(listener, recording.words, others[:19])
        pcm = recording.pcm()
        started, cpu = time.monotonic(), time.process_time()
        verdict = judge(pcm, asked, listener.engine)
        times.append(time.monotonic() - started)
        spent = time.process_time() - cpu
        costs.append(spent / _bare(pcm, asked))
        outcomes.append(verdict.outcome)
        cut = listener.cut(recording)
        found = listener.engine.listen(cut, asked)
        heard += found.kind == "expected"
        right.append(found.score)
        other = listener.engine.listen(cut, _asked(listener, others[19], others[:19]))
        wrong.append(other.score)
        mistaken += other.kind == "expected" and other.score >= listener.engine.accepts
    count = len(sample)
    _share(table, f"right sentence among 20 ({count} sentences of children up to 9)", heard / count, 0.89)
    table.add("right against wrong sentence: AUC", auc(right, wrong), target=">= 0.96", met=lambda x, _: x >= 0.96)
    table.add("another sentence said, taken for the expected one", 100 * mistaken / count, unit="%")
    refused = sum(outcome in REFUSED for outcome in outcomes) / count
    table.add("clean recordings: bruit, silence or panne", 100 * refused, unit="%", target="<= 5 %",
              met=lambda x, _: x <= 5)  # fmt: skip
    judged = [outcome for outcome in outcomes if outcome not in REFUSED]
    _share(table, "right sentence accepted, of those judged", judged.count(Outcome.BRAVO) / len(judged), 0.90)
    p95 = sorted(times)[int(0.95 * count)] * 1000
    table.add("end of speech to verdict, one pupil: p95", p95, unit="ms", target="<= 300 ms", met=lambda x, _: x <= 300)
    table.add("CPU of a verdict / one bare decoding pass: median", statistics.median(costs), target="<= 3",
              met=lambda x, _: x <= 3)  # fmt: skip


_plain: list[PocketsphinxEngine] = []


def _bare(pcm: bytes, task: SpeechTask) -> float:
    """CPU seconds of pocketsphinx as it comes, over the same recording with the same phrases."""
    import pocketsphinx

    from appliance.drivers.speech_paths import Graph

    if not _plain:
        _plain.append(PocketsphinxEngine())
        _plain[0]._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", samprate=float(RATE))
    started = time.process_time()
    _plain[0]._heard(pcm, Graph.everything(task), {})
    return time.process_time() - started


def words(table: Table, listener: Listener, all_: Sequence[Recording], sample: Sequence[Recording]) -> None:
    """One word of each sentence against a random one, and against a real word one phone away."""
    vocabulary = sorted({word for recording in all_ for word in recording.words})
    scores: dict[str, list[bool]] = {"random": [], "minimal": []}
    for recording in sample:
        at = listener.dice.randrange(len(recording.words))
        said = listener.lexicon.ways(recording.words[at])[0]
        random_ = listener.lexicon.ways(listener.dice.choice([w for w in vocabulary if w != recording.words[at]]))[0]
        cut = listener.cut(recording)
        for kind, other in (("random", random_), ("minimal", listener.neighbour(recording.words[at]))):
            if other and other != said:
                margin = listener.margin(cut, recording.words, at, said, other)
                scores[kind].append(margin is not None and margin > 0)
    _share(table, "said word beats a random word", statistics.mean(scores["random"]), 0.94)
    _share(table, "said word beats a one-phone minimal pair", statistics.mean(scores["minimal"]), 0.82)


def noise(table: Table, listener: Listener, all_: Sequence[Recording], sample: Sequence[Recording]) -> None:
    """Wrong verdicts (a right sentence refused, or another accepted) in noise; "bruit" is none."""
    for name in ("pink", "babble"):
        for snr in NOISES:
            wrong = refused = 0
            for recording in sample:
                pcm = recording.pcm()
                count = len(pcm) // 2 + RATE // 2
                others = [r for r in all_ if r.speaker != recording.speaker]
                made = pink(count, listener.dice) if name == "pink" else babble(count, others, listener.dice)
                loud = mixed(pcm, made, snr, signal.measure(pcm).level_db)
                texts = listener.dice.sample([r.words for r in all_ if r.words != recording.words], 9)
                outcome = judge(loud, _asked(listener, recording.words, texts), listener.engine).outcome
                refused += outcome in REFUSED
                wrong += outcome is Outcome.ENCORE
                wrong += judge(loud, _asked(listener, texts[0], texts[1:]), listener.engine).outcome is Outcome.BRAVO
            table.add(f"{name} noise at {snr} dB: wrong verdicts", 100 * wrong / 2 / len(sample), unit="%",
                      target="<= 5 %", met=lambda x, _: x <= 5)  # fmt: skip
            table.add(f"{name} noise at {snr} dB: the box says bruit", 100 * refused / len(sample), unit="%")


def focus(table: Table, listener: Listener, recordings: Sequence[Recording], at_share: float | None = None) -> None:
    """False alarms and detection of each contrast; with ``at_share``, at the threshold that gives those."""
    margins: dict[str, dict[bool, list[float]]] = {name: {True: [], False: []} for name in contrasts()}
    for trial in trials(listener, recordings, EACH):
        cut = listener.cut(trial.recording)
        margin = listener.margin(cut, trial.recording.words, trial.at, trial.right, trial.wrong)
        if margin is not None:
            margins[trial.contrast][trial.said_right].append(margin)
    for name, contrast in contrasts().items():
        right, wrong = sorted(margins[name][True]), margins[name][False]
        least = contrast.least if at_share is None else right[int(at_share * len(right))] - 0.5
        alarms = sum(margin < least for margin in right) / len(right)
        found = sum(margin < least for margin in wrong) / len(wrong)
        label = f"{name}: threshold {least:.0f}, {len(right)} right, {len(wrong)} wrong, AUC {auc(right, wrong):.2f}"
        if contrast.verdict or at_share is not None:
            table.add(f"{label}: false alarms", 100 * alarms, unit="%", target="<= 10 %", met=lambda x, _: x <= 10)
        table.add(f"{label}: detected" + ("" if contrast.verdict else " (a tip only)"), 100 * found, unit="%")


def _asked(listener: Listener, words: Sequence[str], others: Sequence[Sequence[str]]) -> SpeechTask:
    asked = Asked(" ".join(words), items=[" ".join(other) for other in others])
    return dataclasses.replace(task_for(asked, listener.lexicon))


def _share(table: Table, measure: str, share: float, least: float) -> None:
    table.add(measure, 100 * share, unit="%", target=f">= {100 * least:.0f} %", met=lambda x, _: x >= 100 * least)


if __name__ == "__main__":
    main()
