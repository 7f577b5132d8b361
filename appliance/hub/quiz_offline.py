# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a tablet keeps so that its pupil's lesson opens with no Wi-Fi at all (``static/app/offline.js``).

Browsers run a service worker only where they trust the connection; elsewhere nothing of this is asked for. The key
names pupil, team and sitting of the lesson and tells nobody who that is: another key, another pack.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import Blueprint, Response, jsonify, url_for

from appliance.hub import assets, lesson_office, quiz_media, quiz_pictures, quiz_view
from appliance.hub.context import hub
from appliance.hub.read_aloud import content_language, voice_url
from appliance.model import MEDIA_KINDS, Activity

pages = Blueprint("offline", __name__)

MOST_QUIZZES = 12
MOST_SENTENCES = 120
MOST_MEDIA = 60


@pages.app_template_global("pack_key")
def pack_key() -> str:
    """Of whoever holds this tablet in the lesson that goes on; empty for nobody."""
    lesson, several = lesson_office.current(), lesson_office.speakers()
    if lesson is None or not several:
        return ""
    told = "\n".join(["pack", lesson.key, *(pupil.id for pupil in several)])
    return hmac.new(hub().secret, told.encode(), hashlib.sha256).hexdigest()[:20]


@pages.get("/hors-ligne.js")
def worker() -> Response:
    """The service worker, at the root so that it reaches every page."""
    body = (assets.STATIC / "app/offline.js").read_bytes()
    return Response(body, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


@pages.get("/hors-ligne.json")
def pack() -> Response:
    """The pages and files of the lesson for the pupil who asks; nothing for anybody else."""
    key, lesson = pack_key(), lesson_office.current()
    if not key or lesson is None:
        return jsonify(key="", pages=[], files=[])
    quizzes = lesson_office.activities(lesson)[:MOST_QUIZZES]
    addresses = [url_for("practice.quiz", activity_id=quiz.id) for quiz in quizzes]
    return jsonify(key=key, pages=[url_for("shelf.shelf"), *addresses], files=_files(quizzes))


def _files(quizzes: list[Activity]) -> list[str]:
    """What the pages ask for: scripts, pictures, and what the loudspeakers say."""
    app = ["app/app.css", "app/outbox.js", "app/quiz.js", "app/shelf.js", "app/lesson.js"]
    if any(each.kind in MEDIA_KINDS for quiz in quizzes for each in quiz.questions):
        app.append("app/media.js")
    shown = quiz_view.shown(Activity("", "", tuple(q for quiz in quizzes for q in quiz.questions)), {}, tells=True)
    words = [words for each in shown for words in (each.question.prompt, each.question.right, each.question.wrong)]
    said = (voice_url(text, language=content_language()) for text in words[:MOST_SENTENCES] if text)
    own = [*map(assets.static_url, app), assets.icons_sheet(), assets.animals_sheet()]
    return [*own, *_sheets(quizzes), *filter(None, said), *_media(quizzes)]


def _sheets(quizzes: list[Activity]) -> list[str]:
    """The photos of each part of each quiz, as its page asks for them."""
    found = []
    for quiz in quizzes:
        quiz_pictures.expect(quiz_view.questions(quiz_view.parts(quiz_view.shown(quiz, {}, tells=False))))
        found += quiz_pictures.sheets()
    return list(dict.fromkeys(found))


def _media(quizzes: list[Activity]) -> list[str]:
    """What teachers gave, one file each: sounds, and questions' pictures as they are made larger."""
    asked = [question for quiz in quizzes for question in quiz.questions]
    spoken = [choice.sound for question in asked for choice in (*question.choices, *question.targets)]
    own = [medium for question in asked for medium in (question.sound, question.image)]
    wanted = dict.fromkeys(filter(None, (*own, *spoken)))
    return list(filter(None, map(quiz_media.address, wanted)))[:MOST_MEDIA]
