# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The demonstration class and corpus, loaded into an empty box; later, only what a new release adds to them."""

from __future__ import annotations

import datetime
import json
import logging
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.errors import BadInput
from appliance.hub.imports import Library
from appliance.model import Activity, Choice, Group, Lesson, Pupil, Question, QuestionKind
from appliance.store import people, settings
from appliance.store.db import Database

log = logging.getLogger(__name__)

NAMESPACE = uuid.UUID("6f2d8d2e-6a3b-4d35-9d43-4b6f3f1c7a10")
"""Fixed, so that loading the demonstration again makes no second class."""
OFFERED = "demonstration_offered"
"""The setting with the files (JSON list) that this box has been given."""


def load(folder: Path, db: Database, library: Library) -> None:
    """Load what was never loaded; what the teacher removed does not come back.

    A library that held something before it ever saw a demonstration is left as it is. Raises :class:`BadInput` when
    the folder is no demonstration.
    """
    try:
        described = tomllib.loads((folder / "class.toml").read_text(encoding="utf-8"))
        catalogue = tomllib.loads((folder / "catalogue.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput("%(folder)s holds no demonstration: %(why)s", folder=folder, why=error) from error
    _load_class(described, db)
    offered = _offered(catalogue["resource"], db, library)
    for entry in catalogue["resource"]:
        if entry["file"] not in offered and _submit(folder / "resources", entry, library):
            offered.add(entry["file"])
            settings.put(db, OFFERED, json.dumps(sorted(offered)))


def _offered(entries: Sequence[Mapping[str, Any]], db: Database, library: Library) -> set[str]:
    """The files that this box has been given at some time, whatever became of them."""
    known = settings.get(db, OFFERED)
    if known is not None:
        return set(json.loads(known))
    files = {entry["file"] for entry in entries}
    asked = {job.filename for job in library.jobs()}
    if not asked and not library.list(include_damaged=True):
        return set()
    if not asked & files:
        return files
    # The first release kept no list, and gave everything at once.
    return (asked & files) | {entry["file"] for entry in entries if "since" not in entry}


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
    return Activity(raw["id"], raw["title"], tuple(_question(raw, q) for q in raw["question"]))


def _question(quiz: Mapping[str, Any], raw: Mapping[str, Any]) -> Question:
    return Question(
        id=raw["id"],
        prompt=raw["prompt"],
        choices=tuple(Choice(**c) for c in raw.get("choices", ())),
        answer=raw["answer"],
        right=raw["right"],
        wrong=raw["wrong"],
        sound=f"sounds/fr/{quiz['id']}-{raw['id']}.mp3" if quiz.get("read_aloud") else None,
        kind=QuestionKind(raw["kind"]),
        targets=tuple(Choice(**c) for c in raw.get("targets", ())),
        also=tuple(raw.get("also", ())),
        tolerance=raw.get("tolerance", "0"),
    )


def _submit(folder: Path, entry: dict[str, Any], library: Library) -> bool:
    """Whether its file is there."""
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
        return False
    captions = [folder / name for name in entry.get("captions", ())]
    library.submit(path, filename=path.name, card=card, captions=captions)
    return True
