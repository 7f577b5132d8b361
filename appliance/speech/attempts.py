# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/speech/attempts``: a pupil's voice in, a verdict out, nothing kept of the voice.

A script asks for JSON; a form without script is sent back to its page, which shows the verdict.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from appliance.errors import BadInput, Busy, Refused
from appliance.i18n import translator
from appliance.speech.answers import plain_page, wants_json
from appliance.speech.context import speech
from appliance.speech.turns import COMPARE, Turn
from appliance.speech.verdict import Verdict

api = Blueprint("attempts", __name__)

LONGEST_TOKEN = 4000
LONGEST_NAME = 200


@api.post("/api/speech/attempts")
def attempt() -> ResponseReturnValue:
    """Multipart: ``id``, ``token``, ``activity``, ``item``, and the recording in ``sound``."""
    begun = time.monotonic()
    turn, sound, cookie = _turn(), _sound(), request.headers.get("Cookie", "")
    asked, g.language = turn.asked(speech().hub, cookie)
    verdict = speech().listener.judge(sound, asked)
    del sound
    age_ms = round((time.monotonic() - begun) * 1000)
    try:
        kept = turn.keep(speech().hub, cookie, verdict, age_ms)
    except (Busy, Refused) as error:
        kept = {"kept": False, "why": error.localized(translator(g.language))}
    return _answer(_told(verdict), kept)


def _answer(told: Mapping[str, Any], kept: Mapping[str, Any]) -> ResponseReturnValue:
    if wants_json():
        return jsonify({**told, **kept})
    page = str(kept.get("page", ""))
    if page.startswith("/") and not page.startswith(("//", "/\\")):
        return redirect(page, 303)
    return plain_page(" ".join(str(each) for each in (told.get("sentence"), kept.get("why")) if each), 200)


def _told(verdict: Verdict | None) -> Mapping[str, Any]:
    return COMPARE if verdict is None else verdict.as_json(translator(g.language))


def _turn() -> Turn:
    """What the form says of the attempt. Raises :class:`BadInput`."""
    form = request.form
    names = {name: form.get(name, "") for name in ("token", "activity", "item")}
    if not all(names.values()) or len(names["token"]) > LONGEST_TOKEN or len(names["activity"]) > LONGEST_NAME:
        raise BadInput("This recording does not say what it answers: open the activity again.")
    try:
        identifier = str(uuid.UUID(form.get("id", "")))
    except ValueError as error:
        raise BadInput("This recording does not say what it answers: open the activity again.") from error
    return Turn(identifier, names["token"], names["activity"], names["item"][:LONGEST_NAME])


def _sound() -> bytes:
    """The recording. Raises :class:`BadInput` when there is none."""
    file = request.files.get("sound")
    sound = file.read() if file else b""
    if not sound:
        raise BadInput("The recording is empty: hold the button while you speak.")
    return sound
