# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/enseignant/oral/<sequence>/modifier``: a teacher's own sequence of spoken English: begun, copied, changed.

One page holds the sequence and what is at hand of it: a word, an activity, or the title and the teacher's sheet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import BadInput, CartableError, TooLarge
from appliance.hub import oral_catalogue, oral_forms, oral_own, oral_pictures
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.medium_worker import Makers
from appliance.hub.oral_forms import MOST_TITLE, ActivityDraft, ItemDraft, SheetDraft
from appliance.hub.roles import TEACHING, allowed
from appliance.sequences import edit, kinds, pictures
from appliance.sequences.package import MOST_PICTURE
from appliance.sequences.sequence import Sequence

pages = Blueprint("oral_editor", __name__, url_prefix="/enseignant/oral")

MOST_FILE = 12 << 20
"""Bytes of a picture as it comes."""
MOST_BYTES = MOST_FILE + 2**19
"""Of a request that brings one."""
SHEET = "fiche"
"""In the address: the title and the teacher's sheet are at hand."""
AtHand = ItemDraft | ActivityDraft | SheetDraft | None
"""What the left half of the page is about."""


@pages.get("/nouvelle")
@allowed(*TEACHING)
def new() -> str:
    """The fields of a new one: a title, and words, one a line."""
    return _new()


def _new(error: str = "") -> str:
    return render_template("oral_new.html", kinds=kinds, form=request.form, error=error)


@pages.post("/nouvelle")
@allowed(*TEACHING)
def create() -> AnyResponse | tuple[str, int]:
    """A new one of these words, to be listened to and repeated."""
    form = request.form
    title = " ".join(form.get("title_fr", "").split()), " ".join(form.get("title_en", "").split())
    try:
        if not all(0 < len(each) <= MOST_TITLE for each in title):
            raise BadInput("Give a title in French and one in English, of at most %(most)s characters.",
                           most=MOST_TITLE)  # fmt: skip
        made = edit.begun(
            edit.identifier(title[0], oral_own.taken()), title, form.get("theme", ""), form.get("level", ""),
            oral_own.author(), edit.listed(form.get("words", "")),
            (gettext("Understand and say these words"), gettext("Listen, repeat, then play with the cards.")),
        )  # fmt: skip
        oral_own.make(made)
    except CartableError as error:
        return _new(error.localized(gettext)), error.status
    return redirect(url_for("oral_editor.change", sequence_id=made.id), 303)


@pages.post("/<sequence_id>/copier")
@allowed(*TEACHING)
def copy(sequence_id: str) -> AnyResponse:
    """The same, a teacher's own, to be changed."""
    made = oral_own.copy(oral_catalogue.get(sequence_id))
    return redirect(url_for("oral_editor.change", sequence_id=made.id), 303)


@pages.post("/<sequence_id>/retirer")
@allowed(*TEACHING)
def remove(sequence_id: str) -> AnyResponse:
    """Gone from the box; what was said with it stays."""
    title = sequence_id if sequence_id in oral_own.spoilt() else oral_own.get(sequence_id).title_fr
    oral_own.remove(sequence_id)
    flash(gettext("“%(title)s” is removed; what was answered stays.", title=title))
    return redirect("/enseignant/oral", 303)


@pages.get("/<sequence_id>/modifier")
@allowed(*TEACHING)
def change(sequence_id: str) -> str:
    """The sequence; ``mot``, ``activite`` or ``fiche`` says what is at hand, ``genre`` the kind of a new activity."""
    sequence = oral_own.get(sequence_id)
    return page(sequence, _asked_for(sequence))


def _asked_for(sequence: Sequence) -> AtHand:
    word, number, kind = (request.args.get(name, "") for name in ("mot", "activite", "genre"))
    if SHEET in request.args:
        return oral_forms.shown_sheet(sequence)
    if kind:
        return oral_forms.new_activity(kind, sequence)
    if number.isdecimal() and int(number) < len(sequence.activities):
        return oral_forms.shown_activity(sequence.activities[int(number)], int(number))
    known = {item.slug: item for item in sequence.items}
    if word in known:
        return oral_forms.shown_item(known[word])
    return ItemDraft() if "mot" in request.args else None


