# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""From the editor's fields to a question, and back. Pure but for the names of pictures, which are given."""

from __future__ import annotations

import dataclasses
import hashlib
import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from appliance.errors import BadInput
from appliance.hub import quiz_judging
from appliance.model import MINE, Choice, Question, QuestionKind

ROWS = 6
"""Choices that a question may have."""
LEAST = 2
LONGEST = 300
"""Characters of a prompt or a sentence."""
LONGEST_CHOICE = 120


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the editor."""

    text: str = ""
    picture: str = ""
    """A name, as the list of pictures has it."""
    right: bool = False
    target: str = ""
    """What it is matched with."""
    sound: str = ""
    """As :attr:`appliance.model.Choice.sound`."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the editor's fields, right or not."""

    kind: QuestionKind
    id: str = ""
    prompt: str = ""
    picture: str = ""
    rows: Sequence[Row] = field(default_factory=tuple)
    answers: str = ""
    """A number, or words, one right answer a line."""
    tolerance: str = ""
    loose: bool = True
    right: str = ""
    wrong: str = ""
    sound: str = ""

    def lines(self) -> list[Row]:
        """Every line of the form, empty ones at the end."""
        return [*self.rows, *[Row()] * (ROWS - len(self.rows))][:ROWS]


def filled(form: MultiDict[str, str]) -> Draft:
    """The fields as they came. Raises :class:`BadInput` for a kind that there is not."""
    kind = form.get("kind", "")
    if kind not in list(QuestionKind):
        raise BadInput("There is no such kind of question.")
    ticked = set(form.getlist("right"))
    rows = [
        Row(_line(form.get(f"text{n}", "")), form.get(f"picture{n}", "").strip(), str(n) in ticked,
            _line(form.get(f"target{n}", "")), form.get(f"sound{n}", ""))
        for n in range(ROWS)
    ]  # fmt: skip
    return Draft(
        QuestionKind(kind), form.get("id", ""), _line(form.get("prompt", "")), form.get("picture", "").strip(),
        [row for row in rows if row != Row() and row != Row(right=True)], form.get("answers", "").strip(),
        form.get("tolerance", "").strip(), "loose" in form, _line(form.get("feedback_right", "")),
        _line(form.get("feedback_wrong", "")), form.get("sound", ""),
    )  # fmt: skip


def _line(text: str) -> str:
    return " ".join(text.split())


def shown(question: Question, names: Mapping[str, str]) -> Draft:
    """A question in the editor's fields. ``names``: picture -> its name."""
    targets = {target.id: target.text for target in question.targets}
    parts = question.answer.split("[,]")
    pairs = dict(part.split("[.]", 1) for part in parts if "[.]" in part)
    listed = list(question.choices)
    if question.kind is QuestionKind.ORDER:
        known = {choice.id: choice for choice in listed}
        listed = [known[name] for name in parts if name in known]
    partner = {name: targets.get(target, "") for name, target in pairs.items()}
    rows = [
        Row(
            choice.text,
            names.get(choice.image or "", ""),
            choice.id in parts,
            partner.get(choice.id, ""),
            _own(choice.sound),
        )
        for choice in listed
    ]
    number = question.kind is QuestionKind.NUMBER
    answers = question.answer.replace(".", ",") if number else "\n".join((question.answer, *question.also))
    written = answers if question.kind in (QuestionKind.NUMBER, QuestionKind.TEXT) else ""
    return Draft(
        question.kind, question.id, question.prompt, names.get(question.image or "", ""), rows, written,
        "" if question.tolerance == "0" else question.tolerance.replace(".", ","), question.loose, question.right,
        question.wrong, _own(question.sound),
    )  # fmt: skip


def _own(sound: str | None) -> str:
    return sound if sound and sound.startswith(MINE) else ""


def fields(draft: Draft) -> MultiDict[str, str]:
    """A draft as the form sends it: :func:`filled` makes the same of it."""
    form = MultiDict({"kind": str(draft.kind), "id": draft.id, "prompt": draft.prompt, "picture": draft.picture,
                      "answers": draft.answers, "tolerance": draft.tolerance, "feedback_right": draft.right,
                      "feedback_wrong": draft.wrong, "sound": draft.sound})  # fmt: skip
    if draft.loose:
        form["loose"] = "on"
    for n, row in enumerate(draft.rows):
        form.update(
            {f"text{n}": row.text, f"picture{n}": row.picture, f"target{n}": row.target, f"sound{n}": row.sound}
        )
        if row.right:
            form.add("right", str(n))
    return form


