# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sequences of spoken English as files: ``.oral`` given away, and taken in from anyone."""

from __future__ import annotations

import io

from flask import Blueprint, current_app, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, CartableError, TooLarge
from appliance.hub import oral_catalogue, oral_own
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.medium_worker import Makers
from appliance.hub.roles import TEACHING, allowed
from appliance.sequences import edit, package, reader
from appliance.sequences.package import DOCUMENT, SUFFIX

pages = Blueprint("oral_sharing", __name__, url_prefix="/enseignant/oral")

MOST_FILE = 16 << 20
MOST_BYTES = MOST_FILE + 2**19
"""Of a request that brings one."""


@pages.get("/<sequence_id>/fichier.oral")
@allowed(*TEACHING)
def give(sequence_id: str) -> AnyResponse:
    """The file of any sequence of this box."""
    sequence = oral_catalogue.get(sequence_id)
    body = io.BytesIO(package.pack(oral_own.shared(sequence)))
    return send_file(body, "application/zip", as_attachment=True, download_name=f"{sequence.id}{SUFFIX}")


@pages.get("/importer")
@allowed(*TEACHING)
def ask() -> str:
    """The field for a file."""
    return _page()


def _page(error: str = "") -> str:
    return render_template("oral_import.html", error=error, known=None)


@pages.post("/importer")
@allowed(*TEACHING)
def take() -> AnyResponse | str | tuple[str, int]:
    """Read a file in a process of its own, and keep it; where its name is taken, ask what to do."""
    try:
        sequence, files = oral_own.taken_in(_members())
        if hub().own_sequences.has(sequence.id):
            hub().own_sequences.take(sequence.id, files)
            return render_template("oral_import.html", error="", known=oral_own.get(sequence.id), given=sequence)
        if sequence.id in oral_own.taken():  # a ready one is never replaced
            sequence, files = oral_own.named(files, sequence, edit.identifier(sequence.id, oral_own.taken()))
        oral_own.save(sequence, files)
    except CartableError as error:
        return _page(error.localized(gettext)), error.status
    return redirect(url_for("oral_editor.change", sequence_id=sequence.id), 303)


def _members() -> dict[str, bytes]:
    """The members of the file of the form, as :func:`appliance.formats.oral.taken` gives them."""
    file = request.files.get("file")
    data = file.stream.read() if file is not None else b""
    if file is None or not data:
        raise BadInput("Choose a file that ends in .oral.")
    if len(data) > MOST_FILE:
        raise TooLarge("%(name)s is larger than %(limit)s MB: it is no sequence.", name=file.filename or "",
                       limit=MOST_FILE >> 20)  # fmt: skip
    makers: Makers = current_app.extensions["medium_makers"]
    body, lengths = makers.make("oral", data, file.filename or "")
    found, at = {}, 0
    for name, length in lengths.items():
        found[name] = body[at : at + int(length)]
        at += int(length)
    return found


@pages.post("/importer/<sequence_id>")
@allowed(*TEACHING)
def decide(sequence_id: str) -> AnyResponse:
    """``do``: ``replace`` the one that is here, keep both (``copy``), or ``forget`` the file."""
    own, act = hub().own_sequences, request.form.get("do", "")
    if act == "replace":
        own.accept(sequence_id)
        hub().models.want(sequence_id)
    elif act == "copy":
        folder = own.taken(sequence_id)
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        name = edit.identifier(sequence_id, oral_own.taken())
        sequence, files = oral_own.named(files, reader.read(files[DOCUMENT]), name)
        oral_own.save(sequence, files)
        own.forget(sequence_id)
        sequence_id = name
    else:
        own.forget(sequence_id)
        return redirect("/enseignant/oral", 303)
    return redirect(url_for("oral_editor.change", sequence_id=sequence_id), 303)
