# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a pupil says in English: the token that a page's recordings carry, what was asked, what is kept of a verdict.

The sound never comes here. Each attempt carries a UUID made by the page and a token signed for one pupil (or a team),
lesson and sequence, so that it is told of once, as the right pupil's.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from appliance.errors import BadInput, Busy, NotFound, Refused
from appliance.hub import lesson_office, oral_catalogue, oral_statement, oral_steps
from appliance.hub.answered import member_id
from appliance.hub.context import hub
from appliance.hub.oral_statement import Said
from appliance.i18n import N_
from appliance.model import SAID
from appliance.sequences import sequence as sequences
from appliance.sequences.sequence import Activity, Item
from appliance.store import oral, settings

MOST_ITEMS = 80
"""Of an activity, that the engine is told of."""
LONGEST_HEARD = 200
_NOT_KEPT = N_("This is not kept: say it once more.")
"""Whatever the records have against it, another statement of that id above all: no pupil can mend that."""
MAX_AGE_S = 3600.0
"""A recording stays in the memory of one page: it is never old."""


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    """What a token and the names beside it stand for."""

    lesson: str
    pupils: tuple[str, ...]
    sequence: sequences.Sequence
    number: int
    """Of the activity."""
    item: Item
    step: int
    """Of the page that gave the token, from 0."""

    @property
    def activity(self) -> Activity:
        """The activity of that number."""
        return self.sequence.activities[self.number]


def token(lesson: str, pupils: Sequence[str], sequence: str, step: int = 0) -> str:
    """What a page's recordings carry; ``step``: where a page without script goes back to."""
    return str(_tokens().dumps([lesson, list(pupils), sequence, step]))


def _tokens() -> URLSafeSerializer:
    return URLSafeSerializer(hub().secret, salt="oral")


def turn(told: Mapping[str, Any]) -> Turn:
    """From ``token``, ``activity`` and ``item``.

    Raises :class:`BadInput`, :class:`Refused` for a lesson that is over, or of a plan without that sequence, and
    :class:`NotFound` for what the sequence does not have.
    """
    try:
        lesson_id, pupils, sequence_id, step = _tokens().loads(str(told.get("token", "")))
    except (BadSignature, ValueError) as error:
        raise BadInput("This recording was not signed by this box: open the activity again.") from error
    sequence = oral_catalogue.get(str(sequence_id))
    number = str(told.get("activity", ""))
    if not (number.isascii() and number.isdecimal() and len(number) < 4):
        raise BadInput("Tell the number of the activity.")
    oral_steps.activity_of(sequence, int(number))
    item = oral_steps.item_of(sequence, str(told.get("item", "")))
    lesson_office.admit(str(lesson_id))
    lesson = lesson_office.find(str(lesson_id))
    if lesson.ended_at is not None and lesson_office.came_after(lesson.id, 0.0):
        raise Refused("The lesson is over: this is not listened to any more.")
    if not lesson.allows("oral", sequence.id):
        raise NotFound("This lesson does not hold that activity: go back to the shelf.")
    return Turn(lesson.id, tuple(str(each) for each in pupils), sequence, int(number), item, int(step))


def asked(found: Turn) -> dict[str, Any]:
    """What the engine is to listen for. Raises :class:`Busy` where one tablet sends too much."""
    if not hub().pace.takes([(found.lesson, pupil) for pupil in found.pupils]):
        raise Busy("The box has many answers of yours to read: wait a moment, then send this one again.")
    used = [found.sequence.item(text) for text in dict.fromkeys(found.activity.items)][:MOST_ITEMS]
    pronounced = {word: said for item in (*used, found.item) for word, said in item.pronunciations.items()}
    return {
        "text": found.item.text,
        "focus": list(found.activity.focus),
        "items": [item.text for item in used],
        "pronunciations": pronounced,
    }


def keep(found: Turn, told: Mapping[str, Any], verdict: Mapping[str, Any]) -> str | None:
    """Make a statement of each pupil of the team, where the verdict is about them; else None. Why it is not kept,
    a message id: empty where it is.

    Raises :class:`BadInput` for an ``id`` that is no UUID.
    """
    outcome = str(verdict.get("outcome", ""))
    if outcome not in SAID:
        return None
    name, box = _identifier(told), settings.box_id(hub().db)
    team = found.pupils if len(found.pupils) > 1 else ()
    batch = []
    for pupil in found.pupils:
        said = Said(
            member_id(name, pupil) if team else name, pupil, found.lesson, found.sequence.id, found.item,
            found.activity.kind, outcome, str(verdict.get("heard", ""))[:LONGEST_HEARD], focus(verdict), team,
            age_s=_age_s(told.get("age_ms", 0)),
        )  # fmt: skip
        batch.append((found.lesson, oral_statement.prepared(box, said)))
    return _NOT_KEPT if lesson_office.keep(batch, {}) else ""


def _identifier(told: Mapping[str, Any]) -> str:
    given = str(told.get("id", ""))
    try:
        if str(uuid.UUID(given)) == given:
            return given
    except ValueError:
        pass
    raise BadInput("The identifier of this answer is not a UUID.")


def focus(verdict: Mapping[str, Any]) -> dict[str, bool]:
    """Contrast -> whether every word that has it was said well, of those that the engine looked at."""
    words = [word for word in _several(verdict.get("words")) if isinstance(word, Mapping)]
    missed = {str(word.get("rule", "")) for word in words if not word.get("ok", True)}
    return {str(name): str(name) not in missed for name in _several(verdict.get("focus"))}


def _several(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _age_s(age: object) -> float:
    if isinstance(age, bool) or not isinstance(age, int | float) or age != age:  # NaN is not equal to itself
        return 0.0
    return min(max(age, 0), MAX_AGE_S * 1000) / 1000


def overrule(lesson_id: str, statement: str, outcome: str) -> None:
    """The teacher's verdict in place of the box's. The caller has asked who may.

    Raises :class:`BadInput`, :class:`NotFound`.
    """
    if outcome not in SAID:
        raise BadInput("Choose one of the three: said, nearly, to be said again.")
    if not lesson_office.find(lesson_id).kept:
        hub().anonymous.overrule(statement, outcome)
        return
    found = oral.get(hub().db, statement)
    if found is None or found[0] != lesson_id:
        raise NotFound("This attempt is not there any more: reload the page.")
    attempt, box = found[1], settings.box_id(hub().db)
    if attempt.outcome == outcome:
        return
    item = oral_steps.item_of(oral_catalogue.get(attempt.sequence), attempt.item)
    again = Said(
        str(uuid.uuid5(uuid.UUID(attempt.statement), outcome)), attempt.pupil, lesson_id, attempt.sequence, item,
        attempt.activity, outcome, attempt.heard, overrules=attempt.statement,
    )  # fmt: skip
    batch = [oral_statement.voiding(box, attempt.statement), oral_statement.prepared(box, again)]
    hub().records.append(batch)
