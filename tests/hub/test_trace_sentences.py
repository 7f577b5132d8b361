# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Traces read like sentences, whatever tool wrote the statement. Written in English: the French is the catalogue's."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from appliance.hub import language
from appliance.hub import trace_verbs as verbs
from appliance.hub import trace_words as words
from appliance.hub.answered import Answer, _statement
from appliance.hub.trace_sentences import Names, sentence
from appliance.model import Activity, Choice, Question
from appliance.store.traces import pupils

ADL = "http://adlnet.gov/expapi/verbs/"
QUIZ = Activity(
    "f", "Fractions", (Question("q", "La moitié de 8 ?", (Choice("a", "4"), Choice("b", "2 & 3")), "a", "", ""),)
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    app = Flask("x")
    language.init(app, lambda: "en")
    with app.test_request_context():
        yield


def people(agent: Mapping[str, Any]) -> list[str]:
    known = {"p1": "Renard", "p2": "Lion", "p3": "Loup"}
    return [known[pupil] for pupil in pupils(agent, "b") if pupil in known]


NAMES = Names(people, lambda iri: {"http://x.fr/jeu": ("Le jeu", "fr")}.get(iri, ("", "")), ("fr", "en"))
RENARD = {"account": {"homePage": "https://cartable.invalid/boxes/b", "name": "p1"}}
JEU = {"id": "http://x.fr/jeu"}


def told(verb: str, target: Mapping[str, Any] = JEU, **more: Any) -> str:
    iri = verb if ":" in verb else ADL + verb
    return str(sentence({"actor": RENARD, "verb": {"id": iri}, "object": target, **more}, NAMES).text)


def question(kind: str, **parts: Any) -> dict[str, Any]:
    definition = {"name": {"fr": "Question"}, "interactionType": kind, **parts}
    return {"id": "http://x.fr/jeu/q1", "definition": definition}


def item(name: str, text: str, language: str = "fr") -> dict[str, Any]:
    return {"id": name, "description": {language: text}}


def test_the_boxs_own_exercise() -> None:
    value = _statement("b", QUIZ, QUIZ.questions[0], Answer("i", "p1", "l", "q", "b"))
    found = sentence(value, NAMES)
    assert found.text == "Renard has answered “2 &amp; 3” to “La moitié de 8 ?”: to be looked at again"
    assert found.success is False


@pytest.mark.parametrize(
    ("kind", "parts", "given", "shown"),
    [
        ("choice", {"choices": [item("a", "Rome"), item("b", "Paris")]}, "b[,]a", "Paris, Rome"),
        ("choice", {"choices": [item("a", "Rome", "it")]}, "a", "Rome"),
        ("choice", {}, "a", "a"),
        ("true-false", {}, "true", "true"),
        ("sequencing", {"choices": [item("1", "un"), item("2", "deux")]}, "2[,]1", "deux, un"),
        ("likert", {"scale": [item("l1", "Bof")]}, "l1", "Bof"),
        ("matching", {"source": [item("1", "Paris")], "target": [item("f", "France")]}, "1[.]f", "Paris → France"),
        ("performance", {"steps": [item("s", "Saut")]}, "s[.]3", "Saut → 3"),
        ("fill-in", {}, "{case_matters=true}{lang=fr}le chat[,]le chien", "le chat, le chien"),
        ("numeric", {}, "4", "4"),
        ("numeric", {}, "3.750", "3.750"),
        ("numeric", {}, "3.5[:]4", "3.5[:]4"),
        ("other", {}, "une  réponse\nlibre", "une réponse libre"),
    ],
)
def test_answers_in_the_words_of_the_question(kind: str, parts: dict[str, Any], given: str, shown: str) -> None:
    told_now = told("answered", question(kind, **parts), result={"response": given, "success": True})
    assert told_now == f"Renard has answered “{shown}” to “Question”: right"


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("completed", "Renard has finished “Le jeu”"),
        ("passed", "Renard has passed “Le jeu”"),
        ("failed", "Renard has failed “Le jeu”"),
        ("initialized", "Renard has begun “Le jeu”"),
        ("https://w3id.org/xapi/video/verbs/played", "Renard has played “Le jeu”"),
        ("http://activitystrea.ms/schema/1.0/watch", "Renard has watched “Le jeu”"),
        ("http://id.tincanapi.com/verb/viewed", "Renard has watched “Le jeu”"),
        ("urn:x:verbs:answered", "Renard has answered “Le jeu”"),
        ("http://x.fr/verbes/colori%C3%A9/", "Renard has done something with “Le jeu” (colorié)"),
    ],
)
def test_verbs(verb: str, words: str) -> None:
    assert told(verb) == words


