# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``GET /api/search``: the library's hits as JSON, for programs and other pages."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from appliance.hub import shelf
from appliance.hub.context import hub

api = Blueprint("search_api", __name__)

MOST = 50


@api.get("/api/search")
def search() -> Response:
    """``q`` and ``limit`` (1 to 50, 25 unless told); ``{"hits": [{resource, title, within, snippet, href}]}``.

    ``niveau``, ``matiere`` and ``format`` filter as on the shelf. 503 with ``error`` when the search is overloaded.
    """
    limit = min(max(request.args.get("limit", 25, int), 1), MOST)
    wanted = shelf.filters()
    every = hub().library.list()
    shown = [resource for resource in every if shelf.fits(resource, wanted)]
    by_id = {resource.id: resource for resource in shown}
    found = hub().search.search(request.args.get("q", ""), None if len(shown) == len(every) else shown, limit)
    items = [shelf.item(by_id[hit.resource], hit) for hit in found if hit.resource in by_id]
    return jsonify(
        hits=[
            {"resource": i.resource.id, "title": i.title, "within": i.within, "snippet": i.snippet, "href": i.href}
            for i in items
        ]
    )
