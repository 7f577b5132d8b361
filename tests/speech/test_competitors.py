# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Words, sounds, and what may be heard instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput, Damaged
from appliance.speech import contrasts, feedback
from appliance.speech.competitors import MAX_COMPETITORS, MAX_ITEMS, MAX_PROBES, task_for
from appliance.speech.phonetics import PHONES, Lexicon, phones_of, words_of
from appliance.speech.verdict import Asked
from tests.rigs.speech_sounds import lexicon


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Three!", ["three"]),
        ("What’s your name?", ["what's", "your", "name"]),
        ("It's a T-shirt, isn't it?", ["it's", "a", "t-shirt", "isn't", "it"]),
        ("  one ,two\tthree ", ["one", "two", "three"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert list(words_of(text)) == words


@pytest.mark.parametrize("text", ["", " ", "3", "?!", "東京", "\0", "word " * 25, "a" * 300])
def test_phrases_that_cannot_be_said(text: str) -> None:
    with pytest.raises(BadInput):
        words_of(text)


def test_the_dictionary_both_ways() -> None:
    assert lexicon().ways("three") == (("TH", "R", "IY"),)
    assert lexicon().ways("the") == (("DH", "AH"), ("DH", "IY"))
    assert "tree" in lexicon().said_as(("T", "R", "IY"))
    assert lexicon().said_as(("TH", "TH")) == ()
    for strange in ("", "zzzzz", "thre", "three ", "three\n", "three(1", "é"):
        assert lexicon().ways(strange) == ()


def test_no_dictionary(tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        Lexicon(tmp_path / "none")
    (tmp_path / "one").write_bytes(b"a AH")
    assert Lexicon(tmp_path / "one").ways("a") == (("AH",),)


def test_own_pronunciations_go_first_and_stay_theirs() -> None:
    assert lexicon().with_own({"Zorg": "Z AO1 R G"}).ways("zorg") == (("Z", "AO", "R", "G"),)
    assert lexicon().ways("zorg") == ()


@pytest.mark.parametrize("text", ["", "QQ", "T R 3", "T;R", "T " * 50])
def test_pronunciations_that_are_none(text: str) -> None:
    with pytest.raises(BadInput):
        phones_of(text)


@pytest.mark.parametrize(
    ("word", "rule", "other"),
    [
        ("three", "th/t", "tree"), ("hill", "h", "ill"), ("ship", "ih/iy", "sheep"), ("wine", "w/v", "vine"),
        ("van", "v/f", "fan"), ("hat", "ae/aa", "hot"), ("sing", "ng/n", "sin"), ("think", "th/s", "sink"),
    ],
)  # fmt: skip
def test_what_a_french_learner_makes_of_a_word(word: str, rule: str, other: str) -> None:
    (slot,) = task_for(Asked(word), lexicon()).expected
    assert (other, rule) in {(way.text, way.rule) for way in slot.ways}
    assert slot.ways[0].text == word
    assert sum(1 for way in slot.ways if way.rule) <= MAX_COMPETITORS


def test_competitors_are_words_of_the_model() -> None:
    (slot,) = task_for(Asked("three"), lexicon(), lambda word: word == "free").expected
    assert [way.text for way in slot.ways] == ["three", "free"]


def test_the_expected_phrase_is_no_other_item() -> None:
    task = task_for(Asked("Good morning", items=["good  morning!", "Good night", "good night"]), lexicon())
    assert [" ".join(way.text for way in item) for item in task.items] == ["good night"]


def test_probes_stand_at_every_place() -> None:
    task = task_for(Asked("the ship is big", focus=["ih/iy"]), lexicon())
    assert [probe.right.text for probe in task.probes] == ["ship", "is", "big"]
    assert task.probes[0].wrong.phones == ("SH", "IY", "P")
    many = task_for(Asked("which witch wishes which fish", focus=["ih/iy", "w/v"]), lexicon())
    assert len(many.probes) <= MAX_PROBES


@pytest.mark.parametrize(
    "asked",
    [
        Asked("brrrgh"), Asked("one", items=["brrrgh"]), Asked("one", items=[""]), Asked("one", focus=["th/s"]),
        Asked("one", focus=["nothing"]), Asked("one", focus=["h", "w/v", "th/t"]),
        Asked("one", items=[f"one{' one' * n}" for n in range(MAX_ITEMS + 1)]),
        Asked("one", pronunciations={"one": "W1 X"}),
    ],
    ids=["word", "item", "empty item", "th/s is shown, never judged", "contrast", "three", "items", "phones"],
)  # fmt: skip
def test_what_cannot_be_asked(asked: Asked) -> None:
    with pytest.raises(BadInput):
        task_for(asked, lexicon())


def test_the_table_is_sound() -> None:
    for rule in contrasts.rules().values():
        assert {rule.source, rule.target} - {"", contrasts.ANY_CONSONANT} <= PHONES
        assert rule.where in ("any", "start", "end", "coda")
        assert rule.source or rule.target
    for contrast in contrasts.contrasts().values():
        assert contrast.name in contrasts.rules()
        assert feedback.tip(contrast.name), "a child is told what to do"
        assert contrast.false_alarms <= 0.10
        assert contrast.detection >= 0.5 or not contrast.verdict, "under a half, a tip"
        assert contrast.least <= 0, "a right sound that wins is not measured"
        assert min(contrast.right, contrast.wrong) >= 25
    assert set(contrasts.contrasts()) == {"w/v", "h", "th/t", "ih/iy", "v/f", "ae/aa"}


def test_a_rule_leaves_a_word() -> None:
    rule = contrasts.rules()["h"]
    assert list(rule.applied(("HH",))) == []
    assert list(contrasts.rules()["end/-"].applied(("S", "T"))) == [], "nothing before it to say"
    assert list(contrasts.rules()["end/-"].applied(("K", "AE", "T"))) == [("K", "AE")]
