# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What ``/api`` sends and takes."""

from __future__ import annotations

from appliance.health.check import Group, State
from appliance.hub.openapi.parts import COUNT, MOMENT, TEXT, YES_NO, Json, many, or_null, record, ref
from appliance.model import LEVELS, MODES, SUBJECTS, ResourceState
from appliance.store.blobs import Harm
from appliance.store.import_jobs import JobState

UUID: Json = {"type": "string", "format": "uuid"}


def schemas() -> dict[str, Json]:
    """Name -> JSON Schema (2020-12)."""
    return {
        "Error": record({"error": {"type": "string", "description": "A sentence that says what to do"}}),
        "Answer": _answer(),
        "Answers": record({
            "accepted": many(TEXT),
            "refused": many(record({"id": TEXT, "reason": TEXT})),
        }),
        "Card": _card(),
        "CardEdits": {"type": "object", "description": "Some fields of a card; others are refused",
                      "properties": _card()["properties"]},
        "Resource": _resource(),
        "Job": _job(),
        "Verification": _verification(),
        "Hit": record({"resource": TEXT, "title": TEXT, "within": TEXT, "snippet": TEXT, "href": TEXT}),
        "Health": _health(),
    }  # fmt: skip


def _answer() -> Json:
    age = {"type": "number", "minimum": 0, "description": "Milliseconds between the tap and this delivery"}
    return {
        "type": "object",
        "properties": {
            "id": {**UUID, "description": "Made by the tablet; the same answer sent again keeps it"},
            "token": {"type": "string", "description": "From the exercise's page"},
            "question": TEXT,
            "choice": TEXT,
            "age_ms": age,
        },
        "required": ["id", "token", "question", "choice"],
    }


def _card() -> Json:
    return record({}, {
        "title": TEXT,
        "description": TEXT,
        "language": {"type": "string", "description": "BCP 47"},
        "levels": many({"enum": list(LEVELS)}),
        "subject": {"enum": ["", *SUBJECTS]},
        "duration_minutes": or_null("integer"),
        "mode": {"enum": ["", *MODES]},
        "licence": TEXT,
        "author": TEXT,
        "source": TEXT,
    })  # fmt: skip


def _resource() -> Json:
    return record({
        "id": TEXT,
        "format": TEXT,
        "card": ref("Card"),
        "blob": {"type": ["string", "null"], "description": "SHA-256; null for a link"},
        "filename": TEXT,
        "size": COUNT,
        "entry": TEXT,
        "cover": or_null("string"),
        "details": {"type": "object", "description": "Facts for the reader: pages, seconds, chapters"},
        "state": {"enum": [str(state) for state in ResourceState]},
        "added_at": MOMENT,
        "url": or_null("string"),
    })  # fmt: skip


def _job() -> Json:
    return record({
        "id": TEXT,
        "filename": TEXT,
        "state": {"enum": [str(state) for state in JobState]},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "step": TEXT,
        "error": TEXT,
        "resource": or_null("string"),
        "existing": YES_NO,
        "created_at": MOMENT,
    })  # fmt: skip


def _verification() -> Json:
    damage = record({"blob": TEXT, "path": TEXT, "harm": {"enum": [str(harm) for harm in Harm]}, "resource": TEXT})
    return record({
        "over": YES_NO,
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "what": TEXT,
        "error": TEXT,
        "damage": many(damage),
    })  # fmt: skip


def _health() -> Json:
    check = record({
        "id": TEXT | {"description": "Stable name, for programs"},
        "group": {"enum": [str(group) for group in Group]},
        "name": TEXT,
        "state": {"enum": [str(state) for state in State], "description": "Only wrong is a fault"},
        "detail": TEXT,
        "mend": TEXT | {"description": "What to do; may be empty"},
    }, {"figure": TEXT | {"description": "For the teacher and for processes of the box only"}})  # fmt: skip
    versions = {"type": "object", "additionalProperties": TEXT,
                "description": "For the teacher and for processes of the box only"}  # fmt: skip
    return record({"ok": YES_NO, "checks": many(check), "versions": versions})
