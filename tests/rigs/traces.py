# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A lesson's traces, told to a running box as its own services do; telling them again changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from appliance.xapi import identifiers
from tests.rigs.box import Box

NAMESPACE = uuid.UUID("0d4b6a0e-6f3e-4d0c-9b53-5c0f5f7b8a11")
GAME = "https://cartable.invalid/packages/capitales-d-europe"
FILM = "https://example.org/films/la-lune"
COLOURED = "http://example.org/verbes/colorie"
ADL = "http://adlnet.gov/expapi/verbs/"
CAPITALS = {
    "espagne": ("de l’Espagne", "Madrid", "Lisbonne"),
    "italie": ("de l’Italie", "Rome", "Milan"),
    "suede": ("de la Suède", "Stockholm", "Oslo"),
}
"""Key -> country, the right answer, the other one."""
KNOWN = (1, 2, 0, 2, 3)
"""How many of them are answered rightly, round by round."""


def tell(box: Box) -> list[str]:
    """Half of the class did something; returns the ids of all pupils, the first one with two pages of traces."""
    pupils = [row["id"] for row in box.rows("SELECT id FROM pupil ORDER BY position")]
    for number, pupil in enumerate(pupils[: len(pupils) // 2]):
        told = list(_statements(box, pupil, rounds=14 if number == 0 else number % 3))
        headers = {"X-Experience-API-Version": "1.0.3"}
        answer = box.client.request("POST", "/xapi/statements", told, headers=headers)
        assert answer.status == 200, answer.body
    return pupils


def _statements(box: Box, pupil: str, rounds: int) -> Iterator[dict[str, Any]]:
    name = box.rows("SELECT value FROM setting WHERE key = 'box_id'")[0]["value"]
    lesson = box.rows("SELECT id FROM lesson")[0]["id"]
    common = {
        "actor": identifiers.pupil(name, pupil),
        "context": {
            "registration": identifiers.registration(name, lesson),
            "contextActivities": {"grouping": [{"id": identifiers.lesson(name, lesson)}]},
        },
    }

    def said(what: str, verb: str, target: dict[str, Any], **more: Any) -> dict[str, Any]:
        identifier = str(uuid.uuid5(NAMESPACE, f"{name}/{pupil}/{what}"))
        shown = {"id": verb, "display": {"fr": "a colorié"}} if verb == COLOURED else {"id": verb}
        return {"id": identifier, "verb": shown, "object": target, **common, **more}

    game = {"id": GAME, "definition": {"name": {"fr": "Les capitales d’Europe"}}}
    film = {"id": FILM, "definition": {"name": {"en": "Phases of the Moon"},
                                       "type": "https://w3id.org/xapi/video/activity-type/video"}}  # fmt: skip
    yield said("begin", ADL + "initialized", game)
    for turn in range(rounds):
        known, most = KNOWN[turn % len(KNOWN)], len(CAPITALS)
        for place, key in enumerate(CAPITALS):
            right = place < known
            answer = {"success": right, "response": "a" if right else "b", "duration": "PT4S"}
            yield said(f"{key}{turn}", ADL + "answered", _question(key), result=answer)
        score = {"scaled": round(known / most, 2), "raw": known, "min": 0, "max": most}
        result = {"score": score, "completion": True, "duration": "PT2M30S"}
        yield said(f"end{turn}", ADL + "completed", game, result=result)
    yield said("film", "https://w3id.org/xapi/video/verbs/played", film)
    yield said("own", COLOURED, game)


def _question(key: str) -> dict[str, Any]:
    country, right, wrong = CAPITALS[key]
    definition = {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": "choice",
        "description": {"fr": f"Quelle est la capitale {country} ?"},
        "choices": [{"id": "a", "description": {"fr": right}}, {"id": "b", "description": {"fr": wrong}}],
        "correctResponsesPattern": ["a"],
    }
    return {"id": f"{GAME}/questions/{key}", "definition": definition}
