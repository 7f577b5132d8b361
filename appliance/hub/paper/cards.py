# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Badges to cut out, ten on a page, of the size of a bank card; the class sheet: every animal, to hang up."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.hub.paper.data import Place, Say, Seat
from appliance.hub.paper.sheet import HEIGHT, INNER, MARGIN, WIDTH, Sheet, writable

CARD_WIDTH, CARD_HEIGHT = 85.0, 54.0
ACROSS, DOWN = 2, 5
LEFT, TOP = (WIDTH - ACROSS * CARD_WIDTH) / 2, (HEIGHT - DOWN * CARD_HEIGHT) / 2
CODE = 32.0
COLUMNS, ROWS = 4, 10
CELL_HEIGHT = 23.5


def badges(place: Place, seats: Sequence[Seat], say: Say, language: str) -> bytes:
    """A badge for each pupil: animal, first name where known, class, QR code. Nobody: a page that says so."""
    _ = say
    sheet = Sheet(_("Badges"), language)
    sheet.set_auto_page_break(False)
    if not seats:
        return _nobody(sheet, _("Badges"), place, say)
    for number, seat in enumerate(seats):
        index = number % (ACROSS * DOWN)
        if index == 0:
            sheet.add_page()
        _badge(sheet, place, seat, LEFT + index % ACROSS * CARD_WIDTH, TOP + index // ACROSS * CARD_HEIGHT)
    return sheet.done()


def _known(seat: Seat) -> str:
    """The first name, where the fonts have its letters: better an animal than «???»."""
    return seat.name if "?" not in writable(seat.name) else ""


def _badge(sheet: Sheet, place: Place, seat: Seat, x: float, y: float) -> None:
    sheet.cut_marks(x, y, CARD_WIDTH, CARD_HEIGHT)
    words = CARD_WIDTH - 10 - (CODE if seat.badge else 0)
    sheet.animal(seat.avatar, x + 5, y + 4, 26)
    sheet.fitted(_known(seat) or seat.animal, x + 5, y + 32, words, 17, bold=True)
    if _known(seat):
        sheet.fitted(seat.animal, x + 5, y + 40, words, 11)
    sheet.fitted(" · ".join(filter(None, (place.group, place.school))), x + 5, y + 47, CARD_WIDTH - 10, 8)
    if seat.badge:
        sheet.qr(seat.badge, x + CARD_WIDTH - CODE - 3, y + 8, CODE)


def class_sheet(place: Place, seats: Sequence[Seat], say: Say, language: str) -> bytes:
    """The grid as tablets show it, forty on a page, with first names where known."""
    _ = say
    named = any(seat.name for seat in seats)
    foot = _("First names: keep this sheet in the classroom, destroy it at the end of the year.") if named else ""
    sheet = Sheet(_("The class"), language, foot)
    sheet.set_auto_page_break(False)
    if not seats:
        return _nobody(sheet, _("The class"), place, say)
    for number, seat in enumerate(seats):
        index = number % (COLUMNS * ROWS)
        if index == 0:
            sheet.add_page()
            sheet.fitted(place.group or _("The class"), MARGIN, 12, INNER * 0.6, 20, bold=True)
            sheet.fitted(place.school, MARGIN + INNER * 0.6, 15, INNER * 0.4, 11, align="R")
        _cell(sheet, seat, MARGIN + index % COLUMNS * INNER / COLUMNS, 26 + index // COLUMNS * (CELL_HEIGHT + 2))
    return sheet.done()


def _cell(sheet: Sheet, seat: Seat, x: float, y: float) -> None:
    width = INNER / COLUMNS - 2
    sheet.set_draw_color(170)
    sheet.set_line_width(0.2)
    sheet.rect(x, y, width, CELL_HEIGHT, style="D", round_corners=True, corner_radius=2)
    sheet.animal(seat.avatar, x + 1.5, y + 3, 16)
    sheet.fitted(_known(seat) or seat.animal, x + 18.5, y + 6, width - 20, 12, bold=True)
    if _known(seat):
        sheet.fitted(seat.animal, x + 18.5, y + 13, width - 20, 9)


def _nobody(sheet: Sheet, title: str, place: Place, say: Say) -> bytes:
    _ = say
    sheet.add_page()
    sheet.heading(title, " · ".join(filter(None, (place.group, place.school))))
    sheet.paragraph(_("There is nobody in this class yet: add pupils, then print again."))
    return sheet.done()
