# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``GET /api/openapi.json``: what the box answers to programs, as OpenAPI 3.1. Made when first asked for."""

from __future__ import annotations

import hashlib
import json

from flask import Blueprint, Response, current_app, request

api = Blueprint("openapi", __name__)


@api.get("/api/openapi.json")
def description() -> Response:
    """The description; 304 to whoever has it already."""
    body, tag = _made()
    response = Response(body, content_type="application/json")
    response.set_etag(tag, weak=True)  # the same whether compressed or not
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]


def _made() -> tuple[bytes, str]:
    kept: tuple[bytes, str] | None = current_app.extensions.get("openapi")
    if kept is None:
        from appliance.hub.openapi.document import document

        body = json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()
        kept = body, hashlib.sha256(body).hexdigest()[:32]
        current_app.extensions["openapi"] = kept
    return kept
