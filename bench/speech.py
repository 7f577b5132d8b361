# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""`make bench NAME=speech`: pocketsphinx, in the product's one configuration, on real children; and Vosk's manners.

The corpus is not ours to ship: ``CARTABLE_SPEECHOCEAN`` names a checkout (:mod:`bench.speech_corpus`). Judged on its
test half, children up to nine years. Beside us: pocketsphinx as it comes. ``CARTABLE_BENCH_SHARE``: share of the
recordings, drawn with a seed (default 1, some 40 minutes). ``CARTABLE_BENCH_ONLY``: sections, separated by spaces; the
rows of the others stay in the file as they were. ``CARTABLE_SPEECH_TUNE=1``: the train half, and the contrasts at the
threshold that gives :data:`bench.speech_hearing.ALARMS`: what ``contrasts.toml`` should say.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable

from appliance.drivers.speech_pocketsphinx import PocketsphinxEngine, dictionary
from appliance.speech.phonetics import Lexicon
from bench import speech_hearing, speech_timing, speech_vosk
from bench.measure import RESULTS, Row, Table
from bench.speech_corpus import Recording, children
from bench.speech_trials import Listener

SHARE = float(os.environ.get("CARTABLE_BENCH_SHARE", "1"))
Section = Callable[[Table, Listener, list[Recording], float], None]
SECTIONS: dict[str, Section] = {
    "sentences": speech_hearing.sentences,
    "words": speech_hearing.words,
    "noise": speech_hearing.noise,
    "contrasts": speech_hearing.contrasts_heard,
    "timing": speech_timing.timing,
    "memory": speech_timing.memory,
    "vosk": speech_vosk.manners,
}


def main() -> int:
    """Measure; print and write the table; returns the exit code: 1 when a target is missed."""
    chosen = os.environ.get("CARTABLE_BENCH_ONLY", "").split() or list(SECTIONS)
    tune = bool(os.environ.get("CARTABLE_SPEECH_TUNE"))
    engine, lexicon = PocketsphinxEngine(), Lexicon(dictionary())
    engine.load()
    recordings = [
        recording for recording in children("train" if tune else "test") if all(map(lexicon.ways, recording.words))
    ]
    rows: dict[str, list[Row]] = {}
    for name in SECTIONS:
        if name in chosen:
            print(f"-- {name}", flush=True)
            table = Table("speech")
            SECTIONS[name](table, Listener(engine, lexicon, random.Random(762)), recordings, SHARE)
            rows[name] = table.rows
    if tune:
        return 0
    whole = Table("speech")
    whole.rows = _with_former(rows)
    print(f"\nwritten to {whole.write()}")
    return int(any(row.met is False for row in whole.rows))


def _with_former(rows: dict[str, list[Row]]) -> list[Row]:
    """The rows just measured, and of other sections what the file had: each row begins with its section."""
    path = RESULTS / "speech.json"
    former = [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []
    found: list[Row] = []
    for name in SECTIONS:
        found += rows.get(name, [row for row in former if row.measure.startswith(f"{name}: ")])
    return found


if __name__ == "__main__":
    sys.exit(main())
