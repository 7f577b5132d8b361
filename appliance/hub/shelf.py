# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/etagere``: the pupil's shelf, its search box and its filters. Works without JavaScript."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, g, jsonify, render_template, request
from flask.blueprints import BlueprintSetupState

from appliance.errors import Busy
from appliance.hub import covers, labels, lesson_office, oral_catalogue
from appliance.hub.auth import is_teacher
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.pupils import current_lesson, current_pupil
from appliance.model import LEVELS, Activity, Hit, Resource, SearchFilters
from appliance.sequences import sequence as oral_sequence

pages = Blueprint("shelf", __name__)

PER_PAGE = 9
"""Cards of one page: with 9 the page stays under 180 nodes."""
MAX_HITS = 45
MAX_QUERY = 200
PER_RESOURCE = 2
WORD = re.compile(r"[^\W\d_]{2}")
"""What a snippet holds at least to be worth showing: the dots of a table of contents say nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """One card of the shelf."""

    resource: Resource
    href: str
    title: str
    within: str = ""
    """Of a search: the title of the resource, when ``title`` is that of a piece of it."""
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of cards. ``page`` counts from 1."""

    items: Sequence[Item]
    covers: str
    """Address of the picture that holds their covers."""
    rows: Mapping[str, int]
    """Cover key -> its row in that picture."""
    total: int
    page: int
    pages: int


