# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""GET of statements (2.1.3, 2.1.4). In the exact format stored bytes are joined, never parsed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response

from appliance.errors import BadInput, NotFound, Refused
from appliance.hub import http_headers
from appliance.hub.xapi import answers, credentials, parameters
from appliance.hub.xapi.call import Call
from appliance.store import record_queries
from appliance.store.records import Found, Query, Records
from appliance.xapi import actors, multipart, shapes, terms

MOST = 500
"""Statements of one page; also what a limit of 0 gives."""
MOST_PAGE_BYTES = record_queries.MOST_BYTES
"""Statements and attachments of one page, unless a single statement is larger."""
FORMATS = ("exact", "ids", "canonical")
ONE = ("statementId", "voidedStatementId")
FILTERS = ("agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until",
           "limit", "format", "attachments", "ascending", "cursor")  # fmt: skip
"""``cursor`` is the box's own (3.2 allows it): only ``more`` carries it."""


def get(call: Call) -> Response:
    """One statement, or a page of those that match."""
    if call.caller.running is None:
        call.caller.must(*credentials.READ, credentials.READ_MINE)
    return _one(call) if any(name in call.parameters for name in ONE) else _page(call)


def _one(call: Call) -> Response:
    given = call.parameters
    if all(name in given for name in ONE):
        raise BadInput("Ask for statementId or for voidedStatementId, not for both.")
    name = next(name for name in ONE if name in given)
    parameters.only(given, required=(name,), optional=("attachments", "format"))
    found = call.parts.records.get(parameters.uuid(given, name) or "", voided=name == ONE[1])
    if found is None or not _shown(call, found):
        raise NotFound("There is no such statement.")
    shape = _shaper(call, _Definitions(call.parts.records))
    return _answer(call, shape(found), [found], modified=found.stored)


def _page(call: Call) -> Response:
    given = call.parameters
    parameters.only(given, optional=FILTERS)
    query = _query(call)
    page = call.parts.records.query(query)
    kept = _bounded(page.found, attached=parameters.flag(given, "attachments"), call=call)
    known = _Definitions(call.parts.records)
    shape, shown, bodies = _shaper(call, known), list[Found](), list[bytes]()
    for place, found in enumerate(kept):
        if not _shown(call, found):
            continue
        body = shape(found)
        if known.short and shown:  # with the next page's room it gets them all
            kept = kept[:place]
            break
        shown.append(found)
        bodies.append(body)
    more = page.next if len(kept) == len(page.found) else call.parts.records.cursor(kept[-1])
    listed = b",".join(bodies)
    return _answer(call, b'{"statements":[%b],"more":%b}' % (listed, answers.encode(_more(call, query, more))), shown)


def _query(call: Call) -> Query:
    given = call.parameters
    agent = parameters.agent(given, "agent", groups=True)
    value = terms.agent_value(agent) if agent else None
    if call.caller.launch is not None:
        if value not in (None, call.caller.actor):
            raise Refused("This activity may read what its own pupil did, and nothing else.")
        value = call.caller.actor
    verb, activity = parameters.iri(given, "verb"), parameters.iri(given, "activity")
    return Query(
        agent=value,
        verb=None if verb is None else terms.iri_value(verb),
        activity=None if activity is None else terms.iri_value(activity),
        registration=parameters.uuid(given, "registration"),
        related_agents=parameters.flag(given, "related_agents") and call.caller.launch is None,
        related_activities=parameters.flag(given, "related_activities"),
        since=parameters.timestamp(given, "since"),
        until=parameters.timestamp(given, "until"),
        limit=min(parameters.count(given, "limit") or MOST, MOST),
        ascending=parameters.flag(given, "ascending"),
        cursor=given.get("cursor"),
        within=terms.agent_value(call.caller.authority) if _mine(call) else None,
    )


