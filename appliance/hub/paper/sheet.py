# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A4 paper in millimetres: letters that every French name has, text that fits its box, pictures, codes, cut marks."""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from appliance.hub.paper.pictures import animals, qr_runs

FONTS = Path(__file__).with_name("fonts")
WIDTH, HEIGHT = 210.0, 297.0
MARGIN = 15.0
INNER = WIDTH - 2 * MARGIN
SMALLEST_PT = 8.0
GREY, RULE = 90, 170
MM_PER_PT = 25.4 / 72


@functools.cache
def letters() -> frozenset[str]:
    """What the fonts can write."""
    known: set[int] = set()
    for face in ("latin-400", "latin-ext-400"):
        with TTFont(FONTS / f"{face}.ttf", lazy=True) as font:
            known |= font.getBestCmap().keys()
    return frozenset(map(chr, known))


def writable(text: str) -> str:
    """``text`` with the letters that the fonts have: others lose their marks, or become ``?``; pictures go."""
    kept = []
    for letter in unicodedata.normalize("NFC", text):
        if letter in letters():
            kept.append(letter)
        elif letter.isspace():
            kept.append(" ")
        elif letter.isalnum():
            kept += [part for part in unicodedata.normalize("NFKD", letter) if part in letters()] or ["?"]
    return " ".join("".join(kept).replace("\N{NO-BREAK SPACE}", "\0").split()).replace("\0", "\N{NO-BREAK SPACE}")


class Sheet(FPDF):
    """One document. ``title``: of its properties; ``foot``: small print of every page; ``body``: points of its text."""

    def __init__(self, title: str, language: str, foot: str = "", body: float = 11.0) -> None:
        super().__init__(unit="mm", format="A4")
        for family, subset in (("text", "latin"), ("more", "latin-ext")):
            self.add_font(family, "", FONTS / f"{subset}-400.ttf")
            self.add_font(family, "B", FONTS / f"{subset}-700.ttf")
        self.set_fallback_fonts(["more"])
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(auto=True, margin=20)
        self.set_title(writable(title))
        self.set_lang(language)
        self.set_creator("Cartable")
        self._foot, self._body = writable(foot), body
        self.set_font("text", "", body)

    def footer(self) -> None:
        """What fpdf2 calls at the end of each page."""
        if not self._foot:
            return
        self.set_y(-14)
        self.set_font("text", "", SMALLEST_PT)
        self.set_text_color(GREY)
        self.cell(0, 5, self._foot, align="C")
        self.set_text_color(0)

    def heading(self, text: str, under: str = "") -> None:
        """The title of a page, with a line below."""
        self.set_font("text", "B", 20)
        self.multi_cell(INNER, 9, writable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        if under:
            self.set_font("text", "", 11)
            self.set_text_color(GREY)
            self.multi_cell(INNER, 6, writable(under), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.set_text_color(0)
        self.ln(3)

    def chapter(self, text: str) -> None:
        """A heading that stays with what follows."""
        if self.get_y() > HEIGHT - 45:
            self.add_page()
        self.ln(2)
        self.set_font("text", "B", 12.5)
        self.multi_cell(INNER, 6.5, writable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def paragraph(self, text: str, *, bullet: bool = False) -> None:
        """Text over the width of the page."""
        self.set_font("text", "", self._body)
        line = self._body * MM_PER_PT * 1.44
        indent = 5.0 if bullet else 0.0
        if bullet:
            self.set_x(MARGIN + 1)
            self.cell(indent - 1, line, "•")
        self.set_x(MARGIN + indent)
        self.multi_cell(INNER - indent, line, writable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(0.8)

    def fitted(
        self, text: str, x: float, y: float, width: float, size: float, *, bold: bool = False, align: str = "L"
    ) -> None:
        """One line at most ``width`` mm wide, its top at ``y``: smaller down to 8 points, then cut with «…»."""
        text = writable(text)
        style = "B" if bold else ""
        self.set_font("text", style, size)
        while size > SMALLEST_PT and self.get_string_width(text) > width:
            size -= 0.5
            self.set_font("text", style, size)
        while text and self.get_string_width(text) > width:
            text = text.rstrip("…")[:-1].rstrip() + "…" if len(text) > 2 else ""
        self.set_xy(x, y)
        self.cell(width, size * MM_PER_PT * 1.2, text, align=align)

    def animal(self, avatar: str, x: float, y: float, side: float) -> None:
        """An animal in a square; nothing when it has no picture."""
        drawing = animals().get(avatar)
        if drawing is not None:
            self.image(drawing, x, y, side, side)

    def qr(self, text: str, x: float, y: float, side: float) -> None:
        """A QR code with its quiet zone in a square of ``side`` mm."""
        count, runs = qr_runs(text)
        module = side / count
        self.set_fill_color(0)
        for row, column, length in runs:
            self.rect(x + column * module, y + row * module, length * module, module * 1.02, style="F")

    def cut_marks(self, x: float, y: float, width: float, height: float, length: float = 3.0) -> None:
        """Corners where to cut."""
        self.set_draw_color(RULE)
        self.set_line_width(0.2)
        for corner_x, way_x in ((x, 1), (x + width, -1)):
            for corner_y, way_y in ((y, 1), (y + height, -1)):
                self.line(corner_x, corner_y, corner_x + way_x * length, corner_y)
                self.line(corner_x, corner_y, corner_x, corner_y + way_y * length)

    def done(self) -> bytes:
        """The file."""
        return bytes(self.output())
