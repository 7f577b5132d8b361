# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""PUT and POST of statements (2.1.1, 2.1.2), with attachments (1.5.2)."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence

from flask import Response

from appliance.errors import BadInput, Refused, TooLarge
from appliance.hub.xapi import answers, credentials, parameters
from appliance.hub.xapi.call import MOST_BYTES, Call
from appliance.xapi import definitions, identifiers, multipart, preparing, reading, terms
from appliance.xapi.definitions import Defines
from appliance.xapi.preparing import Prepared

MOST_JSON_BYTES = 8 << 20
"""Of the statements themselves, without the bytes of attachments: parsed, they take ten times that."""
MOST_LAUNCHED_BYTES = 512 << 10
"""The same, from the scripts of a resource: any page of it may send, and a whole class does at once."""
AGES = "X-Cartable-Ages"
"""From the box's own services only: how many seconds ago each statement's event happened, when it says no time."""


def put(call: Call) -> Response:
    """Store the one statement of ``statementId``: 204, also when an identical one is there."""
    parameters.only(call.parameters, required=("statementId",))
    statement_id = parameters.uuid(call.parameters, "statementId")
    text, parts = _content(call)
    _store(call, [reading.statement(text)], parts, statement_id)
    return answers.nothing()


def post(call: Call) -> Response:
    """Store a statement, or all of a list, or none: 200 and the ids in the same order."""
    parameters.only(call.parameters)
    text, parts = _content(call)
    return answers.content(answers.encode(_store(call, reading.statements(text), parts)))


def _content(call: Call) -> tuple[bytes, list[multipart.Part]]:
    """The JSON and the attachments, by what the request says it is."""
    if call.caller.launch is None:
        call.caller.must(*credentials.WRITE)
    most = MOST_JSON_BYTES if call.caller.launch is None else MOST_LAUNCHED_BYTES
    content_type = call.header("Content-Type")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == answers.JSON:
        return call.spoken.body(most), []
    if kind != "multipart/mixed":
        raise BadInput("Send statements as application/json, or with their attachments as multipart/mixed.")
    first, *others = multipart.parse(call.spoken.body(MOST_BYTES), content_type)
    if len(first.body) > most:
        raise TooLarge("Send at most %(most)s bytes at once.", most=most)
    return first.body, others


def _store(
    call: Call, raws: Sequence[reading.Raw], parts: Sequence[multipart.Part], statement_id: str | None = None
) -> list[str]:
    batch = []
    for raw, age in zip(raws, _ages(call, len(raws)), strict=True):
        own = call.caller.trusted and "authority" in raw.value
        authority = None if own else call.caller.authority
        batch.append(preparing.prepare(raw, call.version, authority, statement_id=statement_id, age_s=age))
    attached = {sha2: part.body for sha2, part in multipart.match((item.value for item in batch), parts).items()}
    _check_signatures(raws, batch, attached)
    if call.caller.launch is not None:
        _own_only(call.caller, batch)
    if not batch:
        return []
    if not call.caller.trusted:
        call.parts.records.expect_room(sum(len(item.given) for item in batch), sum(map(len, attached.values())))
    return call.parts.records.append(batch, attachments=attached, define=functools.partial(_defines, call.caller))


def _check_signatures(raws: Sequence[reading.Raw], batch: Sequence[Prepared], attached: Mapping[str, bytes]) -> None:
    signed = [(raw, item) for raw, item in zip(raws, batch, strict=True) if item.attachments]
    if signed:
        from appliance.xapi import signature  # cryptography costs megabytes, and hardly a statement is signed

        for raw, item in signed:
            with reading.telling(raw.number):
                signature.check_all(item.value, attached)


def _ages(call: Call, count: int) -> Sequence[float]:
    given = call.header(AGES) if call.caller.trusted else ""
    if not given:
        return [0.0] * count
    try:
        ages = [float(age) for age in given.split(",")]
    except ValueError:
        ages = []
    if len(ages) != count or not all(math.isfinite(age) and age >= 0 for age in ages):
        raise BadInput("%(header)s must give one number of seconds for each statement.", header=AGES)
    return ages


def _own_only(caller: credentials.Caller, batch: Sequence[Prepared]) -> None:
    """A resource's script speaks for the pupil who opened it, of nobody else in a class, and takes nothing back.

    The box's own exercises are answered on its own pages only, where an answer cannot say of itself that it is right.
    """
    mine = {caller.actor, terms.agent_value(caller.authority)}
    for item in batch:
        actor = item.value["actor"]
        if actor.get("objectType") == "Group" or "name" in actor or terms.agent_value(actor) != caller.actor:
            raise Refused("This activity may report what its own pupil does, and nothing else: send the actor that "
                          "it was given.")  # fmt: skip
        if terms.voids(item.value) is not None:
            raise Refused("An activity cannot void statements.")
        named = {name for kind, name in terms.terms(item.value) if kind == "any_agent"} - mine
        if any(name.startswith(f"account {identifiers.BOXES}") for name in named):
            raise Refused("This activity may say nothing of other pupils.")
        if identifiers.read_activity(str(item.value["object"].get("id", ""))):
            raise Refused("This activity may report about itself, not about the exercises of the box.")


def _defines(caller: credentials.Caller, item: Prepared) -> Defines:
    """Which definitions in a statement become what the box knows of activities (4.2, scope ``define``).

    A resource's script may describe the activity that was opened and its parts, nothing else on the box.
    """
    if caller.launch is None:
        return Defines.EVERYTHING if caller.may(*credentials.DEFINE) else Defines.NOTHING
    covers = caller.launch.covers
    return definitions.granted(item.value, lambda iri: covers(iri) and not iri.startswith(identifiers.BOXES))
