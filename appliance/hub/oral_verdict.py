# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A verdict as pages say it: a face, a sentence, what to do with the mouth; and the address that brings it back to a
page without script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from itsdangerous import BadSignature, URLSafeSerializer

from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.oral_delivery import Turn
from appliance.hub.read_aloud import voice_url
from appliance.i18n import N_
from appliance.model import SAID

OUTCOMES = (*SAID, "silence", "bruit", "panne", "compare")
SPOKEN = {
    "bravo": N_("Well done!"),
    "presque": N_("Nearly! Listen to the sound again, and try once more."),
    "encore": N_("Not yet: listen to the model, and say it once more."),
    "compare": N_("Listen to the model, then to yourself."),
    "panne": N_("I have a problem: it is not your fault. Go on with your teacher."),
}
"""What is said aloud where the sentence that is shown holds English words, which a French voice spoils."""
WORDS = {
    "bravo": N_("Said"),
    "presque": N_("Nearly"),
    "encore": N_("Say again"),
}
"""What teachers read."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A verdict on a page."""

    outcome: str
    sentence: str
    tip: str
    say: list[str]
    """Addresses of what is said aloud, one after the other; empty where the box has no voice."""


def shown(verdict: Mapping[str, Any]) -> Shown:
    """From a verdict as the speech service tells it: message ids and parameters (:mod:`appliance.speech.verdict`)."""
    outcome = str(verdict.get("outcome", ""))
    outcome = outcome if outcome in OUTCOMES else "panne"
    params = verdict.get("params")
    known = {str(name): str(value) for name, value in params.items()} if isinstance(params, Mapping) else {}
    sentence, tip = str(verdict.get("sentence") or SPOKEN.get(outcome, "")), str(verdict.get("tip") or "")
    aloud = SPOKEN[outcome] if known and outcome in SPOKEN else sentence
    words = [gettext(each) for each in (aloud, tip) if each]
    return Shown(
        outcome, _filled(gettext(sentence), known) if sentence else "", gettext(tip) if tip else "",
        [address for each in words if (address := voice_url(each))],
    )  # fmt: skip


def _filled(message: str, params: Mapping[str, str]) -> str:
    try:
        return message % params if params else message
    except (KeyError, ValueError, TypeError):
        return message


def page(found: Turn, verdict: Mapping[str, Any]) -> str:
    """The address that shows this verdict, and whose it is."""
    told = {name: verdict.get(name) for name in ("outcome", "sentence", "params", "tip") if verdict.get(name)}
    told["item"] = found.item.slug
    return url_for(
        "oral_tablet.activity", sequence_id=found.sequence.id, number=found.number, n=found.step + 1,
        v=_signer().dumps(told), _anchor="verdict",
    )  # fmt: skip


def of_page(signed: str, slug: str) -> Shown | None:
    """What :func:`page` says of that item; None for anything else."""
    try:
        told = _signer().loads(signed) if signed else None
    except (BadSignature, ValueError):
        return None
    return shown(told) if isinstance(told, dict) and told.get("item") == slug else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(hub().secret, salt="oral-verdict")
