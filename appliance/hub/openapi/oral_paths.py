# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/oral/sequences``, ``/api/oral/voice``: what the speech service asks of the hub to lead an activity."""

from __future__ import annotations

from appliance.hub.openapi.box_paths import TAG
from appliance.hub.openapi.parts import LOCAL, TEXT, Json, errors, operation, query, record, told, within

SEQUENCE = within("sequence_id", "A sequence's identifier")


def paths() -> dict[str, Json]:
    """Path -> operations."""
    return {
        "/api/oral/sequences/{sequence_id}": {"get": _sequence()},
        "/api/oral/sequences/{sequence_id}/clips/{slug}": {"get": _clip()},
        "/api/oral/voice": {"get": _voice()},
    }


def _sequence() -> Json:
    led = record({"document": TEXT, "token": TEXT})
    return operation(
        "oralSequence", TAG, "A sequence of spoken English, to be led with the box", LOCAL,
        {"200": told("document: its sequence.toml; token: of the pupil", led), **errors(400, 403, 404, 502)},
        parameters=[SEQUENCE, query("pupil", TEXT, "Whose attempts are kept")],
    )  # fmt: skip


def _clip() -> Json:
    return operation(
        "oralClip", TAG, "The model's voice", LOCAL, {"200": _sound(), **errors(400, 403, 404, 500, 502, 503)},
        parameters=[SEQUENCE, within("slug", "Of the item"), query("slow", TEXT, "1: slowly")],
    )  # fmt: skip


def _voice() -> Json:
    return operation(
        "oralVoice", TAG, "A sentence for the class", LOCAL, {"200": _sound(), **errors(403, 404, 500, 502, 503)},
        parameters=[query("text", TEXT, "The sentence", required=True),
                    query("language", TEXT, "fr or en", required=True)],
    )  # fmt: skip


def _sound() -> Json:
    return told("The sound", {"type": "string", "format": "binary"}, "audio/mpeg")
