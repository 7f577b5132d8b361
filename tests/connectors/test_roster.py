# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Class lists are read by their content; a first name, a class and a level leave, nothing else."""

from __future__ import annotations

import contextlib
import logging
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.connectors import roster
from appliance.connectors.roster import Columns, Roster, Table, levels
from appliance.connectors.roster.rows import clean_name, told_apart
from appliance.errors import CartableError
from tests.connectors.lists import (
    ONDE2,
    ONDE_ROWS,
    ONEROSTER_11,
    ONEROSTER_12,
    ONEROSTER_ROWS,
    SECRETS,
    SIECLE,
    SIECLE_ROWS,
    onde,
    zipped,
)


def rows(content: bytes) -> list[tuple[str, str, str]]:
    found = roster.read(content)
    assert isinstance(found, Roster)
    return [(row.first_name, row.group, row.level) for row in found.rows]


def table(content: bytes) -> Table:
    found = roster.read(content)
    assert isinstance(found, Table)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("date", ["03/04/2017", "2017-04-03"])
@pytest.mark.parametrize("ine", ["123456789AB", ""])
def test_onde(encoding: str, date: str, ine: str) -> None:
    assert rows(onde(date, ine).encode(encoding)) == ONDE_ROWS


def test_onde_by_its_titles() -> None:
    """Columns in another order, ONDE 2's other titles, the space before Cycle gone."""
    lines = [line.split(";") for line in onde().strip().splitlines()]
    turned = "\n".join(";".join(reversed(line)) for line in lines).replace(" Cycle", "Cycle")
    assert rows(turned.encode()) == ONDE_ROWS
    assert rows(ONDE2.encode("cp1252")) == [("Inès", "CM1 - CM2", "cm2")]


def test_onde_saved_again_by_a_spreadsheet() -> None:
    assert rows(onde().replace(";", ",").encode()) == ONDE_ROWS
    assert rows(onde().replace(";", "\t").encode("utf-16")) == ONDE_ROWS
    assert rows(("sep=;\r\n" + onde()).encode())[0] == ONDE_ROWS[0]


@pytest.mark.parametrize("members", [ONEROSTER_11, ONEROSTER_12], ids=["1.1", "1.2"])
@pytest.mark.parametrize("folder", ["", "export/"])
def test_oneroster(members: dict[str, str], folder: str) -> None:
    assert rows(zipped(members, folder)) == ONEROSTER_ROWS


def test_oneroster_without_homerooms_has_every_class() -> None:
    members = {**ONEROSTER_11, "classes.csv": ONEROSTER_11["classes.csv"].replace("homeroom", "scheduled")}
    assert [row[:2] for row in rows(zipped(members))] == [("Yanis", "CM1 Rivière"), ("Yanis", "Piscine"), ("Naïma", "")]


def test_siecle() -> None:
    assert rows(SIECLE) == SIECLE_ROWS
    assert rows(zipped({"ElevesSansAdresses.xml": SIECLE})) == SIECLE_ROWS


def test_a_table_of_any_kind_is_chosen_from() -> None:
    found = table("élève|sa classe|prénom d'enfant\nZyxwvut|CM2|Nour\n|CM2|Basile\n".encode("cp1252"))
    assert not found.titled
    assert found.titles() == ["", "", ""]
    assert found.samples() == [
        ["élève", "sa classe", "prénom d'enfant"],
        ["Zyxwvut", "CM2", "Nour"],
        ["", "CM2", "Basile"],
    ]
    chosen = found.chosen(Columns(first_name=2, group=1), titled=True)
    assert [(row.first_name, row.group, row.level) for row in chosen.rows] == [
        ("Nour", "CM2", "cm2"),
        ("Basile", "CM2", "cm2"),
    ]


def test_a_known_title_is_guessed() -> None:
    found = table("Nom;Prénom;Division\nZyxwvut;Nour;5B\n;;\n;;5B\n".encode())
    assert found.titled
    assert found.guess == Columns(first_name=1, group=2, surname=0)
    chosen = found.chosen(found.guess)
    assert [(row.first_name, row.level) for row in chosen.rows] == [("Nour", "5e")]
    assert chosen.left_out == 1
    assert table(b"Nour\nBasile\n").guess == Columns(0)


