# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""EPUB, PDF and web bundles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.errors import BadInput, Unsupported
from tests.formats import samples
from tests.formats.conftest import Import
from tests.formats.rig import CORPUS

_ENCRYPTION = '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_epub(version: str, tmp_path: Path, take: Import) -> None:
    found = take(samples.epub(tmp_path / "a.epub", version))
    imported = found.imported
    card = imported.card
    assert (card.title, card.language, card.author) == ("Le Petit Livre", "fr", "Zoé Martin")
    assert card.licence == "CC-BY-SA-4.0"
    assert imported.details["chapters"] == [
        {"href": "OEBPS/un.xhtml", "title": "Chapitre un"},
        {"href": "OEBPS/deux bis.xhtml", "title": "Chapitre deux"},
    ]
    assert imported.details["toc"] == [
        {"title": "Chapitre un", "href": "OEBPS/un.xhtml", "level": 0},
        {"title": "Suite", "href": "OEBPS/un.xhtml#b", "level": 1},
        {"title": "Chapitre deux", "href": "OEBPS/deux bis.xhtml", "level": 0},
    ]
    assert imported.entry == "files/OEBPS/un.xhtml"
    assert (found.directory / imported.entry).is_file()
    assert (found.directory / "cover.jpg").is_file()
    assert [(s.anchor, s.text) for s in found.sections] == [
        ("0", "Il était une fois un hérisson."),
        ("1", "Il traversa la forêt."),
    ]


def test_locked_books_are_refused(tmp_path: Path, take: Import) -> None:
    aes = _ENCRYPTION.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    for more in ({"META-INF/encryption.xml": aes}, {"META-INF/rights.xml": "<x/>"}, {"META-INF/license.lcpl": "{}"}):
        with pytest.raises(Unsupported, match="DRM"):
            take(samples.epub(tmp_path / "a.epub", more=more))


def test_obfuscated_fonts_are_no_lock(tmp_path: Path, take: Import) -> None:
    fonts = _ENCRYPTION.format("http://www.idpf.org/2008/embedding")
    assert take(samples.epub(tmp_path / "a.epub", more={"META-INF/encryption.xml": fonts})).format == "epub"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("META-INF/container.xml", "<container/>", "missing"),
        ("META-INF/container.xml", "<container", "damaged"),
        ("OEBPS/livre.opf", "<package/>", "lists no chapter"),
        ("OEBPS/livre.opf", '<package><manifest><item id="a" href="../../../etc/passwd"/></manifest>'
         '<spine><itemref idref="a"/></spine></package>', "lists no chapter"),
        ("OEBPS/livre.opf", '<package><manifest><item id="a" href="gone.xhtml"/></manifest>'
         '<spine><itemref idref="a"/></spine></package>', "“OEBPS/gone.xhtml” is missing"),
        ("OEBPS/livre.opf", '<!DOCTYPE p [<!ENTITY a "b">]><package>&a;</package>', "damaged"),
    ],
)  # fmt: skip
def test_broken_books(name: str, data: str, words: str, tmp_path: Path, take: Import) -> None:
    with pytest.raises(BadInput, match=words):
        take(samples.epub(tmp_path / "a.epub", more={name: data}))


def test_a_broken_table_of_contents_does_not_stop_a_book(tmp_path: Path, take: Import) -> None:
    found = take(samples.epub(tmp_path / "a.epub", more={"OEBPS/nav.xhtml": "<html><nav"}))
    assert found.imported.details["toc"] == []
    assert [s.anchor for s in found.sections] == ["0", "1"]


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.epub")), ids=lambda path: path.name)
def test_real_books(path: Path, take: Import) -> None:
    found = take(path)
    assert found.imported.card.title
    assert found.imported.card.language
    assert len(found.text) > 2000
    chapters = found.imported.details["chapters"]
    assert isinstance(chapters, list)
    assert all((found.directory / "files" / chapter["href"]).is_file() for chapter in chapters)


def test_pdf(tmp_path: Path, take: Import) -> None:
    found = take(samples.pdf(tmp_path / "a.pdf", 5))
    card = found.imported.card
    assert (card.title, card.author, card.language) == ("Les fractions", "Mme Diop", "fr-FR")
    assert found.imported.details == {"pages": 5}
    assert [(s.anchor, s.text) for s in found.sections][::4] == [
        ("1", "Page 1 : une fraction"),
        ("5", "Page 5 : une fraction"),
    ]
    assert found.progress[-1][0] == 1.0
    assert (found.directory / "cover.jpg").is_file()


