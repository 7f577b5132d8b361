# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The words of a French class find what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import Hit
from appliance.store.search_edits import one_edit
from appliance.store.search_query import PER_RESOURCE, SearchIndex
from appliance.store.search_text import SNIPPET_CHARS, clean, prepared, snippet


def first(hits: list[Hit]) -> tuple[str, str]:
    return (hits[0].resource, hits[0].anchor) if hits else ("", "")


@pytest.mark.parametrize(
    ("typed", "resource", "anchor"),
    [
        # accents left out, or typed as two characters
        ("energie electrique", "sciences", "Electricite"),
        ("ÉNERGIES ÉLECTRIQUES", "sciences", "Electricite"),
        ("éne\u0301rgie".replace("é", "e\u0301"), "sciences", "Electricite"),
        ("chateau de versailles", "histoire", "1"),
        # inflections
        ("chevaux", "sciences", "Cheval"),
        ("grenouilles", "sciences", "Grenouille"),
        ("fraction équivalente", "maths", "c1"),
        ("vélos", "sciences", "Velo"),
        ("jeu", "histoire", "1"),
        ("volcans", "film", ""),
        # elisions, with either apostrophe; ligatures
        ("l'eau du têtard", "sciences", "Grenouille"),
        ("l’électricité", "sciences", "Electricite"),
        ("qu'est-ce que le maïs", "sciences", "Mais"),
        ("coeur", "histoire", "2"),
        ("oeuvres", "histoire", "2"),
        # a word of the card and one of the text
        ("fractions CM1", "maths", "c1"),
        ("vidéo volcan", "film", ""),
        ("marie curie", "maths", ""),
        # English: its own stemmer
        ("horse", "english", "h"),
        ("run jump fence", "english", "h"),
        # one mistake
        ("grenouile", "sciences", "Grenouille"),
        ("electriqe", "sciences", "Electricite"),
        ("xheval", "sciences", "Cheval"),
        # the last word, unfinished
        ("grenou", "sciences", "Grenouille"),
        ("fractions équiv", "maths", "c1"),
        # some words are nowhere
        ("pourquoi les fractions sont des zygomorphes", "maths", "c1"),
        # a subject that other indexes take for a stop word
        ("le son", "sciences", "Son"),
    ],
)
def test_found_first(index: SearchIndex, typed: str, resource: str, anchor: str) -> None:
    assert first(index.search(typed)) == (resource, anchor)


def test_only_stop_words_look_in_titles(index: SearchIndex) -> None:
    assert [hit.title for hit in index.search("de la")] == ["Sciences de la vie"]
    assert index.search("vous") == []


@pytest.mark.parametrize("typed", ["", "   ", "\0", "''\"", "+-&|!(){}[]^~*?:\\/", "🐸", "zzzzqqqq", "'; DROP"])
def test_nothing_to_find(index: SearchIndex, typed: str) -> None:
    assert index.search(typed) == []


@pytest.mark.parametrize(
    "typed",
    ["title:cheval", '"cheval', "cheval AND (", "cheval\0", "cheval 🐸", "cheval^9999", "cheval~", "\ud800cheval",
     "cheval " * 2000, "-cheval", "*cheval*"],
)  # fmt: skip
def test_operators_are_just_text(index: SearchIndex, typed: str) -> None:
    assert first(index.search(typed)) == ("sciences", "Cheval")


@given(st.text(st.characters(), max_size=60) | st.text("aeé'lcx \0\ud800🐸*\"-", max_size=300))
def test_any_text_is_answered(shelf_index: SearchIndex, typed: str) -> None:
    for hit in shelf_index.search(typed):
        assert hit.score > 0
        assert len(hit.snippet) <= SNIPPET_CHARS
    assert all(shelf_index.suggest(typed))


@pytest.fixture(scope="module")
def shelf_index(shelf: object) -> SearchIndex:
    return SearchIndex(shelf)  # type: ignore[arg-type]


def test_snippets_are_the_stored_beginnings(index: SearchIndex) -> None:
    assert index.search("amphibien")[0].snippet == "La grenouille est un amphibien. Le têtard vit dans l'eau."
    assert index.search("volcan")[0].snippet == "Une éruption filmée de près."


def test_only_the_allowed(index: SearchIndex) -> None:
    assert {hit.resource for hit in index.search("vit")} == {"sciences", "histoire"}
    assert {hit.resource for hit in index.search("vit", ["histoire", "maths", "unknown"])} == {"histoire"}
    assert index.search("vit", []) == []


def test_a_limit_holds(index: SearchIndex) -> None:
    assert len(index.search("vit", limit=2)) == 2
    assert index.search("vit", limit=0) == []


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("gre", ["Grenouille"]),
        ("elec", ["Électricité"]),
        ("les f", ["Les fractions", "Les rois de France"]),
        ("le v", ["Le volcan s'éveille"]),
        ("les rois de fr", ["Les rois de France"]),
        ("zz", []),
        ("", []),
        ("'", []),
    ],
)
def test_suggestions(index: SearchIndex, typed: str, titles: list[str]) -> None:
    assert index.suggest(typed) == titles


def test_cards_are_suggested_before_sections(index: SearchIndex) -> None:
    found = index.suggest("l", limit=20)
    assert found.index("Les rois de France") < found.index("Les fractions")
    assert len(index.suggest("l", limit=2)) == 2


def test_three_hits_each_when_others_wait(index: SearchIndex) -> None:
    hits = index.search("le la vit cheval vélo eau maïs son château", limit=4)
    assert len(hits) == 4
    assert [hit.resource for hit in hits].count("sciences") <= PER_RESOURCE


@pytest.mark.parametrize(
    ("one", "many"),
    [tuple(pair.split()) for pair in ("cheval chevaux", "oiseau oiseaux", "jeu jeux", "vélo vélos", "roi rois",
                                          "bijou bijoux", "journal journaux", "clé clés", "école ecoles")],
)  # fmt: skip
def test_plurals_meet(index: SearchIndex, one: str, many: str) -> None:
    analyze = index._analyzers["fr"].analyze
    assert analyze(prepared(one)) == analyze(prepared(many))


@given(st.text(max_size=400), st.text(max_size=20))
def test_snippets_are_short_and_whole(text: str, title: str) -> None:
    made = snippet(text, title)
    assert len(made) <= SNIPPET_CHARS
    assert "\n" not in made
    assert made == clean(made)


def test_a_snippet_does_not_repeat_its_title() -> None:
    assert snippet("Cheval\n Le cheval  mange.", "Cheval") == "Le cheval mange."
    assert snippet("mot " * 100).endswith(" mot…")


@given(st.text("abcdefgh", min_size=1, max_size=8))
def test_one_edit_is_symmetrical(word: str) -> None:
    for other in set(one_edit(word)):
        assert abs(len(other) - len(word)) <= 1
        if other:
            assert word in set(one_edit(other))
