# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""An account of one's own: passphrase, recovery sheet, PIN of a device."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, Busy, Conflict
from appliance.hub import accounts, roles, staff_heirs, staff_others
from appliance.hub import recovery_sheet as sheet
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import Role, allowed, person
from appliance.store import devices, staff, times

pages = Blueprint("staff_account", __name__)

YEAR_S = 365 * 24 * 3600
KINDS = (("iPad", "iPad"), ("iPhone", "iPhone"), ("Android", "Android"), ("CrOS", "Chromebook"), ("Windows", "Windows"),
         ("Macintosh", "Mac"), ("Linux", "Linux"))  # fmt: skip
"""Part of a browser's name -> what people call the device."""


@pages.get("/enseignant/compte/nouveau")
@allowed(Role.PRESENCE, Role.SUBSTITUTE)
def propose() -> str:
    """Four words, and whether to be a teacher or a technician."""
    return _new_page(accounts.proposed_words())


@pages.post("/enseignant/compte/nouveau")
@allowed(Role.PRESENCE, Role.SUBSTITUTE)
def make() -> AnyResponse | tuple[str, int] | str:
    """Make the account and sign it in; the first teacher is shown the recovery sheet. The code has served: another."""
    form = request.form
    words, name, role = form.get("words", ""), form.get("name", ""), form.get("role", staff.TEACHER)
    try:
        with hub().presence.hashing():
            opened = accounts.make(role, name, words)
    except (BadInput, Busy) as error:
        return _new_page(words, name, role, error.localized(gettext)), error.status
    hub().presence.renew()
    accounts.enter(opened, how="new account")
    if role == staff.TECHNICIAN:
        return redirect(url_for("staff_pages.technician"), 303)
    if sheet.may_make():
        return _recovery_page()
    return redirect(url_for("staff_account.enrol_form"), 303)


def _new_page(words: str, name: str = "", role: str = staff.TEACHER, error: str = "") -> str:
    return render_template("staff_new.html", words=words, name=name, role=role, error=error)


@pages.post("/enseignant/cle")
@allowed(Role.TEACHER, Role.DIRECTOR)
def recovery_sheet() -> str:
    """Another recovery key. The first teacher makes the first one; later, only who holds the one before.

    Raises :class:`Refused`: with a sheet of their own, a teacher would open the others' classes.
    """
    return _recovery_page()


def _recovery_page() -> str:
    written = sheet.show(person().session)
    return render_template(
        "staff_recovery.html", key=written, public=sheet.public_of(written), school=hub().config.school.name
    )


@pages.post("/enseignant/cle/imprimee")
@allowed(Role.TEACHER, Role.DIRECTOR)
def printed() -> AnyResponse:
    """The sheet is printed or copied: from now on it is the box's. The director types it once, which proves it."""
    sheet.acknowledge(person().session, request.form.get("public", ""))
    if person().role is Role.DIRECTOR:
        roles.end_all(person().id)  # the former key's sessions, elsewhere too
        roles.end()
        return redirect(url_for("staff_director.recovery_form"), 303)
    return redirect(url_for("staff_account.enrol_form"), 303)


@pages.post("/enseignant/cle/confier")
@allowed(Role.TEACHER)
def entrust() -> AnyResponse:
    """One's own classes are put on the recovery sheet that there is."""
    sheet.entrust(person().session)
    return redirect(url_for("staff_account.account"), 303)


@pages.get("/enseignant/appareil")
@allowed(Role.TEACHER, Role.TECHNICIAN)
def enrol_form() -> str:
    """A PIN for this device."""
    hub().vaults.holder(person().session)
    return _device_page()


@pages.post("/enseignant/appareil")
@allowed(Role.TEACHER, Role.TECHNICIAN)
def enrol() -> AnyResponse | tuple[str, int]:
    """Keep the PIN's wrap here, and its secret on the device; where there is a PIN, it is asked for."""
    pin, again = request.form.get("pin", ""), request.form.get("again", "")
    holder, private = hub().vaults.holder(person().session)
    try:
        if pin != again:
            raise BadInput("The two PINs are not the same: type them again.")
        if changes := _has_pin():
            accounts.check_pin(holder, request.form.get("former", ""))
        conn = hub().db.reading()
        opened = staff.Opened(staff.get(conn, holder), private)
        with hub().presence.hashing(), hub().db.writing() as writing:
            devices.drop(writing, accounts.device()[0])
            identity, secret = devices.enrol(writing, opened, pin, _label(), at=_now())
    except (BadInput, Busy) as error:
        return _device_page(error.localized(gettext)), error.status
    if changes:
        roles.end_others()
    roles.note("device enrolled", identity)
    answer = make_response(redirect(url_for("auth.sign_in"), 303))
    answer.set_cookie(accounts.DEVICE_COOKIE, f"{identity}.{secret.hex()}", max_age=YEAR_S, httponly=True,
                      samesite="Strict")  # fmt: skip
    return answer


