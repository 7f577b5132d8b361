# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Everything that the box keeps of one pupil: taken away as a file, or erased for good."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, CartableError, Damaged, NotFound
from appliance.hub import class_office, pupil_export, roles
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.pupil_export import Made, Waiting
from appliance.hub.records_office import Office
from appliance.hub.roles import Role, allowed, check_class, may_read
from appliance.hub.vaults import Vaults
from appliance.model import Pupil
from appliance.store import audit, merging, people, vault

pages = Blueprint("pupil_file", __name__, url_prefix="/enseignant/eleves")


@pages.get("")
@allowed(*roles.TEACHING, Role.DIRECTOR)
def listing() -> str:
    """The pupils of one of one's classes, ``classe``; by default the first."""
    groups = [group for group in people.groups(hub().db) if may_read(group.id)]
    wanted = request.args.get("classe", "")
    chosen = next((group for group in groups if group.id == wanted), groups[0] if groups else None)
    if chosen is None:
        return render_template("pupil_files.html", groups=[], pupils=[], names={}, chosen=None)
    check_class(chosen.id)
    return render_template(
        "pupil_files.html", groups=groups, chosen=chosen, pupils=people.pupils(hub().db, chosen.id),
        names=class_office.names(chosen.id),
    )  # fmt: skip


@pages.get("/<pupil_id>")
@allowed(*roles.TEACHING, Role.DIRECTOR)
def show(pupil_id: str) -> str:
    """What there is of a pupil, in figures, and the two things that can be done with it."""
    return _page(_pupil(pupil_id))


@pages.post("/<pupil_id>/effacer")
@allowed(*roles.TEACHING, Role.DIRECTOR)
def erase(pupil_id: str) -> str | tuple[str, int]:
    """Erase it all, once it is confirmed. Raises as :meth:`appliance.store.erasure.Erasure.erase`."""
    pupil = _pupil(pupil_id)
    if request.form.get("sure") != "yes":
        return _page(pupil, gettext("Tick the box to confirm.")), BadInput.status
    formers = merging.formers(hub().db.reading(), pupil.id)
    try:
        lost = _office().erase(pupil.id, True)
    except CartableError:
        roles.note("pupil erased", pupil.id, audit.FAILED)
        raise
    for each in (pupil.id, *formers):
        hub().passing.forget_pupil(each)
    roles.note("pupil erased", pupil.id)
    return render_template("pupil_erased.html", pupil=pupil, lost=lost)


@pages.get("/<pupil_id>/export.zip")
@allowed(*roles.TEACHING, Role.DIRECTOR)
def export(pupil_id: str) -> AnyResponse:
    """A ZIP to read without the box. Raises :class:`Locked` while what is sealed cannot be read."""
    pupil = _pupil(pupil_id)
    if vault.has_keys(hub().db.reading(), pupil.group):
        hub().vaults.names(pupil.group)
    roles.note("pupil exported", pupil.id)
    name = f"cartable-{pupil.id[:8]}.zip"
    stream = _stream(*pupil_export.files(pupil), hub().vaults, pupil)
    return Response(stream, content_type="application/zip",
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip


class _Pipe:
    """What the ZIP writer wrote since the last time; it is never on the card, where it would be in clear."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def close(self) -> None:
        """Nothing to close."""

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


def _stream(texts: Made, media: Waiting, vaults: Vaults, pupil: Pupil) -> Iterator[bytes]:
    """Outside the request: a medium is read when the one before has gone, and left out where it is damaged.

    A bell in between cuts the file off (:class:`Locked`): a browser says that it failed, nobody takes it for whole.
    """
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in texts:
            archive.writestr(path, body)
            yield pipe.taken()
        for path, item in media:
            with contextlib.suppress(Damaged, NotFound):
                archive.writestr(path, vaults.read(pupil.group, item.id), zipfile.ZIP_STORED)
            yield pipe.taken()
    yield pipe.taken()


def _page(pupil: Pupil, error: str = "") -> str:
    found = _office().look_up(pupil.id)
    conn = hub().db.reading()
    return render_template(
        "pupil_file.html", pupil=pupil, found=found, error=error,
        name=class_office.names(pupil.group).get(pupil.id, ""),
        locked=vault.has_keys(conn, pupil.group) and not hub().vaults.is_open(pupil.group),
        texts=len(pupil_export.sealed(pupil, vault.TEXT)), media=len(pupil_export.sealed(pupil, vault.MEDIA)),
    )  # fmt: skip


def _pupil(pupil_id: str) -> Pupil:
    """Raises :class:`appliance.errors.NotFound`, :class:`appliance.errors.Refused`."""
    pupil = people.pupil(hub().db, pupil_id)
    check_class(pupil.group)
    return pupil


def _office() -> Office:
    office: Office = current_app.extensions.setdefault("records_office", Office(hub().records))
    return office
