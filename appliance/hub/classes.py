# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/enseignant/classes``: the classes, each one's pupils, what it keeps. Names only while the vault is open."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import CartableError
from appliance.hub import class_access, class_office, labels
from appliance.hub.class_access import of_class, teaching
from appliance.hub.context import hub
from appliance.hub.language import gettext, ngettext
from appliance.i18n import N_
from appliance.model import Group
from appliance.store import classes, vault
from appliance.store.classes import SchoolClass

pages = Blueprint("classes", __name__, url_prefix="/enseignant/classes")

USUAL = 28
"""Animals of a class made with one tap, unless another number is typed."""
REGIMES = {
    classes.ANIMALS: N_("Animals only: no name anywhere"),
    classes.NAMED: N_("First names, sealed: only you can open them"),
    classes.PORTFOLIO: N_("First names, and the pupils' texts, photos and recordings, sealed"),
}


@pages.record
def _globals(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(
        class_regimes=REGIMES, level_names=labels.LEVEL_NAMES, most_pupils=classes.MOST_PUPILS
    )


@pages.get("")
@teaching
def every() -> str:
    """Classes and need groups, and the one tap that makes a class of animals."""
    own = [each for each in classes.every(hub().db) if class_access.may_use(each.id)]
    put_away = [each for each in classes.every(hub().db, archived=True) if class_access.may_use(each.id)]
    return render_template(
        "classes.html", groups=own, archived=put_away, usual=USUAL, names=bool(class_access.holders())
    )


@pages.post("/animaux")
@teaching
def make_animals() -> AnyResponse:
    """A class of so many animals, at once."""
    name = request.form.get("name", "").strip() or _unused_name()
    [group_id] = class_office.make([class_office.Wanted(name, count=number(request.form.get("animals", "")))])
    class_access.note("class made", group_id)
    return redirect(url_for("classes.show", group_id=group_id), 303)


def _unused_name() -> str:
    taken = {each.name for archived in (False, True) for each in classes.every(hub().db, archived=archived)}
    names = (str(gettext("Class %(number)s", number=n)) for n in range(1, classes.MOST_GROUPS + 2))
    return next(name for name in names if name not in taken)


def number(text: str) -> int:
    """A number that somebody typed; nonsense is 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


@pages.get("/<group_id>")
@of_class
def show(group_id: str) -> str:
    """The pupils of a class or need group."""
    return class_page(group_id)


def class_page(group_id: str, error: str = "") -> str:
    """The page of a class; ``error``: what could not be done."""
    group = classes.get(hub().db, group_id)
    seated = classes.pupils(hub().db, group_id)
    return render_template(
        "class.html",
        group=group,
        pupils=seated,
        names=class_office.names(group_id),
        locked=class_office.is_locked(group_id),
        takes_names=class_office.keeps_names(group),
        left=classes.MOST_PUPILS - len(seated),
        error=error,
    )


@pages.post("/<group_id>/eleves")
@of_class
def add_pupils(group_id: str) -> AnyResponse | tuple[str, int]:
    """More pupils, by first names or by number."""
    form = request.form
    try:
        added = class_office.add(_own(group_id), form.get("names", ""), number(form.get("animals", "")))
    except CartableError as error:
        return class_page(group_id, error.localized(gettext)), error.status
    class_access.note("pupils added", f"{group_id} {added}")
    flash(ngettext("%(num)s pupil added.", "%(num)s pupils added.", added))
    return redirect(url_for("classes.show", group_id=group_id), 303)


def _own(group_id: str) -> SchoolClass:
    return classes.get(hub().db, group_id)


@pages.get("/<group_id>/reglages")
@of_class
def settings(group_id: str) -> str:
    """Name, level, what is kept, whether the grid shows names."""
    return _settings_page(group_id)


def _settings_page(group_id: str, error: str = "") -> str:
    keyed = vault.has_keys(hub().db.reading(), group_id)
    return render_template("class_settings.html", group=_own(group_id), keyed=keyed, error=error)


@pages.post("/<group_id>/reglages")
@of_class
def save_settings(group_id: str) -> AnyResponse | tuple[str, int]:
    """Names that are no longer kept are erased at once."""
    form, group = request.form, _own(group_id)
    try:
        class_office.change(group, name=form.get("name", ""), level=form.get("level", ""),
                            regime=form.get("regime", group.regime), names_shown="names_shown" in form)  # fmt: skip
    except CartableError as error:
        return _settings_page(group_id, error.localized(gettext)), error.status
    class_access.note("class changed", group_id)
    flash(gettext("Kept."))
    return redirect(url_for("classes.show", group_id=group_id), 303)


@pages.post("/<group_id>/archiver")
@of_class
def archive(group_id: str) -> AnyResponse:
    """Put the class away, or take it out again."""
    back = "retour" in request.form
    with hub().db.writing() as conn:
        classes.archive(conn, group_id, None if back else class_office.now())
    class_access.note("class taken out" if back else "class put away", group_id)
    return redirect(url_for("classes.every"), 303)


def usable() -> list[Group]:
    """The classes (no need groups) that whoever asks may use, by name."""
    listed = classes.every(hub().db)
    return [Group(each.id, each.name) for each in listed if not each.is_need_group and class_access.may_use(each.id)]
