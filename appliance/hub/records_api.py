# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/records/…``: what ``cartable records`` asks over the hub's socket. Browsers have no business here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.errors import BadInput
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.library_api import local_only
from appliance.hub.long_task import LongTask
from appliance.hub.records_office import Office, report_json

api = Blueprint("records_api", __name__, url_prefix="/api/records")

MOST_BYTES = 24 << 20
"""Of a batch of an import: a mebibyte, and the longest line (:data:`appliance.store.record_lines.LONGEST`)."""
SENT_AT_ONCE = 1 << 16
JSON_LINES = "application/jsonl"


@api.get("")
@local_only
def about() -> ResponseReturnValue:
    """``{"statements": how many}``."""
    return jsonify(_office().about())


@api.get("/keys")
@local_only
def keys() -> ResponseReturnValue:
    """``{"keys": [{"id", "name", "scopes", "created_at", "revoked_at"}]}``."""
    return jsonify(keys=_office().keys())


@api.post("/keys")
@local_only
def add_key() -> ResponseReturnValue:
    """``{"name", "scopes"}``: 201 with ``{"id", "secret"}``, the only time that the secret is told."""
    asked = _body()
    scopes = asked.get("scopes") or []
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise _wrong("scopes")
    return jsonify(_office().add_key(_text(asked, "name"), scopes)), 201


@api.post("/keys/revoke")
@local_only
def revoke_key() -> ResponseReturnValue:
    """``{"key": name or id}``: the key."""
    return jsonify(_office().revoke_key(_text(_body(), "key")))


@api.get("/export")
@local_only
def export() -> ResponseReturnValue:
    """The lines of an export as they are made; without the last (``end``) it was cut short."""
    return Response(_blocks(_office().export()), content_type=JSON_LINES)


@api.post("/import")
@local_only
def take() -> ResponseReturnValue:
    """Lines of an export after its header; ``first``: the number of the first of them. What became of them."""
    request.max_content_length = MOST_BYTES
    header, *lines = request.get_data(cache=False).removesuffix(b"\n").split(b"\n")
    first = request.args.get("first", 2, type=int)
    return jsonify(report_json(_office().take(header, lines, first), gettext))


@api.post("/rebuild")
@local_only
def rebuild() -> ResponseReturnValue:
    """Begin; progress: GET of the same address."""
    rebuilding = _rebuilding()
    rebuilding.start()
    return jsonify(_state(rebuilding)), 202


@api.get("/rebuild")
@local_only
def rebuilt() -> ResponseReturnValue:
    """``{"over", "progress", "error"}``."""
    return jsonify(_state(_rebuilding()))


@api.post("/erasures/preview")
@local_only
def look_up() -> ResponseReturnValue:
    """``{"who"}``: whom it means and what an erasure would take away."""
    return jsonify(_office().look_up(_text(_body(), "who")))


@api.post("/erasures")
@local_only
def erase() -> ResponseReturnValue:
    """``{"who", "final"}``: what was taken away, once it is gone."""
    asked = _body()
    if not isinstance(asked.get("final"), bool):
        raise _wrong("final")
    return jsonify(_office().erase(_text(asked, "who"), asked["final"]))


@api.get("/erasures")
@local_only
def erasures() -> ResponseReturnValue:
    """``{"tombstones": […], "unfinished": MB that must be free to overwrite what is left, or null}``."""
    return jsonify(tombstones=_office().erased(), unfinished=_office().unfinished())


@api.get("/quarantine")
@local_only
def quarantine() -> ResponseReturnValue:
    """``{"statements": […]}``."""
    return jsonify(statements=_office().quarantine())


@api.get("/quarantine/<int:number>")
@local_only
def set_aside(number: int) -> ResponseReturnValue:
    """One of them, with ``body`` and ``kept``: its text, and that of the statement that the box keeps."""
    return jsonify(_office().set_aside(number))


@api.delete("/quarantine/<int:number>")
@local_only
def drop(number: int) -> ResponseReturnValue:
    """204: it is forgotten, and its bytes are gone."""
    _office().drop(number)
    return "", 204


def _office() -> Office:
    found: Office | None = current_app.extensions.get("records_office")
    if found is None:
        found = current_app.extensions.setdefault("records_office", Office(hub().records))
    return found


def _rebuilding() -> LongTask[None]:
    found: LongTask[None] = current_app.extensions.setdefault(
        "records_rebuilding", LongTask("records-rebuild", _office().rebuild)
    )
    return found


def _state(rebuilding: LongTask[None]) -> dict[str, Any]:
    over = rebuilding.over  # first: what is read after it stands still
    error = rebuilding.error
    return {
        "over": over,
        "progress": rebuilding.progress,
        "error": error.localized(gettext) if error else "",
    }


def _blocks(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Lines together, so that each costs no chunk of its own."""
    held, size = [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= SENT_AT_ONCE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _body() -> dict[str, Any]:
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        raise BadInput("The request was not understood.")
    return found


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(name)
    return value


def _wrong(name: str) -> BadInput:
    return BadInput("%(name)s is missing or is not of the right kind.", name=name)
