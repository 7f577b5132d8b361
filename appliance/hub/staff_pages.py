# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The journal of acts, for whom it concerns; the technician's page, which counts and names nobody."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Callable

from flask import Blueprint, render_template, request

from appliance.hub.context import hub
from appliance.hub.language import format_datetime, gettext
from appliance.hub.paper_pages import SHEETS
from appliance.hub.roles import Role, allowed, person
from appliance.i18n import N_
from appliance.store import audit, people, record_exports, staff

pages = Blueprint("staff_pages", __name__)

PER_PAGE = 30
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
ACTS = {
    "sheet printed": N_("A sheet printed"),
    "signed in": N_("Signed in"),
    "signed out": N_("Signed out"),
    "sign-in": N_("Tried to sign in"),
    "refused": N_("Asked for a page that is not theirs"),
    "account made": N_("Made an account"),
    "account closed": N_("Closed an account"),
    "passphrase changed": N_("Changed the passphrase"),
    "passphrase given": N_("Gave a new passphrase"),
    "recovery key made": N_("Made a recovery sheet"),
    "classes put on the sheet": N_("Put their classes on the recovery sheet"),
    "device enrolled": N_("Chose a PIN for a device"),
    "device forgotten": N_("Forgot a device"),
    "classes made": N_("Made classes"),
    "class made": N_("Made a class"),
    "class changed": N_("Changed a class"),
    "class put away": N_("Put a class away"),
    "class taken out": N_("Took a class out again"),
    "need group made": N_("Made a need group"),
    "need group changed": N_("Changed a need group"),
    "pupils added": N_("Added pupils"),
    "pupil changed": N_("Changed a pupil"),
    "pupil moved": N_("Moved a pupil to another class"),
    "pupil left the class": N_("Took a pupil out of the class"),
    "medium deleted": N_("Deleted a photo or a recording"),
    "badge cancelled": N_("Cancelled a badge"),
    "came in": N_("A pupil came into the lesson"),
    "pupil erased": N_("Erased a pupil"),
    "pupil exported": N_("Exported a pupil"),
    "pupils merged": N_("Made one pupil of two"),
    "class list merged": N_("Merged a new list into a class"),
    "class handed over": N_("Gave a class to another teacher"),
    "retention": N_("Erased what was too old"),
    "not written": N_("More of the same, not written one by one"),
}
"""Act -> how the journal tells it; one of another module is shown as it is."""
HOWS = {"pin": N_("by PIN"), "passphrase": N_("by passphrase"), "code": N_("by the box's code"),
        "recovery key": N_("by the recovery sheet"), "new account": N_("new account")}  # fmt: skip
"""Subject of a sign-in -> words."""
OUTCOMES = {audit.DONE: "", audit.REFUSED: N_("refused"), audit.FAILED: N_("wrong")}
ROLES = {
    Role.NOBODY: N_("nobody known"), Role.PUPIL: N_("a pupil's tablet"), Role.PRESENCE: N_("by the box's code"),
    Role.SUBSTITUTE: N_("substitute"), Role.TEACHER: N_("teacher"), Role.TECHNICIAN: N_("technician"),
    Role.DIRECTOR: N_("director"), Role.BOX: N_("the box"),
}  # fmt: skip


@pages.get("/enseignant/journal")
@allowed(Role.TEACHER, Role.DIRECTOR)
def journal() -> str:
    """One's own acts; the director reads everybody's, and whether any was changed."""
    hub().trail.flush()
    conn, everybody = hub().db.reading(), person().role is Role.DIRECTOR
    before = request.args.get("avant", type=int)
    found = audit.entries(conn, who=None if everybody else person().id, before=before, limit=PER_PAGE)
    return render_template(
        "staff_journal.html", entries=found, older=found[-1].number if len(found) == PER_PAGE else None,
        about=_about(),
        everybody=everybody, broken=audit.verify(conn) if everybody else None, head=audit.head(conn), moment=_moment,
        words={act: gettext(words) for act, words in ACTS.items()},
        hows={how: gettext(words) for how, words in HOWS.items()},
        outcomes={outcome: gettext(words) if words else "" for outcome, words in OUTCOMES.items()},
        role_names={str(role): gettext(words) for role, words in ROLES.items()},
        people={each.id: each.name for each in staff.every(conn) if each.name} if everybody else {},
    )  # fmt: skip


def _about() -> Callable[[str], str]:
    """What an act was about, in words: classes by their name, sheets by their title; an identifier says nothing."""
    known = {group.id: group.name for group in people.groups(hub().db)}
    known |= {name: gettext(title) for name, (title, _) in SHEETS.items()}

    def told(subject: str) -> str:
        return " ".join(known.get(word, "" if IDENTIFIER.match(word) else word) for word in subject.split()).strip()

    return told


def _moment(entry: audit.Entry) -> str:
    here = datetime.datetime.fromisoformat(entry.at).astimezone(zoneinfo.ZoneInfo(hub().config.box.time_zone))
    told = format_datetime(here, "d MMM y, HH:mm")
    return told if entry.trusted else gettext("%(when)s by a clock that was not set", when=told)


@pages.get("/technique")
@allowed(Role.TECHNICIAN)
def technician() -> str:
    """Counts."""
    groups = people.groups(hub().db)
    return render_template("staff_technician.html", counts=(
        (gettext("Classes"), len(groups)),
        (gettext("Pupils"), sum(len(people.pupils(hub().db, group.id)) for group in groups)),
        (gettext("Traces"), record_exports.count(hub().db)),
        (gettext("Resources"), len(hub().library.list(include_damaged=True))),
        (gettext("Accounts"), len(staff.every(hub().db.reading()))),
    ))  # fmt: skip
