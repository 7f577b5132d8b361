# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Is an answer right? Pure functions; ``static/app/quiz.js`` says the same on a tablet without Wi-Fi, this decides.

Responses are written as xAPI-Data 2.4.4.1 has them: parts joined by ``[,]``, pairs by ``[.]``, ranges by ``[:]``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from appliance.errors import BadInput
from appliance.model import MEDIA_KINDS, Choice, Question, QuestionKind

LONGEST_TEXT = 500
"""Characters of a short text."""
MOST_PARTS = 50
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,10})?|\.\d{1,10})", re.ASCII)
_SPACES = re.compile(r"\s+")
_LOOSE = re.compile(r"[\s'’‘ʼ`´-]+")


def response(question: Question, given: str) -> str:
    """``given`` as the statement keeps it: parts in a fixed order, numbers and spaces in one way of writing.

    Raises :class:`BadInput` for what is no answer to this question at all, as any is to a photo or a voice.
    """
    if question.kind in MEDIA_KINDS:
        raise _unfit()
    if question.kind is QuestionKind.CHOICE:
        return _only(given in _ids(question.choices), given)
    if question.kind is QuestionKind.NUMBER:
        return plain(number(given))
    if question.kind is QuestionKind.TEXT:
        words = " ".join(unicodedata.normalize("NFC", given).split())
        return _only(0 < len(words) <= LONGEST_TEXT and words.isprintable(), words)
    parts = given.split("[,]") if given.count("[,]") < MOST_PARTS else []
    if question.kind is QuestionKind.SEVERAL:
        return _only(_some(parts, _ids(question.choices)), "[,]".join(c for c in _ids(question.choices) if c in parts))
    if question.kind is QuestionKind.ORDER:
        return _only(sorted(parts) == sorted(_ids(question.choices)), given)
    return _matched(question, parts)


def right(question: Question, given: str) -> bool:
    """Whether a response made by :func:`response` is right."""
    if question.kind is QuestionKind.NUMBER:
        return abs(number(given) - number(question.answer)) <= number(question.tolerance)
    if question.kind is QuestionKind.TEXT:
        said = _compared(given, loose=question.loose)
        return said in {_compared(words, loose=question.loose) for words in (question.answer, *question.also)}
    return given == response(question, question.answer)


def pattern(question: Question) -> list[str]:
    """``correctResponsesPattern`` (xAPI-Data 2.4.4.1): each alone is a right answer."""
    if question.kind is QuestionKind.TEXT:
        told = "{case_matters=false}" if question.loose else "{case_matters=true}"
        return [told + words for words in (question.answer, *question.also)]
    if question.kind is QuestionKind.NUMBER and number(question.tolerance):
        middle, around = number(question.answer), number(question.tolerance)
        return [f"{plain(middle - around)}[:]{plain(middle + around)}"]
    return [response(question, question.answer)]


def number(text: str) -> Decimal:
    """A number as people write it: comma or point, spaces between thousands. Raises :class:`BadInput`."""
    written = _SPACES.sub("", text).replace(",", ".").replace("−", "-")
    if not _NUMBER.fullmatch(written):
        raise _unfit()
    return Decimal(written)


def plain(value: Decimal) -> str:
    """Without exponent, needless zeros or plus: ``3.5``."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _matched(question: Question, parts: Sequence[str]) -> str:
    pairs = dict(part.split("[.]", 1) for part in parts if "[.]" in part)
    complete = len(pairs) == len(parts) and set(pairs) == set(_ids(question.choices))
    fits = complete and set(pairs.values()) <= set(_ids(question.targets))
    return _only(fits, "[,]".join(f"{name}[.]{pairs.get(name)}" for name in _ids(question.choices)))


def _compared(words: str, *, loose: bool) -> str:
    """What is compared of a text. Loose: without capitals, accents, spaces, hyphens and apostrophes; œ is oe."""
    if not loose:
        return " ".join(unicodedata.normalize("NFC", words).replace("’", "'").split())
    bare = unicodedata.normalize("NFD", words.lower().replace("œ", "oe").replace("æ", "ae"))
    return _LOOSE.sub("", re.sub("[\u0300-\u036f]", "", bare))


def _ids(choices: Sequence[Choice]) -> list[str]:
    return [choice.id for choice in choices]


def _some(parts: Sequence[str], known: Sequence[str]) -> bool:
    return bool(parts) and len(set(parts)) == len(parts) and set(parts) <= set(known)


def _only(fits: bool, text: str) -> str:
    if not fits:
        raise _unfit()
    return text


def _unfit() -> BadInput:
    return BadInput("This answer fits no question of the activity.")
