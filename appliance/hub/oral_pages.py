# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/enseignant/oral``: the sequences of spoken English, one of them, its cards and its sheet."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from collections.abc import Sequence as Listed
from typing import TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, send_file, url_for

from appliance.errors import BadInput, NotFound
from appliance.hub import lesson_office, lesson_plans, oral_catalogue, oral_list, oral_own
from appliance.hub.language import language
from appliance.hub.roles import LEADING, allowed
from appliance.i18n import N_, translator
from appliance.model import Planned
from appliance.sequences import kinds, pictures, ready
from appliance.sequences.sequence import Item, Sequence

T = TypeVar("T")
pages = Blueprint("oral_pages", __name__, url_prefix="/enseignant/oral")

PER_PAGE = 14
"""A level of those that come with the box; with more the page would hold too much."""
ITEMS_SHOWN = 20
MOST_PICTURES = 2 * PER_PAGE
SHEETS_KEPT = 16
YEAR_S = 365 * 86400
PAPER = {
    "cartes": N_("Cards, words below the pictures"),
    "cartes-verso": N_("Cards, words on the back"),
    "fiche": N_("The teacher's sheet"),
}
"""Name in the address -> what it is."""


@pages.get("")
@allowed(*LEADING)
def every() -> str:
    """Those that fit the level, the theme and the words of the address."""
    wanted = oral_list.Wanted.of(request.args)
    listed = oral_list.found(wanted)
    entries, page, last = _part(listed, PER_PAGE)
    codes = sorted({entry.picture for entry in entries if entry.picture})
    return render_template(
        "oral.html", wanted=wanted, entries=entries, total=len(listed), page=page, pages=last, kinds=kinds,
        spoilt=oral_own.spoilt(), themes=oral_list.themes(wanted.level), address=_address(wanted), opening=_opening(),
        startable=startable,
        pictures=url_for("oral_pages.covers", c=",".join(codes)) if codes else "",
    )  # fmt: skip


def startable(sequence_id: str) -> bool:
    """Whether a lesson can be opened with it."""
    return lesson_plans.title_of(Planned("oral", sequence_id)) is not None


def _part(listed: Listed[T], size: int) -> tuple[Listed[T], int, int]:
    """What the page of the address shows (the nearest one where there is none), its number, how many there are."""
    last = max(1, -(-len(listed) // size))
    page = min(max(request.args.get("page", 1, type=int), 1), last)
    return listed[(page - 1) * size : page * size], page, last


def _address(wanted: oral_list.Wanted) -> Callable[..., str]:
    def address(**changes: object) -> str:
        asked = {"q": wanted.query, "niveau": wanted.level, "theme": wanted.theme, **changes}
        told = urlencode({name: value for name, value in asked.items() if value})
        return f"/enseignant/oral?{told}" if told else "/enseignant/oral"

    return address


def _opening() -> dict[str, object] | None:
    """With whom one tap opens a lesson; None while one runs: it would end without a word."""
    if lesson_office.current() is not None:
        return None
    group = lesson_plans.proposals().group
    return {"group": group, "animals": lesson_plans.ANIMALS}


@pages.get("/images.svg")
@allowed(*LEADING)
def covers() -> Response:
    """The pictures that ``c`` names (OpenMoji codes, commas between), as one sheet of symbols."""
    codes = tuple(code for code in request.args.get("c", "").split(",") if code)
    if not 0 < len(codes) <= MOST_PICTURES or not set(codes) <= ready.stock().keys():
        raise BadInput("Name 1 to %(most)s pictures that the box has.", most=MOST_PICTURES)
    answer = Response(_sheet(codes), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
    return answer


@functools.lru_cache(SHEETS_KEPT)
def _sheet(codes: tuple[str, ...]) -> str:
    return pictures.sheet(codes, ready.stock())


@pages.get("/<sequence_id>")
@allowed(*LEADING)
def one(sequence_id: str) -> str:
    """A sequence: what for, its items with picture and sound, its activities, the sheet."""
    sequence = oral_catalogue.get(sequence_id)
    items, page, last = _part(sequence.items, ITEMS_SHOWN)
    return render_template(
        "oral_sequence.html", sequence=sequence, kinds=kinds, paper=PAPER, opening=_opening(),
        items=items, page=page, pages=last, view=View(sequence), names=kinds.NAMES,
        own=oral_catalogue.own(sequence_id),
        plan=lesson_plans.encode([Planned("oral", sequence_id)]), on_tablets=startable(sequence_id),
    )  # fmt: skip


class View:
    """Addresses of a sequence's files."""

    def __init__(self, sequence: Sequence) -> None:
        self._id = sequence.id
        self._sheet = oral_catalogue.sheet(sequence.id) or ""

    def clip(self, item: Item, *, slow: bool = False) -> str:
        """Of its sound; empty when the box has none."""
        return oral_catalogue.clip(self._id, item.slug, slow=slow) or ""

    def picture(self, code: str) -> str:
        """``href`` of a symbol; of an own picture, its file."""
        if pictures.is_own(code):
            return f"{self._sheet.rpartition('/')[0]}/pictures/{code}"
        return f"{self._sheet}#{code}"

    @staticmethod
    def is_own(code: str) -> bool:
        """Whether :meth:`picture` is a file, and no symbol."""
        return pictures.is_own(code)


@pages.get("/<sequence_id>/papier/<what>.pdf")
@allowed(*LEADING)
def paper(sequence_id: str, what: str) -> Response:
    """Cards or sheet, made now; fpdf2 is loaded by the first that is asked for."""
    from appliance.hub.paper import english

    if what not in PAPER:
        raise NotFound("There is no such sheet: choose one of the list.")
    sequence, say, tongue = oral_catalogue.get(sequence_id), translator(language()), language()
    if what == "fiche":
        made = english.lesson(sequence, say, tongue)
    else:
        own = oral_own.pictures_of(sequence)
        made = english.cards(sequence, ready.stock(), say, tongue, backs=what == "cartes-verso", own=own)
    return send_file(io.BytesIO(made), "application/pdf", download_name=f"{what}-{sequence.id}.pdf")
