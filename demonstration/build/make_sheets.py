# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Make the sheets written for the demonstration: a PDF of exercises, a reading form, a weather table."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path

from common import places, write_zip
from fpdf import FPDF

FONTS = Path("/usr/share/fonts/truetype/dejavu")
OFFICE = "application/vnd.oasis.opendocument."
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table", "style")
) + (
    ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
    ' xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"'
    ' xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
BARS = ((1, 2), (3, 4), (2, 3), (5, 6), (3, 8), (7, 10))
COLOUR = ((1, 4), (2, 5), (4, 6), (5, 8))
QUESTIONS = (
    ("Complète : 1/2 = …/4        2/3 = …/6        3/4 = …/8        2/5 = …/10", "2/4, 4/6, 6/8, 4/10"),
    ("Range de la plus petite à la plus grande : 5/8, 1/8, 7/8, 3/8.", "1/8 < 3/8 < 5/8 < 7/8"),
    ("Entoure les fractions plus grandes que 1 : 3/4, 5/4, 2/2, 7/3.", "5/4 et 7/3"),
    ("Écris comme un nombre entier et une fraction : 7/4 = … + …/4", "7/4 = 1 + 3/4"),
    (
        "Une tarte est coupée en 8 parts égales. Lina en mange 2 et Sacha 3. Quelle fraction de la tarte reste-t-il ?",
        "8 − 2 − 3 = 3 parts : il reste 3/8 de la tarte.",
    ),
    (
        "Un ruban mesure 60 cm. Quelle longueur font les trois quarts du ruban ?",
        "60 ÷ 4 = 15, puis 15 × 3 = 45 : 45 cm.",
    ),
)
FIELDS = (
    "Titre du livre",
    "Auteur ou autrice",
    "Illustrations",
    "Genre (conte, roman, poésie, documentaire…)",
    "Les personnages",
    "Le lieu et l’époque",
    "L’histoire en quelques phrases",
    "Le passage que je préfère",
    "Les mots que j’ai appris",
    "Mon avis, et pourquoi",
)


def bar(sheet: FPDF, top: int, bottom: int, filled: bool) -> None:
    """Draw a bar shared in equal parts."""
    left, height, width = sheet.get_x(), sheet.get_y(), 78.0
    sheet.set_fill_color(244, 163, 0)
    for part in range(bottom):
        style = "DF" if filled and part < top else "D"
        sheet.rect(left + part * width / bottom, height, width / bottom, 9, style=style)


def exercises(target: Path) -> None:
    """Write the exercises on fractions: two pages, then the answers."""
    sheet = FPDF(format="A4")
    sheet.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    sheet.set_title("Exercices : les fractions")
    sheet.set_author("Cartable")
    sheet.set_lang("fr")
    sheet.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
    sheet.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")

    def write(text: str, size: float = 12, style: str = "", gap: float = 2) -> None:
        sheet.set_font("DejaVu", style, size)
        sheet.multi_cell(0, size * 0.55, text, align="L", new_x="LMARGIN", new_y="NEXT")
        sheet.ln(gap)

    sheet.add_page()
    write("Exercices : les fractions (CM1, CM2)", 17, "B", 3)
    write("Prénom : ……………………………   Date : ………………", gap=4)
    write("1. Quelle fraction de chaque bande est coloriée ?", 13, "B")
    for index, (top, bottom) in enumerate(BARS):
        sheet.set_xy(15, sheet.get_y() + 2)
        sheet.set_font("DejaVu", "", 12)
        sheet.cell(10, 9, f"{'abcdef'[index]})")
        bar(sheet, top, bottom, True)
        sheet.set_xy(112, sheet.get_y())
        sheet.cell(60, 9, "……… / ………", new_x="LMARGIN", new_y="NEXT")
        sheet.ln(4)
    write("2. Colorie la fraction demandée.", 13, "B")
    for top, bottom in COLOUR:
        sheet.set_xy(15, sheet.get_y() + 2)
        sheet.set_font("DejaVu", "B", 12)
        sheet.cell(18, 9, f"{top}/{bottom}")
        bar(sheet, top, bottom, False)
        sheet.ln(13)
    sheet.add_page()
    write("3. Calcule et explique", 13, "B")
    for number, (question, _) in enumerate(QUESTIONS, 1):
        write(f"{'abcdef'[number - 1]}) {question}", gap=3)
        write("…" * 42, gap=5)
    write("À retenir", 13, "B")
    write(
        "Le dénominateur, en bas, dit en combien de parts égales on partage l’unité. Le numérateur, en "
        "haut, dit "
        "combien de parts on prend. Deux fractions sont égales quand elles désignent la même quantité : "
        "1/2 = 2/4."
    )
    sheet.add_page()
    write("Corrigé", 17, "B", 3)
    write("1. " + ", ".join(f"{'abcdef'[i]}) {a}/{b}" for i, (a, b) in enumerate(BARS)))
    write("2. " + ", ".join(f"{a}/{b} : {a} part{'s' * (a > 1)} coloriée{'s' * (a > 1)}" for a, b in COLOUR))
    for number, (_, answer) in enumerate(QUESTIONS):
        write(f"3.{'abcdef'[number]}) {answer}")
    sheet.output(str(target))


def open_document(kind: str, title: str, styles: str, body: str) -> dict[str, bytes]:
    """Return the files of an OpenDocument."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    files = {
        "mimetype": OFFICE + kind,
        "content.xml": f'{head}<office:document-content {SPACES} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>{body}</office:body></office:document-content>",
        "meta.xml": f'{head}<office:document-meta {SPACES} office:version="1.3"><office:meta><dc:title>'
        f"{escape(title)}</dc:title><dc:creator>Cartable</dc:creator><dc:language>fr-FR</dc:language>"
        "</office:meta></office:document-meta>",
        "META-INF/manifest.xml": f"{head}<manifest:manifest "
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{OFFICE}{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        '<manifest:file-entry manifest:full-path="meta.xml" '
        'manifest:media-type="text/xml"/></manifest:manifest>',
    }
    return {name: text.encode() for name, text in files.items()}


def reading_form() -> dict[str, bytes]:
    """Return the reading form, to be filled in with a word processor."""
    styles = (
        '<style:style style:name="T" style:family="paragraph"><style:text-properties fo:font-size="20pt" '
        'fo:font-weight="bold"/></style:style><style:style style:name="Q" style:family="paragraph">'
        '<style:paragraph-properties fo:margin-top="0.5cm"/><style:text-properties fo:font-size="13pt" '
        'fo:font-weight="bold"/></style:style>'
    )
    lines = "".join(
        f'<text:h text:style-name="Q" text:outline-level="2">{escape(name)}</text:h><text:p>…</text:p>'
        for name in FIELDS
    )
    body = (
        '<office:text><text:h text:style-name="T" text:outline-level="1">Ma fiche de lecture</text:h>'
        f"<text:p>Prénom : …          Date : …</text:p>{lines}</office:text>"
    )
    return open_document("text", "Ma fiche de lecture", styles, body)


def weather_table() -> dict[str, bytes]:
    """Return a table of 30 days of weather, with formulas: difference, mean and sum."""

    def cell(value: str | float, formula: str = "") -> str:
        if isinstance(value, str):
            text = f"<text:p>{escape(value)}</text:p>"
            return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'
        extra = f' table:formula="of:={formula}"' if formula else ""
        shown = f"{value:g}".replace(".", ",")
        return (
            f'<table:table-cell{extra} office:value-type="float" office:value="{value:g}"><text:p>{shown}'
            "</text:p></table:table-cell>"
        )

    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    rows = [
        row(
            *map(
                cell,
                (
                    "Jour",
                    "Température du matin (°C)",
                    "Température de l’après-midi (°C)",
                    "Écart (°C)",
                    "Pluie (mm)",
                ),
            )
        )
    ]
    mornings, rains = [], []
    for day in range(30):
        morning = round(9 + 4 * math.sin(day / 4.3) + 1.5 * math.sin(day * 1.9), 1)
        noon = round(morning + 6 + 2.5 * math.sin(day / 2.7), 1)
        rain = round(max(0.0, 9 * math.sin(day * 0.83) - 3), 1)
        mornings.append(morning)
        rains.append(rain)
        line = day + 2
        rows.append(
            row(
                cell((date(2026, 4, 1) + timedelta(day)).strftime("%d/%m")),
                cell(morning),
                cell(noon),
                cell(round(noon - morning, 1), f"[.C{line}]-[.B{line}]"),
                cell(rain),
            )
        )
    rows.append(row(cell("Moyenne du matin"), cell(round(sum(mornings) / 30, 2), "AVERAGE([.B2:.B31])")))
    rows.append(row(cell("Total de pluie"), cell(round(sum(rains), 1), "SUM([.E2:.E31])")))
    table = f'<table:table table:name="Avril">{"".join(rows)}</table:table>'
    return open_document("spreadsheet", "Relevé météo d’avril", "", f"<office:spreadsheet>{table}</office:spreadsheet>")


def main() -> None:
    """Write the sheets."""
    where = places(__doc__ or "")
    exercises(where.output / "exercices-fractions.pdf")
    write_zip(where.output / "fiche-de-lecture.odt", reading_form())
    write_zip(where.output / "releve-meteo.ods", weather_table())


if __name__ == "__main__":
    main()
