# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A list given again to a class, and a child who was on it twice: nothing is lost, nothing is guessed."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance import passphrase, sealing
from appliance.errors import BadInput, Conflict, NotFound
from appliance.hub import class_list
from appliance.hub.class_list import NEW
from appliance.hub.records_office import Office
from appliance.hub.roles import Role
from appliance.store import audit, classes, merging, people, statements, vault
from tests.connectors.lists import onde
from tests.hub import site as rig
from tests.hub.people import account, seat
from tests.hub.site import Site

CLASS = "/enseignant/classes/g"


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A class with names, of a teacher whose vault is open; ``site.browser`` is theirs."""
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        made = account(site, classes=("g",))
        seat(site, site.browser, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
        with site.hub.db.writing() as conn:
            classes.change(conn, "g", name="CE2", regime="portfolio", level="", names_shown=False)
        for pupil, name in (("p1", "Lina"), ("p2", "Léa")):
            site.hub.vaults.keep(pupil, "name", name.encode())
        yield site


def names(site: Site) -> dict[str, str]:
    return dict(site.hub.vaults.names("g"))


def send(site: Site, path: str, page: str = f"{CLASS}/liste", **fields: object) -> TestResponse:
    return site.post(path, page, **fields)


# the comparison


def test_same_new_gone_and_homonyms() -> None:
    present = {"a": "Zoé", "b": "Jean-Noël", "c": "Léa M.", "d": "Tom"}
    found = class_list.compare(["zoe", "Jean Noel", "Léa", "Ali"], present)
    assert [(line.name, line.same, line.asked) for line in found.lines] == [
        ("zoe", "a", ()), ("Jean Noel", "b", ()), ("Léa", "", ("c",)), ("Ali", "", ())
    ]  # fmt: skip
    assert found.missing == ("c", "d")


def test_two_of_one_name_are_never_guessed() -> None:
    found = class_list.compare(["Léa B.", "Léa M."], {"a": "Léa"})
    assert [line.asked for line in found.lines] == [("a",), ("a",)]
    found = class_list.compare(["Zoé", "Zoe"], {"a": "Zoé"})
    assert [line.asked for line in found.lines] == [("a",), ("a",)]
    found = class_list.compare(["Léa"], {"a": "Léa B.", "b": "Léa 2"})
    assert found.lines[0].asked == ("a", "b")


def test_what_is_decided() -> None:
    found = class_list.compare(["Léa B.", "Léa M.", "Ali"], {"a": "Léa", "z": "Tom"})
    changes = class_list.decide(found, {0: "a", 1: NEW}, ["z", "a", "stranger"])
    assert (changes.added, changes.renamed, changes.left) == (("Léa M.", "Ali"), {"a": "Léa B."}, ("z",))
    for answers in ({}, {0: "a"}, {0: "a", 1: "a"}, {0: "z", 1: NEW}):
        with pytest.raises(BadInput):
            class_list.decide(found, answers, [])


# the page


def test_a_list_in_january(school: Site) -> None:
    page = send(school, f"{CLASS}/liste/apercu", names="Lina\nLéa B.\nNaïm").text
    assert "1 élève est le même" in page or "1 élève" in page
    assert names(school) == {"p1": "Lina", "p2": "Léa"}, "nothing is kept"
    sent = re.search(r'name="names" value="([^"]*)"', page)
    assert sent
    missing = send(school, f"{CLASS}/liste", names=sent[1])
    assert missing.status_code == 400
    assert 'role="alert"' in missing.text
    done = send(school, f"{CLASS}/liste", names=sent[1], who1="p2")
    assert done.status_code == 303
    assert list(names(school).values()) == ["Lina", "Léa B.", "Naïm"]
    assert names(school)["p2"] == "Léa B."
    told = [entry for entry in audit.entries(school.hub.db.reading()) if entry.act == "class list merged"]
    assert [entry.subject for entry in told] == ["g 1 0 1"]


def test_who_is_not_on_the_list_stays_unless_ticked(school: Site) -> None:
    assert send(school, f"{CLASS}/liste", names="Lina").status_code == 303
    assert set(names(school)) == {"p1", "p2"}
    assert send(school, f"{CLASS}/liste", names="Lina", left="p2").status_code == 303
    assert [each.id for each in classes.pupils(school.hub.db, "g")] == ["p1"]


def test_a_file_and_a_class_of_it(school: Site) -> None:
    answer = send(school, f"{CLASS}/liste/apercu", file=(io.BytesIO(onde().encode()), "CSVExtraction.csv"))
    assert answer.status_code == 200
    listed = re.search(r'name="names" value="([^"]*)"', answer.text)
    assert listed
    assert send(school, f"{CLASS}/liste/apercu", names=listed[1]).status_code == 200
    table = send(school, f"{CLASS}/liste/apercu", file=(io.BytesIO("a;b\nLina;x\nZoé;y\n".encode()), "l.csv")).text
    draft = re.search(r'name="draft" value="([^"]+)"', table)
    assert draft
    assert f"{CLASS}/liste/colonnes" in table
    shown = send(school, f"{CLASS}/liste/colonnes", draft=draft[1], first_name="0", titled="1")
    assert "Zoé" in shown.text
    assert send(school, f"{CLASS}/liste/colonnes", draft="none").status_code == 404


@pytest.mark.parametrize("fields", [{"names": ""}, {"names": " , ; "}])
def test_an_empty_list_empties_no_class(school: Site, fields: dict[str, str]) -> None:
    assert send(school, f"{CLASS}/liste/apercu", **fields).status_code == 400
    assert send(school, f"{CLASS}/liste", **fields, left="p1").status_code == 400
    assert set(names(school)) == {"p1", "p2"}


def test_a_full_class_takes_nobody_and_loses_nobody(school: Site) -> None:
    many = "\n".join(f"Prénom {chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(48))
    answer = send(school, f"{CLASS}/liste", names=f"Lina\n{many}", left="p2")
    assert answer.status_code == 400
    assert set(names(school)) == {"p1", "p2"}


def test_locked_names_are_asked_for_and_animals_have_none(school: Site) -> None:
    token = {"csrf": "token", "names": "Lina"}
    school.hub.vaults.lock("g")
    assert school.browser.post(f"{CLASS}/liste", data=token).status_code == 423
    with school.hub.db.writing() as conn:
        classes.change(conn, "g", name="CE2", regime="animals", level="", names_shown=False)
    assert school.browser.post(f"{CLASS}/liste", data=token).status_code == 409
    assert "réglages" in school.text(f"{CLASS}/liste")


# two pupils, one child


def answer(site: Site, pupil: str, choice: str = "a") -> dict[str, str]:
    """An answer by a tablet; what it sent."""
    tablet, before = site.new_browser(), site.browser
    site.browser = tablet
    site.enter(pupil)
    token = site.text("/exercice/a1").partition('name="token" value="')[2].partition('"')[0]
    sent = {"id": str(uuid.uuid4()), "token": token, "question": "q1", "response": choice}
    assert site.post("/exercice/a1", id=sent["id"], token=token, question="q1", choice=choice).status_code == 303
    site.browser = before
    return sent


def results(site: Site, pupil: str) -> dict[str, tuple[str, bool]]:
    return statements.results(site.hub.db, "l", pupil, "a1")


def unite(site: Site, kept: str = "p1", other: str = "p2", **fields: str) -> TestResponse:
    page = f"{CLASS}/eleves/{kept}/reunir"
    return site.post(page, f"{page}?autre={other}", autre=other, **{"sure": "yes", **fields})


def test_the_answers_of_both_are_under_the_one_who_stays(school: Site) -> None:
    answer(school, "p2")
    school.hub.vaults.keep("p2", "text", b"Mon chat dort")
    assert results(school, "p1") == {}
    assert unite(school, sure="").status_code == 400
    assert unite(school).status_code == 303
    assert results(school, "p1") == {"q1": ("a", True)}
    assert [each.id for each in classes.pupils(school.hub.db, "g")] == ["p1"]
    assert [each.id for each in people.pupils(school.hub.db, "g")] == ["p1"]
    assert people.pupil(school.hub.db, "p2").id == "p1", "the other id leads to the one who stays"
    assert "Combien" in school.text("/enseignant/traces/p2")
    assert "Combien" in school.text("/enseignant/traces/p1")
    with zipfile.ZipFile(io.BytesIO(school.get("/enseignant/eleves/p1/export.zip").data)) as archive:
        data = json.loads(archive.read("donnees.json"))
    assert len(data["statements"]) == 1
    assert [each["text"] for each in data["texts"]] == ["Mon chat dort"]
    told = [entry.subject for entry in audit.entries(school.hub.db.reading()) if entry.act == "pupils merged"]
    assert told == ["p1 p2"]


def test_what_a_tablet_still_holds_counts_under_the_one_who_stays(school: Site) -> None:
    tablet = school.new_browser()
    mine, school.browser = school.browser, tablet
    school.enter("p2")
    token = school.text("/exercice/a1").partition('name="token" value="')[2].partition('"')[0]
    school.browser = mine
    assert unite(school).status_code == 303
    late = [{"id": str(uuid.uuid4()), "token": token, "question": "q1", "response": "b"}]
    assert tablet.post("/api/answers", json=late, headers=_csrf(tablet)).json["refused"] == []  # type: ignore[index]
    assert results(school, "p1") == {"q1": ("b", False)}


def _csrf(browser: FlaskClient) -> dict[str, str]:
    with browser.session_transaction() as session:
        return {"X-CSRF-Token": str(session.get("csrf", ""))}


def test_a_name_that_only_the_other_had_is_kept(school: Site) -> None:
    with school.hub.db.writing() as conn:
        vault.forget_items(conn, [item.id for item in vault.items(conn, "p1", vault.NAME)])
    assert unite(school).status_code == 303
    assert names(school) == {"p1": "Léa"}


def test_erasing_the_one_erases_both(school: Site) -> None:
    answer(school, "p1")
    answer(school, "p2")
    unite(school)
    office = Office(school.hub.records)
    assert office.look_up("p2")["statements"] == 2
    office.erase("p1", True)
    conn = school.hub.db.reading()
    assert not conn.execute("SELECT 1 FROM pupil WHERE id IN ('p1', 'p2')").fetchall()
    assert not conn.execute("SELECT 1 FROM statement WHERE NOT erased").fetchall()
    assert merging.every(conn) == {}


def test_who_leaves_or_moves_takes_the_other_along(school: Site) -> None:
    school.hub.vaults.keep("p2", "text", b"Mon chat dort")
    unite(school)
    conn = school.hub.db.reading()
    with school.hub.db.writing() as writing:
        other = classes.add(writing, "CM1", regime="portfolio")
        vault.put_class_keys(writing, other, {"x": sealing.pair().public})
        classes.move(writing, "p1", other, ("1F98A", "Renard"), school.hub.vaults.private("g"))
    assert {row["school_group"] for row in conn.execute("SELECT school_group FROM pupil")} == {other}
    with school.hub.db.writing() as writing:
        classes.leave(writing, "p1", "2026-11-22T10:00:00Z")
    assert conn.execute("SELECT count(*) FROM pupil_detail WHERE left_at IS NOT NULL").fetchone()[0] == 2


def test_merged_again_and_never_nonsense(school: Site) -> None:
    with school.hub.db.writing() as conn:
        [third] = classes.add_pupils(conn, "g", [("1F43A", "Loup")])
    unite(school)
    assert unite(school, third, "p1").status_code == 303
    conn = school.hub.db.reading()
    assert merging.formers(conn, third) == ["p1", "p2"]
    assert merging.into(conn, "p2") == third
    for kept, other in ((third, third), ("p1", third), (third, "p2"), (third, "none")):
        with pytest.raises((Conflict, NotFound)), school.hub.db.writing() as writing:
            merging.merge(writing, kept, other, "x")
    assert school.get(f"{CLASS}/eleves/p2/reunir").status_code == 404
    page = f"{CLASS}/eleves/{third}/reunir"
    assert school.post(page, page.replace("/reunir", ""), autre="p1", sure="yes").status_code == 404


def test_locked_names_unite_nobody(school: Site) -> None:
    school.hub.vaults.lock("g")
    sent = {"csrf": "token", "autre": "p2", "sure": "yes"}
    assert school.browser.post(f"{CLASS}/eleves/p1/reunir", data=sent).status_code == 423
    assert merging.every(school.hub.db.reading()) == {}