@pages.record
def _globals(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(labels=labels, covers=covers)
    state.app.register_blueprint(covers.pages)


def filters() -> SearchFilters:
    """What the address asks for, unknown codes left out."""
    level, subject, kind = (request.args.get(name, "") for name in ("niveau", "matiere", "format"))
    return SearchFilters(
        level=level if level in labels.LEVEL_NAMES else "",
        subject=subject if subject in labels.SUBJECT_NAMES else "",
        format=kind if kind in labels.FORMAT_NAMES else "",
    )


def kind_of(resource: Resource) -> str:
    """Its format, ``link`` when nothing of it is on the box."""
    return resource.format if resource.blob else "link"


def fits(resource: Resource, wanted: SearchFilters) -> bool:
    """Whether ``resource`` passes every filter; a card that says no level suits all of them."""
    card = resource.card
    return (
        (not wanted.level or not card.levels or wanted.level in card.levels)
        and (not wanted.subject or card.subject == wanted.subject)
        and (not wanted.format or kind_of(resource) == wanted.format)
        and (not wanted.language or card.language == wanted.language)
    )


def item(resource: Resource, hit: Hit | None = None) -> Item:
    """The card of a resource, opened where the search found its words."""
    href, name = f"/lire/{quote(resource.id)}", labels.title(resource)
    if hit is None:
        return Item(resource, href, name)
    if hit.anchor:
        href += "?" + urlencode({"a": hit.anchor})
    piece = hit.title if hit.title != name else ""
    snippet = hit.snippet if WORD.search(hit.snippet) else ""
    return Item(resource, href, piece or name, name if piece else "", snippet)


def best_of_each(hits: Sequence[Hit]) -> list[Hit]:
    """At most :data:`PER_RESOURCE` hits of one resource, and whole resources before pieces of them."""
    kept, seen = [], Counter[str]()
    for hit in sorted(hits, key=lambda hit: bool(hit.anchor)):
        seen[hit.resource] += 1
        if seen[hit.resource] <= PER_RESOURCE:
            kept.append(hit)
    return kept


def found_items(query: str, shown: Sequence[Resource], *, all_shown: bool) -> list[Item]:
    """The cards that answer ``query``, best first. Raises :class:`Busy` over the time limit of a search."""
    by_id = {resource.id: resource for resource in shown}
    hits = hub().search.search(query, None if all_shown else list(shown), MAX_HITS)
    return [item(by_id[hit.resource], hit) for hit in best_of_each(hits) if hit.resource in by_id]


def page_of(items: Sequence[Item], wanted: int, per_page: int = PER_PAGE) -> Shelf:
    """The asked page, the nearest one when there is no such page."""
    pages_count = max(1, -(-len(items) // per_page))
    page = min(max(wanted, 1), pages_count)
    shown = items[(page - 1) * per_page : page * per_page]
    keys = list(dict.fromkeys(filter(None, (covers.key(item.resource) for item in shown))))
    rows = {key: row for row, key in enumerate(keys)}
    return Shelf(shown, covers.sheet_url(keys), rows, len(items), page, pages_count)


def address(**changes: object) -> str:
    """This page's address with other arguments; an empty one is dropped."""
    kept = {name: request.args.get(name, "")[:MAX_QUERY] for name in ("q", "niveau", "matiere", "format", "page")}
    kept.update({name: str(value) for name, value in changes.items()})
    asked = urlencode({name: value for name, value in kept.items() if value})
    return f"/etagere?{asked}" if asked else "/etagere"


def _activities() -> list[Activity]:
    """What the running lesson asks of this pupil; nothing of somebody who has not said who they are."""
    lesson = current_lesson()
    return [] if current_pupil() is None or lesson is None else lesson_office.activities(lesson)


def _sequences() -> list[oral_sequence.Sequence]:
    """The sequences of English that the running lesson is about."""
    lesson = current_lesson()
    if current_pupil() is None or lesson is None:
        return []
    planned = (item.id for item in lesson.plan if item.kind == "oral")
    return [oral_catalogue.get(name) for name in planned if name in oral_catalogue.ids()]


def _shown() -> list[Resource]:
    """The resources that the running lesson lets pupils open; all of them for the teacher."""
    lesson, everything = current_lesson(), hub().library.list()
    if lesson is None or is_teacher():
        return everything
    return [resource for resource in everything if lesson.allows("resource", resource.id)]


def _items(query: str, wanted: SearchFilters) -> tuple[list[Item], str]:
    """Cards, and a sentence when the search gave up."""
    everything = hub().library.list()
    shown = [resource for resource in _shown() if fits(resource, wanted)]
    if not query:
        return [item(resource) for resource in sorted(shown, key=lambda r: labels.title(r).casefold())], ""
    try:
        return found_items(query, shown, all_shown=len(shown) == len(everything)), ""
    except Busy as busy:
        g.search_busy = True
        return [], busy.localized(gettext)


def _kinds(resources: Sequence[Resource]) -> list[str]:
    present = {kind_of(resource) for resource in resources}
    return [kind for kind in labels.FORMAT_NAMES if kind in present]


@pages.get("/etagere")
def shelf() -> str:
    """The shelf, or what a search found."""
    query = request.args.get("q", "").strip()[:MAX_QUERY]
    wanted = filters()
    items, trouble = _items(query, wanted)
    return render_template(
        "shelf.html",
        query=query,
        wanted=wanted,
        shelf=page_of(items, request.args.get("page", 1, type=int)),
        trouble=trouble,
        formats=_kinds(_shown()),
        pupil=current_pupil(),
        team=lesson_office.speakers(),
        lesson=current_lesson(),
        activities=_activities() if not query else [],
        sequences=_sequences() if not query else [],
        address=address,
        kind_of=kind_of,
    )


@pages.get("/etagere/filtres")
def choose_filters() -> str:
    """Kind, level and subject on a page of their own: one task, one screen."""
    resources = _shown()
    return render_template(
        "filters.html",
        query=request.args.get("q", "").strip()[:MAX_QUERY],
        wanted=filters(),
        formats=_kinds(resources),
        levels=[level for level in LEVELS if any(level in resource.card.levels for resource in resources)],
        subjects=[
            subject
            for subject in labels.SUBJECT_NAMES
            if any(subject == resource.card.subject for resource in resources)
        ],
    )


@pages.get("/api/suggestions")
def suggestions() -> Response:
    """A JSON list of at most 8 titles and words that begin as typed; empty while the search is busy."""
    typed = request.args.get("q", "").strip()[:MAX_QUERY]
    try:
        found = hub().search.suggest(typed) if len(typed) >= 2 else []
    except Busy:
        found = []
    answer = jsonify(found)
    answer.headers["Cache-Control"] = "private, max-age=60"
    return answer