def test_a_cut_pdf_is_not_taken_for_whole(tmp_path: Path, take: Import) -> None:
    data = samples.pdf(tmp_path / "a.pdf").read_bytes()
    (tmp_path / "b.pdf").write_bytes(data[:-10])
    with pytest.raises(BadInput, match="not complete"):
        take(tmp_path / "b.pdf")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7\nnothing\n%%EOF")
    with pytest.raises(BadInput, match="damaged"):
        take(tmp_path / "c.pdf")


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.pdf")), ids=lambda path: path.name)
def test_real_pdfs(path: Path, take: Import) -> None:
    found = take(path)
    assert found.imported.cover == "cover.jpg"
    assert len({s.anchor for s in found.sections}) > 0.5 * int(str(found.imported.details["pages"]))


@pytest.mark.parametrize("folder", ["", "volcans/"])
def test_web_bundle(folder: str, tmp_path: Path, take: Import) -> None:
    found = take(samples.web_bundle(tmp_path / "a.zip", folder))
    imported = found.imported
    assert (imported.card.title, imported.card.language) == ("Les volcans", "fr")
    assert imported.card.description == "Un dossier"
    assert imported.entry == f"files/{folder}index.html"
    assert imported.details["root"] == f"files/{folder}".rstrip("/")
    assert imported.cover == "cover.jpg"
    assert [(s.anchor, s.title, s.text) for s in found.sections] == [
        ("index.html", "Les volcans", "La lave coule."),
        ("pages/deux.html", "Deux", "Le cratère fume."),
    ]


def test_a_card_beside_the_index(tmp_path: Path, take: Import) -> None:
    said = {"title": "Volcans !", "levels": ["cm2", "cm1", "x"], "subject": "sciences", "duration_minutes": 20,
            "mode": "groupe", "licence": "CC BY 4.0", "unknown": 1}  # fmt: skip
    card = take(samples.web_bundle(tmp_path / "a.zip", more={"cartable.json": json.dumps(said)})).imported.card
    assert (card.title, card.levels, card.subject) == ("Volcans !", ("cm1", "cm2"), "sciences")
    assert (card.duration_minutes, card.mode, card.licence) == (20, "groupe", "CC-BY-4.0")


@pytest.mark.parametrize("said", ["{", "[]", "[" * 100_000])
def test_a_wrong_card_is_named(said: str, tmp_path: Path, take: Import) -> None:
    with pytest.raises(BadInput, match=r"cartable\.json"):
        take(samples.web_bundle(tmp_path / "a.zip", more={"cartable.json": said}))


def test_a_card_with_values_of_wrong_types_is_read_as_far_as_it_goes(tmp_path: Path, take: Import) -> None:
    said = {"title": 3, "levels": "cm1", "subject": ["maths"], "duration_minutes": -1, "mode": {}, "language": None}
    card = take(samples.web_bundle(tmp_path / "a.zip", more={"cartable.json": json.dumps(said)})).imported.card
    assert (card.title, card.levels, card.subject, card.duration_minutes) == ("Les volcans", (), "", None)


def test_lom(tmp_path: Path, take: Import) -> None:
    lom = """<lom xmlns="x"><general><title><string>Les volcans (LOM)</string></title>
    <language>fre</language></general><educational><typicalLearningTime><duration>PT1H30M</duration>
    </typicalLearningTime></educational><rights><description><string>CC BY-NC 3.0</string></description>
    </rights></lom>"""
    card = take(samples.web_bundle(tmp_path / "a.zip", more={"lom.xml": lom})).imported.card
    assert (card.title, card.language, card.duration_minutes) == ("Les volcans (LOM)", "fr", 90)
    assert card.licence == "CC-BY-NC-3.0"


def test_a_cover_named_outside_the_bundle_is_ignored(tmp_path: Path, take: Import) -> None:
    (tmp_path / "secret.png").write_bytes(samples.picture())
    page = '<html><meta property="og:image" content="../../../secret.png"><title>x</title>'
    path = samples.zipped(tmp_path / "a.zip", {"index.html": page})
    assert take(path).imported.cover is None


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.zip")), ids=lambda path: path.name)
def test_real_bundles(path: Path, take: Import) -> None:
    found = take(path)
    assert found.imported.card.title
    assert (found.directory / found.imported.entry).is_file()
    root = found.directory / str(found.imported.details["root"])
    assert all((root / section.anchor).is_file() for section in found.sections)


@pytest.mark.parametrize("closed", ["", "</div>", "</b></i>"])
def test_deep_html_is_read_as_far_as_pages_go(closed: str, tmp_path: Path, take: Import) -> None:
    """Parsing takes the square of the depth: minutes, were it not bounded."""
    deep = (
        "<html><title>x</title>avant" + f"<div>{closed[:4] if closed == '</b></i>' else ''}" * 200_000 + "fond" + closed
    )
    found = take(samples.zipped(tmp_path / "a.zip", {"index.html": deep}))
    assert found.imported.card.title == "x"
    assert found.text == "avant"
