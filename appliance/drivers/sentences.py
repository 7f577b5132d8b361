# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sentences as voices take them: how a text is set for the eye does not change how it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from appliance.ports import MAX_SPOKEN

_ENGLISH_WORD = re.compile(r"([A-Za-z]+(?:['’][A-Za-z]+)*)")
_FOR_THE_EYE = str.maketrans({"\N{NON-BREAKING HYPHEN}": "-", "\N{SOFT HYPHEN}": None, "\N{ZERO WIDTH SPACE}": None})


def plain(text: str) -> str:
    """One line; spaces of any kind and what cannot be printed count as one space."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text.translate(_FOR_THE_EYE))
    return " ".join(shown.split())


def sayable(text: str) -> bool:
    """Whether there is something to say in ``text``, and not too much."""
    return len(text) <= MAX_SPOKEN and re.search(r"\w", text) is not None


def pieces(text: str, sounds: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """``text`` in order, cut at the words of ``sounds``: each piece, and how to say it where that is given."""
    for piece in _ENGLISH_WORD.split(text) if sounds else (text,):
        if piece:
            yield piece, tuple(sounds.get(piece.lower().replace("’", "'"), "").split())
