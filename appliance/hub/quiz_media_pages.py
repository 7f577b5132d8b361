# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/enseignant/exercices/<quiz>/medias``: a picture or a sound for a field of a question, found or given."""

from __future__ import annotations

from flask import Blueprint, request
from flask.blueprints import BlueprintSetupState

from appliance.errors import BadInput, CartableError, NotFound
from appliance.hub import quiz_editor, quiz_forms, quiz_media, quiz_media_forms, quiz_pictures
from appliance.hub.language import gettext
from appliance.hub.medium_worker import Makers
from appliance.hub.quiz_media_forms import put, unpacked
from appliance.hub.roles import TEACHING, allowed
from appliance.model import Activity
from appliance.store import quiz_media as stored
from appliance.store.quiz_media import PICTURE, SOUND, Medium

pages = Blueprint("quiz_media", __name__, url_prefix="/enseignant/exercices")


@pages.record
def _makers(state: BlueprintSetupState) -> None:
    state.app.extensions["medium_makers"] = Makers(state.app.extensions["cartable"].config)


@pages.get("/<activity_id>/medias")
@allowed(*TEACHING)
def choose(activity_id: str) -> str:
    """For the question named as in the editor's address; ``champ``: the line, or nothing for the question itself."""
    activity = quiz_editor.offered(activity_id)
    draft = quiz_editor.asked_for(activity)
    if draft is None:
        raise NotFound("There is no such question in this quiz: go back to it.")
    return quiz_media_forms.page(
        activity, quiz_forms.fields(draft), request.args.get("champ", ""), request.args.get("mot", "")
    )


@pages.post("/<activity_id>/medias")
@allowed(*TEACHING)
def change(activity_id: str) -> str | tuple[str, int]:
    """Search, or put something into the field and go back to the question, which is not saved by this."""
    activity = quiz_editor.offered(activity_id)
    asked, place = unpacked(request.form.get("draft", "")), request.form.get("place", "")
    if request.form.get("do") == "find":
        return quiz_media_forms.page(activity, asked, place, request.form.get("words", ""))
    try:
        if (picture := _picture()) is not None:
            put(asked, place, picture=picture)
        if (sound := _sound()) is not None:
            put(asked, place, sound=sound)
    except CartableError as error:
        return quiz_media_forms.page(activity, asked, place, error=error.localized(gettext)), error.status
    return _back(activity, quiz_forms.filled(asked))


def _back(activity: Activity, draft: quiz_forms.Draft) -> str:
    return quiz_editor.page(activity, draft)


def _picture() -> str | None:
    """The name of the picture chosen or given; None: the form is not about pictures."""
    if request.form.get("do") == "add-picture":
        return _given(PICTURE, "picture_file").name
    name = request.form.get("picture")
    if name and name not in quiz_pictures.names().values():
        raise BadInput("There is no picture called “%(name)s”: choose one of the list.", name=name)
    return name


def _sound() -> str | None:
    if request.form.get("do") == "add-sound":
        return _given(SOUND, "sound_file").reference
    if request.form.get("do") != "put-sound":
        return None
    reference = request.form.get("sound", "")
    known = quiz_media.known(reference)
    if reference and (known is None or known.kind != stored.SOUND):
        raise NotFound("This picture or sound is no longer on the box: choose it again.")
    return reference


def _given(kind: str, field: str) -> Medium:
    file = request.files.get(field)
    if file is None or not file.filename:
        raise BadInput("Choose a file first.")
    return quiz_media.add(
        kind, file.stream.read(quiz_media.MOST[kind] + 1), request.form.get("name", ""), file.filename
    )
