# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/xapi/activities`` (2.5): what the box knows of an activity."""

from __future__ import annotations

from flask import Response

from appliance.hub.xapi import answers, credentials, parameters
from appliance.hub.xapi.call import Call


def get(call: Call) -> Response:
    """The canonical Activity Object; one with nothing but its id when the box never met it.

    So it is for launched scripts whatever the box met: a definition may be another pupil's words.
    """
    if call.caller.running is None:
        call.caller.must(*credentials.READ, *credentials.DEFINE)
    parameters.only(call.parameters, required=("activityId",))
    iri = parameters.iri(call.parameters, "activityId") or ""
    definition = None if call.caller.launch else call.parts.records.definition(iri)
    activity: dict[str, object] = {"objectType": "Activity", "id": iri}
    if definition is not None:
        activity["definition"] = definition
    return answers.content(answers.encode(activity))
