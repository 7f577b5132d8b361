# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/library/…``: the library for ``cartable library`` (over the hub's socket) and for the teacher's page.

Errors are ``{"error": <sentence in the caller's language>}`` with the status of their class.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.errors import BadInput, Refused
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.library_json import damage_json, job_json, resource_json
from appliance.hub.long_task import LongTask
from appliance.hub.roles import KEEPING, allowed, is_local
from appliance.store.blobs import Damage

api = Blueprint("library_api", __name__, url_prefix="/api/library")

P = ParamSpec("P")
R = TypeVar("R")


def local_only(view: Callable[P, R]) -> Callable[P, R]:
    """Only processes of this box: these requests name files by their path on it."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not is_local():
            raise Refused("Only the box itself may do this.")
        return view(*args, **kwargs)

    return guarded


@api.get("")
@local_only
def listing() -> ResponseReturnValue:
    """Every resource, damaged ones included."""
    return jsonify(resources=[resource_json(r) for r in hub().library.list(include_damaged=True)])


@api.post("")
@local_only
def add() -> ResponseReturnValue:
    """``{"path" | "url", "filename", "card", "captions": [path], "move"}``: 202 with the job, or 201 with the link."""
    asked = _body()
    card = asked.get("card") or {}
    if not isinstance(card, Mapping):
        raise BadInput("%(name)s is missing or is not of the right kind.", name="card")
    if "url" in asked:
        return jsonify(resource=resource_json(hub().library.add_link(_text(asked, "url"), card))), 201
    path = _path(asked, "path")
    captions = asked.get("captions") or []
    if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
        raise BadInput("%(name)s is missing or is not of the right kind.", name="captions")
    job = hub().library.submit(
        path,
        filename=str(asked.get("filename") or path.name),
        card=card,
        captions=[Path(caption) for caption in captions],
        move=asked.get("move") is True,
    )
    return jsonify(job_json(hub().library.job(job), gettext)), 202


@api.get("/jobs")
@allowed(*KEEPING)
def jobs() -> ResponseReturnValue:
    """The latest imports, newest first."""
    return jsonify(jobs=[job_json(job, gettext) for job in hub().library.jobs()[:100]])


@api.get("/jobs/<job_id>")
@allowed(*KEEPING)
def job(job_id: str) -> ResponseReturnValue:
    """How far an import is."""
    return jsonify(job_json(hub().library.job(job_id), gettext))


@api.delete("/<resource_id>")
@local_only
def remove(resource_id: str) -> ResponseReturnValue:
    """Take a resource off the box."""
    hub().library.remove(resource_id)
    return "", 204


@api.post("/<resource_id>/export")
@local_only
def export(resource_id: str) -> ResponseReturnValue:
    """``{"folder": path}``: writes the original there."""
    written = hub().library.export(resource_id, _path(_body(), "folder"))
    return jsonify(path=str(written))


@api.post("/verify")
@local_only
def verify() -> ResponseReturnValue:
    """Begin to check every file; progress: GET of the same address."""
    verification = _verification()
    verification.start()
    return jsonify(_json(verification)), 202


@api.get("/verify")
@local_only
def verified() -> ResponseReturnValue:
    """How far the check is; once ``over``, the damaged files."""
    return jsonify(_json(_verification()))


def _verification() -> LongTask[list[Damage]]:
    found: LongTask[list[Damage]] = current_app.extensions.setdefault(
        "library_verification", LongTask("library-verify", hub().library.verify)
    )
    return found


def _json(verification: LongTask[list[Damage]]) -> dict[str, Any]:
    over = verification.over  # first: what is read after it stands still
    error = verification.error
    return {
        "over": over,
        "progress": verification.progress,
        "what": verification.what,
        "error": error.localized(gettext) if error else "",
        "damage": [damage_json(damage) for damage in verification.result or ()],
    }


def _body() -> dict[str, Any]:
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        raise BadInput("The request was not understood.")
    return found


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise BadInput("%(name)s is missing or is not of the right kind.", name=name)
    return value


def _path(asked: Mapping[str, Any], name: str) -> Path:
    path = Path(_text(asked, name))
    if not path.is_absolute():
        raise BadInput("%(path)s is not a whole path: it must start with /.", path=path)
    return path
