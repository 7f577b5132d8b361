# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/api/speech/room``: the teacher leads an activity with the box's own microphone and loudspeaker.

A script sends JSON and is answered JSON; a plain form is sent back to the page that it came from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from appliance.errors import BadInput, Unreachable
from appliance.i18n import translator
from appliance.sequences.sequence import Item
from appliance.speech import room
from appliance.speech.conductor import Conductor, Snapshot
from appliance.speech.context import speech
from appliance.speech.room import Do, Phase
from appliance.speech.verdict import Outcome
from appliance.visitor import teacher

api = Blueprint("room", __name__)

_START = ("sequence", "activity", "mode", "pupil")
OVERRULED = (Outcome.BRAVO, Outcome.PRESQUE, Outcome.ENCORE)


@api.get("/api/speech/room")
def now() -> ResponseReturnValue:
    """What goes on; 304 while nothing changed. For the teacher."""
    g.language = teacher(speech().hub, request.headers.get("Cookie", "")).language
    return _state()


@api.get("/local/room")
def now_for_hub() -> ResponseReturnValue:
    """The same for the hub's page, which knows who asks."""
    g.language = request.args.get("language", speech().language)
    return _state()


@api.post("/api/speech/room")
def act() -> ResponseReturnValue:
    """``do``: ``start`` (with ``sequence``, ``activity`` counted from 0, ``mode``, ``pupil``), a :class:`Do`,
    ``overrule`` (with ``outcome``), ``voice`` (with ``on``). ``step``: the turn that was on the screen."""
    cookie = request.headers.get("Cookie", "")
    g.language = teacher(speech().hub, cookie).language
    told = _told()
    _do(_conductor(), told, cookie)
    if request.is_json:
        return _state()
    sequence = quote(told.get("sequence", ""), safe="")
    return redirect(f"/enseignant/oral/{sequence}/conduire?activite={_number(told.get('activity', '')) + 1}", 303)


def _do(conductor: Conductor, told: Mapping[str, str], cookie: str) -> None:
    match told.get("do", ""):
        case "start":
            sequence, activity, mode, pupil = (told.get(name, "") for name in _START)
            library = speech().library
            if library is None:
                raise Unreachable("This box does not lead activities: it has no studio.")
            speech().listener.wake()
            conductor.start(library.led(sequence, activity, mode, pupil, cookie))
        case "overrule":
            if told.get("outcome") not in OVERRULED:
                raise BadInput("Choose one of the three: said, nearly, to be said again.")
            conductor.overrule(Outcome(told["outcome"]), _step(told))
        case "voice":
            conductor.listen_to_commands(on=told.get("on") == "1")
        case do if do in list(Do):
            conductor.command(Do(do), None if do == Do.STOP else _step(told))
        case _:
            raise BadInput("The request was not understood.")


def _conductor() -> Conductor:
    found = speech().conductor
    if found is None:
        raise Unreachable("This box does not lead activities: it has no studio.")
    return found


def _told() -> Mapping[str, str]:
    """Of a form or of JSON, texts alike. Raises :class:`BadInput`."""
    if not request.is_json:
        return request.form
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise BadInput("The request was not understood.")
    return {str(name): str(value)[:200] for name, value in given.items()}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _step(told: Mapping[str, str]) -> int | None:
    """Counted from 0; None where the request names none."""
    return _number(told["step"]) - 1 if told.get("step") else None


def _state() -> Response:
    answer = jsonify(shown(_conductor().snapshot(), g.language))
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:20])
    answer.make_conditional(request)
    return answer


def shown(now: Snapshot, language: str) -> dict[str, Any]:
    """What a page shows, sentences in ``language``; ``step`` counts from 1."""
    if now.led is None or now.state is None:
        return {"running": False, "sequence": "", "voice_commands": now.voice}
    state, gettext = now.state, translator(language)
    verdict, item = state.verdict, _item(now)
    tip = verdict.tip if verdict and state.outcome == Outcome.PRESQUE else ""
    return {
        "running": state.phase is not Phase.OVER,
        "phase": str(state.phase),
        "sequence": now.led.sequence.id,
        "activity": now.led.number,
        "kind": now.led.activity.kind,
        "mode": str(now.led.mode),
        "pupil": now.led.pupil,
        "item": item.slug if item else "",
        "asked": item.text if item else "",
        "who": str(state.step.who),
        "step": state.at + 1,
        "of": len(state.steps),
        "outcome": state.outcome,
        "overruled": state.overruled,
        "heard": verdict.heard if verdict else "",
        "sentence": gettext(room.SAID[state.outcome]) if state.outcome else "",
        "tip": gettext(tip) if tip else "",
        "trouble": gettext(state.trouble) if state.trouble else "",
        "level_db": verdict.level_db if verdict else None,
        "noise": None if now.noise_db is None else round(now.noise_db, 1),
        "voice_commands": now.voice,
        "kept": now.kept,
    }


def _item(now: Snapshot) -> Item | None:
    if now.led is None or now.state is None:
        return None
    return next((item for item in now.led.sequence.items if item.slug == now.state.step.item), None)