def test_an_unknown_verb_is_shown_as_its_tool_calls_it() -> None:
    verb = {"id": "http://x.fr/v/1", "display": {"en-US": "coloured", "fr-FR": "a colorié"}}
    assert sentence({"actor": RENARD, "verb": verb, "object": JEU}, NAMES).text == "Renard a colorié “Le jeu”"


def test_a_tools_words_go_on_from_a_name_only_if_they_can() -> None:
    for display in ({"en": "ate"}, {"fr": "colorier"}):
        verb = {"id": "http://x.fr/v/1", "display": display}
        shown = sentence({"actor": RENARD, "verb": verb, "object": JEU}, NAMES).text
        assert "Renard has done something with “Le jeu” (" in shown


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("voided", "Renard has cancelled a trace"),
        ("https://w3id.org/xapi/adl/verbs/waived", "Renard has been excused from “Le jeu”"),
        ("https://w3id.org/xapi/adl/verbs/logged-in", "Renard has logged in to “Le jeu”"),
        ("https://brindlewaye.com/xAPITerms/verbs/loggedin/", "Renard has logged in to “Le jeu”"),
        ("http://activitystrea.ms/schema/1.0/like", "Renard has liked “Le jeu”"),
        ("http://id.tincanapi.com/verb/voted-up", "Renard has voted for “Le jeu”"),
    ],
)
def test_verbs_of_the_registries(verb: str, words: str) -> None:
    assert told(verb) == words


def test_every_synonym_leads_to_a_sentence() -> None:
    assert set(verbs.SYNONYMS.values()) | verbs.SPOKEN <= set(verbs.VERBS)
    assert not set(verbs.SYNONYMS) & set(verbs.VERBS)


def test_a_group_is_several() -> None:
    group = {
        "objectType": "Group",
        "member": [{"account": {**RENARD["account"], "name": name}} for name in ("p1", "p2", "p3")],
    }
    statement = {"actor": group, "verb": {"id": ADL + "completed"}, "object": JEU}
    assert sentence(statement, NAMES).text == "Renard, Lion, and Loup have finished “Le jeu”"


def test_what_a_comment_says() -> None:
    assert told("commented", result={"response": "très  <b>"}) == ("Renard has commented on “Le jeu”: “très &lt;b&gt;”")


def test_a_film_is_not_played_like_a_game() -> None:
    film = {"id": "http://x.fr/f", "definition": {"type": "https://w3id.org/xapi/video/activity-type/video",
                                                  "name": {"en": "The film"}}}  # fmt: skip
    assert told("https://w3id.org/xapi/video/verbs/played", film) == (
        'Renard has started “<span lang="en">The film</span>”'
    )


