# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Office files, and the words taken from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadInput, Unsupported
from appliance.formats import words
from appliance.formats.html_text import read_html
from appliance.formats.office_kind import MEDIA_TYPES, OLE
from appliance.formats.rtf import rtf_text
from tests.formats import samples
from tests.formats.conftest import Import
from tests.formats.rig import CORPUS


def test_docx(tmp_path: Path, take: Import) -> None:
    found = take(samples.docx(tmp_path / "a"))
    card = found.imported.card
    assert (card.title, card.author, card.language) == ("Fiche", "Ali", "fr-FR")
    assert (found.imported.entry, found.text) == ("original.docx", "Une leçon de choses")
    assert found.imported.details["macros"] is False


def test_odt(tmp_path: Path, take: Import) -> None:
    found = take(samples.odt(tmp_path / "a"))
    assert (found.imported.card.title, found.imported.card.language) == ("Ma fiche", "br")
    assert (found.text, found.imported.cover) == ("Titre Un mot", "cover.jpg")
    assert found.imported.details["text_length"] == len(found.text)


def test_slides_come_in_order(tmp_path: Path, take: Import) -> None:
    slides: dict[str, str | bytes] = {
        f"ppt/slides/slide{n}.xml": f'<s xmlns:a="a"><a:p>Diapo {n}</a:p></s>' for n in (10, 2, 1)
    }
    more: dict[str, str | bytes] = {"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p/>"}
    found = take(samples.zipped(tmp_path / "a", more | slides))
    assert (found.imported.entry, found.text) == ("original.pptx", "Diapo 1 Diapo 2 Diapo 10")


def test_macros_are_told(tmp_path: Path, take: Import) -> None:
    more: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>", "xl/vbaProject.bin": "x",
    }  # fmt: skip
    found = take(samples.zipped(tmp_path / "a", more))
    assert (found.imported.entry, found.imported.details["macros"]) == ("original.xlsx", True)


@pytest.mark.parametrize(
    ("data", "suffix", "text"),
    [
        ("Été comme hiver\n".encode(), ".txt", "Été comme hiver"),
        ("Été comme hiver\n".encode("cp1252"), ".txt", "Été comme hiver"),
        ("Été".encode("utf-16"), ".txt", "Été"),
        (b"nom;note\nAli;3\nZoe;4\n", ".csv", "nom;note Ali;3 Zoe;4"),
        (b"{\\rtf1{\\fonttbl{\\f0 Arial;}}Caf\\'e9 \\u8364? \\par fin}", ".rtf", "Café € fin"),
    ],
)
def test_plain_files(data: bytes, suffix: str, text: str, tmp_path: Path, take: Import) -> None:
    (tmp_path / "x").write_bytes(data)
    found = take(tmp_path / "x")
    assert (found.imported.entry, found.text) == (f"original{suffix}", text)
    assert found.imported.details["media_type"] == MEDIA_TYPES[suffix]


@pytest.mark.parametrize(
    ("stream", "suffix"), [("WordDocument", ".doc"), ("Workbook", ".xls"), ("PowerPoint Document", ".ppt")]
)
def test_old_binary_files(stream: str, suffix: str, tmp_path: Path, take: Import) -> None:
    (tmp_path / "x").write_bytes(OLE + bytes(600) + (stream + "\0").encode("utf-16-le") + bytes(600))
    assert take(tmp_path / "x").imported.entry == f"original{suffix}"


def test_locked_and_broken_documents(tmp_path: Path, take: Import) -> None:
    (tmp_path / "x").write_bytes(OLE + bytes(600) + "EncryptedPackage\0".encode("utf-16-le") + bytes(600))
    with pytest.raises(Unsupported, match="password"):
        take(tmp_path / "x")
    broken: dict[str, str | bytes] = {"mimetype": MEDIA_TYPES[".odt"], "meta.xml": "<m/>"}
    with pytest.raises(BadInput, match=r"content\.xml"):
        take(samples.zipped(tmp_path / "y", broken, stored=("mimetype",)))
    with pytest.raises(BadInput, match="damaged"):
        take(samples.zipped(tmp_path / "z", broken | {"content.xml": "<a><b></a>"}, stored=("mimetype",)))


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.od?")), ids=lambda path: path.name)
def test_real_documents(path: Path, take: Import) -> None:
    found = take(path)
    assert found.imported.entry == f"original{path.suffix}"
    assert len(found.text) > 100


def test_long_text_is_cut_in_pieces_and_none_is_lost(tmp_path: Path, take: Import) -> None:
    text = " ".join(f"mot{n}" for n in range(20_000))
    (tmp_path / "x.txt").write_text(text)
    found = take(tmp_path / "x.txt")
    assert max(len(section.text) for section in found.sections) <= words.PIECE
    assert found.text == text


@pytest.mark.parametrize(
    ("said", "tag"),
    [("fra", "fr"), ("fre", "fr"), ("fr_FR", "fr-FR"), ("fra,eng", "fr"), ("bre", "br"), ("gsw", "gsw"),
     ("", ""), ("français", ""), ("und", ""), ("x" * 99, ""), ("zh-Hans-CN", "zh-Hans-CN")],
)  # fmt: skip
def test_languages(said: str, tag: str) -> None:
    assert words.language(said) == tag


@pytest.mark.parametrize(
    ("said", "spdx"),
    [
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"), ("cc-by-nc-sa", "CC-BY-NC-SA"), ("CC BY SA 3.0", "CC-BY-SA-3.0"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"), ("Domaine public", "Public domain"),
        ("CC0 1.0", "CC0-1.0"), ("© Éditions du Hérisson", "© Éditions du Hérisson"), ("", ""),
    ],
)  # fmt: skip
def test_licences(said: str, spdx: str) -> None:
    assert words.licence(said) == spdx


def test_text_from_anywhere_is_fit_for_json_and_html() -> None:
    assert words.clean("a\0b\ud800c\r\n\t d\x1b[0m\ufffe") == "abc d[0m"
    assert words.clean("x" * 50_000) == "x" * words.PIECE
    assert list(words.pieces("")) == []


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"{\\rtf1" * 10_000, b"\\u99999999999 \\'zz }}}}"])
def test_any_rtf_is_read(data: bytes) -> None:
    assert isinstance(rtf_text(data), str)


def test_html_of_every_sort() -> None:
    page = read_html(
        "<html lang='fr-CA'><head><title>Été</title></head><p>un<br>deux<script>trois</script>".encode("cp1252")
    )
    assert (page.title, page.text, page.language) == ("Été", "un deux", "fr-CA")
    assert read_html(b'<meta charset="iso-8859-15"><title>\xa4</title>').title == "€"
    assert read_html(b"<meta charset=nonsense><title>x</title>").title == "x"
    assert read_html("﻿<title>é</title>".encode("utf-16")).title == "é"
    for data in (b"", b"\0\xff" * 500, b"<" * 10_000, b"<!--" * 1000):
        read_html(data)
