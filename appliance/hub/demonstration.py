# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The demonstration class and corpus, loaded once into an empty box."""

from __future__ import annotations

import datetime
import logging
import tomllib
import uuid
from pathlib import Path
from typing import Any

from appliance.errors import BadInput
from appliance.hub.imports import Library
from appliance.model import Activity, Choice, Group, Lesson, Pupil, Question
from appliance.store import people
from appliance.store.db import Database

log = logging.getLogger(__name__)

NAMESPACE = uuid.UUID("6f2d8d2e-6a3b-4d35-9d43-4b6f3f1c7a10")
"""Fixed, so that loading the demonstration again makes no second class."""


def load(folder: Path, db: Database, library: Library) -> None:
    """Load what is not there yet. Raises :class:`BadInput` when the folder is no demonstration."""
    try:
        described = tomllib.loads((folder / "class.toml").read_text(encoding="utf-8"))
        catalogue = tomllib.loads((folder / "catalogue.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput("%(folder)s holds no demonstration: %(why)s", folder=folder, why=error) from error
    _load_class(described, db)
    if not library.jobs() and not library.list(include_damaged=True):
        for entry in catalogue["resource"]:
            _submit(folder / "resources", entry, library)


def _load_class(described: dict[str, Any], db: Database) -> None:
    group = Group(str(uuid.uuid5(NAMESPACE, described["class"]["name"])), described["class"]["name"])
    pupils = [
        Pupil(str(uuid.uuid5(NAMESPACE, f"{group.id}/{p['name']}")), group.id, p["name"], p["avatar"])
        for p in described["pupil"]
    ]
    activities = [_activity(raw) for raw in described["quiz"]]
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    lesson = Lesson(str(uuid.uuid5(NAMESPACE, f"{group.id}/lesson")), group.id, activities[0].title, started)
    people.put_class(db, group, pupils, activities, lesson)


def _activity(raw: dict[str, Any]) -> Activity:
    """Prompts are read aloud by clips made with the page's other sounds (see ``tools/``)."""
    questions = tuple(
        Question(
            id=q["id"],
            prompt=q["prompt"],
            choices=tuple(Choice(**c) for c in q["choices"]),
            answer=q["answer"],
            right=q["right"],
            wrong=q["wrong"],
            sound=f"sounds/fr/{raw['id']}-{q['id']}.mp3" if raw.get("read_aloud") else None,
        )
        for q in raw["question"]
    )
    return Activity(raw["id"], raw["title"], questions)


def _submit(folder: Path, entry: dict[str, Any], library: Library) -> None:
    card: dict[str, Any] = {
        key: entry[key]
        for key in (
            "title",
            "description",
            "language",
            "subject",
            "duration_minutes",
            "mode",
            "licence",
            "author",
            "source",
        )
        if key in entry
    }
    levels = entry.get("levels", entry.get("level", ()))
    card["levels"] = (levels,) if isinstance(levels, str) else tuple(levels)
    path = folder / entry["file"]
    if not path.exists():
        log.warning("demonstration: %s is missing", path)
        return
    captions = [folder / name for name in entry.get("captions", ())]
    library.submit(path, filename=path.name, card=card, captions=captions)
