# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the service answers beside verdicts: errors, to programs in JSON, to a form without script as a small page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from appliance.errors import Busy, CartableError
from appliance.http_rules import BARE_POLICY
from appliance.i18n import N_, translator
from appliance.speech.context import speech

_SENTENCES = {
    404: N_("There is nothing at this address."),
    405: N_("This address does not take that request."),
    413: N_("This is too large for the box."),
}
_STRANGE = N_("The request was not understood.")
_BACK = N_("Go back")
_PAGE = Markup(
    '<!doctype html><html lang="{language}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{sentence}</title>'
    "<style>body{{font:1.5rem/1.5 sans-serif;margin:15vh auto;max-width:30rem;padding:0 1rem;text-align:center}}"
    "a{{display:inline-block;padding:1rem 2rem}}</style>"
    '<p>{sentence}</p><p><a href="{back}">{words}</a></p></html>'
)


def wants_json() -> bool:
    """A script asks; so does whoever sends no form."""
    return "application/json" in request.headers.get("Accept", "") or request.method != "POST" or request.is_json


def language() -> str:
    """Of the one who asks, once known."""
    return str(g.get("language", speech().language))


def our_error(error: CartableError) -> ResponseReturnValue:
    """With the error's own status."""
    retry = {"Retry-After": "2"} if isinstance(error, Busy) else {}
    return _said(error.localized(translator(language())), error.status, retry)


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Of Flask or Werkzeug; a redirect is none."""
    code = error.code or 500
    if code < 400:
        return error.get_response()
    return _said(translator(language())(_SENTENCES.get(code, _STRANGE)), code, {})


def _said(sentence: str, status: int, headers: dict[str, str]) -> ResponseReturnValue:
    if wants_json():
        return jsonify(error=sentence), status, headers
    return plain_page(sentence, status, headers)


def plain_page(sentence: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """A page with one sentence, and the way back to the one that sent the form."""
    words = translator(language())(_BACK)
    body = _PAGE.format(language=language(), sentence=sentence, back=_back(), words=words)
    response = Response(body, status, headers, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = BARE_POLICY
    return response


def _back() -> str:
    """A page of this box, else the first one."""
    parts = urlsplit(request.headers.get("Referer", ""))
    return parts.path if parts.netloc == request.host and re.fullmatch(r"(?:/[\w.-]+)+", parts.path) else "/"
