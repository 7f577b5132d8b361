# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sounds of English, from ARPAbet to espeak-ng's mnemonics for its American voice.

Source: ``docs/phonemes.md`` and ``phsource/ph_english_us`` of espeak-ng 1.51; ``|`` keeps two mnemonics apart.
"""

from __future__ import annotations

from collections.abc import Sequence

VOWELS = {
    "AA": "A:", "AE": "a", "AH": "V", "AO": "O:", "AW": "aU", "AY": "aI", "EH": "E", "ER": "3:", "EY": "eI",
    "IH": "I", "IY": "i:", "OW": "oU", "OY": "OI", "UH": "U", "UW": "u:",
}  # fmt: skip
CONSONANTS = {
    "B": "b", "CH": "tS", "D": "d", "DH": "D", "F": "f", "G": "g", "HH": "h", "JH": "dZ", "K": "k", "L": "l",
    "M": "m", "N": "n", "NG": "N", "P": "p", "R": "r", "S": "s", "SH": "S", "T": "t", "TH": "T", "V": "v",
    "W": "w", "Y": "j", "Z": "z", "ZH": "Z",
}  # fmt: skip
UNSTRESSED = {"AH": "@", "ER": "3", "IY": "i"}
"""Vowels that say by themselves that the weight of the word lies elsewhere, and how they sound then."""


def mnemonics(phones: Sequence[str]) -> str:
    """``("SH", "IY", "P")`` -> ``[[S|'i:|p]]``; nothing for no phone.

    ARPAbet comes without stress here. One vowel bears it: the first, unless that is the AH of *about* and a fuller
    vowel follows. Raises KeyError for what is no phone.
    """
    if not phones:
        return ""
    stressed, said = _stressed(phones), []
    for at, phone in enumerate(phones):
        if phone in CONSONANTS:
            said.append(CONSONANTS[phone])
        elif at == stressed:
            said.append(f"'{VOWELS[phone]}")
        else:
            said.append(UNSTRESSED.get(phone) or VOWELS[phone])
    return f"[[{'|'.join(said)}]]"


def _stressed(phones: Sequence[str]) -> int:
    """Which phone bears the weight; -1 for a word without a vowel."""
    vowels = [at for at, phone in enumerate(phones) if phone in VOWELS]
    full = [at for at in vowels if phones[at] not in UNSTRESSED]
    if vowels and phones[vowels[0]] == "AH" and full:
        return full[0]
    return vowels[0] if vowels else -1
