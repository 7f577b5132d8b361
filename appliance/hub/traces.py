# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's trace pages: the class at a glance, live; each pupil's trace as sentences. No mark, no ranking."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlencode

from flask import Blueprint, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from appliance.hub import trace_class, trace_lines
from appliance.hub.context import hub
from appliance.hub.roles import check_class, may_read, teacher_required
from appliance.hub.trace_class import Seat
from appliance.hub.trace_lines import Line
from appliance.model import Lesson, Pupil
from appliance.store import lessons, media, merging, people, settings, traces
from appliance.store.record_queries import Found, Query, cursor

pages = Blueprint("traces", __name__, url_prefix="/enseignant/traces")

PER_PAGE = 20
"""Lines of a pupil's page."""
READ = 50
"""Statements of a pupil's page, those in lines that can be opened included."""
READ_BYTES = 1 << 20
"""Of these statements, unless the first is larger: parsed, they take ten times that."""
MAX_IRI = 2000
ICONS = {"completed": "check", "initialized": "play", "launched": "play", "played": "play", "watched": "film",
         "listened": "headphones", "read": "book-open", "resumed": "play", "submitted": "upload"}  # fmt: skip
"""Of a line that says nothing of right or wrong."""


@pages.get("")
@teacher_required
def overview() -> str:
    """The class of the running lesson, or of the last one, pupil by pupil in the order of the class list."""
    lesson, wanted = _lesson(), _wanted()
    return render_template(
        "traces.html", lesson=lesson, running=lesson is not None and lesson.ended_at is None, wanted=wanted,
        group=next((each for each in people.groups(hub().db) if lesson and each.id == lesson.group), None),
        chips=trace_class.chips(lesson), live=_live(lesson, wanted)[0], address=_address,
    )  # fmt: skip


@pages.get("/liste")
@teacher_required
def live() -> Response:
    """The fragment that htmx asks for every two seconds; 304 while nothing changed.

    It is not kept by the browser: the page itself sends the tag of what it shows.
    """
    fragment, tag = _live(_lesson(), _wanted())
    answer = make_response(fragment)
    answer.headers["Cache-Control"] = "no-store"
    answer.set_etag(tag)
    return answer.make_conditional(request)


@pages.get("/<pupil_id>")
@teacher_required
def trace(pupil_id: str) -> str:
    """What a pupil did, newest first. ``suite``: where the page before ended."""
    pupil = people.pupil(hub().db, pupil_id)
    check_class(pupil.group)
    agents = merging.agents(hub().db.reading(), settings.box_id(hub().db), pupil.id)
    after = request.args.get("suite") or None
    lines, older = _page(agents, after)
    lesson = _lesson()
    return render_template(
        "trace.html", pupil=pupil, days=trace_lines.days(lines), first=after is None, icons=ICONS,
        lesson=lesson, seat=_seat(lesson, pupil) if after is None else None,
        media=len(media.of_pupil(hub().db, pupil.id)),
        statements=sum(traces.statements_of(hub().db, agent) for agent in agents),
        older=url_for("traces.trace", pupil_id=pupil.id, suite=older) if older else "",
    )  # fmt: skip


def _lesson() -> Lesson | None:
    """The lesson that goes on, or the last one, unless its class is another teacher's."""
    found = lessons.latest(hub().db)
    return found if found is None or may_read(found.group) else None


def _page(agents: list[str], after: str | None) -> tuple[list[Line], str | None]:
    """Lines, the newest first, and where the next page begins. A run is not cut in two unless it fills a page."""
    found, following = _found(agents, after)
    lines = trace_lines.lines(found)
    kept = lines[:-1] if following and len(lines) > 1 else lines
    kept = kept[:PER_PAGE]
    return kept, cursor(kept[-1].row) if len(kept) < len(lines) else following


def _found(agents: list[str], after: str | None) -> tuple[list[Found], str | None]:
    """The statements of a pupil, by each pseudonym, as far back as all of them were read."""
    read = [
        hub().records.query(Query(agent=agent, limit=READ, most_bytes=READ_BYTES, cursor=after)) for agent in agents
    ]
    floor = max((page.found[-1].row for page in read if page.next and page.found), default=0)
    found = sorted((each for page in read for each in page.found if each.row >= floor), key=lambda each: -each.row)
    return found, cursor(floor) if floor else None


def _seat(lesson: Lesson | None, pupil: Pupil) -> Seat | None:
    """The pupil's row of the class page."""
    if lesson is None:
        return None
    return next((seat for seat in trace_class.seats(lesson) if seat.pupil == pupil), None)


def _wanted() -> str:
    return request.args.get("activite", "")[:MAX_IRI]


def _address(activity: str) -> str:
    return url_for("traces.overview") + (f"?{urlencode({'activite': activity})}" if activity else "")


def _live(lesson: Lesson | None, wanted: str) -> tuple[Markup, str]:
    """The part of the page that changes, and its entity tag."""
    rows = render_template("traces_rows.html", seats=trace_class.seats(lesson, wanted) if lesson else [])
    tag = hashlib.sha256(rows.encode()).hexdigest()[:20]
    address = url_for("traces.live") + (f"?{urlencode({'activite': wanted})}" if wanted else "")
    rest = {"address": address, "conditional": json.dumps({"If-None-Match": f'"{tag}"'})}
    running = lesson is not None and lesson.ended_at is None
    whole = render_template("traces_live.html", rows=Markup(rows), running=running, **rest)  # noqa: S704 - a template's
    return Markup(whole), tag  # noqa: S704 - a template's
