# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A teacher's mistakes in sequence.toml are named with their place; nothing that is written makes the reader fall."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadInput
from appliance.sequences import checks, kinds, pictures, sounds
from appliance.sequences.reader import MOST_BYTES, read
from appliance.sequences.sequence import Sequence, slug, words
from appliance.sequences.writer import write

GOOD = """\
format = 1
id = "my-zoo"
title = { fr = "Mon zoo", en = "My zoo" }
theme = "animals"
level = "ce2"
licence = "CC-BY-SA-4.0"
authors = ["Une école"]
objectives = ["Nommer des animaux"]

items = [
  { text = "zoo", fr = "un zoo", picture = "🦁 🐘" },
  { text = "ship", fr = "un navire", picture = "🚢" },
  { text = "sheep", fr = "un mouton", picture = "bella.png", say = { sheep = "SH IY1 P" } },
  { text = "What is it?", fr = "Qu'est-ce que c'est ?", picture = "❓" },
  { text = "It’s a zoo.", fr = "C'est un zoo.", picture = "🦁", answer_to = "What is it?", beats = [1, 0.5, 2] },
]

[[activities]]
kind = "listen-repeat"
items = "words"

[[activities]]
kind = "minimal-pairs"
pairs = [["ship", "sheep"]]
focus = ["ih/iy"]

[[activities]]
kind = "question-answer"

[[activities]]
kind = "song"
items = ["It's a zoo.", "It's a zoo."]
tempo = 90
instructions = "Chante."

[teacher]
minutes = 20
modes = ["class"]
steps = ["Écouter."]
"""


def good() -> Sequence:
    return read(GOOD.encode())


def test_what_is_read() -> None:
    sequence = good()
    repeat, pairs, answers, song = sequence.activities
    assert repeat.items == ("zoo", "ship", "sheep")
    assert pairs.items == ("ship", "sheep")
    assert answers.items == ("What is it?", "It's a zoo.")
    assert (song.tempo, len(song.items), song.instructions) == (90, 2, "Chante.")
    assert [item.kind for item in sequence.items] == ["word", "word", "word", "phrase", "phrase"]
    assert sequence.item("zoo").pictures == ("1F981", "1F418")
    assert sequence.item("sheep").pronunciations == {"sheep": "SH IY P"}
    assert sequence.item("It's a zoo.").beats == (1, 0.5, 2)


def test_round_trip() -> None:
    assert read(write(good())) == good()


def test_words_and_names_of_files() -> None:
    assert words("It’s half past two, bye-bye!") == ("it's", "half", "past", "two", "bye", "bye")
    assert slug("What's your name?") == "whats-your-name"


def test_no_two_sounds_have_one_name() -> None:
    said = ("go", "go-slow", "go-slow-slow", "go-normal", "go-slow-normal")
    names = [sounds.name(each, speed) for each in said for speed in sounds.SPEEDS]
    assert len({*names}) == len(names)
    assert names[:2] == ["go.mp3", "go-slow.mp3"]


