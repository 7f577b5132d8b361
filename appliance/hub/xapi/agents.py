# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/xapi/agents`` (2.4): what the box knows of an agent, as a Person Object. Identifiers are never joined here."""

from __future__ import annotations

from typing import Any

from flask import Response

from appliance.errors import Refused
from appliance.hub.xapi import answers, credentials, parameters
from appliance.hub.xapi.call import Call
from appliance.xapi import actors, terms


def get(call: Call) -> Response:
    """The Person of ``agent``: its one identifier, the names that it bore in statements and in the request."""
    parameters.only(call.parameters, required=("agent",))
    agent = parameters.agent(call.parameters, "agent", groups=False) or {}
    value = terms.agent_value(agent)
    if call.caller.running is None:
        call.caller.must(*credentials.READ)
    elif value != call.caller.actor:
        raise Refused("This activity may ask about its own pupil only.")
    names = dict.fromkeys(call.parts.records.names_of(value))
    if "name" in agent:
        names[agent["name"]] = None
    person: dict[str, Any] = {"objectType": "Person"}
    if names:
        person["name"] = list(names)
    person.update({key: [agent[key]] for key in sorted(actors.IDENTIFIERS) if key in agent})
    return answers.content(answers.encode(person))