def question(
    draft: Draft, pictures: Mapping[str, str], sounds: Collection[str] = (), clip: str | None = None
) -> Question:
    """The question. ``pictures``: name in lower case -> picture; ``sounds``: those that there are; ``clip``: what says
    the prompt where the draft has no sound. Raises :class:`BadInput` with what to do."""
    if any(sound and sound not in sounds for sound in (draft.sound, *(row.sound for row in draft.rows))):
        raise BadInput("This picture or sound is no longer on the box: choose it again.")
    if not draft.prompt or max(map(len, (draft.prompt, draft.right, draft.wrong))) > LONGEST:
        raise BadInput("Write the question, in at most %(most)s characters.", most=LONGEST)
    made = _MAKERS[draft.kind](draft, pictures)
    return Question(
        draft.id, draft.prompt, made.choices, made.answer, draft.right, draft.wrong, draft.sound or clip, draft.kind,
        made.targets, made.also, made.tolerance, draft.loose, _picture(draft.picture, pictures),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Made:
    answer: str
    choices: tuple[Choice, ...] = ()
    targets: tuple[Choice, ...] = ()
    also: tuple[str, ...] = ()
    tolerance: str = "0"


def _choices(draft: Draft, pictures: Mapping[str, str]) -> tuple[Choice, ...]:
    if any(not row.text for row in draft.rows):
        raise BadInput("Give each line its words: they are read aloud where there is a picture.")
    if len(draft.rows) < LEAST or any(len(row.text) > LONGEST_CHOICE for row in draft.rows):
        raise BadInput("Fill in %(least)s lines at least, each of at most %(most)s characters.", least=LEAST,
                       most=LONGEST_CHOICE)  # fmt: skip
    return tuple(Choice(name, row.text, _picture(row.picture, pictures), row.sound or None)
                 for name, row in zip(string.ascii_lowercase, draft.rows, strict=False))  # fmt: skip


def _ticked(draft: Draft, pictures: Mapping[str, str]) -> _Made:
    choices = _choices(draft, pictures)
    right = [choice.id for choice, row in zip(choices, draft.rows, strict=True) if row.right]
    if not right or (draft.kind is QuestionKind.CHOICE and len(right) != 1):
        raise BadInput("Tick what is right.")
    return _Made("[,]".join(right), choices)


def _ordered(draft: Draft, pictures: Mapping[str, str]) -> _Made:
    listed = _choices(draft, pictures)
    mixed = _mixed(listed)
    if len({choice.text for choice in listed}) < len(listed):
        raise BadInput("Two lines are the same: make each different.")
    named = {choice.id: dataclasses.replace(choice, id=name)
             for name, choice in zip(string.ascii_lowercase, mixed, strict=False)}  # fmt: skip
    return _Made("[,]".join(named[choice.id].id for choice in listed), tuple(named[choice.id] for choice in mixed))


def _matched(draft: Draft, pictures: Mapping[str, str]) -> _Made:
    choices = _choices(draft, pictures)
    if any(not row.target or len(row.target) > LONGEST_CHOICE for row in draft.rows):
        raise BadInput("Give each line its partner.")
    words = dict.fromkeys(row.target for row in draft.rows)
    mixed = _mixed([Choice("", text) for text in words])
    targets = tuple(Choice(str(number), target.text) for number, target in enumerate(mixed, 1))
    number = {target.text: target.id for target in targets}
    pairs = [f"{choice.id}[.]{number[row.target]}" for choice, row in zip(choices, draft.rows, strict=True)]
    return _Made("[,]".join(pairs), choices, targets)


def _numeric(draft: Draft, pictures: Mapping[str, str]) -> _Made:
    try:
        answer, around = quiz_judging.number(draft.answers), quiz_judging.number(draft.tolerance or "0")
    except BadInput as error:
        raise BadInput("Write the right answer as a number, such as 3,5.") from error
    return _Made(quiz_judging.plain(answer), tolerance=quiz_judging.plain(abs(around)))


def _worded(draft: Draft, pictures: Mapping[str, str]) -> _Made:
    words = [_line(line) for line in draft.answers.splitlines() if line.strip()]
    if not words or any(len(line) > LONGEST_CHOICE for line in words):
        raise BadInput("Write the right answers, one a line, each of at most %(most)s characters.", most=LONGEST_CHOICE)
    return _Made(words[0], also=tuple(words[1:]))


def _looked_at(draft: Draft, pictures: Mapping[str, str]) -> _Made:
    return _Made("")


_MAKERS = {
    QuestionKind.CHOICE: _ticked,
    QuestionKind.SEVERAL: _ticked,
    QuestionKind.ORDER: _ordered,
    QuestionKind.MATCH: _matched,
    QuestionKind.NUMBER: _numeric,
    QuestionKind.TEXT: _worded,
    QuestionKind.PHOTO: _looked_at,
    QuestionKind.VOICE: _looked_at,
}


def _mixed(choices: Sequence[Choice]) -> list[Choice]:
    """In an order that tells nothing, and always the same for the same, so that saving again changes nothing."""
    mixed = sorted(choices, key=lambda choice: hashlib.sha256(choice.text.encode()).digest())
    return mixed[1:] + mixed[:1] if mixed == list(choices) else mixed


def _picture(name: str, pictures: Mapping[str, str]) -> str | None:
    if not name:
        return None
    if name.lower() not in pictures:
        raise BadInput("There is no picture called “%(name)s”: choose one of the list.", name=name)
    return pictures[name.lower()]