def page(sequence: Sequence, at_hand: AtHand, error: str = "") -> str:
    """The sequence, and the fields of what is at hand, as they stand."""
    more: dict[str, object] = {}
    if isinstance(at_hand, ItemDraft):
        known = [code for code in at_hand.pictures if not pictures.is_own(code)]
        found = oral_pictures.found(at_hand.find)
        more = {
            "words": at_hand.words(hub().dictionary), "found": found, "name_of": oral_pictures.name,
            "symbols": f"/enseignant/oral/images.svg?c={','.join(sorted({*known, *found}))}",
        }  # fmt: skip
    elif isinstance(at_hand, ActivityDraft) and at_hand.kind == "minimal-pairs":
        more = {"pairs": oral_forms.pairs(sequence, hub().dictionary)}
    elif isinstance(at_hand, ActivityDraft):
        more = {"contrasts": oral_forms.contrasts(sequence, hub().dictionary)}
    return render_template(
        "oral_edit.html", sequence=sequence, at_hand=at_hand, error=error, kinds=kinds, catalogue=oral_catalogue,
        about=_about(at_hand), own=pictures.is_own, lacking=len(hub().models.lacking(sequence.id)),
        findings=[each.localized(gettext) for each in oral_own.findings(sequence)], **more,
    )  # fmt: skip


def _about(at_hand: AtHand) -> str:
    """As the template and the form's ``part`` call it."""
    names = {ItemDraft: "item", ActivityDraft: "activity", SheetDraft: SHEET}
    return names[type(at_hand)] if at_hand is not None else ""


@pages.post("/<sequence_id>/modifier")
@allowed(*TEACHING)
def save(sequence_id: str) -> AnyResponse | str | tuple[str, int]:
    """Save what the form says, whole, or say what is wrong with it; ``do=find`` looks for a picture only."""
    sequence, form = oral_own.get(sequence_id), request.form
    savers: dict[str, Callable[[Sequence], tuple[Sequence, dict[str, bytes]]]] = {
        "item": _with_item, "activity": _with_activity, SHEET: _with_sheet,
    }  # fmt: skip
    part, draft = form.get("part", ""), _draft()
    if draft is None:
        raise BadInput("The request was not understood.")
    if form.get("do") == "find":
        return page(sequence, draft)
    try:
        oral_own.change(sequence, *savers[part](sequence))
    except CartableError as error:  # a full card too: what was typed is still on the page
        return page(sequence, draft, error.localized(gettext)), error.status
    return redirect(_next(sequence_id), 303)


def _draft() -> AtHand:
    """What the form holds."""
    form = request.form
    match form.get("part"):
        case "item":
            return oral_forms.filled_item(form)
        case "activity":
            return oral_forms.filled_activity(form)
        case "fiche":
            return oral_forms.filled_sheet(form)
    return None


def _next(sequence_id: str) -> str:
    """What the page shows after: a new word, or what moved."""
    form, here = request.form, url_for("oral_editor.change", sequence_id=sequence_id)
    if form.get("do") == "more":
        return f"{here}?mot=#main"
    if form.get("do") in ("up", "down") and form.get("part") == "item":
        return url_for("oral_editor.change", sequence_id=sequence_id, mot=form.get("slug", ""))
    return here


def _with_sheet(sequence: Sequence) -> tuple[Sequence, dict[str, bytes]]:
    return oral_forms.sheet(oral_forms.filled_sheet(request.form), sequence), {}


def _with_item(sequence: Sequence) -> tuple[Sequence, dict[str, bytes]]:
    form = request.form
    act, old = form.get("do", "save"), form.get("slug", "")
    if act in ("up", "down"):
        return edit.moved(sequence, old, -1 if act == "up" else 1), {}
    if act == "remove":
        return edit.without(sequence, old), {}
    item = oral_forms.item(oral_forms.filled_item(form), hub().dictionary)
    edit.put(sequence, item, old)  # what is wrong with the words is said before a picture is read
    given = _picture()
    return edit.put(sequence, dataclasses.replace(item, pictures=(*item.pictures, *given)), old), given


def _picture() -> dict[str, bytes]:
    """The picture that came with the form, made anew, under its name; nothing when none came."""
    file = request.files.get("picture_file")
    data = file.stream.read() if file is not None else b""
    if file is None or not data:
        return {}
    if len(data) > MOST_FILE:
        raise TooLarge("%(name)s is larger than %(limit)s MB: make it smaller.", name=file.filename or "",
                       limit=MOST_FILE >> 20)  # fmt: skip
    makers: Makers = current_app.extensions["medium_makers"]
    body, _ = makers.make("picture", data, file.filename or "")
    if len(body) > MOST_PICTURE:
        raise TooLarge("This picture has too many details for a card: cut it, or choose a simpler one.")
    return {oral_own.picture_name(body): body}


def _with_activity(sequence: Sequence) -> tuple[Sequence, dict[str, bytes]]:
    draft, act = oral_forms.filled_activity(request.form), request.form.get("do", "save")
    if draft.number is not None and act in ("up", "down"):
        return edit.moved_activity(sequence, draft.number, -1 if act == "up" else 1), {}
    if draft.number is not None and act == "remove":
        return edit.without_activity(sequence, draft.number), {}
    made = oral_forms.activity(draft, sequence, hub().dictionary)
    return edit.put_activity(sequence, made, draft.number), {}
