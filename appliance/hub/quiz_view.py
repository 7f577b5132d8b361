# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A quiz as a page shows it: its questions in parts that fit the budget, with what was answered and what is said."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.hub import quiz_judging
from appliance.hub.language import gettext
from appliance.model import MEDIA_KINDS, Activity, Choice, Question, QuestionKind

NODES = 102
"""Elements of questions in one part; a pupil's page has 180, of which the rest takes about 70."""
_FORM = 15
"""Elements of a question without its choices, its loudspeaker included."""
_EACH = {QuestionKind.CHOICE: 3, QuestionKind.SEVERAL: 4, QuestionKind.ORDER: 6, QuestionKind.MATCH: 4}
"""Of each choice, its picture included."""
_HEARD = 4
"""Of a choice's own loudspeaker."""
_PHOTO = 25
"""Of a question's picture: fewer elements than that, but many bytes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A question on a page, and how it stands for one pupil."""

    question: Question
    attempt: str
    """The id that the next answer will carry."""
    given: str | None
    """The response, None when there is none yet; empty for a text, which nobody can read here."""
    correct: bool | None
    """None: not answered, or the page may not tell."""
    tells: bool
    """Whether the page holds the right answer."""

    @property
    def answered(self) -> bool:
        """Whether there is nothing left to do here."""
        return self.given is not None

    @property
    def choices(self) -> Sequence[Choice]:
        """In the order to show them: as the pupil arranged them, for what is to be put in order."""
        if self.question.kind is not QuestionKind.ORDER or not self.given:
            return self.question.choices
        known = {choice.id: choice for choice in self.question.choices}
        return [known[name] for name in self.given.split("[,]") if name in known]

    @property
    def arranged(self) -> str:
        """The order shown, as a response."""
        return "[,]".join(choice.id for choice in self.choices)

    def moved(self, index: int, by: int) -> str:
        """The response when what stands at ``index`` goes up (-1) or down (1); the same at the end of the list."""
        names = [choice.id for choice in self.choices]
        other = index + by
        if 0 <= other < len(names):
            names[index], names[other] = names[other], names[index]
        return "[,]".join(names)

    def picked(self, choice: str) -> bool:
        """Whether the pupil chose it."""
        return choice in (self.given or "").split("[,]")

    def paired(self, choice: str) -> str:
        """The target that the pupil matched it with; empty for none."""
        pairs = dict(part.split("[.]", 1) for part in (self.given or "").split("[,]") if "[.]" in part)
        return pairs.get(choice, "")

    def mark(self, choice: str) -> str:
        """``right``, ``wrong`` or nothing, for a choice of an answered question whose correction may be seen."""
        if not self.answered or not self.tells:
            return ""
        if choice in self.question.answer.split("[,]"):
            return "right"
        return "wrong" if self.picked(choice) else ""

    @property
    def medium(self) -> bool:
        """Whether the answer is a photo or a voice, which nobody judges here."""
        return self.question.kind in MEDIA_KINDS

    @property
    def pictures(self) -> bool:
        """Whether its choices are shown as pictures."""
        return any(choice.image for choice in self.question.choices)

    @property
    def picture_targets(self) -> bool:
        """Whether what is matched with is shown, not named in a list."""
        return any(choice.image for choice in self.question.targets)

    @property
    def right(self) -> str:
        """Said after a right answer."""
        return self.question.right or str(gettext("Right!"))

    @property
    def wrong(self) -> str:
        """Said after a wrong one."""
        answer = in_words(self.question)
        return self.question.wrong or str(gettext("Not this time. The answer: %(answer)s.", answer=answer))

    @property
    def feedback(self) -> str:
        """What stands below the question now."""
        if not self.answered:
            return ""
        if self.medium:
            return str(gettext("Sent. Your teacher will look at it."))
        if not self.tells:
            return str(gettext("Answer given. The correction comes later."))
        return self.right if self.correct else self.wrong

    @property
    def keys(self) -> str:
        """Every right answer to a text, or the one right response, for the page's script."""
        return "\n".join((self.question.answer, *self.question.also))


def in_words(question: Question) -> str:
    """The right answer as people say it."""
    names = {choice.id: choice.text for choice in (*question.choices, *question.targets)}
    if question.kind in (QuestionKind.NUMBER, QuestionKind.TEXT):
        number = question.kind is QuestionKind.NUMBER
        return quiz_judging.plain(quiz_judging.number(question.answer)).replace(".", ",") if number else question.answer
    if question.kind is QuestionKind.MATCH:
        pairs = (part.partition("[.]") for part in question.answer.split("[,]"))
        return ", ".join(f"{names.get(left, left)} → {names.get(right, right)}" for left, _, right in pairs)
    arrow = " → " if question.kind is QuestionKind.ORDER else ", "
    return arrow.join(names.get(part, part) for part in question.answer.split("[,]"))


def shown(
    activity: Activity,
    results: Mapping[str, tuple[str, bool]],
    *,
    tells: bool,
    arranged: Mapping[str, str] | None = None,
) -> list[Shown]:
    """``results``: question -> (response, right?) of the pupil; ``arranged``: orders that are not sent yet."""
    return [_shown(question, results.get(question.id), tells, (arranged or {}).get(question.id))
            for question in activity.questions]  # fmt: skip


def _shown(question: Question, result: tuple[str, bool] | None, tells: bool, arranged: str | None) -> Shown:
    if result is None and arranged is not None:
        question = _arranged(question, arranged)
    given, correct = result or (None, None)
    return Shown(question, str(uuid.uuid4()), given, correct if tells else None, tells)


def _arranged(question: Question, order: str) -> Question:
    known = {choice.id: choice for choice in question.choices}
    names = order.split("[,]")
    if sorted(names) != sorted(known):
        return question
    return dataclasses.replace(question, choices=tuple(known[name] for name in names))


def parts(questions: Sequence[Shown]) -> list[list[Shown]]:
    """Cut where a part would have too many elements; at least one part, each with at least one question."""
    found: list[list[Shown]] = [[]]
    room = NODES
    for each in questions:
        size = nodes(each.question)
        if found[-1] and size > room:
            found.append([])
            room = NODES
        found[-1].append(each)
        room -= size
    return found


def questions(several: Sequence[Sequence[Shown]]) -> list[list[Question]]:
    """The questions of each part."""
    return [[each.question for each in part] for part in several]


def is_photo(image: str | None) -> bool:
    """Whether it comes with many bytes; an animal comes with the page."""
    return image is not None and ":" in image


def nodes(question: Question) -> int:
    """About how many elements it takes."""
    each = _EACH.get(question.kind, 0)
    targets = len(question.targets) + 1 if question.kind is QuestionKind.MATCH else 0
    if any(target.image for target in question.targets):
        targets *= 5
    heard = _HEARD * sum(bool(choice.sound) for choice in (*question.choices, *question.targets))
    return _FORM + len(question.choices) * (each + targets) + heard + (_PHOTO if is_photo(question.image) else 0)
