# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the engine and the three gates make of real children: sentences, words, noise, contrasts."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence

from appliance.ports import RATE
from appliance.speech import signal
from appliance.speech.contrasts import contrasts
from appliance.speech.judge import judge
from appliance.speech.verdict import Outcome
from bench.measure import Table
from bench.speech_corpus import Recording, babble, mixed, pink
from bench.speech_peer import BEAMS, Bare
from bench.speech_trials import Listener, Trial, auc, trials

EACH = 110
"""Words of each kind for each contrast, at most."""
NOISES = (15, 10, 5)
LOUD = 40
"""Recordings of each noise at each level."""
REFUSED = (Outcome.BRUIT, Outcome.PANNE, Outcome.SILENCE)
ALARMS = 0.06
"""On the train half; the test half is allowed 0.10."""
BARE = "bare pocketsphinx"


def drawn(listener: Listener, recordings: Sequence[Recording], share: float, most: int = 10_000) -> list[Recording]:
    """A share of them, in the order of the dice."""
    return listener.dice.sample(list(recordings), max(8, round(share * min(most, len(recordings)))))


def sentences(table: Table, listener: Listener, recordings: list[Recording], share: float) -> None:
    """The right sentence among twenty; the right one against another, which is not among those known to be taught."""
    texts = sorted({recording.words for recording in recordings})
    sample = drawn(listener, recordings, share)
    bare = Bare()
    bare.load()
    ours: dict[bool, list[float]] = {True: [], False: []}
    theirs: dict[bool, list[float]] = {True: [], False: []}
    right = bare_right = mistaken = 0
    outcomes = []
    for recording in sample:
        others = listener.dice.sample([words for words in texts if words != recording.words], 20)
        pcm, cut = recording.pcm(), listener.cut(recording)
        task, other = listener.asked(recording.words, others[:19]), listener.asked(others[19], others[:19])
        outcomes.append(judge(pcm, task, listener.engine).outcome)
        said, unsaid = listener.engine.listen(cut, task), listener.engine.listen(cut, other)
        right += said.kind == "expected"
        bare_right += bare.kind(pcm, task) == "expected"
        mistaken += unsaid.kind == "expected" and unsaid.score >= listener.engine.accepts
        for key, heard, asked in ((True, said, task), (False, unsaid, other)):
            ours[key].append(heard.score)
            theirs[key].append(bare.fit(pcm, asked))
    count = len(sample)
    at_least(table, "sentences: the right one among 20", right / count, bare_right / count, 0.91, 0.89)
    table.add("sentences: right against wrong, AUC", auc(ours[True], ours[False]), auc(theirs[True], theirs[False]),
              peer_name=BARE, target=">= 0.96", met=lambda x, _: x >= 0.96)  # fmt: skip
    table.add("sentences: another one said, taken for the expected one", 100 * mistaken / count, unit="%")
    refused = sum(outcome in REFUSED for outcome in outcomes) / count
    at_most(table, "sentences: clean recordings: bruit, silence or panne", refused, 0.05)
    judged = [outcome for outcome in outcomes if outcome not in REFUSED]
    at_least(table, "sentences: right one accepted, of those judged",
             judged.count(Outcome.BRAVO) / len(judged), None, 0.90)  # fmt: skip
    table.add("sentences: children up to 9 years, recordings", count)


def words(table: Table, listener: Listener, recordings: list[Recording], share: float) -> None:
    """One word of each sentence beside a random one, and beside a real word one phone away, in one grammar."""
    vocabulary = sorted({word for recording in recordings for word in recording.words})
    beats: dict[str, list[bool]] = {"random": [], "minimal": []}
    bare_beats: dict[str, list[bool]] = {"random": [], "minimal": []}
    bare = Bare()
    bare.load()
    for recording in drawn(listener, recordings, share):
        at = listener.dice.randrange(len(recording.words))
        word = recording.words[at]
        random_ = listener.lexicon.ways(listener.dice.choice([w for w in vocabulary if w != word]))[0]
        for kind, other in (("random", random_), ("minimal", listener.neighbour(word))):
            if other and other not in listener.lexicon.ways(word):
                task = listener.between(recording.words, at, other)
                beats[kind].append(listener.said_right(listener.engine, listener.cut(recording), task, at))
                bare_beats[kind].append(listener.said_right(bare, recording.pcm(), task, at, BEAMS))
    at_least(table, "words: the one said beats a random one",
             statistics.mean(beats["random"]), statistics.mean(bare_beats["random"]), 0.96, 0.94)  # fmt: skip
    at_least(table, "words: the one said beats a real one a phone away",
             statistics.mean(beats["minimal"]), statistics.mean(bare_beats["minimal"]), 0.84, 0.82)  # fmt: skip


