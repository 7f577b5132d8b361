# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The ready sequences of spoken English keep what their format cannot promise."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from appliance.sequences import checks, kinds, pictures, ready, sounds, writer
from appliance.sequences.package import SHEET
from appliance.sequences.reader import read
from tests.rigs.speech_sounds import lexicon

READY = ready.ids()
ALIKE = frozenset((
    "air", "animal", "art", "biscuit", "bus", "canada", "cardiff", "cousin", "crayon", "crocodile", "dessert", "euro",
    "euros", "ferry", "film", "finn", "football", "france", "halloween", "hamster", "judo", "kilo", "lily",
    "lion", "match", "melon", "menu", "minute", "opinion", "orange", "piano", "pizza", "plus", "puzzle",
    "robot", "rugby", "sandwich", "secret", "shirt", "six", "ski", "table", "taxi", "tennis", "train", "tunnel",
    "vampire", "village", "vincent",
))  # fmt: skip
"""Words that both languages write in the same way."""


def test_there_are_enough_for_a_school() -> None:
    sequences = list(ready.sequences())
    levels = Counter(sequence.level for sequence in sequences)
    assert len(sequences) >= 30
    assert all(levels[level] >= 10 for level in kinds.LEVELS)
    assert len({item.text.lower() for sequence in sequences for item in sequence.items}) >= 600
    assert {sequence.theme for sequence in sequences} >= {
        *("greetings", "colours", "numbers", "family", "animals", "food", "weather", "school", "body", "feelings"),
        *("routines", "story"),
    }
    used = {activity.kind for sequence in sequences for activity in sequence.activities}
    assert used == set(kinds.ACTIVITIES)
    assert {name for s in sequences for a in s.activities for name in a.focus} == set(kinds.CONTRASTS)


@pytest.mark.parametrize("name", READY)
def test_its_folder_bears_its_name_and_it_may_be_shared(name: str) -> None:
    sequence = ready.sequence(name)
    assert sequence.id == name
    assert sequence.licence == "CC-BY-SA-4.0"
    assert sequence.authors == ("The Cartable authors",)
    assert sequence.teacher.without_screen


@pytest.mark.parametrize("name", READY)
def test_every_word_is_known_or_said(name: str) -> None:
    assert not checks.vocabulary(ready.sequence(name), lambda word: bool(lexicon().ways(word)))


@pytest.mark.parametrize("name", READY)
def test_announced_sounds_are_there_and_pairs_differ_by_them_alone(name: str) -> None:
    assert not checks.contrasts(ready.sequence(name), lexicon().ways)


@pytest.mark.parametrize("name", READY)
def test_every_picture_is_there(name: str) -> None:
    sequence, stock = ready.sequence(name), ready.stock()
    assert not checks.shown(sequence, stock)
    codes = {code for item in sequence.items for code in item.pictures}
    kept = (ready.FOLDER / name / SHEET).read_text(encoding="utf-8")
    assert kept == pictures.sheet(codes, stock), "run tools/english_pictures.py"


@pytest.mark.parametrize("name", READY)
def test_every_sound_is_there_and_says_its_text(name: str) -> None:
    folder = ready.FOLDER / name
    sequence = ready.sequence(name)
    assert not checks.spoken(sequence, folder), "run tools/render_english.py"
    listed = {sounds.name(item.slug, speed) for item in sequence.items for speed in sounds.SPEEDS}
    assert {path.name for path in (folder / "sounds").iterdir()} == listed
    assert not [clip.text for clip in sounds.Clips.load(folder).clips.values() if not clip.checked]


def test_the_sounds_fit_the_card() -> None:
    sizes = [path.stat().st_size for path in ready.FOLDER.glob("*/sounds/*.mp3")]
    assert max(sizes) < 40_000
    assert sum(sizes) < 14_000_000


@pytest.mark.parametrize("name", READY)
def test_slow_is_slower(name: str) -> None:
    """By the number of frames, at a constant rate."""
    folder = ready.FOLDER / name / "sounds"
    for item in ready.sequence(name).items:
        normal, slow = ((folder / sounds.name(item.slug, speed)).stat().st_size for speed in sounds.SPEEDS)
        assert 1.05 < slow / normal < 1.6, item.text


@pytest.mark.parametrize("name", READY)
def test_french_is_french(name: str) -> None:
    """No gloss repeats the English, and the spaces before tall punctuation do not break."""
    sequence = ready.sequence(name)
    for item in sequence.items:
        english = {word for word in item.words if len(word) > 2} - ALIKE
        assert not english & set(re.findall(r"\w+", item.gloss.lower())), item.text
    french = [*(item.gloss for item in sequence.items), *sequence.objectives, *sequence.teacher.steps]
    french += [*sequence.teacher.watch, *sequence.teacher.without_screen, sequence.title_fr]
    assert not [text for text in french if re.search(r" [?!:;»]|« |\w[?!;]", re.sub(r"«[^»]*»", "", text))]


@pytest.mark.parametrize("name", READY)
def test_what_is_written_back_reads_the_same(name: str) -> None:
    sequence = ready.sequence(name)
    assert read(writer.write(sequence)) == sequence
