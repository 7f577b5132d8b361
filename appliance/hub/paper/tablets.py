# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Tablets that go out and come back: the register, and the sheet that goes home with one."""

from __future__ import annotations

from appliance.hub.paper.data import Place, Say
from appliance.hub.paper.sheet import INNER, MARGIN, RULE, Sheet

ROW = 19.0
PER_PAGE = 12
MOST = 120


def loan_register(place: Place, tablets: int, say: Say, language: str) -> bytes:
    """A line for each tablet, numbered from 1, with the QR code to stick on it. ``tablets``: brought into 1..120."""
    _ = say
    foot = _("Kept by the class until the tablets are back, then destroyed.")
    sheet = Sheet(_("Loan register"), language, foot)
    sheet.set_auto_page_break(False)
    heads = ((_("No."), 14.0), (_("Code"), 20.0), (_("Borrowed by"), 50.0), (_("Out on"), 30.0), (_("Back on"), 30.0),
             (_("State"), INNER - 144.0))  # fmt: skip
    for number in range(1, min(max(tablets, 1), MOST) + 1):
        index = (number - 1) % PER_PAGE
        if index == 0:
            sheet.add_page()
            sheet.heading(_("Loan register of the tablets"), " · ".join(filter(None, (place.group, place.school))))
            top = sheet.get_y()
            _heads(sheet, heads, top)
        _line(sheet, heads, top + 8 + index * ROW, number, place.address)
    return sheet.done()


def _heads(sheet: Sheet, heads: tuple[tuple[str, float], ...], top: float) -> None:
    x = MARGIN
    for words, width in heads:
        sheet.fitted(words, x + 1, top + 1, width - 2, 10, bold=True)
        x += width


def _line(sheet: Sheet, heads: tuple[tuple[str, float], ...], y: float, number: int, address: str) -> None:
    sheet.set_draw_color(RULE)
    sheet.set_line_width(0.2)
    x = MARGIN
    for _words, width in heads:
        sheet.rect(x, y, width, ROW)
        x += width
    sheet.fitted(str(number), MARGIN + 1, y + 6, 12, 16, bold=True, align="C")
    if address:
        sheet.qr(f"{address}?tablette={number}", MARGIN + 14.5, y, 19)


def take_home(place: Place, say: Say, language: str) -> bytes:
    """What a family is told when a tablet goes home, and signs."""
    _ = say
    sheet = Sheet(_("A tablet at home"), language)
    sheet.add_page()
    sheet.heading(_("A tablet of the class at home"), " · ".join(filter(None, (place.group, place.school))))
    sheet.paragraph(_("Your child brings home a tablet of the class, to go on with the work of school."))
    for words in (_("First name"), _("Tablet no."), _("Out on"), _("Back on")):
        _blank(sheet, words)
    sheet.chapter(_("What it does at home"))
    for words in (
        _("The page that was left open in class goes on without the internet. Answers wait in it, and are handed in "
          "when it is back in class."),
        _("It holds no first name and no result: these stay on the class's box, at school."),
        _("No account and no payment is needed. Nobody will ever ask you for a password."),
    ):  # fmt: skip
        sheet.paragraph(words, bullet=True)
    sheet.chapter(_("How to care for it"))
    for words in (
        _("Charge it in the evening, away from water and from the heat."),
        _("Decide together when it is used, and put it away an hour before bed."),
        _("If it is broken or lost, tell the teacher: nothing personal is lost with it."),
    ):
        sheet.paragraph(words, bullet=True)
    sheet.chapter(_("Agreed"))
    for words in (_("Name of a parent"), _("Date and signature"), _("Back, in good state (the teacher)")):
        _blank(sheet, words)
    return sheet.done()


def _blank(sheet: Sheet, words: str) -> None:
    """Something to fill in by hand."""
    y = sheet.get_y() + 3
    sheet.fitted(words, MARGIN, y, 68, 11)
    sheet.set_draw_color(RULE)
    sheet.set_line_width(0.3)
    sheet.line(MARGIN + 70, y + 5, MARGIN + INNER, y + 5)
    sheet.set_y(y + 7)
