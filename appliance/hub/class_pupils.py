# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One pupil of a class: first name, animal, another class, gone. And need groups: pupils of classes, chosen."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, CartableError, NotFound
from appliance.hub import animals, badges, class_access, class_office, classes
from appliance.hub.class_access import of_class, teaching
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.model import Pupil
from appliance.store import classes as stored

pages = Blueprint("class_pupils", __name__, url_prefix="/enseignant/classes")


def _seated(group_id: str, pupil_id: str) -> Pupil:
    """A pupil of that very class. Raises :class:`NotFound`."""
    found = next((each for each in stored.pupils(hub().db, group_id) if each.id == pupil_id), None)
    if found is None or found.group != group_id:
        raise NotFound("There is no such pupil in this class: go back to the list.")
    return found


def _back_to(group_id: str, said: str) -> AnyResponse:
    flash(said)
    return redirect(url_for("classes.show", group_id=group_id), 303)


@pages.get("/<group_id>/eleves/<pupil_id>")
@of_class
def pupil(group_id: str, pupil_id: str) -> str:
    """What can be changed of one."""
    return _page(group_id, pupil_id)


def _page(group_id: str, pupil_id: str, error: str = "") -> str:
    found, group = _seated(group_id, pupil_id), stored.get(hub().db, group_id)
    return render_template(
        "class_pupil.html",
        group=group,
        pupil=found,
        name=class_office.names(group_id).get(pupil_id, ""),
        takes_names=class_office.keeps_names(group),
        locked=not hub().vaults.is_open(group_id),
        animals=animals.shown(),
        taken={each.avatar for each in stored.pupils(hub().db, group_id)} - {found.avatar},
        classes=[each for each in classes.usable() if each.id != group_id],
        error=error,
    )


@pages.post("/<group_id>/eleves/<pupil_id>")
@of_class
def save(group_id: str, pupil_id: str) -> AnyResponse | tuple[str, int]:
    """First name and animal. A name that is locked, and so was not shown, stays as it is unless another is typed."""
    form, found, group = request.form, _seated(group_id, pupil_id), stored.get(hub().db, group_id)
    try:
        typed = form.get("name", "").strip()
        if class_office.keeps_names(group) and (typed or hub().vaults.is_open(group_id)):
            class_office.rename(group, pupil_id, typed)
        avatar = form.get("avatar", found.avatar)
        if avatar != found.avatar:
            alias = animals.alias(avatar)
            with hub().db.writing() as conn:
                stored.set_animal(conn, pupil_id, avatar, alias)
    except CartableError as error:
        return _page(group_id, pupil_id, error.localized(gettext)), error.status
    class_access.note("pupil changed", pupil_id)
    return _back_to(group_id, gettext("Kept."))


@pages.post("/<group_id>/eleves/<pupil_id>/deplacer")
@of_class
def move(group_id: str, pupil_id: str) -> AnyResponse | tuple[str, int]:
    """To another class of the same teacher."""
    found = _seated(group_id, pupil_id)
    try:
        class_office.move(stored.get(hub().db, group_id), found, request.form.get("to", ""))
    except CartableError as error:
        return _page(group_id, pupil_id, error.localized(gettext)), error.status
    class_access.note("pupil moved", pupil_id)
    return _back_to(group_id, gettext("The pupil is in the other class."))


@pages.post("/<group_id>/eleves/<pupil_id>/retirer")
@of_class
def remove(group_id: str, pupil_id: str) -> AnyResponse:
    """Out of the class; answers stay until they are erased, or their time is over."""
    _seated(group_id, pupil_id)
    with hub().db.writing() as conn:
        stored.leave(conn, pupil_id, class_office.now() if hub().clock.now().trusted else "")
    class_access.note("pupil left the class", pupil_id)
    return _back_to(group_id, gettext("The pupil is no longer in the class."))


@pages.post("/<group_id>/eleves/<pupil_id>/badge")
@of_class
def cancel_badge(group_id: str, pupil_id: str) -> AnyResponse:
    """The printed badge opens nothing any more."""
    badges.revoke(_seated(group_id, pupil_id))
    class_access.note("badge cancelled", pupil_id)
    return _back_to(group_id, gettext("The badge is cancelled: print another one."))


@pages.get("/groupe")
@teaching
def new_need_group() -> str:
    """A need group begins with a name."""
    return render_template("class_need.html", error="")


@pages.post("/groupe")
@teaching
def make_need_group() -> AnyResponse | tuple[str, int]:
    """Made empty; its pupils are chosen next."""
    try:
        with hub().db.writing() as conn:
            group_id = stored.add(conn, request.form.get("name", ""), kind=stored.NEED)
    except CartableError as error:
        return render_template("class_need.html", error=error.localized(gettext)), error.status
    class_access.note("need group made", group_id)
    return redirect(url_for("class_pupils.members", group_id=group_id), 303)


@pages.get("/<group_id>/membres")
@of_class
def members(group_id: str) -> str:
    """The pupils of one class at a time, to be ticked."""
    group, usable = _need_group(group_id), classes.usable()
    asked = request.args.get("classe", "")
    home = next((each for each in usable if each.id == asked), usable[0] if usable else None)
    return render_template(
        "class_members.html",
        group=group,
        classes=usable,
        home=home,
        pupils=stored.pupils(hub().db, home.id) if home else [],
        names=class_office.names(home.id) if home else {},
        chosen={each.id for each in stored.pupils(hub().db, group_id)},
    )


@pages.post("/<group_id>/membres")
@of_class
def choose_members(group_id: str) -> AnyResponse:
    """Those of one class; those of others stay."""
    _need_group(group_id)
    home, chosen = request.form.get("home", ""), request.form.getlist("pupil")
    if home not in {each.id for each in classes.usable()}:
        raise BadInput("There is no such class on the box: reload the page, then choose again.")
    with hub().db.writing() as conn:
        stored.set_members(conn, group_id, home, chosen)
    class_access.note("need group changed", group_id)
    return _back_to(group_id, gettext("Kept."))


def _need_group(group_id: str) -> stored.SchoolClass:
    group = stored.get(hub().db, group_id)
    if not group.is_need_group:
        raise NotFound("There is no such class.")
    return group