def noise(table: Table, listener: Listener, recordings: list[Recording], share: float) -> None:
    """Wrong verdicts (a right sentence refused, or another accepted) in noise; "bruit" is none."""
    sample = drawn(listener, recordings, share, LOUD)
    for name in ("pink", "babble"):
        for snr in NOISES:
            wrong = refused = 0
            for recording in sample:
                loud = _loud(listener, recordings, recording, name, snr)
                texts = listener.dice.sample([r.words for r in recordings if r.words != recording.words], 9)
                outcome = judge(loud, listener.asked(recording.words, texts), listener.engine).outcome
                other = judge(loud, listener.asked(texts[0], texts[1:]), listener.engine).outcome
                refused += outcome in REFUSED
                wrong += (outcome is Outcome.ENCORE) + (other is Outcome.BRAVO)
            at_most(table, f"noise: {name} at {snr} dB: wrong verdicts", wrong / 2 / len(sample), 0.05)
            table.add(f"noise: {name} at {snr} dB: the box says bruit", 100 * refused / len(sample), unit="%")


def _loud(listener: Listener, all_: Sequence[Recording], recording: Recording, name: str, snr: int) -> bytes:
    pcm = recording.pcm()
    count = len(pcm) // 2 + RATE // 2
    others = [other for other in all_ if other.speaker != recording.speaker]
    made = pink(count, listener.dice) if name == "pink" else babble(count, others, listener.dice)
    return mixed(pcm, made, snr, signal.measure(pcm).level_db)


def contrasts_heard(table: Table, listener: Listener, recordings: list[Recording], share: float) -> None:
    """False alarms and detection of each contrast; when tuning, at the threshold that gives :data:`ALARMS`."""
    tune = bool(os.environ.get("CARTABLE_SPEECH_TUNE"))
    margins: dict[str, dict[bool, list[float]]] = {name: {True: [], False: []} for name in contrasts()}
    for trial in trials(listener, recordings, max(8, round(share * EACH))):
        margin = _margin(listener, trial)
        if margin is not None:
            margins[trial.contrast][trial.said_right].append(margin)
    for name, contrast in contrasts().items():
        right, wrong = sorted(margins[name][True]), margins[name][False]
        least = right[int(ALARMS * len(right))] - 0.5 if tune else contrast.least
        alarms, found = _below(right, least), 100 * _below(wrong, least)
        label = f"contrasts: {name}"
        if tune:
            print(
                f"{label}: threshold {least:.1f}, {len(right)} right, {len(wrong)} wrong, AUC {auc(right, wrong):.2f}; "
                f"at {contrast.least}: {_below(right, contrast.least):.3f} false alarms, "
                f"{_below(wrong, contrast.least):.2f} detected"
            )
        if contrast.verdict:
            at_most(table, f"{label}: false alarms", alarms, 0.10)
            table.add(f"{label}: detected", found, unit="%", target=">= 50 % to judge", met=lambda x, _: x >= 50)
        else:
            table.add(f"{label}: false alarms (a tip only)", 100 * alarms, unit="%")
            table.add(f"{label}: detected (a tip only)", found, unit="%")


def _below(margins: Sequence[float], least: float) -> float:
    return sum(margin < least for margin in margins) / len(margins)


def _margin(listener: Listener, trial: Trial) -> float | None:
    return listener.margin(listener.cut(trial.recording), trial.recording.words, trial.at, trial.right, trial.wrong)


def at_least(
    table: Table, measure: str, share: float, peer: float | None, target: float, within: float | None = None
) -> None:
    """A share in percent that has to be reached; ``within``: the target less its tolerance."""
    least = 100 * (within or target)
    told = f">= {100 * target:.0f} %" + (" within 2 points" if within else "")
    table.add(measure, 100 * share, None if peer is None else 100 * peer, unit="%",
              peer_name="" if peer is None else BARE, target=told, met=lambda x, _: x >= least)  # fmt: skip


def at_most(table: Table, measure: str, share: float, target: float) -> None:
    """A share in percent that must not be passed."""
    table.add(measure, 100 * share, unit="%", target=f"<= {100 * target:.0f} %", met=lambda x, _: x <= 100 * target)
