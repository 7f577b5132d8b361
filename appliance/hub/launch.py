# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A resource's own scripts report what a pupil does in a lesson: a token instead of a key, good for nothing else.

The token says lesson, pupil, activity and resource, and is signed; it is the password of the user ``launch`` (HTTP
Basic). It travels in the address of the frame as Rustici's Tin Can launch parameters, which xAPI packages read:
https://github.com/RusticiSoftware/launch/blob/master/lms_lrs.md
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from itsdangerous import BadSignature, URLSafeSerializer

from appliance.errors import NotFound, Refused
from appliance.hub.context import hub
from appliance.model import Lesson, Pupil, Resource
from appliance.store import classes, lessons, people, settings
from appliance.xapi import identifiers

USER = "launch"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a token stands for."""

    lesson: str
    pupil: str
    activity: str
    """The IRI of the package's activity."""
    resource: str
    actor: dict[str, Any]
    """The only actor whose statements and state it may touch."""
    running: bool
    """Whether the lesson goes on; afterwards statements still arrive, nothing is read and no state is kept."""

    def covers(self, iri: str) -> bool:
        """Whether ``iri`` is the activity, or begins with it: a part of it."""
        return bool(self.activity) and (
            iri == self.activity or iri.startswith(tuple(self.activity + end for end in "/?#"))
        )


def token(lesson: str, pupil: str, activity: str, resource: str = "") -> str:
    """The password with which the scripts of ``resource`` write as ``pupil`` in ``lesson``."""
    return str(_tokens().dumps([lesson, pupil, activity, resource]))


def check(given: str) -> Launch:
    """What the token stands for. Raises :class:`Refused` for one that is forged, or whose lesson is gone or too old."""
    refused = Refused("This activity was not opened in a lesson of this box: open it again from the shelf.")
    try:
        said = _tokens().loads(given)
        lesson_id, pupil_id, activity, resource = (str(part) for part in said)
        lesson, pupil = lessons.get(hub().db, lesson_id), people.pupil(hub().db, pupil_id)
    except (BadSignature, TypeError, ValueError, NotFound) as error:
        raise refused from error
    if not classes.seats(hub().db, lesson.group, pupil.id) or lessons.too_late(hub().db, lesson, hub().clock.now()):
        raise refused
    actor = identifiers.pupil(settings.box_id(hub().db), pupil.id)
    return Launch(lesson.id, pupil.id, activity, resource, actor, lesson.ended_at is None)


def activity_of(resource: Resource) -> str:
    """The IRI of the activity that a package reports about; empty for a resource that reports nothing."""
    told = resource.details.get("xapi")
    return str(told.get("activity") or "") if isinstance(told, Mapping) else ""


def parameters(resource: Resource, lesson: Lesson, pupil: Pupil, origin: str, language: str) -> str:
    """The query of the frame's address; ``origin``: the second one, where ``/xapi`` answers the scripts too."""
    activity, box = activity_of(resource), settings.box_id(hub().db)
    password = f"{USER}:{token(lesson.id, pupil.id, activity, resource.id)}"
    actor = identifiers.pupil(box, pupil.id)
    return urlencode(
        {
            "endpoint": f"{origin}/xapi/",
            "auth": "Basic " + base64.b64encode(password.encode()).decode(),
            "actor": json.dumps(actor, separators=(",", ":")),
            "registration": identifiers.registration(box, lesson.id),
            "activity_id": activity,
            "activity_platform": "Cartable",
            "grouping": identifiers.lesson(box, lesson.id),
            "Accept-Language": language,
        },
        quote_via=quote,
    )


def frame_name(lesson: Lesson, pupil: Pupil) -> str:
    """A name for the frame, another one for each pupil and lesson.

    A browser that goes back fills a frame of the same name with what stood in it, here the previous pupil's token.
    """
    return "f" + hashlib.sha256(f"{lesson.id}/{pupil.id}".encode()).hexdigest()[:16]


def _tokens() -> URLSafeSerializer:
    return URLSafeSerializer(hub().secret, salt="launch")
