# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Answers that survive bad Wi-Fi, reloads and a killed hub.

Each answer carries a UUID made before it is sent and a token signed for one pupil (or a team), lesson and activity. So
it can wait in the tablet, be sent many times, be sent after another pupil took the tablet, and is stored once, as the
right pupil's.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from appliance.errors import BadInput, NotFound, Refused
from appliance.hub import lesson_office
from appliance.hub.answered import Answer, asked, prepared, sealed_id
from appliance.hub.context import hub
from appliance.model import MEDIA_KINDS, Activity, QuestionKind
from appliance.store import activities, settings, statements
from appliance.xapi.preparing import Prepared

MAX_AGE_S = 60 * 86400.0


def token(lesson: str, pupils: Sequence[str], activity: str) -> str:
    """What a page's answers carry; the same for the same, so that a page that comes back knows its own."""
    who = pupils[0] if len(pupils) == 1 else list(pupils)
    return str(_tokens().dumps([lesson, who, activity]))


def _tokens() -> URLSafeSerializer:
    return URLSafeSerializer(hub().secret, salt="attempt")


def deliver(items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Record what can be; returns {id: reason} for what never can.

    An answer of a team is a statement for each of its members, and refused when one of these is.
    """
    refused: dict[str, str] = {}
    batch: list[tuple[str, Prepared]] = []
    texts: dict[str, lesson_office.Text] = {}
    came: dict[str, str] = {}
    box, activity = settings.box_id(hub().db), functools.cache(lambda name: activities.ever(hub().db, name))
    for item in items:
        try:
            activity_id, answer = read(item)
            lesson_office.admit(answer.lesson)
            quiz = activity(activity_id)
            _expect_words(quiz, answer)
            made = [(each, prepared(box, quiz, each)) for each in answer.each()]
            for each in answer.each():
                check_bell(activity_id, each)
        except (BadInput, NotFound, Refused) as error:
            refused[str(item.get("id", ""))] = error.message
            continue
        for each, statement in made:
            batch.append((each.lesson, statement))
            came[statement.id] = answer.id
            if asked(quiz, each).kind is QuestionKind.TEXT:
                texts[statement.id] = lesson_office.Text(each.pupil, each.response, sealed_id(each.id))
    kept_out = lesson_office.keep(batch, texts)
    return refused | {came[name]: reason for name, reason in kept_out.items()}


def _expect_words(quiz: Activity, answer: Answer) -> None:
    if asked(quiz, answer).kind in MEDIA_KINDS:
        raise BadInput("This question is answered by a photo or a voice: send its file.")


def check_bell(activity_id: str, answer: Answer) -> None:
    """An answer made after the bell is taken where there was none; it takes no other's place.

    Raises :class:`Refused`; not for one that is stored already and comes again.
    """
    if not lesson_office.came_after(answer.lesson, answer.age_s):
        return
    known = statements.results(hub().db, answer.lesson, answer.pupil, activity_id)
    if answer.question in known and not statements.is_answer(hub().db, answer.id):
        raise Refused("This answer was changed after the end of the lesson: the one before counts.")


def in_time(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that may come now (:mod:`appliance.hub.pace`); of the others nothing is said, so that tablets keep them."""
    return [item for item in items if _comes_now(item)]


def _comes_now(item: Mapping[str, Any]) -> bool:
    try:
        _, answer = read(item)
    except BadInput:
        return True  # to be refused, with its reason
    return hub().pace.takes([(each.lesson, each.pupil) for each in answer.each()])


def read(item: Mapping[str, Any]) -> tuple[str, Answer]:
    """Activity and answer of an item of a delivery. Raises :class:`BadInput`."""
    try:
        identifier = str(uuid.UUID(str(item.get("id"))))
        lesson, who, activity = _tokens().loads(str(item.get("token", "")))
    except ValueError as error:
        raise BadInput("The identifier of this answer is not a UUID.") from error
    except BadSignature as error:
        raise BadInput("This answer was not signed by this box.") from error
    if identifier != item.get("id"):
        raise BadInput("The identifier of this answer is not a UUID.")
    team = tuple(str(pupil) for pupil in who) if isinstance(who, list) else ()
    given = item.get("response", item.get("choice", ""))  # a tablet may still hold answers to the previous release
    return str(activity), Answer(
        identifier, team[0] if team else str(who), str(lesson), str(item.get("question", "")), str(given),
        _age_s(item.get("age_ms", 0)), team,
    )  # fmt: skip


def _age_s(age: object) -> float:
    if isinstance(age, bool) or not isinstance(age, int | float) or age != age:  # NaN is not equal to itself
        return 0.0
    return min(max(age, 0), MAX_AGE_S * 1000) / 1000
