# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A quiz with a photo and a voice on a running box, and works of its pupils; asking again changes nothing."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from tests import media
from tests.rigs.box import Box
from tests.rigs.http_tablet import Tablet

TITLE = "Dessine et raconte"
PROMPTS = {"photo": "Prends ton dessin en photo.", "voice": "Raconte ton dessin."}


def quiz(box: Box) -> str:
    """The id of the quiz, made by the editor's own forms."""
    known = box.rows("SELECT id FROM activity WHERE title = ?", TITLE)
    if not known:
        _post(box, "/enseignant/exercices", title=TITLE)
        known = box.rows("SELECT id FROM activity WHERE title = ?", TITLE)
        for kind, prompt in PROMPTS.items():
            _post(box, f"/enseignant/exercices/{known[0]['id']}", kind=kind, id="", prompt=prompt, do="save")
    return str(known[0]["id"])


def works(box: Box) -> str:
    """The id of the running lesson, in which two pupils answered."""
    lesson = str(box.rows("SELECT id FROM lesson ORDER BY started_at DESC LIMIT 1")[0]["id"])
    activity = quiz(box)
    if not box.rows("SELECT 1 FROM answer WHERE activity = ?", activity):
        pupils = box.rows("SELECT id FROM pupil ORDER BY position LIMIT 4")[2:]
        for row, body in zip(pupils, (media.photo((400, 300)), media.recording()), strict=True):
            tablet = Tablet(box, row["id"])
            tablet.come_in(activity)
            asked = tablet.questions[0 if body.startswith(b"\xff") else 1]
            told = send(box, {"id": str(uuid.uuid4()), "token": tablet.token, "question": asked.id}, body)
            assert told["refused"] == [], told
    return lesson


def send(box: Box, fields: dict[str, str], body: bytes) -> Any:
    """Deliver one over the box's socket."""
    data, kind = media.form(fields, body)
    return box.client.request("POST", "/api/media", body=data, headers={"Content-Type": kind}).json()


def _post(box: Box, path: str, **fields: str) -> None:
    answer = box.client.request(
        "POST", path, body=urlencode(fields).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status == 303, answer