@pytest.mark.parametrize(
    ("result", "facts"),
    [
        ({"success": True, "score": {"scaled": 0.8, "raw": 16, "max": 20}}, "reached, almost all of it right"),
        ({"score": {"raw": 16, "min": 0, "max": 20}, "duration": "PT2M10S"}, "almost all of it right, in 2 min 10 s"),
        ({"score": {"raw": 10, "max": 20}}, "half right"),
        ({"score": {"scaled": 1}, "duration": "PT1H30M"}, "all of it right, in 1 h 30 min"),
        ({"score": {"scaled": -1}}, "nothing right yet"),
        ({"score": {"scaled": 0.2}, "success": False}, "to be looked at again, less than half right"),
        ({"score": {"scaled": 0.6}}, "more than half right"),
        ({"completion": False, "duration": "PT45.2S"}, "not finished, in 45 seconds"),
        ({"extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 40}}, "40 % done"),
    ],
)  # fmt: skip
def test_results_in_words_and_never_a_mark(result: dict[str, Any], facts: str) -> None:
    assert told("completed", result=result) == f"Renard has finished “Le jeu”: {facts}"


@pytest.mark.parametrize(
    "result",
    [{"score": {"raw": 16}}, {"score": {"raw": 1, "min": 5, "max": 5}}, {"duration": "P"}, {"duration": "PT0S"},
     {"score": {"raw": True, "max": 20}}, {"score": 12}, {"score": {"raw": 10**400, "max": 20}},
     {"duration": f"PT{'9' * 400}S"}, {"duration": f"P{'9' * 300}Y"}, {"duration": "P2Y"}],
)  # fmt: skip
def test_what_says_nothing_is_left_out(result: dict[str, Any]) -> None:
    assert told("completed", result=result) == "Renard has finished “Le jeu”"


def test_people_and_traces_as_objects() -> None:
    assert told("http://x.fr/v/praised", {"objectType": "Agent", **RENARD}) == "Renard has praised Renard"
    assert told("commented", {"objectType": "Agent", "mbox": "mailto:x@y.fr"}) == "Renard has commented on somebody"
    assert told("commented", {"objectType": "StatementRef", "id": "x"}) == "Renard has commented on another trace"
    assert told("preferred", {"objectType": "SubStatement", "object": JEU}) == "Renard has preferred “Le jeu”"


def test_nobody_of_the_class_is_somebody() -> None:
    actor = {"mbox": "mailto:jeanne@example.org", "name": "Jeanne Martin"}
    statement = {"actor": actor, "verb": {"id": ADL + "completed"}, "object": JEU}
    assert sentence(statement, NAMES).text == "Somebody has finished “Le jeu”"


def test_what_a_statement_says_cannot_be_markup() -> None:
    evil = {"id": "http://x.fr/e", "definition": {"name": {'fr"><script>': "<script>alert(1)</script> %(who)s"}}}
    assert "<script" not in told("completed", evil)
    assert "<b>" not in told("answered", question("other"), result={"response": "<b>x %(what)s</b>"})
    assert "%(who)s" in told("completed", evil)


def test_long_words_are_cut() -> None:
    assert len(told("answered", question("other"), result={"response": "très " * 200})) < 150
    shown = {"actor": RENARD, "verb": {"id": "http://x.fr/v", "display": {"fr": "encore " * 200}}, "object": JEU}
    assert len(sentence(shown, NAMES).text) < 150
    assert len(told(f"http://x.fr/{'v' * 2000}")) < 150


def test_titles_of_the_box_stand_in_for_a_missing_name() -> None:
    assert told("completed", {"id": "http://x.fr/jeux/les%20capitales/"}) == "Renard has finished “les capitales”"


def test_moments() -> None:
    now = datetime.datetime(2026, 11, 3, 10, 30).astimezone().timestamp()
    assert [words.ago(now - late, now).replace("\u202f", " ") for late in (-5, 3, 60, 3599, 3600)] == [
        "just now", "just now", "1 min ago", "59 min ago", "at 9:30 AM"
    ]  # fmt: skip
    days = [words.day(now - back * 86400, now) for back in (0, 1, 2)]
    assert days == ["Today", "Yesterday", "Sunday, November 1, 2026"]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Noumea", "America/Cayenne"])
def test_the_first_and_the_last_moment_of_the_calendar(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a pupil's tool may write as a timestamp, rounded to a float of seconds."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert words.day(253_402_300_800.0, 1e9).endswith("9999")
        assert words.day(-62_135_596_800.0, 1e9).endswith("1")
        assert words.ago(-62_135_596_800.0, 1e9).startswith("at ")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("text", "known"),
    [("PT1S", 1.0), ("P1DT1H", 90000.0), ("PT0.5M", 30.0), ("P2W", 1209600.0), ("P", None), ("PT", None),
     ("1 h", None), (None, None), ("PT1.2.3S", None)],
)  # fmt: skip
def test_durations(text: object, known: float | None) -> None:
    assert words.seconds(text) == known