MISTAKES = {
    "an open quote": ('"My zoo" }', '"My zoo }', "Line 3 of sequence.toml cannot be read"),
    "an unknown key": ('theme = "animals"', 'theme = "animals"\ncolour = "red"', "“colour” is not known here"),
    "a code of no character": ('picture = "🚢"', 'picture = "FFFFFF"', r"Item 2 \(ship\): “FFFFFF” is no picture"),
    "half of a character": ('picture = "🚢"', 'picture = "1F411-D800"', "is no picture"),
    "an unknown key of an item": ('picture = "🚢"', 'pictur = "🚢"', r"Item 2 \(ship\): “pictur” is not known"),
    "another format": ("format = 1", "format = 2", "not of format 1"),
    "an unknown theme": ('"animals"', '"dragons"', "“theme” is “dragons”: it must be one of greetings"),
    "an unknown level": ('"ce2"', '"cp"', "“level” is “cp”: it must be one of cp-ce1, ce2, cm1-cm2"),
    "a closed licence": ('"CC-BY-SA-4.0"', '"All rights reserved"', "“licence” is"),
    "an id with spaces": ('"my-zoo"', '"My zoo"', "The id “My zoo” must be"),
    "no title": ('title = { fr = "Mon zoo", en = "My zoo" }', "", "The part “title” is missing"),
    "an item twice": ('"ship", fr', '"Sheep", fr', r"Item 3 \(sheep\): It is there twice"),
    "digits": ('text = "zoo"', 'text = "zoo 2"', r"Item 1 \(zoo 2\): Write English letters only"),
    "no gloss": ('fr = "un zoo"', 'fr = " "', r"Item 1 \(zoo\): “fr” must be one line"),
    "two lines": ('fr = "un zoo"', 'fr = "un\\nzoo"', r"Item 1 \(zoo\): “fr” must be one line"),
    "hidden direction": ('fr = "un zoo"', 'fr = "un \\u202Eooz"', r"Item 1 \(zoo\): “fr” must be one line"),
    "four pictures": ('"🦁 🐘"', '"🦁 🐘 🦁 🐘"', r"Item 1 \(zoo\): There are 4 pictures"),
    "a picture that is a word": ('"🦁 🐘"', '"lion"', "“lion” is no picture"),
    "a drawing with scripts": ('"bella.png"', '"bella.svg"', "“bella.svg” is no picture"),
    "a picture elsewhere": ('"bella.png"', '"../bella.png"', "is no picture"),
    "a sound that is none": ("SH IY1 P", "SH EE P", r"Item 3 \(sheep\): “EE” is no sound of ARPAbet"),
    "sounds of another word": ("sheep = ", "goat = ", "“say” gives the sounds of “goat”"),
    "an answer to nothing": (
        'answer_to = "What is it?"',
        'answer_to = "Who?"',
        "It answers “Who\\?”, which is no item",
    ),
    "too few beats": ("[1, 0.5, 2]", "[1]", "There are 1 beats for 3 words"),
    "no beat": ("[1, 0.5, 2]", "[1, 0, 2]", "“beats” must be a list of numbers over 0"),
    "an activity without a name": ('kind = "song"', 'kind = "opera"', r"Activity 4 \(opera\): “kind” is “opera”"),
    "an item that is not there": ('["It\'s a zoo.", ', '["A zoo.", ', r"Activity 4 \(song\): “A zoo.” is no item"),
    "a pair of one": ('["ship", "sheep"]]', '["ship"]]', r"Activity 2 \(minimal-pairs\): A pair is two"),
    "pairs about nothing": ('focus = ["ih/iy"]', "", "Minimal pairs are about one contrast"),
    "a contrast that is never judged": ('"ih/iy"', '"th/s"', "“focus” is “th/s”: it must be one of w/v"),
    "a song without time": ("tempo = 90", "tempo = 9", "“tempo” must be a whole number from 40 to 200"),
    "no list in a song": ('items = ["It\'s a zoo.", "It\'s a zoo."]', "", "List its items in order"),
    "no minutes": ("minutes = 20", "minutes = true", "The teacher's sheet: “minutes” must be a whole number"),
    "an unknown mode": ('["class"]', '["crowd"]', "The teacher's sheet: “modes” is “crowd”"),
    "no steps": ('["Écouter."]', "[]", "The teacher's sheet: “steps” must be a list of 1 to 12"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_place(mistake: str) -> None:
    before, after, message = MISTAKES[mistake]
    assert GOOD.count(before) >= 1
    with pytest.raises(BadInput, match=message):
        read(GOOD.replace(before, after).encode())


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"\xff" + GOOD.encode(), "Line 1 of sequence.toml is not UTF-8"),
        (b"#" * (MOST_BYTES + 1), "too large"),
        (b"", "format 1"),
        (b"a = " + b"[" * 5000, "Line|brackets"),
        (GOOD.encode().replace(b"items = [\n", b"items = [\n" + b'  { text = "a", fr = "b" },\n' * 81), "more than 80"),
    ],
    ids=["not text", "a crowd of bytes", "empty", "deep", "a crowd of items"],
)
def test_other_files_are_refused(document: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(document)


HEAD, ITEM = b'format = 1\nid = "zoo"\ntitle = { fr = "a", en = "b" }\n', b"items = [ { text"
DEEP = {
    "a key of many parts": (HEAD + b"a" + b".a" * (MOST_BYTES // 3) + b" = 1\n", "Line 4 "),
    "one with quotes": (HEAD + b"a" + b' . "="' * (MOST_BYTES // 8) + b" = 1\n", "Line 4 "),
    "one in a table": (HEAD + ITEM + b".a" * (MOST_BYTES // 3) + b" = 1 } ]\n", "Line 4 "),
    "tables of such": (
        HEAD + ITEM + b" = { a" + b".a = { a".join([b".a" * 20] * 60) + b"=1" + b"}" * 60 + b" } ]\n",
        "Item 1",
    ),
    "no key, and no end": (HEAD + b"a" * (MOST_BYTES - len(HEAD) - 1) + b"\n", "Line 4 "),
    "a number of thousands of digits": (HEAD + b"minutes = " + b"9" * 5000 + b"\n", "Line"),
}


@pytest.mark.parametrize("harm", DEEP)
def test_no_file_takes_much_time_or_memory(harm: str) -> None:
    document, message = DEEP[harm]
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=message):
            read(document)
        assert tracemalloc.get_traced_memory()[1] < 20 * MOST_BYTES
    finally:
        tracemalloc.stop()


KEYS = st.sampled_from(
    ["text", "fr", "picture", "say", "answer_to", "beats", "kind", "items", "pairs", "focus", "tempo"]
)
VALUES = st.sampled_from(['"zoo"', "1", "true", "[]", "[[]]", "{}", '["ship", 1]', "1979-05-27", "inf", '""', "-1"])


@given(st.integers(0, 4), KEYS, VALUES)
def test_any_value_anywhere_is_read_or_refused(where: int, key: str, value: str) -> None:
    spots = ["format = 1", "{ text", 'kind = "song"', "minutes = 20", 'kind = "minimal-pairs"']
    text = GOOD.replace(spots[where], f"{key} = {value}, text" if where == 1 else f"{spots[where]}\n{key} = {value}")
    try:
        sequence = read(text.encode())
    except BadInput:
        return
    assert read(write(sequence)) == sequence


@given(st.text(max_size=40))
def test_any_picture_is_read_back_or_refused(value: str) -> None:
    try:
        found = pictures.parse(value)
    except BadInput:
        return
    assert pictures.parse(" ".join(map(pictures.show, found))) == found


def test_flags_and_families_are_one_picture_each() -> None:
    assert pictures.parse("🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️ 1️⃣") == ("1F3F4-E0067-E0062-E0065-E006E-E0067-E007F", "2764", "0031-20E3")
    assert pictures.parse("👨‍🦲") == ("1F468-200D-1F9B2",)


def test_a_sheet_holds_each_picture_once_and_wants_no_other() -> None:
    stock = {"1F981": '<symbol id="1F981" viewBox="0 0 72 72"><path/></symbol>'}
    sheet = pictures.sheet(["1F981", "1F981"], stock)
    assert pictures.symbols(sheet) == stock
    with pytest.raises(BadInput, match="no picture “🐘”"):
        pictures.sheet(["1F418"], stock)


Said = dict[str, list[tuple[str, ...]]]
SAID: Said = {"ship": [("SH", "IH", "P")], "zoo": [("Z", "UW")], "it's": [("IH", "T", "S")], "a": [("AH",)]}


def test_findings_of_a_teachers_sequence() -> None:
    sequence = good()
    assert [str(found) for found in checks.vocabulary(sequence, SAID.__contains__)] == [
        f"“What is it?”: the box does not know the word “{word}”: say how it sounds." for word in ("what", "is", "it")
    ]
    assert not checks.contrasts(sequence, lambda word: SAID.get(word, []))
    changed = read(GOOD.replace('focus = ["ih/iy"]', 'focus = ["v/f"]').encode())
    assert [str(found) for found in checks.contrasts(changed, lambda word: SAID.get(word, []))] == [
        "Activity 2: no item has the sounds of “v/f”.",
        "Activity 2: “ship” and “sheep” do not differ by “v/f” alone.",
    ]
    assert [str(found) for found in checks.shown(sequence, {"1F981", "1F418", "2753"})] == [
        "“ship”: the box has no picture “🚢”."
    ]


def test_an_h_is_there_or_not() -> None:
    text = GOOD.replace("ih/iy", "h").replace("ship", "hat").replace("sheep", "at").replace("SH IY1 P", "AE T")
    sequence = read(text.encode())
    said: Said = {"hat": [("HH", "AE", "T")], "at": [("AE", "T")]}
    assert not checks.contrasts(sequence, lambda word: said.get(word, []))


def test_the_lists_are_closed_and_told() -> None:
    assert all(phones <= kinds.PHONES for sides in kinds.CONTRASTS.values() for phones in sides)
    assert "th/s" not in kinds.CONTRASTS
