# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The names of the box's own things in statements: pupils, activities, questions, lessons, registrations.

``.invalid`` (RFC 2606) resolves nowhere: these are names, not addresses, and they hold no word about a person. Made
and read back here only, so that what one box wrote another reads.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

BOXES = "https://cartable.invalid/boxes/"
SEALED = "https://cartable.invalid/extensions/sealed"
"""Result extension: the id under which a free text or a medium was sealed (store/vault.py), where it was kept."""
OUTCOME = "https://cartable.invalid/extensions/oral-outcome"
"""Result extension of something said in English: ``bravo``, ``presque`` or ``encore``."""
FOCUS = "https://cartable.invalid/extensions/oral-focus"
"""Result extension: contrast of sounds -> whether it was said well, of those looked at."""
KIND = "https://cartable.invalid/extensions/oral-activity"
"""Context extension: the kind of the activity of the sequence."""
OVERRULED = "https://cartable.invalid/extensions/oral-overruled"
"""Context extension: the id of the statement in whose place a teacher's verdict stands; that one is voided."""
_ORAL = "oral:"
_PART = r"/([^/?#\s]+)"
_NAMED = re.compile(rf"{re.escape(BOXES)}([^/?#\s]+)(?:/activities{_PART}(?:/questions{_PART})?|/lessons{_PART})?")


def base(box: str) -> str:
    """What the names of the box ``box`` (its UUID) begin with; the home page of its accounts."""
    return BOXES + quote(box, safe="")


def pupil(box: str, pupil_id: str) -> dict[str, Any]:
    """The actor of a pupil (xAPI-Data 2.4.2.4, account): a pseudonym and nothing else."""
    return {"objectType": "Agent", "account": {"homePage": base(box), "name": pupil_id}}


def own_authority(box: str) -> dict[str, Any]:
    """Who vouches for what the box's own pages report (xAPI-Data 2.4.9)."""
    return {"objectType": "Agent", "account": {"homePage": base(box), "name": "hub"}}


def activity(box: str, activity_id: str) -> str:
    """The IRI of an exercise."""
    return f"{base(box)}/activities/{quote(activity_id, safe='')}"


def question(box: str, activity_id: str, question_id: str) -> str:
    """The IRI of a question of an exercise."""
    return f"{activity(box, activity_id)}/questions/{quote(question_id, safe='')}"


def sequence(box: str, sequence_id: str) -> str:
    """The IRI of a sequence of spoken English: an exercise by another name."""
    return activity(box, _ORAL + sequence_id)


def spoken(box: str, sequence_id: str, slug: str) -> str:
    """The IRI of an item of a sequence."""
    return question(box, _ORAL + sequence_id, slug)


def read_sequence(activity_id: str) -> str:
    """The sequence that an exercise's name stands for; empty when it is no sequence."""
    return activity_id.removeprefix(_ORAL) if activity_id.startswith(_ORAL) else ""


def lesson(box: str, lesson_id: str) -> str:
    """The IRI of a lesson, a grouping context activity."""
    return f"{base(box)}/lessons/{quote(lesson_id, safe='')}"


def registration(box: str, lesson_id: str) -> str:
    """The registration (UUID) of everything done in a lesson (xAPI-Data 2.4.6.1)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, lesson(box, lesson_id)))


def team(box: str, lesson_id: str, pupils: Iterable[str]) -> dict[str, Any]:
    """Pupils who share a tablet (xAPI-Data 2.4.6, team): a pseudonym of its own, which names no member.

    Who they were is told by the statements of one team; so erasing one of them takes nothing from the others.
    """
    name = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([lesson(box, lesson_id), *sorted(pupils)]))
    return {"objectType": "Group", "account": {"homePage": base(box), "name": f"team-{name}"}}


def read_pupil(actor: Mapping[str, Any]) -> tuple[str, str] | None:
    """Box and pupil of a statement's actor; None when it is nobody of a Cartable box."""
    account = actor.get("account")
    if not isinstance(account, Mapping):
        return None
    name, found = account.get("name"), _NAMED.fullmatch(str(account.get("homePage", "")))
    if found is None or found[2] or found[4] or not isinstance(name, str):
        return None
    return unquote(found[1]), name


def read_activity(iri: str) -> tuple[str, str] | None:
    """Box and exercise, also of a question's IRI; None when it names none."""
    found = _NAMED.fullmatch(iri)
    return (unquote(found[1]), unquote(found[2])) if found and found[2] else None


def read_question(iri: str) -> tuple[str, str, str] | None:
    """Box, exercise and question; None when it names none."""
    found = _NAMED.fullmatch(iri)
    return (unquote(found[1]), unquote(found[2]), unquote(found[3])) if found and found[3] else None


def read_lesson(iri: str) -> tuple[str, str] | None:
    """Box and lesson; None when it names none."""
    found = _NAMED.fullmatch(iri)
    return (unquote(found[1]), unquote(found[4])) if found and found[4] else None
