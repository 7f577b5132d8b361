# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A new class: first names typed, pasted, or from a file; seen before anything is kept.

Files are parsed in memory. What the preview shows travels in its own form: nothing is kept until that is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from appliance.connectors import roster
from appliance.connectors.roster import Columns, Roster, Table, levels, typed
from appliance.errors import BadInput, CartableError
from appliance.hub import class_access, class_office, classes
from appliance.hub.class_access import teaching
from appliance.hub.drafts import Drafts
from appliance.hub.language import gettext, ngettext
from appliance.store import classes as stored

pages = Blueprint("class_new", __name__, url_prefix="/enseignant/classes")

MOST_BYTES = roster.MAX_BYTES + 2**20
"""Of a request that brings a file, its other fields included."""
MOST_CLASSES = 40
"""Of one file."""
CHOICES = ("first_name", "surname", "group", "level")


@dataclass(frozen=True, slots=True)
class Draft:
    """A class as the preview shows it."""

    name: str
    level: str
    names: str = field(repr=False)
    """One for each line."""
    count: int
    wanted: bool


@pages.record
def _drafts(state: BlueprintSetupState) -> None:
    state.app.extensions["drafts"] = Drafts()


def _tables() -> Drafts:
    drafts: Drafts = current_app.extensions["drafts"]
    return drafts


@pages.get("/nouvelle")
@teaching
def new() -> str:
    """Typed or pasted names, or a file."""
    return _new_page()


def _new_page(error: str = "", typed_names: str = "") -> str:
    return render_template("class_new.html", error=error, usual=classes.USUAL, names=bool(class_access.holders()),
                           group=request.form.get("name", ""), typed=typed_names)  # fmt: skip


@pages.post("/apercu")
@teaching
def preview() -> str | tuple[str, int]:
    """What would be made of it; nothing is kept."""
    form, file = request.form, request.files.get("file")
    try:
        if file is not None and file.filename:
            return _read(roster.read(file.stream.read(roster.MAX_BYTES + 1)))
        names = typed.names(form.get("names", ""))
        if not names:
            raise BadInput("Type first names, one for each line, or choose a file.")
    except CartableError as error:
        return _new_page(error.localized(gettext), form.get("names", "")), error.status
    name = form.get("name", "").strip()
    return _preview_page([Draft(name, levels.level(name), "\n".join(names), len(names), True)])


def _read(found: Roster | Table, error: str = "") -> str:
    if isinstance(found, Roster):
        return _preview_page(_drafts_of(found), found.left_out)
    return render_template("class_columns.html", table=found, draft=_tables().put(found), error=error)


def _drafts_of(found: Roster) -> list[Draft]:
    groups = list(found.groups.items())[:MOST_CLASSES]
    return [
        Draft(name, next((row.level for row in rows if row.level), ""), "\n".join(row.first_name for row in rows),
              len(rows), len(groups) == 1)
        for name, rows in groups
    ]  # fmt: skip


def _preview_page(drafts: list[Draft], left_out: int = 0, error: str = "") -> str:
    return render_template("class_preview.html", drafts=drafts, left_out=left_out, error=error,
                           names=bool(class_access.holders()))  # fmt: skip


@pages.post("/colonnes")
@teaching
def columns() -> str | tuple[str, int]:
    """The columns are chosen: only these are looked at, and the table is forgotten."""
    form = request.form
    table = _tables().get(form.get("draft", ""))
    picked = {name: classes.number(form.get(name, "")) if form.get(name, "") else None for name in CHOICES}
    try:
        found = table.chosen(Columns(**picked), titled="titled" in form)
    except CartableError as error:
        return _read(table, error.localized(gettext)), error.status
    _tables().drop(form.get("draft", ""))
    return _preview_page(_drafts_of(found), found.left_out)


@pages.post("/creer")
@teaching
def create() -> AnyResponse | tuple[str, int]:
    """Make what was ticked in the preview, all of it or nothing."""
    form = request.form
    drafts = _sent(form)
    try:
        regime = form.get("regime", stored.ANIMALS)
        wanted = [class_office.Wanted(each.name, each.level, regime, typed.names(each.names))
                  for each in drafts if each.wanted]  # fmt: skip
        if not wanted:
            raise BadInput("Tick at least one class.")
        made = class_office.make(wanted)
    except CartableError as error:
        return _preview_page(drafts, error=error.localized(gettext)), error.status
    class_access.note("classes made", " ".join(made))
    flash(ngettext("%(num)s class is ready.", "%(num)s classes are ready.", len(made)))
    where = url_for("classes.show", group_id=made[0]) if len(made) == 1 else url_for("classes.every")
    return redirect(where, 303)


def _sent(form: MultiDict[str, str]) -> list[Draft]:
    """The drafts of the preview's form."""
    found = []
    for index in range(min(classes.number(form.get("drafts", "")), MOST_CLASSES)):
        names = form.get(f"names{index}", "")
        found.append(Draft(form.get(f"name{index}", "").strip(), form.get(f"level{index}", ""), names,
                           len(typed.names(names)), f"wanted{index}" in form))  # fmt: skip
    return found
