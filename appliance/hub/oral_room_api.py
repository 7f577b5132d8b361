# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/oral/…``: what the speech service asks of the hub to lead an activity, over its socket: the sequence, its
sounds, a sentence said aloud."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.errors import NotFound
from appliance.hub import lesson_office, oral_catalogue, oral_delivery, read_aloud
from appliance.hub.context import hub
from appliance.hub.library_api import local_only
from appliance.i18n import LANGUAGES
from appliance.ports import MAX_SPOKEN
from appliance.sequences import ready, writer

api = Blueprint("oral_room_api", __name__, url_prefix="/api/oral")


@api.get("/sequences/<sequence_id>")
@local_only
def sequence(sequence_id: str) -> ResponseReturnValue:
    """``document``: its ``sequence.toml``; ``token``: for attempts of ``pupil``, empty without a lesson of theirs."""
    found = oral_catalogue.get(sequence_id)
    token = _token(request.args.get("pupil", ""), sequence_id)
    return jsonify(document=writer.write(found).decode(), token=token)


def _token(pupil: str, sequence_id: str) -> str:
    lesson = lesson_office.current()
    if not pupil or lesson is None or not lesson.allows("oral", sequence_id):
        return ""
    if pupil not in {each.id for each in lesson_office.pupils(lesson)}:
        raise NotFound("This pupil is not in the lesson: choose another one.")
    return oral_delivery.token(lesson.id, [pupil], sequence_id)


@api.get("/sequences/<sequence_id>/clips/<slug>")
@local_only
def clip(sequence_id: str, slug: str) -> Response:
    """The model's voice, MP3; said by a voice of the box where there is no clip."""
    item = next((each for each in oral_catalogue.get(sequence_id).items if each.slug == slug), None)
    if item is None:
        raise NotFound("There is no such sound: open the sequence again.")
    path = _file(oral_catalogue.clip(sequence_id, slug, slow=request.args.get("slow") == "1"))
    sound = path.read_bytes() if path else hub().spoken.say(read_aloud.sentence(item.text, "en"))
    return Response(sound, mimetype="audio/mpeg")


def _file(address: str | None) -> Path | None:
    """What a web server would serve at that address."""
    plain = (address or "").partition("?")[0]
    for prefix, folder in (("/static/", ready.STATIC), ("/sequences/", hub().config.library_folder / "sequences")):
        path = folder / plain.removeprefix(prefix)
        if plain.startswith(prefix) and path.is_file():
            return path
    return None


@api.get("/voice")
@local_only
def voice() -> Response:
    """The MP3 of ``text`` in ``language``. 404 where the box has no voice for it."""
    text, language = request.args.get("text", ""), request.args.get("language", "")
    if not 0 < len(text) <= MAX_SPOKEN or language not in LANGUAGES:
        raise NotFound("The box cannot say this sentence.")
    return Response(hub().spoken.say(read_aloud.sentence(text, language)), mimetype="audio/mpeg")