@pytest.mark.parametrize("columns", [Columns(), Columns(first_name=7), Columns(first_name=-1)])
def test_a_column_must_be_chosen(columns: Columns) -> None:
    with pytest.raises(CartableError, match="Choose the column"):
        table(b"a;b\nc;d\n").chosen(columns)


BAD = {
    "empty": (b"", "is empty"),
    "white": (b"\xef\xbb\xbf \r\n \n", "is empty"),
    "only separators": (b";;;\n;;;\n", "is empty"),
    "nobody": (onde().splitlines()[0].encode() + b"\n", "no first name"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "Save as"),
    "xlsx": (zipped({"[Content_Types].xml": "x", "xl/workbook.xml": "x"}), "Save as"),
    "ods": (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "x"}), "Save as"),
    "docx": (zipped({"[Content_Types].xml": "x", "word/document.xml": "x"}), "printed"),
    "pdf": (b"%PDF-1.7\n" + bytes(100), "printed"),
    "html": (b"<!DOCTYPE html><title>x</title>", "web page"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a class list"),
    "noise": (random.Random(4).randbytes(4000), "not a class list"),
    "broken utf-16": (b"\xff\xfea\0b", "not a class list"),
    "too large": (b"a;b\n" * (3 << 20), "too large"),
    "too long": (b"a;b\n" * 6000, "larger than a school"),
    "too wide": (b";" * 2000 + b"a\n", "larger than a school"),
    "huge cell": (b"a;" + b"b" * 200_000 + b"\n", "not a table"),
    "other xml": (b"<?xml version='1.0'?><rss></rss>", "not SIECLE"),
    "cut xml": (SIECLE[:700], "damaged"),
    "entities": (b"<!DOCTYPE BEE_ELEVES [<!ENTITY a 'b'>]><BEE_ELEVES>&a;</BEE_ELEVES>", "damaged"),
    "xml of no encoding": (b"<?xml version='1.0' encoding='x-none'?><BEE_ELEVES/>", "damaged"),
    "siecle without pupils": (b"<BEE_ELEVES/>", "no first name"),
    "cut zip": (zipped({"users.csv": "a" * 5000})[:-30], "damaged"),
    "zip of pictures": (zipped({"a.png": b"\x89PNG"}), "no class list"),
    "several lists": (zipped({"a.csv": "a", "b.csv": "b"}), "several lists"),
    "many members": (zipped({f"{n}.csv": "a" for n in range(300)}), "more files"),
    "bomb": (zipped({"a.csv": bytes(40 << 20)}), "far larger"),
    "xlsx in zip": (zipped({"liste.csv": zipped({"xl/workbook.xml": "x"})}), "not a class list"),
    "delta": (zipped({**ONEROSTER_11, "manifest.csv": "propertyName,value\nfile.users,delta\n"}), "changes only"),
    "no givenName": (zipped({"users.csv": "sourcedId,role\nu1,student\n"}), "lacks a column"),
    "no pupil": (zipped({**ONEROSTER_11, "users.csv": "sourcedId,role,givenName\nu1,teacher,Zoé\n"}), "no first name"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_what_to_do(name: str) -> None:
    content, said = BAD[name]
    with pytest.raises(CartableError, match=said):
        roster.read(content)


def test_a_password_is_told() -> None:
    content = bytearray(zipped({"a.csv": "a;b\n"}))
    content[6] |= 1
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    with pytest.raises(CartableError, match="password"):
        roster.read(bytes(content))


@pytest.mark.parametrize(
    "content",
    [onde().encode(), SIECLE, zipped(ONEROSTER_11), zipped(ONEROSTER_12), ONDE2.encode()],
    ids=["onde", "siecle", "1.1", "1.2", "onde 2"],
)
def test_nothing_else_is_kept(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found = roster.read(content)
    assert isinstance(found, Roster)
    kept = "\n".join(f"{row.first_name};{row.group};{row.level}" for row in found.rows)
    for secret in SECRETS:
        assert secret.casefold() not in kept.casefold()
    assert "Léa" not in repr(found)
    assert caplog.text == ""


def test_errors_repeat_nothing() -> None:
    for cut in range(0, len(SIECLE), 97):
        with pytest.raises(CartableError) as caught:
            roster.read(SIECLE[:cut])
        assert caught.value.__cause__ is None
        assert not [secret for secret in SECRETS if secret in f"{caught.value}{caught.value.params}"]


@pytest.mark.parametrize(
    ("names", "surnames", "told"),
    [
        (["Léa", "Tom"], ["Martin", "Petit"], ["Léa", "Tom"]),
        (["Léa", "Léa"], ["Martin", "Petit"], ["Léa M.", "Léa P."]),
        (["Léa", "léa", "Léa"], ["élan", "Petit", "'t Hooft"], ["Léa É.", "léa P.", "Léa T."]),
        (["Léa", "Léa"], ["Martin", "Morin"], ["Léa M.", "Léa M. 2"]),
        (["Léa", "Léa", "Léa 2"], ["", "", ""], ["Léa", "Léa 3", "Léa 2"]),
    ],
)
def test_first_names_are_told_apart_by_a_letter_at_most(names: list[str], surnames: list[str], told: list[str]) -> None:
    assert told_apart(names, surnames) == told


@pytest.mark.parametrize(
    ("given_", "written"),
    [("LÉA", "Léa"), ("jean-noël", "Jean-Noël"), ("MARIE ANNE", "Marie Anne"), ("N'GOLO", "N'Golo"),
     ("McKenna", "McKenna"), ("Léa, Marie, Anne", "Léa"), (" \tTom\u200b ", "Tom"), ("1234", ""),
     ("AB", "AB"), ("<b>Zoé</b>", "<b>Zoé<")],
)  # fmt: skip
def test_names_are_written_as_names(given_: str, written: str) -> None:
    assert clean_name(given_) == written


@pytest.mark.parametrize(
    ("text", "level"),
    [("PETITE SECTION", "maternelle"), ("PS", "maternelle"), ("CP", "cp"), ("COURS PREPARATOIRE", "cp"), ("CE1", "ce1"),
     ("CM2 B", "cm2"), ("6A", "6e"), ("6ème 3", "6e"), ("3EME B", "3e"), ("602", ""), ("2NDE 4", "2de"),
     ("1ere S", "1re"), ("Terminale", "term"), ("T02", ""), ("ULIS", ""), ("", "")],
)  # fmt: skip
def test_levels(text: str, level: str) -> None:
    assert levels.level(text) == level


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(CartableError):
        assert isinstance(roster.read(content), Roster | Table)


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(
    st.lists(st.tuples(_TEXT, _TEXT, _TEXT), min_size=1, max_size=12), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
)
def test_tables_keep_no_more_than_was_chosen(lines: list[tuple[str, str, str]], encoding: str) -> None:
    text = "Nom;Prénom;Classe\n" + "".join(
        ";".join(f'"{c.replace(chr(34), "")}"' for c in line) + "\n" for line in lines
    )
    try:
        found = roster.read(text.encode(encoding))
        assert isinstance(found, Table)
        chosen = found.chosen(found.guess)
    except CartableError:
        return
    assert len(chosen.rows) + chosen.left_out <= len(lines)
    for members in chosen.groups.values():
        names = [row.first_name.casefold() for row in members]
        assert len(set(names)) == len(names)
        assert all(1 <= len(name) <= 40 and name.isprintable() for name in names)


@given(st.lists(st.sampled_from(["Léa", "léa", "Léa 2", "Léa M.", "Tom"]), max_size=9), st.data())
def test_told_apart_always(names: list[str], data: st.DataObject) -> None:
    surnames = data.draw(st.lists(st.sampled_from(["", "M", "Petit"]), min_size=len(names), max_size=len(names)))
    told = [name.casefold() for name in told_apart(names, surnames)]
    assert len(set(told)) == len(names)
