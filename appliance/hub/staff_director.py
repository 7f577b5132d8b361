# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/direction``: who holds the printed recovery key opens every class, and gives a teacher new words."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance import sealing
from appliance.errors import BadInput, Busy, Conflict, NotFound, Refused
from appliance.hub import accounts, roles, staff_heirs, staff_others
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import Role, allowed, person
from appliance.model import Group
from appliance.store import audit, people, staff, vault

pages = Blueprint("staff_director", __name__)


@pages.get("/direction")
def recovery_form() -> str:
    """Where the recovery key is typed."""
    return render_template("staff_direction.html", error="")


@pages.post("/direction")
def recover() -> tuple[str, int] | AnyResponse:
    """Check it, under the limits of every other sign-in."""
    try:
        right = hub().presence.judged(request.form.get("key", ""), request.headers.get("X-Forwarded-For", ""), _pair)
        if right is not None:
            accounts.enter_with_recovery(right)
            return redirect(url_for("staff_director.office"), 303)
        error = gettext("This is not this box's recovery key: seven groups of four letters and digits.")
    except Busy as busy:
        error = busy.localized(gettext)
    roles.note("sign-in", "recovery key", audit.FAILED)
    return render_template("staff_direction.html", error=error), 403


def _pair(typed: str) -> sealing.Pair | None:
    try:
        pair = sealing.recovery_pair(typed)
    except BadInput:
        return None
    kept = vault.recovery_holder(hub().db.reading()).get(vault.RECOVERY)
    return pair if pair.public == kept else None


@pages.get("/direction/accueil")
@allowed(Role.DIRECTOR)
def office() -> str:
    """Accounts and classes."""
    return _office_page()


@pages.post("/direction/compte/<staff_id>/phrase")
@allowed(Role.DIRECTOR)
def give_words(staff_id: str) -> str:
    """New words for who forgot theirs: new keys, to which each of their classes is given again. Shown once."""
    words, vaults = accounts.proposed_words(), hub().vaults
    vaults.holder(person().session)
    vaults.reopen(person().session)
    with hub().presence.hashing(), hub().db.writing() as conn:
        classes = vault.granted(conn, staff_id)
        opened = staff.renew(conn, staff_id, words)
        for group_id in classes:
            if not vaults.is_open(group_id):
                raise Refused("The recovery sheet does not open a class of this teacher: nothing was changed.")
            vault.put_grant(conn, group_id, staff_id, opened.staff.public, vaults.private(group_id))
        hub().trail.note_in(conn, "passphrase given", who=person().id, role=str(person().role), subject=staff_id)
    roles.end_all(staff_id)
    return _office_page({"name": opened.staff.name or gettext("No name"), "words": words})


@pages.post("/direction/classe/<group_id>/confier")
@allowed(Role.DIRECTOR)
def hand_over(group_id: str) -> AnyResponse | tuple[str, int]:
    """A class goes to another teacher, who opens it from now on; who had it keeps it."""
    try:
        staff_heirs.hand_over(group_id, request.form.get("to", ""))
    except (BadInput, Conflict, NotFound) as error:
        return _office_page(error=error.localized(gettext)), error.status
    flash(gettext("The class is handed over."))
    return redirect(url_for("staff_director.office"), 303)


def _office_page(given: dict[str, str] | None = None, error: str = "") -> str:
    hub().vaults.reopen(person().session)
    groups = people.groups(hub().db)
    return render_template(
        "staff_office.html", given=given, error=error, takers=_takers(groups),
        staff=staff.every(hub().db.reading()), groups=groups,
        days={each.id: day for each, day in staff_others.others()},
        counts={group.id: len(people.pupils(hub().db, group.id)) for group in groups},
    )  # fmt: skip


def _takers(groups: Sequence[Group]) -> dict[str, list[staff.Staff]]:
    """Class -> the teachers who do not open it yet; nobody for one that has no keys, which all of them open."""
    conn, every = hub().db.reading(), staff_heirs.teachers()
    return {group.id: [each for each in every if not vault.holds(conn, each.id, group.id)]
            for group in groups if vault.holds(conn, vault.RECOVERY, group.id)}  # fmt: skip
