# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The health page: what works, what does not, and how to mend it. Figures only, no names.

Pupils may open it: what only a technician needs (figures, versions) is for who signed in as the teacher, and for
processes of the box.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template

from appliance.errors import CartableError
from appliance.facts import MachineFacts
from appliance.health import content, notes, versions
from appliance.health.check import GROUP_NAMES, Check, State, check_json, grouped
from appliance.health.machine import machine_checks
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import KEEPING, Role, person
from appliance.model import ResourceState
from appliance.store import soundness

pages = Blueprint("health", __name__)

ICONS = {State.FINE: "circle-check", State.WRONG: "circle-x", State.UNKNOWN: "circle-help", State.ABSENT: "circle-help"}
LOOKS = {State.FINE: "good", State.WRONG: "bad", State.UNKNOWN: "quiet", State.ABSENT: "quiet"}


@pages.get("/sante")
def health() -> str:
    """The page: what is wrong first."""
    facts = hub().machine.look(hub().config.box.state)
    found = checks(facts)
    return render_template(
        "health.html",
        wrong=[check for check in found if check.state is State.WRONG],
        groups=grouped([check for check in found if check.state is not State.WRONG]),
        names=GROUP_NAMES,
        icons=ICONS,
        looks=LOOKS,
        say=lambda sentence: sentence.localized(gettext),
        versions=versions.told(facts, soundness.VERSION) if _technician() else [],
        figures=_technician(),
    )


@pages.get("/api/health")
def health_json() -> tuple[Response, int]:
    """The same for programs: 200 when nothing is wrong, else 503."""
    facts = hub().machine.look(hub().config.box.state)
    found = checks(facts)
    fine = all(check.state is not State.WRONG for check in found)
    told = {name: version for _, name, version in versions.told(facts, soundness.VERSION)} if _technician() else {}
    listed = [check_json(check, gettext, figures=_technician()) for check in found]
    return jsonify(ok=fine, checks=listed, versions=told), 200 if fine else 503


def _technician() -> bool:
    return person().role in (*KEEPING, Role.DIRECTOR, Role.BOX)


def checks(facts: MachineFacts) -> list[Check]:
    """Every check: the machine's, ours, and what the doctor found where we may not look."""
    config, now = hub().config, hub().clock.now()
    own = [
        *machine_checks(facts, now, config.library.keep_free_mb << 20),
        *_database(),
        _library(),
        _search(),
    ]
    return notes.completed(own, notes.read(config.box.run, now))


def _database() -> list[Check]:
    path = hub().db.path
    try:
        conn = hub().db.reading()
        return [content.database(soundness.database(path)), content.records(soundness.records(conn, path))]
    except CartableError as error:
        return [content.database(error)]


def _library() -> Check:
    try:
        resources = hub().library.list(include_damaged=True)
    except CartableError as error:
        return content.LIBRARY.unknown(error)
    damaged = [resource.card.title for resource in resources if resource.state is ResourceState.DAMAGED]
    return content.library(len(resources), damaged, alive=hub().library.alive)


def _search() -> Check:
    try:
        hub().search.search("cartable", None, 1)
    except CartableError as error:
        return content.search(error)
    return content.search(None)
