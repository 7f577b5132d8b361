# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An attempt to say something in English as an xAPI statement: no sound, no score, three outcomes."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Mapping
from typing import Any

from appliance.sequences.sequence import Item
from appliance.store.oral import ATTEMPTED
from appliance.xapi import identifiers
from appliance.xapi.preparing import Prepared, prepare
from appliance.xapi.reading import Raw
from appliance.xapi.terms import VOIDED
from appliance.xapi.version import Version

VERB = {"id": ATTEMPTED, "display": {"fr": "a essayé de dire", "en": "tried to say"}}
TYPE = "http://adlnet.gov/expapi/activities/interaction"
SUCCESS = {"bravo": {"success": True}, "presque": {}, "encore": {"success": False}}
"""*presque* is neither right nor wrong: the phrase was said, one sound is to be mended."""


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """An attempt of one pupil, judged."""

    id: str
    pupil: str
    lesson: str
    sequence: str
    item: Item
    kind: str
    """Of the activity: a key of :data:`appliance.sequences.kinds.ACTIVITIES`."""
    outcome: str
    heard: str = ""
    focus: Mapping[str, bool] = dataclasses.field(default_factory=dict)
    team: tuple[str, ...] = ()
    overrules: str = ""
    """The statement in whose place it stands: the teacher's verdict."""
    age_s: float = 0.0


def prepared(box: str, said: Said) -> Prepared:
    """The statement, ready to be appended; the same attempt always makes the same text."""
    return _prepare(box, _statement(box, said), said.age_s)


def voiding(box: str, statement: str) -> Prepared:
    """The statement that takes another back (xAPI-Data 2.3.2); always the same for the same."""
    value = {
        "id": str(uuid.uuid5(uuid.UUID(statement), "voided")),
        "actor": identifiers.own_authority(box),
        "verb": {"id": VOIDED, "display": {"fr": "a annulé", "en": "voided"}},
        "object": {"objectType": "StatementRef", "id": statement},
    }
    return _prepare(box, value)


def _prepare(box: str, value: Mapping[str, Any], age_s: float = 0.0) -> Prepared:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return prepare(Raw(text, dict(value)), Version.V1, identifiers.own_authority(box), age_s=max(0.0, age_s))


def _statement(box: str, said: Said) -> dict[str, Any]:
    about = identifiers.sequence(box, said.sequence)
    overruled = {identifiers.OVERRULED: said.overrules} if said.overrules else {}
    focus = {identifiers.FOCUS: dict(said.focus)} if said.focus else {}
    return {
        "id": said.id,
        "actor": identifiers.pupil(box, said.pupil),
        "verb": VERB,
        "object": {
            "objectType": "Activity",
            "id": identifiers.spoken(box, said.sequence, said.item.slug),
            "definition": {"type": TYPE, "name": {"en": said.item.text}, "description": {"fr": said.item.gloss}},
        },
        "result": {
            **SUCCESS[said.outcome],
            **({"response": said.heard} if said.heard else {}),
            "extensions": {identifiers.OUTCOME: said.outcome, **focus},
        },
        "context": {
            "registration": identifiers.registration(box, said.lesson),
            **({"team": identifiers.team(box, said.lesson, said.team)} if said.team else {}),
            "contextActivities": {
                "parent": [{"id": about}], "grouping": [{"id": identifiers.lesson(box, said.lesson)}],
            },
            "platform": "Cartable",
            "extensions": {identifiers.KIND: said.kind, **overruled},
        },
    }  # fmt: skip
