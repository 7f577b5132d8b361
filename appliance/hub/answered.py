# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An answer to a closed question as an xAPI statement (xAPI-Data 2.4.4.1, interaction type ``choice``)."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from appliance.errors import BadInput
from appliance.model import Activity, Question
from appliance.xapi import identifiers
from appliance.xapi.preparing import Prepared, prepare
from appliance.xapi.reading import Raw
from appliance.xapi.version import Version

VERB = {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"fr": "a répondu", "en": "answered"}}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A closed answer as it arrived. ``age_s``: seconds between the tap and the delivery, by the tablet's own clock."""

    id: str
    pupil: str
    lesson: str
    question: str
    choice: str
    age_s: float = 0.0


def prepared(box: str, activity: Activity, answer: Answer) -> Prepared:
    """The statement, ready to be appended; its time is the box's, ``age_s`` ago.

    The same answer always makes the same text, so that a delivery repeated is stored once. Raises :class:`BadInput`
    when the activity has no such question or choice.
    """
    question = next((q for q in activity.questions if q.id == answer.question), None)
    if question is None or answer.choice not in {choice.id for choice in question.choices}:
        raise BadInput("This answer fits no question of the activity.")
    value = _statement(box, activity, question, answer)
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
            "definition": {
                "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
                "interactionType": "choice",
                "description": {"fr": question.prompt},
                "choices": [{"id": choice.id, "description": {"fr": choice.text}} for choice in question.choices],
                "correctResponsesPattern": [question.answer],
            },
        },
        "result": {"success": answer.choice == question.answer, "completion": True, "response": answer.choice},
        "context": {
            "registration": identifiers.registration(box, answer.lesson),
            "contextActivities": {"parent": [{"id": about}], "grouping": [{"id": lesson}]},
            "platform": "Cartable",
        },
    }