@pages.post("/enseignant/appareil/<device_id>/oublier")
@allowed(Role.TEACHER, Role.TECHNICIAN)
def forget_device(device_id: str) -> AnyResponse:
    """The PIN of that device opens nothing any more; one's own devices only."""
    if device_id in {device.id for device in devices.of(hub().db.reading(), person().id)}:
        with hub().db.writing() as conn:
            devices.drop(conn, device_id)
        roles.note("device forgotten", device_id)
    return redirect(url_for("staff_account.account"), 303)


@pages.get("/enseignant/compte")
@allowed(Role.TEACHER)
def account() -> str:
    """One's devices, passphrase, journal."""
    return _account_page(accounts.proposed_words())


@pages.post("/enseignant/compte")
@allowed(Role.TEACHER)
def other_words() -> AnyResponse | tuple[str, int]:
    """Another passphrase, by who types the one before; other sessions end. The devices' PINs stay."""
    holder, private = hub().vaults.holder(person().session)
    words = request.form.get("words", "")
    try:
        accounts.check_words(holder, request.form.get("former", ""))
        with hub().presence.hashing(), hub().db.writing() as conn:
            staff.put_words(conn, holder, private, words)
    except (BadInput, Busy) as error:
        return _account_page(words, error.localized(gettext)), error.status
    roles.end_others()
    roles.note("passphrase changed")
    return redirect(url_for("lesson_home.home"), 303)


@pages.post("/enseignant/comptes/vus")
@allowed(Role.TEACHER)
def seen() -> AnyResponse:
    """The teacher knows who came."""
    staff_others.note_seen()
    return redirect(url_for("lesson_home.home"), 303)


@pages.get("/enseignant/compte/<staff_id>/fermer")
@allowed(Role.TEACHER, Role.DIRECTOR)
def before_close(staff_id: str) -> str:
    """What becomes of the classes that no other teacher opens."""
    return _close_page(staff_id)


@pages.post("/enseignant/compte/<staff_id>/fermer")
@allowed(Role.TEACHER, Role.DIRECTOR)
def close(staff_id: str) -> AnyResponse | tuple[str, int]:
    """That account opens nothing any more; where a class would be left, who takes it is asked first."""
    staff_others.check_close(staff_id)
    left = [each.group.id for each in staff_heirs.stranded(staff_id)]
    if left and "sure" not in request.form:
        return _close_page(staff_id), Conflict.status
    chosen = {group: request.form.get(f"to-{group}", "") for group in left}
    try:
        staff_others.close(staff_id, {group: to for group, to in chosen.items() if to not in ("", "nobody")})
    except (Conflict, BadInput) as error:
        return _close_page(staff_id, error.localized(gettext)), error.status
    return redirect(url_for(_office()), 303)


def _office() -> str:
    return "staff_director.office" if person().role is Role.DIRECTOR else "staff_account.account"


def _close_page(staff_id: str, error: str = "") -> str:
    staff_others.check_close(staff_id)
    return render_template(
        "staff_close.html", account=staff.get(hub().db.reading(), staff_id), error=error, back=url_for(_office()),
        stranded=staff_heirs.stranded(staff_id), teachers=staff_heirs.teachers(but=staff_id),
        days={each.id: day for each, day in staff_others.others()}, director=person().role is Role.DIRECTOR,
    )  # fmt: skip


def _account_page(words: str, error: str = "") -> str:
    conn = hub().db.reading()
    return render_template("staff_account.html", words=words, error=error, devices=devices.of(conn, person().id),
                           no_recovery=sheet.may_make(), missing=len(sheet.missing()),
                           others=[(each, day, staff_others.may_close(each.id)) for each, day in staff_others.others()],
                           newcomers=staff_others.opened_on())  # fmt: skip


def _has_pin() -> bool:
    known = accounts.known_device()
    return known is not None and known.id == person().id


def _device_page(error: str = "") -> str:
    return render_template("staff_device.html", error=error, former=_has_pin())


def _label() -> str:
    told = request.headers.get("User-Agent", "")
    return next((name for part, name in KINDS if part in told), "?")


def _now() -> str:
    return times.rfc3339(hub().clock.now().wall)