def _mine(call: Call) -> bool:
    """Whether the sender sees nothing but what it wrote itself (4.2, scope ``statements/read/mine``)."""
    return call.caller.launch is None and not call.caller.may(*credentials.READ)


def _shown(call: Call, found: Found) -> bool:
    """The index says who is named; who vouches, and a launched script's one actor, are read in the statement."""
    if _mine(call):
        return bool(json.loads(found.body).get("authority") == call.caller.authority)
    if call.caller.launch is not None:
        own = {value for kind, value in terms.terms(json.loads(found.body)) if kind == "agent"}
        return call.caller.actor in own
    return True


def _bounded(found: Sequence[Found], *, attached: bool, call: Call) -> Sequence[Found]:
    """The first of ``found`` that fit in a page with their attachments, at least one."""
    size = 0
    for index, item in enumerate(found):
        size += len(item.body)
        if attached:
            size += sum(call.parts.records.attachment_size(sha2) for sha2 in item.attachments)
        if size > MOST_PAGE_BYTES and index:
            return found[:index]
    return found


class _Definitions:
    """Canonical definitions for one answer, of :data:`MOST_PAGE_BYTES` in all: a statement may name a thousand."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[str, tuple[int, dict[str, Any] | None]] = {}
        self._room = MOST_PAGE_BYTES
        self.short = False
        """There was no room for one, which was left out."""

    def of(self, iri: str) -> dict[str, Any] | None:
        """The definition of an activity; None when there is none, or no room."""
        if self.short:
            return None
        size, definition = self._known.get(iri) or self._read(iri)
        if size > self._room:
            self.short = True
            return None
        self._room -= size
        return definition

    def _read(self, iri: str) -> tuple[int, dict[str, Any] | None]:
        text = self._records.definition_text(iri)
        if text is None or len(text) > self._room:
            return len(text or ""), None
        found = self._known[iri] = len(text), dict(json.loads(text))
        return found


def _shaper(call: Call, known: _Definitions) -> Callable[[Found], bytes]:
    """How a statement is written in the format that is asked for."""
    kind = parameters.one_of(call.parameters, "format", FORMATS)
    if kind == "ids":
        return lambda found: answers.encode(shapes.ids(json.loads(found.body)))
    if kind == "canonical" and call.caller.launch is None:  # a definition may be another pupil's words
        languages = http_headers.ranked(call.header("Accept-Language"))
        return lambda found: answers.encode(shapes.canonical(json.loads(found.body), known.of, languages))
    return lambda found: found.body


def _more(call: Call, query: Query, more: str | None) -> str:
    """The address of the next page, below the same host; empty on the last one."""
    if more is None:
        return ""
    kept = {name: text for name, text in call.parameters.items() if name not in ("cursor", "agent")}
    if query.agent is not None and "agent" in call.parameters:
        agent = parameters.agent(call.parameters, "agent", groups=True) or {}
        short = {key: agent[key] for key in ("objectType", *actors.IDENTIFIERS) if key in agent}
        kept["agent"] = answers.encode(short).decode()  # a group's members would make it long
    return f"/xapi/{call.resource}?{urlencode({**kept, 'cursor': more})}"


def _answer(call: Call, body: bytes, found: Sequence[Found], *, modified: str | None = None) -> Response:
    """JSON, or multipart with each attachment once (1.5.2)."""
    if not parameters.flag(call.parameters, "attachments"):
        return answers.content(body, modified=modified)
    parts: dict[str, tuple[str, str, bytes]] = {}
    for item in found:
        for told in _told(item):
            sha2 = told["sha2"].lower()
            data = None if sha2 in parts else call.parts.records.attachment(sha2)
            if data is not None:
                parts[sha2] = (told["sha2"], told["contentType"], data)
    whole, content_type = multipart.build(body, parts.values())
    return answers.content(whole, content_type, modified=modified)


def _told(found: Found) -> list[dict[str, Any]]:
    return multipart.attachments(json.loads(found.body)) if found.attachments else []
