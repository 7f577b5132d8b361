# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The three document resources (2.2): state (2.3), agent profile (2.6), activity profile (2.7).

The families differ in a PUT without ``If-Match`` and ``If-None-Match``. Of a profile, 1.0.3 wants one of the two always
(3.1), of a state never; 2.0 wants one wherever there is a document already, state included (IEEE 9274.1.1, 4.1.4).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from flask import Response

from appliance.errors import BadInput, Conflict, Refused
from appliance.hub.xapi import answers, parameters
from appliance.hub.xapi.call import Call
from appliance.store.documents import LONGEST_TYPE, Bounds, Content, Context, Document, Kind
from appliance.xapi import reading, terms
from appliance.xapi.version import Version

MOST_BYTES = 8 << 20
"""Of one document."""
LAUNCHED_DOCUMENTS, LAUNCHED_BYTES = 64, 1 << 20
"""What the scripts of an activity keep of a pupil: all state of the activity together, and all profiles."""
LONGEST_NAME = 2000

_NAME = {Kind.STATE: "stateId", Kind.AGENT_PROFILE: "profileId", Kind.ACTIVITY_PROFILE: "profileId"}
_ABOUT = {
    Kind.STATE: ("activityId", "agent"),
    Kind.AGENT_PROFILE: ("agent",),
    Kind.ACTIVITY_PROFILE: ("activityId",),
}
_SCOPE = {Kind.STATE: "state", Kind.AGENT_PROFILE: "profile", Kind.ACTIVITY_PROFILE: "profile"}

Handler = Callable[[Call], Response]


def handlers(kind: Kind) -> dict[str, Handler]:
    """Method -> what answers it."""
    return {
        "GET": functools.partial(_get, kind),
        "PUT": functools.partial(_put, kind),
        "POST": functools.partial(_post, kind),
        "DELETE": functools.partial(_delete, kind),
    }


def _get(kind: Kind, call: Call) -> Response:
    name = call.parameters.get(_NAME[kind])
    context = _context(kind, call, *(("since",) if name is None else (_NAME[kind],)), writing=False)
    if name is not None:
        found = call.parts.documents.get(context, name)
        return answers.content(found.body, found.content_type, modified=found.updated)
    listed = call.parts.documents.names(context, parameters.timestamp(call.parameters, "since"))
    last = max((updated for _, updated in listed), default=None)
    return answers.content(answers.encode([name for name, _ in listed]), modified=last)


def _put(kind: Kind, call: Call) -> Response:
    context, name, content = _given(kind, call)
    blind = not (call.header("If-Match") or call.header("If-None-Match"))

    def work(found: Document | None) -> Content:
        _precondition(call, found)
        if blind:
            _refuse_blind(kind, call.version, found)
        return content

    if _is_json(content[0]):
        reading.parse(content[1])
    call.parts.documents.change(context, name, work, _bounds(context, call))
    return answers.nothing()


def _refuse_blind(kind: Kind, version: Version, found: Document | None) -> None:
    if found is not None and (kind is not Kind.STATE or version is Version.V2):
        raise Conflict("There is such a document already: fetch it to check what it says, then send your change with "
                       "its ETag in If-Match.")  # fmt: skip
    if kind is not Kind.STATE and version is Version.V1:
        raise BadInput("Say what you expect to replace: send If-None-Match: * for a new document, or If-Match with the "
                       "ETag of the one that you fetched.")  # fmt: skip


def _post(kind: Kind, call: Call) -> Response:
    """Merge the members of a JSON object into the document; where there is none, put it there."""
    context, name, content = _given(kind, call)
    if _is_json(content[0]):
        _object(content[1])

    def work(found: Document | None) -> Content:
        _precondition(call, found)
        if found is None:
            return content
        if not _is_json(content[0]) or not _is_json(found.content_type):
            raise BadInput("Only JSON objects are merged: replace this document with PUT.")
        return found.content_type, merged(found.body, content[1])

    call.parts.documents.change(context, name, work, _bounds(context, call))
    return answers.nothing()


