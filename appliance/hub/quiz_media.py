# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A teacher's own pictures and sounds in exercises: taken in, found by a word, removed once no exercise uses them."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from flask import current_app

from appliance.errors import BadInput, NotFound, TooLarge
from appliance.hub import lesson_office
from appliance.hub.context import hub
from appliance.hub.medium_worker import Makers
from appliance.model import MINE
from appliance.store import quiz_media
from appliance.store.quiz_media import Medium

MOST = {quiz_media.PICTURE: 12 << 20, quiz_media.SOUND: 2 << 20}
"""Bytes of a file as it comes."""
MOST_BYTES = max(MOST.values()) + 2**19
"""Of a request that brings one, its other fields included."""


def folder() -> Path:
    """Where the files stand: the edge answers them by itself (``routes.py``, exercise-media)."""
    return hub().config.library_folder / quiz_media.FOLDER


def add(kind: str, data: bytes, name: str, filename: str) -> Medium:
    """Make a file anew and keep it. Raises :class:`BadInput` and its kinds with what to do."""
    if not name.strip():
        raise BadInput("Say in a few words what this shows or says: at most %(most)s characters.",
                       most=quiz_media.LONGEST_NAME)  # fmt: skip
    if len(data) > MOST[kind]:
        raise TooLarge("%(name)s is larger than %(limit)s MB: make it smaller.", name=filename,
                       limit=MOST[kind] >> 20)  # fmt: skip
    makers: Makers = current_app.extensions["medium_makers"]
    body, about = makers.make(kind, data, filename)
    medium = Medium(hashlib.sha256(body).hexdigest(), kind, name, int(about.get("width", 0)),
                    int(about.get("height", 0)), about.get("seconds", 0.0), len(body))  # fmt: skip
    with hub().db.writing() as conn:
        return quiz_media.put(conn, medium, body, folder(), lesson_office.now_text())


def sweep() -> None:
    """After an exercise changed; not while a lesson runs, whose tablets may still show what it was."""
    if lesson_office.current() is None:
        with hub().db.writing() as conn:
            quiz_media.sweep(conn, folder(), starting=False)


def known(reference: str) -> Medium | None:
    """The picture or sound that stands in a question; None for another's, or one that is gone."""
    try:
        return quiz_media.get(hub().db, reference) if reference.startswith(MINE) else None
    except NotFound:
        return None


def address(reference: str | None) -> str:
    """Of its file; empty for one that is gone."""
    found = known(reference or "")
    return f"/medias/{found.file}" if found else ""


def matching(names: Mapping[str, str], words: str) -> dict[str, str]:
    """Those whose name has each of the words, whatever their capitals and accents; all of them for no word."""
    wanted = bare(words).split()
    return {each: name for each, name in names.items() if all(word in bare(name) for word in wanted)}


def bare(text: str) -> str:
    """Without capitals and accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
