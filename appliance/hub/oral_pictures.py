# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The box's pictures for words of a sequence, found by a word: what the ready sequences show with them, and their
names in Unicode."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.errors import BadInput
from appliance.hub.quiz_media import bare
from appliance.sequences import pictures, ready
from appliance.sequences.package import DOCUMENT

SHOWN = 24
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_ITEM = re.compile(rf"\{{ text = {_TEXT}, fr = {_TEXT}[^\n]*?\bpicture = {_TEXT}")


@dataclass(frozen=True, slots=True)
class Picture:
    """One of the stock."""

    name: str
    """In French, where a ready sequence says it."""
    words: str
    """Everything that finds it, without capitals and accents."""


@functools.cache
def known() -> Mapping[str, Picture]:
    """OpenMoji code -> picture. Read once, at the first search: the ready documents are ours, one item a line."""
    told: dict[str, list[tuple[int, str, str]]] = {code: [] for code in ready.stock()}
    for name in ready.ids():
        document = (ready.FOLDER / name / DOCUMENT).read_text(encoding="utf-8")
        for english, french, shown in _ITEM.findall(document):
            codes = _codes(json.loads(f'"{shown}"'))
            for code in set(codes) & told.keys():
                told[code].append((len(codes), french, english))
    return {code: _picture(code, sorted(uses)) for code, uses in told.items()}


def _codes(shown: str) -> tuple[str, ...]:
    try:
        return pictures.parse(shown)
    except BadInput:
        return ()


def _picture(code: str, uses: list[tuple[int, str, str]]) -> Picture:
    """Uses where it stands alone, or with few others, come first: they name it best."""
    unicode = " ".join(unicodedata.name(letter, "").lower() for letter in pictures.show(code))
    words = " ".join((unicode, *(f"{french} {english}" for _, french, english in uses)))
    return Picture(uses[0][1] if uses else unicode or code, bare(words))


def found(words: str) -> dict[str, str]:
    """Code -> name of the pictures that each of ``words`` finds, at most :data:`SHOWN`; names before other uses."""
    wanted = bare(words).split()
    fits = [(code, each) for code, each in known().items() if wanted and all(word in each.words for word in wanted)]
    fits.sort(key=lambda fit: not all(word in bare(fit[1].name) for word in wanted))
    return {code: each.name for code, each in fits[:SHOWN]}


def name(code: str) -> str:
    """What a picture shows."""
    return known()[code].name if code in known() else code
