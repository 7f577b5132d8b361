# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Of a sequence of spoken English: picture cards to cut out, nine on a page, and the teacher's sheet.

Cards fold no paper: the backs are a page of their own, columns turned round, for printing on both sides along the long
edge; without a second side the word stands below the picture.
"""

from __future__ import annotations

from collections.abc import Mapping

from fpdf.enums import MethodReturnValue, YPos

from appliance.hub.paper.data import Say
from appliance.hub.paper.pictures import documents
from appliance.hub.paper.sheet import GREY, HEIGHT, INNER, MARGIN, WIDTH, Sheet, writable
from appliance.sequences import kinds
from appliance.sequences.sequence import Activity, Item, Sequence

CARD_WIDTH, CARD_HEIGHT = 63.0, 88.0
ACROSS, DOWN = 3, 3
LEFT, TOP = (WIDTH - ACROSS * CARD_WIDTH) / 2, (HEIGHT - DOWN * CARD_HEIGHT) / 2
ONE, TWO, THREE = 44.0, 29.0, 19.5
"""Sides of a picture, by how many a card has."""
GAP = 1.0
WORD_PT, PHRASE_PT, LEAST_PT = 36, 24, 12
"""Of the English on a card, as large as it fits: a card on the board is read from the first rows."""
LINE_MM = 0.42
"""Of a line, for a point of its size."""
TALL = 25.0
"""The English of a card takes no more."""
KINDS, ROW = ("word", "phrase"), 5.6
Own = Mapping[str, bytes]
"""A teacher's pictures (PNG, JPEG, WebP) by name."""


def cards(
    sequence: Sequence,
    stock: Mapping[str, str],
    say: Say,
    language: str,
    *,
    backs: bool = False,
    own: Own | None = None,
) -> bytes:
    """A card for each item. ``backs``: words on the other side of the paper, else below the pictures.

    ``stock``: the box's pictures (:func:`appliance.sequences.pictures.symbols`); one that it lacks is left out.
    """
    _ = say
    sheet = Sheet(_("Cards: %(title)s") % {"title": sequence.title_fr}, language)
    sheet.set_auto_page_break(False)
    drawings = {**documents(stock), **(own or {})}
    page = ACROSS * DOWN
    for start in range(0, len(sequence.items), page):
        items = sequence.items[start : start + page]
        sheet.add_page()
        for index, item in enumerate(items):
            x, y = _place(index)
            sheet.cut_marks(x, y, CARD_WIDTH, CARD_HEIGHT)
            _picture(sheet, item, drawings, x, y + (22 if backs else 5))
            if not backs:
                _words(sheet, item, x, y + 52)
        if backs:
            _backs(sheet, items)
    return sheet.done()


def _place(index: int) -> tuple[float, float]:
    return LEFT + index % ACROSS * CARD_WIDTH, TOP + index // ACROSS * CARD_HEIGHT


def _backs(sheet: Sheet, items: tuple[Item, ...]) -> None:
    sheet.add_page()
    for index, item in enumerate(items):
        row, column = divmod(index, ACROSS)
        x, y = _place(row * ACROSS + ACROSS - 1 - column)
        sheet.cut_marks(x, y, CARD_WIDTH, CARD_HEIGHT)
        _words(sheet, item, x, y + 29)


def _picture(sheet: Sheet, item: Item, drawings: Mapping[str, bytes], x: float, y: float) -> None:
    """Up to three pictures in a row, in the middle of what one would take."""
    known = [drawings[name] for name in item.pictures if name in drawings]
    side = {1: ONE, 2: TWO}.get(len(known), THREE)
    width = len(known) * side + (len(known) - 1) * GAP
    for index, drawing in enumerate(known):
        sheet.image(
            drawing, x + (CARD_WIDTH - width) / 2 + index * (side + GAP), y + (ONE - side) / 2, side, side,
            keep_aspect_ratio=True,
        )  # fmt: skip


def _words(sheet: Sheet, item: Item, x: float, y: float) -> None:
    """The English, over as many lines as it needs, and the French below, small and grey."""
    size = _size(sheet, item, CARD_WIDTH - 6)
    sheet.set_xy(x + 3, y)
    sheet.multi_cell(CARD_WIDTH - 6, size * LINE_MM, item.text, align="C", new_y=YPos.NEXT)
    sheet.set_font("text", "", 10)
    sheet.set_text_color(GREY)
    sheet.set_xy(x + 4, sheet.get_y() + 0.8)
    sheet.multi_cell(CARD_WIDTH - 8, 4.2, writable(item.gloss), align="C")
    sheet.set_text_color(0)


