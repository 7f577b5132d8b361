# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the service asks of the hub about one attempt: what was to be said, and to keep the verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.client import Client, Response
from appliance.errors import Busy, Refused, Unreachable
from appliance.i18n import N_
from appliance.speech.verdict import Asked, Verdict
from appliance.speech.worker import asked as read

ASK_S, KEEP_S = 5.0, 10.0
"""How long the hub may take."""
COMPARE: Mapping[str, Any] = {"outcome": "compare"}
"""In the place of a verdict, where no engine can be used: the pupil compares himself with the model."""
_AWAY = N_("The box is starting again: your voice waits, send it again in a moment.")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a tablet says of its attempt; the token was signed by the hub, which alone can tell whose it is."""

    id: str
    """A UUID made by the page: an attempt that comes twice counts once."""
    token: str
    activity: str
    item: str

    def asked(self, hub: Client, cookie: str) -> tuple[Asked, str]:
        """What was to be said, and the language of the page. Raises :class:`Busy` when the hub is away, else what it
        refuses, in its own words."""
        told = {"token": self.token, "activity": self.activity, "item": self.item}
        answer = _ask(hub, "/api/oral/turn", told, cookie, ASK_S)
        found = answer.json()
        return read(found["asked"]), str(found["language"])

    def keep(self, hub: Client, cookie: str, verdict: Verdict | None, age_ms: int) -> Mapping[str, Any]:
        """Hand over the verdict, None for a comparison; what the hub made of it (``kept``, ``page``…). Raises as
        :meth:`asked`."""
        told = {**dataclasses.asdict(self), "verdict": COMPARE, "age_ms": age_ms}
        if verdict is not None:
            told["verdict"] = dataclasses.asdict(verdict)
        found: Mapping[str, Any] = _ask(hub, "/api/oral/attempts", told, cookie, KEEP_S).json()
        return found


def _ask(hub: Client, path: str, told: Mapping[str, Any], cookie: str, patience_s: float) -> Response:
    try:
        answer = hub.request("POST", path, told, headers={"Cookie": cookie}, timeout=patience_s)
    except Unreachable as error:
        raise Busy(_AWAY) from error
    if answer.status >= 400:
        raise _passed_on(answer)
    return answer


def _passed_on(answer: Response) -> Busy | Refused:
    sentence = answer.refusal()
    if answer.status >= 500 or not sentence:
        return Busy(sentence or _AWAY)
    refused = Refused(sentence)
    refused.status = answer.status
    return refused
