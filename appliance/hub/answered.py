# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An answer as an xAPI statement (xAPI-Data 2.4.4.1, interaction activities)."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Sequence
from typing import Any

from appliance.errors import BadInput
from appliance.hub import quiz_judging
from appliance.model import MEDIA_KINDS, Activity, Choice, Question, QuestionKind
from appliance.xapi import identifiers
from appliance.xapi.preparing import Prepared, prepare
from appliance.xapi.reading import Raw
from appliance.xapi.version import Version

VERB = {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": "a répondu", "en": "answered"}}
INTERACTIONS = {
    QuestionKind.CHOICE: "choice",
    QuestionKind.SEVERAL: "choice",
    QuestionKind.ORDER: "sequencing",
    QuestionKind.MATCH: "matching",
    QuestionKind.NUMBER: "numeric",
    QuestionKind.TEXT: "fill-in",
    QuestionKind.PHOTO: "other",
    QuestionKind.VOICE: "other",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it arrived. ``age_s``: seconds between the tap and the delivery, by the tablet's own clock."""

    id: str
    pupil: str
    lesson: str
    question: str
    response: str
    """Of a photo or a voice: what :func:`sealed_id` tells its bytes by."""
    age_s: float = 0.0
    team: tuple[str, ...] = ()
    """The pupils who share the tablet, ``pupil`` among them; empty for one alone."""

    def each(self) -> list[Answer]:
        """Itself; of a team, one for each member, whose id follows from the answer's and the member's."""
        if not self.team:
            return [self]
        return [dataclasses.replace(self, id=member_id(self.id, pupil), pupil=pupil) for pupil in self.team]


def member_id(answer: str, pupil: str) -> str:
    """The id of the statement that a team's answer is for one of its members."""
    return str(uuid.uuid5(uuid.UUID(answer), pupil))


def sealed_id(statement: str, mark: str = "") -> str:
    """Under which id a free text is sealed: always the same, so that a delivery repeated says the same.

    ``mark``: of a medium, what other bytes would not have; under the same id they make another statement, which is
    refused.
    """
    return str(uuid.uuid5(uuid.UUID(statement), "sealed" + mark))


def asked(activity: Activity, answer: Answer) -> Question:
    """The question that is answered. Raises :class:`BadInput`."""
    for question in activity.questions:
        if question.id == answer.question:
            return question
    raise BadInput("This answer fits no question of the activity.")


def prepared(box: str, activity: Activity, answer: Answer) -> Prepared:
    """The statement, ready to be appended; its time is the box's, ``age_s`` ago.

    The same answer always makes the same text, so that a delivery repeated is stored once. A free text and a medium
    are not in it.
    Raises :class:`BadInput` when the activity has no such question or the question no such answer.
    """
    value = _statement(box, activity, asked(activity, answer), answer)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return prepare(Raw(text, value), Version.V1, identifiers.own_authority(box), age_s=max(0.0, answer.age_s))


def _statement(box: str, activity: Activity, question: Question, answer: Answer) -> dict[str, Any]:
    about, lesson = identifiers.activity(box, activity.id), identifiers.lesson(box, answer.lesson)
    return {
        "id": answer.id,
        "actor": identifiers.pupil(box, answer.pupil),
        "verb": VERB,
        "object": {
            "objectType": "Activity",
            "id": identifiers.question(box, activity.id, question.id),
            "definition": definition(question),
        },
        "result": _result(question, answer),
        "context": {
            "registration": identifiers.registration(box, answer.lesson),
            **({"team": identifiers.team(box, answer.lesson, answer.team)} if answer.team else {}),
            "contextActivities": {"parent": [{"id": about}], "grouping": [{"id": lesson}]},
            "platform": "Cartable",
        },
    }


def definition(question: Question) -> dict[str, Any]:
    """What is asked, and what is right."""
    kind = INTERACTIONS[question.kind]
    lists = {"source": question.choices, "target": question.targets} if kind == "matching" else {}
    if kind in ("choice", "sequencing"):
        lists = {"choices": question.choices}
    return {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": kind,
        "description": {"fr": question.prompt},
        **{name: _components(several) for name, several in lists.items()},
        **({} if kind == "other" else {"correctResponsesPattern": quiz_judging.pattern(question)}),
    }


def _components(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    return [{"id": choice.id, "description": {"fr": choice.text}} for choice in choices]


def _result(question: Question, answer: Answer) -> dict[str, Any]:
    if question.kind in MEDIA_KINDS:
        return {"completion": True, "extensions": {identifiers.SEALED: sealed_id(answer.id, answer.response)}}
    given = quiz_judging.response(question, answer.response)
    result = {"success": quiz_judging.right(question, given), "completion": True}
    if question.kind is QuestionKind.TEXT:
        return {**result, "extensions": {identifiers.SEALED: sealed_id(answer.id)}}
    return {**result, "response": given}
