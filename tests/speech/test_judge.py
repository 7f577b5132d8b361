# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The verdict: what the three gates say together, in the child's words."""

from __future__ import annotations

import json

import pytest

from appliance.drivers.speech_simulated import SimulatedEngine
from appliance.errors import Unreachable
from appliance.i18n import translator
from appliance.ports import Heard, SpeechTask
from appliance.speech.competitors import task_for
from appliance.speech.ear import Ear
from appliance.speech.feedback import compared, failed
from appliance.speech.judge import judge
from appliance.speech.verdict import Asked, Outcome, Verdict
from tests.rigs import speech_sounds as sounds


def said(what: str | None, asked: Asked) -> Verdict:
    return judge(sounds.forward(), task_for(asked, sounds.lexicon()), SimulatedEngine(hears=what))


def test_bravo() -> None:
    verdict = said(None, Asked("three", focus=["th/t"]))
    assert (verdict.outcome, verdict.heard, verdict.tip) == (Outcome.BRAVO, "three", "")
    assert [word.ok for word in verdict.words] == [True]
    assert verdict.focus == ("th/t",)


def test_presque_says_what_was_heard_and_what_to_do() -> None:
    verdict = said("tree", Asked("three", focus=["th/t"]))
    assert verdict.outcome is Outcome.PRESQUE
    (word,) = verdict.words
    assert (word.ok, word.heard_as, word.rule) == (False, "tree", "th/t")
    told = verdict.as_json(translator("fr"))
    assert "tree" in str(told["sentence"])
    assert "langue" in str(told["tip"])
    assert "faux" not in json.dumps(told, ensure_ascii=False)


def test_a_slip_that_was_not_announced_is_forgiven() -> None:
    verdict = said("tree", Asked("three"))
    assert verdict.outcome is Outcome.BRAVO
    assert verdict.words[0].heard_as == "tree", "the teacher may see it"


def test_a_slip_that_makes_another_item_is_another_item() -> None:
    verdict = said("tree", Asked("three", items=["tree"]))
    assert (verdict.outcome, verdict.heard) == (Outcome.ENCORE, "tree")
    assert said("tree", Asked("three", items=["tree"], focus=["th/t"])).outcome is Outcome.PRESQUE


def test_another_item_is_named() -> None:
    verdict = said("good night", Asked("good morning", items=["good night", "hello"]))
    assert (verdict.outcome, verdict.heard) == (Outcome.ENCORE, "good night")
    told = verdict.as_json(translator("fr"))
    assert "good night" in str(told["sentence"])
    assert "good morning" in str(told["sentence"])


def test_something_else_is_encore_without_a_guess() -> None:
    verdict = said("elephant", Asked("three", items=["four"]))
    assert (verdict.outcome, verdict.heard) == (Outcome.ENCORE, "")


@pytest.mark.parametrize(
    ("pcm", "outcome"),
    [
        (b"", Outcome.SILENCE),
        (sounds.hiss(1.0, 5), Outcome.SILENCE),
        (sounds.over(sounds.forward(), sounds.hiss(4.0, 900)), Outcome.BRUIT),
        (sounds.forward() * 6, Outcome.BRUIT),
    ],
    ids=["nothing", "room", "noise", "long"],
)
def test_no_engine_hears_what_the_first_gate_refuses(pcm: bytes, outcome: Outcome) -> None:
    class Deaf(SimulatedEngine):
        def listen(self, pcm: bytes, task: SpeechTask) -> Heard:
            raise AssertionError("asked")

    verdict = judge(pcm, task_for(Asked("three"), sounds.lexicon()), Deaf())
    assert verdict.outcome is outcome
    assert verdict.words == ()


def test_the_second_engine_hears_what_the_first_lacks() -> None:
    class Few(SimulatedEngine):
        name, spells = "few", False

        def knows(self, word: str) -> bool:
            return word == "one"

    class Gone(SimulatedEngine):
        def load(self) -> None:
            raise Unreachable("Gone.")

    ear = Ear([Gone(), Few(), SimulatedEngine()], sounds.lexicon())
    assert ear(sounds.forward(), Asked("one")).engine == "few"
    assert ear(sounds.forward(), Asked("one two")).engine == "simulated"
    assert ear(sounds.forward(), Asked("one", pronunciations={"one": "W AO N"})).engine == "simulated"
    with pytest.raises(Unreachable):
        Ear([Gone()], sounds.lexicon())


def test_failures_are_never_the_childs() -> None:
    assert failed().outcome is Outcome.PANNE
    assert compared().outcome is Outcome.PANNE
    assert failed().sentence != compared().sentence


def test_every_verdict_is_json_in_both_languages_and_has_no_mark() -> None:
    for verdict in (said(None, Asked("three")), said("tree", Asked("three", focus=["th/t"])), failed()):
        for language in ("fr", "en"):
            told = json.loads(json.dumps(verdict.as_json(translator(language))))
            assert told["sentence"]
            assert "%(" not in told["sentence"]
            assert not {"mark", "grade", "note", "points"} & set(told)
    assert said(None, Asked("three")).as_json(translator("fr"))["sentence"] != "Well done! I heard “three”."
