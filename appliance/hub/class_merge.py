# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A list given again to a class that is there, and two pupils who are one child. Seen before anything is kept."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.connectors import roster
from appliance.connectors.roster import Columns, Roster, Table, typed
from appliance.errors import BadInput, CartableError, Conflict, NotFound
from appliance.hub import class_access, class_list, class_new, class_office, classes, roles
from appliance.hub.class_access import of_class
from appliance.hub.context import hub
from appliance.hub.drafts import Drafts
from appliance.hub.language import gettext, ngettext
from appliance.model import Pupil
from appliance.store import classes as stored
from appliance.store.classes import SchoolClass

pages = Blueprint("class_merge", __name__, url_prefix="/enseignant/classes")


def _tables() -> Drafts:
    drafts: Drafts = current_app.extensions["drafts"]
    return drafts


@pages.get("/<group_id>/liste")
@of_class
def again(group_id: str) -> str:
    """Names typed or pasted, or a file."""
    return _form_page(_class(group_id))


def _class(group_id: str) -> SchoolClass:
    group = stored.get(hub().db, group_id)
    if group.is_need_group:
        raise NotFound("There is no such class.")
    return group


def _form_page(group: SchoolClass, error: str = "") -> str:
    return render_template("class_again.html", group=group, error=error, takes_names=class_office.keeps_names(group))


def _present(group: SchoolClass) -> dict[str, str]:
    """Pupil -> first name, of those who sit in the class.

    Raises :class:`Conflict` where none is kept, :class:`appliance.errors.Locked`.
    """
    if not class_office.keeps_names(group):
        raise Conflict("This class keeps animals only: choose “first names” in its settings first.")
    known = roles.names(group.id)
    return {each.id: known[each.id] for each in stored.pupils(hub().db, group.id) if each.id in known}


@pages.post("/<group_id>/liste/apercu")
@of_class
def preview(group_id: str) -> str | tuple[str, int]:
    """The two lists side by side; nothing is kept."""
    group, form, file = _class(group_id), request.form, request.files.get("file")
    _present(group)
    try:
        if file is not None and file.filename:
            return _read(group, roster.read(file.stream.read(roster.MAX_BYTES + 1)))
        return _preview_page(group, typed.names(form.get("names", "")))
    except CartableError as error:
        return _form_page(group, error.localized(gettext)), error.status


def _read(group: SchoolClass, found: Roster | Table, error: str = "") -> str:
    if isinstance(found, Table):
        return render_template("class_columns.html", table=found, draft=_tables().put(found), error=error, group=group)
    several = {name: [row.first_name for row in rows] for name, rows in found.groups.items()}
    own = several.get(group.name) or (next(iter(several.values())) if len(several) == 1 else None)
    if own is not None:
        return _preview_page(group, own)
    listed = dict(list(several.items())[: class_new.MOST_CLASSES])
    return render_template("class_which.html", group=group, several=listed)


@pages.post("/<group_id>/liste/colonnes")
@of_class
def columns(group_id: str) -> str | tuple[str, int]:
    """The columns are chosen; the table is forgotten."""
    group, form = _class(group_id), request.form
    table = _tables().get(form.get("draft", ""))
    picked = {name: classes.number(form.get(name, "")) if form.get(name, "") else None for name in class_new.CHOICES}
    try:
        found = table.chosen(Columns(**picked), titled="titled" in form)
    except CartableError as error:
        return _read(group, table, error.localized(gettext)), error.status
    _tables().drop(form.get("draft", ""))
    return _read(group, found)


def _preview_page(group: SchoolClass, listed: list[str], error: str = "") -> str:
    _check(listed)
    present = _present(group)
    seated = {each.id: each for each in stored.pupils(hub().db, group.id)}
    return render_template(
        "class_compare.html", group=group, found=class_list.compare(listed, present), names=present, pupils=seated,
        listed="\n".join(listed), error=error, chosen=request.form,
    )  # fmt: skip


def _check(listed: list[str]) -> None:
    """An empty list would empty the class. Raises :class:`BadInput`."""
    if not listed:
        raise BadInput("Type first names, one for each line, or choose a file.")


@pages.post("/<group_id>/liste")
@of_class
def apply(group_id: str) -> AnyResponse | tuple[str, int]:
    """Do what the preview shows, all of it or nothing."""
    group, form = _class(group_id), request.form
    listed = typed.names(form.get("names", ""))
    _check(listed)
    try:
        found = class_list.compare(listed, _present(group))
        answers = {number: form.get(f"who{number}", "") for number in range(len(listed))}
        changes = class_list.decide(found, answers, form.getlist("left"))
        class_office.change_list(group, changes)
    except BadInput as error:
        return _preview_page(group, listed, error.localized(gettext)), error.status
    counts = f"{len(changes.added)} {len(changes.left)} {len(changes.renamed)}"
    class_access.note("class list merged", f"{group_id} {counts}")
    flash(ngettext("The list is merged: %(num)s new pupil.", "The list is merged: %(num)s new pupils.",
                   len(changes.added)))  # fmt: skip
    return redirect(url_for("classes.show", group_id=group_id), 303)


@pages.get("/<group_id>/eleves/<pupil_id>/reunir")
@of_class
def choose(group_id: str, pupil_id: str) -> str:
    """Who else this child is on the list."""
    return _unite_page(group_id, pupil_id, request.args.get("autre", ""))


@pages.post("/<group_id>/eleves/<pupil_id>/reunir")
@of_class
def unite(group_id: str, pupil_id: str) -> AnyResponse | tuple[str, int]:
    """One pupil from now on."""
    group, other = _class(group_id), request.form.get("autre", "")
    if class_office.keeps_names(group):
        roles.names(group_id)  # raises Locked: nobody merges two children whose names they cannot read
    kept = _seat(group_id, pupil_id)
    if request.form.get("sure") != "yes":
        return _unite_page(group_id, pupil_id, other, gettext("Tick the box to confirm.")), BadInput.status
    class_office.unite(kept, _seat(group_id, other))
    class_access.note("pupils merged", f"{pupil_id} {other}")
    flash(gettext("The two are one pupil now."))
    return redirect(url_for("classes.show", group_id=group_id), 303)


def _unite_page(group_id: str, pupil_id: str, other: str, error: str = "") -> str:
    group, kept = _class(group_id), _seat(group_id, pupil_id)
    others = [each for each in stored.pupils(hub().db, group_id) if each.id != pupil_id]
    return render_template(
        "class_unite.html", group=group, pupil=kept, others=others, names=class_office.names(group_id), error=error,
        other=next((each for each in others if each.id == other), None),
        locked=class_office.is_locked(group_id),
    )  # fmt: skip


def _seat(group_id: str, pupil_id: str) -> Pupil:
    found = next((each for each in stored.pupils(hub().db, group_id) if each.id == pupil_id), None)
    if found is None or found.group != group_id:
        raise NotFound("There is no such pupil in this class: go back to the list.")
    return found
