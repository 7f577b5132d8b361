# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

from __future__ import annotations

import pytest
from argon2.low_level import Type, hash_secret

from appliance import passphrase
from appliance.errors import BadInput

WORDS = "école cheval agrafe batterie"


def other(kind: Type = Type.ID, memory: int = 19456, passes: int = 2, lanes: int = 1, salt: bytes = b"s" * 16) -> str:
    return hash_secret(passphrase.normalised(WORDS).encode(), salt, passes, memory, lanes, 32, kind).decode()


def test_words_as_a_keyboard_changes_them() -> None:
    kept = passphrase.hashed(WORDS)
    assert kept.startswith("$argon2id$v=19$m=32768,t=2,p=1$")
    assert passphrase.matches(kept, "  École   Cheval\tAGRAFE batterie ")
    assert passphrase.matches(kept, WORDS.replace("é", "e\u0301"))
    assert not passphrase.matches(kept, "ecole cheval agrafe batterie")
    assert passphrase.hashed(WORDS) != kept


@pytest.mark.parametrize("words", ["", "un deux trois", "agrafe" * 40, "mot " * 100])
def test_too_few_or_too_many(words: str) -> None:
    with pytest.raises(BadInput):
        passphrase.hashed(words)


def test_a_hash_made_elsewhere() -> None:
    assert passphrase.matches(other(), WORDS)
    assert passphrase.usable(other(memory=47104, passes=1))


@pytest.mark.parametrize(
    "phc",
    [
        "", "agrafe", "$argon2id$", "$argon2id$v=19$m=32768,t=2,p=1$é$é", "$6$abc$def",
        "$argon2id$v=19$m=x,t=2,p=1$c2Fs$aGFzaA",
        other(Type.I), other(Type.D), other(memory=1024), other(passes=11), other(lanes=5, memory=20000),
        other().replace("m=19456", "m=99999999"), other().replace("v=19", "v=16"),
    ],
)  # fmt: skip
def test_what_is_no_hash_for_this_box(phc: str) -> None:
    assert not passphrase.usable(phc)
    assert not passphrase.matches(phc, WORDS)


@pytest.mark.parametrize("words", ["", " ", "\0", "\ud800", "x" * 100_000])
def test_nonsense_does_not_match(words: str) -> None:
    assert not passphrase.matches(other(), words)
