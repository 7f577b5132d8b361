# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The recovery sheet: the key that the director keeps, once, on paper."""

from __future__ import annotations

from appliance.hub.paper.data import Place, Say
from appliance.hub.paper.sheet import INNER, MARGIN, Sheet

GROUP, ACROSS = 4, 4


def recovery(place: Place, key: str, say: Say, language: str) -> bytes:
    """``key``: as it is written, groups, dashes and all. No code beside it: what a camera reads, a phone keeps."""
    _ = say
    sheet = Sheet(_("Recovery sheet"), language, _("Keep it under lock, away from the box. Do not photograph it."))
    sheet.add_page()
    sheet.heading(_("Recovery sheet"), " · ".join(filter(None, (place.school, place.box, place.day))))
    sheet.paragraph(_("To hand to the director. This key opens the first names and the work that the box keeps sealed, "
                      "when a teacher's passphrase is lost or a teacher has left."))  # fmt: skip
    _key(sheet, key)
    sheet.chapter(_("How to use it"))
    for number, words in enumerate((
        _("Open the box's pages: %(address)s") % {"address": place.address},
        _("Touch “Teacher”, then “I have the recovery sheet”."),
        _("Type the key. Capitals, spaces and dashes do not matter. No zero is a letter O, no one a letter I or L."),
        _("Give the teacher a new passphrase."),
    ), start=1):  # fmt: skip
        sheet.paragraph(f"{number}. {words}")
    sheet.chapter(_("What to know"))
    for words in (
        _("This key stands nowhere on the box: nobody can print it again."),
        _("Whoever has both this sheet and the box can read the first names. Keep them apart."),
        _("Whoever holds the sheet can make another: this one is then worth nothing."),
    ):
        sheet.paragraph(words, bullet=True)
    return sheet.done()


def _key(sheet: Sheet, key: str) -> None:
    y = sheet.get_y() + 4
    sheet.set_draw_color(0)
    sheet.set_line_width(0.5)
    letters = "".join(key.replace("-", " ").split())
    groups = [letters[start : start + GROUP] for start in range(0, len(letters), GROUP)]
    rows = [groups[start : start + ACROSS] for start in range(0, len(groups), ACROSS)]
    sheet.rect(MARGIN, y, INNER, 12 + 15 * len(rows))
    for number, row in enumerate(rows):
        sheet.fitted("  –  ".join(row), MARGIN + 5, y + 8 + number * 15, INNER - 10, 26, bold=True, align="C")
    sheet.set_y(y + 16 + 15 * len(rows))