def _delete(kind: Kind, call: Call) -> Response:
    name = call.parameters.get(_NAME[kind])
    if name is None and kind is Kind.STATE:
        call.parts.documents.remove_all(_context(kind, call, writing=True))
        return answers.nothing()
    context = _context(kind, call, required=_NAME[kind], writing=True)
    call.parts.documents.change(context, name or "", lambda found: _precondition(call, found))
    return answers.nothing()


def merged(old: bytes, new: bytes) -> bytes:
    """The JSON object ``old`` with the members of ``new`` set, one level deep; every value keeps its own text.

    Raises :class:`BadInput` unless both are JSON objects.
    """
    parts: dict[str, str] = {}
    for text in (_object(old), _object(new)):
        for key, (start, _, end) in reading.members(text).items():
            parts[key] = text[start:end]
    whole = ("{" + ",".join(parts.values()) + "}").encode()
    if len(whole) > MOST_BYTES:
        raise BadInput("The merged document would be too large: replace it with PUT.")
    return whole


def _object(body: bytes) -> str:
    """The text of a JSON object, from ``{`` to ``}``."""
    return reading.statement(body).text


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == answers.JSON


def _precondition(call: Call, found: Document | None) -> None:
    answers.precondition(
        call.spoken.header("If-Match"), call.spoken.header("If-None-Match"), found.etag if found else None
    )


def _given(kind: Kind, call: Call) -> tuple[Context, str, Content]:
    context = _context(kind, call, required=_NAME[kind], writing=True)
    content_type = call.header("Content-Type") or "application/octet-stream"
    if len(content_type) > LONGEST_TYPE or not (content_type.isascii() and content_type.isprintable()):
        raise BadInput("The Content-Type of the document must be a media type of at most %(most)s characters.",
                       most=LONGEST_TYPE)  # fmt: skip
    body = call.spoken.body(MOST_BYTES)
    if not call.caller.trusted:
        call.parts.records.expect_room(len(body))
    return context, call.parameters[_NAME[kind]], (content_type, body)


def _bounds(context: Context, call: Call) -> Bounds | None:
    launch = call.caller.launch
    if launch is None:
        return None
    within = launch.activity if context.kind is Kind.STATE else ""
    return Bounds(within, LAUNCHED_DOCUMENTS, LAUNCHED_BYTES)


def _context(kind: Kind, call: Call, *optional: str, required: str | None = None, writing: bool) -> Context:
    """Check rights and parameters; what the documents are about."""
    given = call.parameters
    parameters.only(
        given,
        required=(*_ABOUT[kind], *((required,) if required else ())),
        optional=(*optional, *(("registration",) if kind is Kind.STATE else ())),
    )
    if len(given.get(_NAME[kind], "")) > LONGEST_NAME:
        raise BadInput("The parameter %(name)s is too long: %(most)s characters at most.", name=_NAME[kind],
                       most=LONGEST_NAME)  # fmt: skip
    activity = parameters.iri(given, "activityId") or ""
    agent = parameters.agent(given, "agent", groups=call.version is Version.V2)
    value = terms.agent_value(agent) if agent else ""
    _allowed(kind, call, activity, value, writing=writing)
    if writing:
        call.parts.records.expect_turn()
    return Context(kind, activity, value, parameters.uuid(given, "registration") or "")


def _allowed(kind: Kind, call: Call, activity: str, agent: str, *, writing: bool) -> None:
    """Keys by their scope (4.2); launched scripts: state of their pupil and activity, profile of their pupil."""
    launch = call.caller.running
    if launch is None:
        call.caller.must("all", _SCOPE[kind], *(() if writing else ("all/read",)))
        return
    if agent != call.caller.actor or (kind is Kind.STATE and not launch.covers(activity)):
        raise Refused("This activity keeps documents of its own pupil, about itself only.")
