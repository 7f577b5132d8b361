# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The page where a picture and a sound are chosen for one field of the editor. What the editor's form holds travels in
one hidden field, and nothing is kept before the question is saved; only a file that is given is.
"""

from __future__ import annotations

import itertools
from urllib.parse import parse_qsl, urlencode

from flask import render_template
from werkzeug.datastructures import MultiDict

from appliance.errors import BadInput
from appliance.hub import quiz_forms, quiz_media, quiz_pictures
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.model import Activity
from appliance.store import quiz_media as stored

SHOWN = 24
MOST_SOUNDS = 60
PLACES = ("", *map(str, range(quiz_forms.ROWS)))
"""Of the question, or the number of a line."""
_NOT_KEPT = ("csrf", "do")
_LONGEST = 60_000


def page(activity: Activity, form: MultiDict[str, str], place: str, words: str = "", error: str = "") -> str:
    """``form``: the editor's, as it was sent. Raises :class:`BadInput` for a field that there is not."""
    if place not in PLACES:
        raise BadInput("The request was not understood.")
    offered = quiz_media.matching(quiz_pictures.names(), words)
    pictures = dict(itertools.islice(offered.items(), SHOWN))
    quiz_pictures.expect_small(pictures)
    return render_template(
        "quiz_media.html", activity=activity, place=place, draft=_packed(form), words=words, error=error,
        about=_about(form, place), pictures=pictures, more=len(offered) > len(pictures),
        chosen=form.get(f"picture{place}", ""), sound=form.get(f"sound{place}", ""),
        sounds=stored.every(hub().db, stored.SOUND)[:MOST_SOUNDS],
        here=f"/enseignant/exercices/{activity.id}/medias",
    )  # fmt: skip


def _about(form: MultiDict[str, str], place: str) -> str:
    if not place:
        return form.get("prompt", "").strip() or str(gettext("The question"))
    return form.get(f"text{place}", "").strip() or str(gettext("Line %(number)s", number=int(place) + 1))


def _packed(form: MultiDict[str, str]) -> str:
    return urlencode([(name, value) for name, value in form.items(multi=True) if name not in _NOT_KEPT and value])


def unpacked(text: str) -> MultiDict[str, str]:
    """The editor's form again. Raises :class:`BadInput` for what is none."""
    try:
        form = MultiDict(parse_qsl(text, max_num_fields=80)) if len(text) <= _LONGEST else MultiDict()
    except ValueError as error:
        raise BadInput("The request was not understood.") from error
    quiz_forms.filled(form)
    return form


def put(form: MultiDict[str, str], place: str, *, picture: str | None = None, sound: str | None = None) -> None:
    """Into the field; words that are missing are the picture's."""
    if place not in PLACES:
        raise BadInput("The request was not understood.")
    if picture is not None:
        form[f"picture{place}"] = picture
        if place and not form.get(f"text{place}", "").strip():
            form[f"text{place}"] = picture
    if sound is not None:
        form[f"sound{place}"] = sound
