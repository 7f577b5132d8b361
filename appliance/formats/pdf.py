# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""PDF documents, read by PDFium."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from appliance.errors import BadInput, TooLarge, Unsupported
from appliance.formats.cover import SIDE, write_cover
from appliance.formats.words import clean, language, pieces
from appliance.i18n import N_
from appliance.model import Card, Imported, Section
from appliance.ports import Limits, Progress, SectionSink

MAX_PAGES = 20_000
_TAIL = 65_536


class PdfFormat:
    """A document read page by page; ``entry`` is the original file, anchors are page numbers from 1."""

    name = "pdf"
    suffixes: tuple[str, ...] = (".pdf",)
    media_types: tuple[str, ...] = ("application/pdf",)

    def recognises(self, head: bytes, path: Path) -> bool:
        """Whether the header stands in the first kilobyte (ISO 32000-1, annex H.3, note 13)."""
        return b"%PDF-" in head[:1024]

    def suffix(self, head: bytes, path: Path) -> str:
        """Always ``.pdf``."""
        return self.suffixes[0]

    def import_into(
        self, source: Path, directory: Path, sections: SectionSink, limits: Limits, progress: Progress
    ) -> Imported:
        """Text of each page, first page as cover. See :class:`appliance.ports.ResourceFormat`."""
        _check_end(source)
        document = _open(source)
        try:
            pages = len(document)
            if not pages:
                raise BadInput("The PDF has no page: it is damaged.")
            if pages > MAX_PAGES:
                raise TooLarge("The PDF has more than %(limit)d pages: split it.", limit=MAX_PAGES)
            card = _card(document)
            cover = _cover(document, directory)
            for number in range(pages):
                _add_page(document, number, sections)
                progress((number + 1) / pages, N_("Reading pages"))
        finally:
            document.close()
        return Imported(self.name, card, source.name, cover, {"pages": pages})


def _check_end(source: Path) -> None:
    with source.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _TAIL, 0))
        if b"%%EOF" not in file.read():
            raise BadInput("The PDF is not complete: copy or download it again.")


def _open(source: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
            raise Unsupported("The PDF is protected by a password: save it without one.") from error
        raise BadInput("The PDF is damaged: copy or download it again.") from error


def _card(document: pdfium.PdfDocument) -> Card:
    try:
        info = document.get_metadata_dict()
    except (pdfium.PdfiumError, UnicodeError):
        info = {}
    return Card(
        title=clean(info.get("Title", ""), 300),
        description=clean(info.get("Subject", ""), 1000),
        language=_language(document),
        author=clean(info.get("Author", ""), 300),
    )


def _language(document: pdfium.PdfDocument) -> str:
    """``/Lang`` of the catalogue (ISO 32000-1 §14.9.2)."""
    size = pdfium_c.FPDFCatalog_GetLanguage(document, None, 0)
    if not 2 < size < 200:
        return ""
    buffer = (pdfium_c.FPDF_WCHAR * (size // 2))()
    pdfium_c.FPDFCatalog_GetLanguage(document, buffer, size)
    return language(ctypes.string_at(buffer, size - 2).decode("utf-16-le", "ignore"))


def _cover(document: pdfium.PdfDocument, directory: Path) -> str | None:
    try:
        page = document[0]
        scale = min(SIDE / max(*page.get_size(), 1.0), 4.0)
        image = page.render(scale=scale, may_draw_forms=False).to_pil()
        page.close()
    except (pdfium.PdfiumError, ValueError, MemoryError):
        return None
    return write_cover(image.convert("RGB"), directory)


def _add_page(document: pdfium.PdfDocument, number: int, sections: SectionSink) -> None:
    """A page that cannot be read has no text: the reader shows what it can."""
    try:
        page = document[number]
        text_page = page.get_textpage()
        text = text_page.get_text_range()
        text_page.close()
        page.close()
    except (pdfium.PdfiumError, UnicodeError):
        return
    for piece in pieces(text):
        sections.add(Section(str(number + 1), "", piece))