def _size(sheet: Sheet, item: Item, width: float) -> int:
    """Sets the font of the English: the largest in which no word is broken, nor the whole too tall."""
    size = WORD_PT if item.kind == "word" else PHRASE_PT
    while True:
        sheet.set_font("text", "B", size)
        widest = max(sheet.get_string_width(word) for word in item.text.split())
        height = sheet.multi_cell(width, size * LINE_MM, item.text, dry_run=True, output=MethodReturnValue.HEIGHT)
        if size <= LEAST_PT or (widest <= width and isinstance(height, float) and height <= TALL):
            return size
        size -= 1


def lesson(sequence: Sequence, say: Say, language: str) -> bytes:
    """The teacher's sheet: what for, how long, the steps, the activities, the words and what they mean."""
    _ = say
    teacher = sequence.teacher
    foot = _("Text %(licence)s, %(authors)s. Pictures: OpenMoji, CC BY-SA 4.0.") % {
        "licence": sequence.licence, "authors": ", ".join(sequence.authors),
    }  # fmt: skip
    sheet = Sheet(sequence.title_fr, language, foot, body=10.5)
    sheet.add_page()
    modes = ", ".join(_(kinds.MODES[mode]) for mode in teacher.modes)
    told = (kinds.LEVELS[sequence.level], _(kinds.THEMES[sequence.theme]), _("%(count)d minutes") % {
        "count": teacher.minutes,
    }, modes)  # fmt: skip
    sheet.heading(sequence.title_fr, " · ".join((sequence.title_en, *told)))
    for heading, points in (
        (_("What pupils learn"), sequence.objectives),
        (_("How to lead it"), teacher.steps),
        (_("What to watch"), teacher.watch),
        (_("Without a screen"), teacher.without_screen),
        (_("Activities of the box"), tuple(_activity(activity, sequence, say) for activity in sequence.activities)),
    ):
        if points:
            sheet.chapter(heading)
            for point in points:
                sheet.paragraph(point, bullet=True)
    _vocabulary(sheet, sequence, say)
    return sheet.done()


def _activity(activity: Activity, sequence: Sequence, say: Say) -> str:
    """What pupils are told, with which items unless these are all words or all phrases, and the sounds listened for."""
    said = activity.instructions or say(kinds.ACTIVITIES[activity.kind])
    kinds_there = {kind: tuple(item.text for item in sequence.items if item.kind == kind) for kind in KINDS}
    if activity.pairs:
        said += " " + ", ".join(" / ".join(pair) for pair in activity.pairs) + "."
    elif activity.items not in kinds_there.values():
        said += " " + " · ".join(activity.items)
    return f"{said} ({', '.join(kinds.SOUNDS[name] for name in activity.focus)})" if activity.focus else said


def _vocabulary(sheet: Sheet, sequence: Sequence, say: Say) -> None:
    """English and French side by side: words in two columns, phrases below. It stays on one page."""
    _ = say
    words, phrases = ([item for item in sequence.items if item.kind == kind] for kind in KINDS)
    rows = -(-len(words) // 2)
    if sheet.get_y() + 12 + (rows + len(phrases)) * ROW > HEIGHT - 20:
        sheet.add_page()
    sheet.chapter(_("Words and phrases"))
    top, half = sheet.get_y(), INNER / 2
    for index, item in enumerate(words):
        column, row = divmod(index, rows)
        _gloss(sheet, item, MARGIN + column * half, top + row * ROW, (half * 0.45, half * 0.55 - 3))
    top += rows * ROW + 1.5
    for row, item in enumerate(phrases):
        _gloss(sheet, item, MARGIN, top + row * ROW, (half, half))


def _gloss(sheet: Sheet, item: Item, x: float, y: float, widths: tuple[float, float]) -> None:
    sheet.fitted(item.text, x, y, widths[0] - 2, 10.5, bold=True)
    sheet.fitted(item.gloss, x + widths[0], y, widths[1], 10.5)
