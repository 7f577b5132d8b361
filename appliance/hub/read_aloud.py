# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/voice/…``: sentences of the box's own pages, said aloud.

A page names the sentence, and the box signs it: an address that the box did not give out is not said, so nobody makes
tablets speak. The address holds the whole sentence, so that it works after a restart. What a page may offer: its own
instructions and what a teacher wrote for the class; never what somebody just typed, never a person's name.
"""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Iterable
from urllib.parse import quote

from flask import Blueprint, Response, g, request, send_file
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from appliance.errors import NotFound
from appliance.hub.context import hub
from appliance.hub.settings import language as page_language
from appliance.hub.spoken import Sentence
from appliance.i18n import LANGUAGES
from appliance.model import Activity
from appliance.ports import MAX_SPOKEN

api = Blueprint("read_aloud", __name__)

DIGEST = 32
"""Hexadecimal digits of the signature that are kept: 128 bits."""
TEXT = "t"
YEAR_S = 365 * 86400


def sentence(text: str, language: str) -> Sentence:
    """What the box would say, under the name that its secret gives it. Spaces of any kind count as one."""
    plain = " ".join(text.split())
    told = f"voice\0{language}\0{plain}".encode()
    return Sentence(hmac.new(hub().secret, told, hashlib.sha256).hexdigest()[:DIGEST], plain, language)


def voice_url(*texts: str, language: str = "") -> str:
    """The address of the first of ``texts`` that the box can say, in ``language`` (default: the page's).

    Empty when it can say none: then there is no button. The sound is made ready while the page travels.
    """
    tongue = language or page_language()
    for text in texts:
        offered = sentence(text.unescape() if isinstance(text, Markup) else text, tongue)
        if hub().spoken.knows(offered.text, tongue):
            _offered().append(offered)
            return f"/api/voice/{tongue}/{offered.name}?{TEXT}={quote(offered.text, safe='')}"
    return ""


def prepare(texts: Iterable[str], language: str) -> None:
    """Have these sentences ready: for a lesson that opens, before the first tablet shows them."""
    hub().spoken.prepare(sentence(text, language) for text in texts)


def prepare_quizzes(quizzes: Iterable[Activity]) -> None:
    """:func:`prepare` for what the questions of these quizzes say."""
    for each in (question for quiz in quizzes for question in quiz.questions):
        answers = [choice.text for choice in (*each.choices, *each.targets)]
        prepare((each.prompt, *answers, each.right, each.wrong), content_language())


def _offered() -> list[Sentence]:
    if "offered_sentences" not in g:
        g.offered_sentences = []
    found: list[Sentence] = g.offered_sentences
    return found


def _prepare_offered(response: Response) -> Response:
    if "offered_sentences" in g:
        hub().spoken.prepare(_offered())
    return response


@api.record
def _globals(state: BlueprintSetupState) -> None:
    """Give the templates ``voice_url`` and ``content_language``."""
    state.app.jinja_env.globals.update(voice_url=voice_url, content_language=content_language)
    state.app.after_request(_prepare_offered)


def content_language(tag: str = "") -> str:
    """The language to say a text in: ``tag`` (BCP 47) where known, else the box's, which is the class's."""
    return tag.split("-")[0] if tag else hub().config.box.language


@api.get("/api/voice/<language>/<digest>")
def voice(language: str, digest: str) -> Response:
    """The MP3 of the sentence in ``t``, by ranges where asked (Safari plays nothing else). 404 unless the box signed
    that address."""
    text = request.args.get(TEXT, "")
    signed = len(text) <= MAX_SPOKEN and language in LANGUAGES
    wanted = sentence(text, language) if signed else None
    if wanted is None or not hmac.compare_digest(wanted.name.encode(), digest.encode()):
        raise NotFound("The box cannot say this sentence.")
    sound = hub().spoken.say(wanted)
    answer = send_file(io.BytesIO(sound), "audio/mpeg", conditional=True, etag=wanted.name)
    answer.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
    return answer
