# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a school's pupils do, as statements: answers to quizzes, videos watched, H5P exercises; 1.0 to 1.2 KB each.

Reproducible: the same number gives the same statement. Shapes follow the cmi5 and xAPI Video profiles' verbs and what
H5P sends; every statement is complete (id, timestamp), as an outbox sends it.
"""

from __future__ import annotations

import datetime
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

PUPILS, ACTIVITIES, LESSONS = 300, 400, 1500
BASE = "https://ecole.example.org/xapi"
VERBS = {
    "answered": ("http://adlnet.gov/expapi/verbs/answered", "a répondu", "answered"),
    "played": ("https://w3id.org/xapi/video/verbs/played", "a lancé", "played"),
    "paused": ("https://w3id.org/xapi/video/verbs/paused", "a mis en pause", "paused"),
    "seeked": ("https://w3id.org/xapi/video/verbs/seeked", "s'est déplacé dans", "seeked"),
    "completed": ("http://adlnet.gov/expapi/verbs/completed", "a terminé", "completed"),
    "interacted": ("http://adlnet.gov/expapi/verbs/interacted", "a interagi avec", "interacted"),
    "attempted": ("http://adlnet.gov/expapi/verbs/attempted", "a essayé", "attempted"),
}
SUBJECTS = ("la fraction", "le cycle de l'eau", "les volcans", "la Révolution", "le présent de l'indicatif")
Told = tuple[str, dict[str, Any], dict[str, Any], str]
"""Verb, object, result, IRI of the category."""
START = datetime.datetime(2026, 9, 1, 7, tzinfo=datetime.UTC)


def agent(pupil: int) -> dict[str, Any]:
    """Of a pupil, by the pseudonym that the box gives."""
    return {"objectType": "Agent", "account": {"homePage": BASE, "name": f"eleve-{pupil:04d}"}}


def activity(number: int) -> str:
    """IRI of an activity."""
    return f"{BASE}/activities/{number:04d}"


def registration(lesson: int) -> str:
    """Of a lesson."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{BASE}/lessons/{lesson}"))


def statement(number: int, run: int = 0) -> dict[str, Any]:
    """The ``number``-th of a run; runs differ in the ids only."""
    chance = random.Random(number)
    kind = chance.choice((_quiz, _video, _h5p))
    pupil, about = chance.randrange(PUPILS), int(ACTIVITIES * chance.random() ** 2)
    lesson = min(LESSONS - 1, number // 700 + chance.randrange(3))
    verb, target, result, category = kind(chance, about)
    iri, french, english = VERBS[verb]
    moment = START + datetime.timedelta(seconds=number * 11 + chance.random())
    return {
        "id": str(uuid.UUID(int=random.Random(f"{run}-{number}").getrandbits(128), version=4)),
        "actor": agent(pupil),
        "verb": {"id": iri, "display": {"fr": french, "en": english}},
        "object": target,
        "result": result,
        "context": {
            "registration": registration(lesson),
            "contextActivities": {
                "parent": [{"id": activity(about)}],
                "grouping": [{"id": f"{BASE}/lessons/{lesson}"}],
                "category": [{"id": category}],
            },
            "platform": "Cartable",
            "language": "fr",
        },
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def texts(first: int, count: int, run: int = 0) -> Iterator[str]:
    """JSON of ``count`` statements."""
    for number in range(first, first + count):
        yield json.dumps(statement(number, run), ensure_ascii=False, separators=(",", ":"))


def _quiz(chance: random.Random, about: int) -> Told:
    question, subject = chance.randrange(1, 21), SUBJECTS[about % len(SUBJECTS)]
    right = chance.random() < 0.7
    target = {
        "objectType": "Activity",
        "id": f"{activity(about)}/questions/{question}",
        "definition": {
            "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
            "name": {"fr": f"Question {question} sur {subject}"},
            "description": {"fr": f"Choisis la bonne réponse à la question {question} sur {subject}."},
            "interactionType": "choice",
            "choices": [{"id": c, "description": {"fr": f"Réponse {c}"}} for c in "ab"],
            "correctResponsesPattern": ["a"],
        },
    }
    result = {"success": right, "completion": True, "response": "a" if right else "b",
              "score": {"scaled": float(right), "raw": int(right), "min": 0, "max": 1}}  # fmt: skip
    return "answered", target, result, f"{BASE}/kinds/quiz"


def _video(chance: random.Random, about: int) -> Told:
    verb = chance.choice(("played", "paused", "paused", "seeked", "completed"))
    at = round(chance.random() * 600, 3)
    target = {
        "objectType": "Activity",
        "id": f"{activity(about)}/video",
        "definition": {
            "type": "https://w3id.org/xapi/video/activity-type/video",
            "name": {"fr": f"Film {about} sur {SUBJECTS[about % len(SUBJECTS)]}"},
        },
    }
    time = "https://w3id.org/xapi/video/extensions/"
    result: dict[str, Any] = {
        "extensions": {f"{time}time": at, f"{time}progress": round(at / 600, 3), f"{time}played-segments": f"0[.]{at}"}
    }
    if verb == "completed":
        result |= {"completion": True, "duration": f"PT{at:.0f}S"}
    return verb, target, result, "https://w3id.org/xapi/video"


def _h5p(chance: random.Random, about: int) -> Told:
    verb = chance.choice(("attempted", "interacted", "answered", "completed"))
    library = chance.choice(("H5P.MultiChoice-1.16", "H5P.DragText-1.10", "H5P.Blanks-1.14"))
    target = {
        "objectType": "Activity",
        "id": f"{activity(about)}/h5p/{chance.randrange(5)}",
        "definition": {
            "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
            "name": {"fr": f"Exercice sur {SUBJECTS[about % len(SUBJECTS)]}"},
            "interactionType": "fill-in",
            "correctResponsesPattern": ["quatre[,]cinq"],
            "extensions": {
                "http://h5p.org/x-api/h5p-local-content-id": about,
                "http://h5p.org/x-api/h5p-subContentId": str(uuid.UUID(int=about + 1, version=4)),
            },
        },
    }
    result: dict[str, Any] = {"response": "quatre[,]six", "duration": f"PT{chance.random() * 90:.2f}S"}
    if verb in ("answered", "completed"):
        raw = chance.randrange(6)
        result |= {"score": {"min": 0, "max": 5, "raw": raw, "scaled": raw / 5}, "completion": True,
                   "success": raw > 3}  # fmt: skip
    return verb, target, result, f"http://h5p.org/libraries/{library}"
