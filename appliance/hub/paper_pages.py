# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Printed sheets of a class: made in memory when somebody asks, never written to the card, never kept by a browser."""

from __future__ import annotations

import datetime
import io
import re
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request, send_file

from appliance.errors import NotFound, Refused
from appliance.hub import badges, class_access, class_office
from appliance.hub import recovery_sheet as recovery_sheet_key
from appliance.hub.class_access import of_class
from appliance.hub.context import hub
from appliance.hub.language import format_date, language
from appliance.hub.paper.data import Place, Seat
from appliance.hub.roles import Role, allowed
from appliance.hub.tablets import tablet_address
from appliance.i18n import N_, translator
from appliance.store import classes

pages = Blueprint("paper_pages", __name__)

SHEETS = {
    "badges": (N_("Badges"), N_("One for each pupil, ten on a page, to cut out: the animal and a QR code.")),
    "classe": (N_("The class"), N_("Every animal on one page, to hang up or to keep.")),
    "parents": (N_("Notice to the parents"), N_("What is kept, how long, whom to ask, their rights.")),
    "registre": (N_("Record of processing"), N_("GDPR, article 30: for the school's own records.")),
    "prets": (N_("Loan register"), N_("Tablets numbered, with a code to stick on each: who has it, out and back.")),
    "maison": (N_("A tablet at home"), N_("What a family is told when a tablet goes home, and signs.")),
}
"""Name in the address -> title and what it is for, message ids."""
USUAL_TABLETS = 12


@pages.get("/enseignant/classes/<group_id>/papier")
@of_class
def every(group_id: str) -> str:
    """What can be printed for a class."""
    return render_template("paper.html", group=classes.get(hub().db, group_id), sheets=SHEETS,
                           locked=class_office.is_locked(group_id), tablets=USUAL_TABLETS)  # fmt: skip


@pages.get("/enseignant/classes/<group_id>/papier/<what>.pdf")
@of_class
def sheet(group_id: str, what: str) -> Response:
    """One sheet. Raises :class:`NotFound` when there is no such sheet."""
    made = _made(what, group_id)
    class_access.note("sheet printed", f"{what} {group_id}")
    return _pdf(made, f"{what}-{classes.get(hub().db, group_id).name}")


@pages.post("/enseignant/cle/feuille.pdf")
@allowed(Role.TEACHER, Role.DIRECTOR)
def recovery_sheet() -> Response:
    """The recovery key that the page before shows, on paper. Raises :class:`Refused` for another key than the box's."""
    from appliance.hub.paper.recovery import recovery

    written = request.form.get("key", "")
    if not recovery_sheet_key.is_known(written):
        raise Refused("This is not the key of this box: make another recovery sheet.")
    return _pdf(recovery(_place(), written.strip().upper(), translator(language()), language()), "cartable")


def _made(what: str, group_id: str) -> bytes:
    """fpdf2 is loaded by the first sheet that is asked for."""
    from appliance.hub.paper import cards, documents, tablets

    place, say, tongue = _place(group_id), translator(language()), language()
    match what:
        case "badges":
            return cards.badges(place, _seats(group_id), say, tongue)
        case "classe":
            return cards.class_sheet(place, _seats(group_id), say, tongue)
        case "parents":
            return documents.notice(place, say, tongue)
        case "registre":
            return documents.register(place, say, tongue)
        case "prets":
            return tablets.loan_register(place, request.args.get("tablettes", USUAL_TABLETS, type=int), say, tongue)
        case "maison":
            return tablets.take_home(place, say, tongue)
    raise NotFound("There is no such sheet: choose one of the list.")


def _place(group_id: str = "") -> Place:
    config, now = hub().config, hub().clock.now()
    today = datetime.datetime.fromtimestamp(now.wall, ZoneInfo(config.box.time_zone)).date()
    group = classes.get(hub().db, group_id) if group_id else None
    return Place(
        school=config.school.name,
        group=group.name if group else "",
        address=tablet_address(),
        box=config.box.name,
        day=format_date(today, "short") if now.trusted else "",
        named=bool(group and class_office.keeps_names(group)),
        portfolio=bool(group and group.regime == classes.PORTFOLIO and class_office.keeps_names(group)),
    )


def _seats(group_id: str) -> list[Seat]:
    """In the order of the class; first names while its vault is open."""
    names = class_office.names(group_id)
    return [
        Seat(pupil.alias, pupil.avatar, names.get(pupil.id, ""), badges.address(pupil))
        for pupil in classes.pupils(hub().db, group_id)
    ]


def _pdf(made: bytes, name: str) -> Response:
    plain = re.sub(r"[^\w-]+", "-", name).strip("-")
    answer = send_file(io.BytesIO(made), "application/pdf", download_name=f"{plain}.pdf")
    answer.headers["Cache-Control"] = "no-store"
    return answer
