# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Words are found in the dictionary's file as a reader of the whole finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.drivers.speech_pocketsphinx import dictionary as path
from appliance.errors import BadInput, Unreachable
from appliance.sequences import ready
from appliance.sequences.dictionary import Dictionary, sounds_like


@pytest.fixture(scope="module")
def whole() -> Dictionary:
    return Dictionary(path())


def test_every_word_of_the_ready_sequences_is_said_as_listed(whole: Dictionary) -> None:
    used = {word for sequence in ready.sequences() for item in sequence.items for word in item.words}
    assert len(used) > 700
    listed: dict[str, list[tuple[str, ...]]] = {word: [] for word in used}
    for line in path().read_text(encoding="utf-8").splitlines():
        head, *phones = line.split()
        if (word := head.partition("(")[0]) in used:
            listed[word].append(tuple(phones))
    assert not [word for word in used if list(whole.ways(word)) != listed[word]]


def test_the_ends_of_the_file_are_found(tmp_path: Path, whole: Dictionary) -> None:
    (tmp_path / "d").write_bytes(b"a AH\na(2) EY\nab AE B\nz Z IY")
    small = Dictionary(tmp_path / "d")
    assert small.ways("a") == (("AH",), ("EY",))
    assert small.ways("ab") == (("AE", "B"),)
    assert small.ways("z") == (("Z", "IY"),)
    assert small.ways("aa") == small.ways("zz") == ()
    assert whole.ways("a")[0] == ("AH",)
    assert whole.ways("zywicki")


@pytest.mark.parametrize("word", ["", "Zebra", "zeb ra", "zebra(2)", "z\n", "é", "x" * 500, "\0"])
def test_what_is_no_word_is_not_known(whole: Dictionary, word: str) -> None:
    assert whole.ways(word) == ()


def test_without_a_dictionary_no_word_is_known(tmp_path: Path) -> None:
    assert Dictionary().ways("cat") == ()
    with pytest.raises(Unreachable):
        Dictionary(tmp_path / "none").ways("cat")
    (tmp_path / "empty").touch()
    with pytest.raises(Unreachable):
        Dictionary(tmp_path / "empty").ways("cat")


@pytest.mark.parametrize(
    ("text", "phones"),
    [("bell uh", "B EH L AH"), ("B EH1 L AH0", "B EH L AH"), (" Zoo ", "Z UW"), ("what's", "W AH T S")],
)
def test_a_word_sounds_like_others(whole: Dictionary, text: str, phones: str) -> None:
    assert sounds_like(text, whole) == phones


@pytest.mark.parametrize("text", ["", "…", "chouette alors", "anticonstitutionnellement", "banana " * 20])
def test_what_tells_no_sound_is_refused(whole: Dictionary, text: str) -> None:
    with pytest.raises(BadInput):
        sounds_like(text, whole)
