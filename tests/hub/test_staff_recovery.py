# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The recovery sheet and the director: who makes one, what it opens, accounts that are closed."""

from __future__ import annotations

import html
import re
import threading

import pytest

from appliance import sealing
from appliance.hub import accounts
from appliance.store import classes, staff, vault
from appliance.store.db import Connection
from tests.hub.people import WORDS, account, recovery
from tests.hub.site import Site
from tests.hub.staff_rig import (
    OTHERS,
    PIN,
    _quick,
    acts,
    as_director,
    first_teacher,
    key_on,
    post,
    printed,
    school,
    sign_in,
)

__all__ = ["_quick", "school"]


def test_the_director_gives_new_words_and_the_old_ones_are_worth_nothing(school: Site) -> None:
    teacher, director = school.new_browser(), school.new_browser()
    key = printed(school, teacher, first_teacher(school, teacher, name="M. Petit"))
    school.hub.vaults.keep("p1", "name", b"Lina")
    post(school, teacher, "/enseignant/appareil", "/enseignant/appareil", pin=PIN, again=PIN)
    for wrong in ("", "0" * 28, key[:-1] + ("0" if key[-1] != "0" else "1"), "x" * 5000):
        assert post(school, director, "/direction", "/direction", key=wrong).status_code == 403
    assert post(school, director, "/direction", "/direction", key=key).status_code == 303
    identity = staff.every(school.hub.db.reading())[0].id
    page = post(school, director, f"/direction/compte/{identity}/phrase", "/direction/accueil").text
    words = re.search(r'<p class="big" translate="no">([^<]+)</p>', html.unescape(page))
    assert words
    assert identity not in {holder for holder, _ in school.hub.vaults._holders.values()}, "nor are their keys open"
    assert teacher.get("/enseignant/accueil").status_code == 302, "sessions of the old words are over"
    assert post(school, teacher, "/enseignant", "/enseignant", code=WORDS).status_code == 403
    assert sign_in(school, teacher, words[1]).status_code == 303
    post(school, director, "/enseignant/quitter", "/direction/accueil")
    assert school.hub.vaults.names("g") == {"p1": "Lina"}
    assert director.get("/direction/accueil").status_code == 302


def test_the_director_gives_no_words_where_a_class_would_be_lost(school: Site) -> None:
    """One that its teacher never put on the sheet: new keys would open it no more than the director's."""
    teacher = school.new_browser()
    director = as_director(school, printed(school, teacher, first_teacher(school, teacher)))
    with school.hub.db.writing() as conn:
        conn.execute("DELETE FROM group_grant WHERE holder = ?", (vault.RECOVERY,))
    identity = staff.every(school.hub.db.reading())[0].id
    school.hub.vaults.lock("g")
    assert post(school, director, f"/direction/compte/{identity}/phrase", "/direction/accueil").status_code == 403
    assert sign_in(school, school.new_browser(), WORDS).status_code == 303
    assert school.hub.vaults.is_open("g")


@pytest.mark.parametrize("page", ["/enseignant/compte", "/enseignant/appareil"])
def test_words_that_the_director_gives_meanwhile_are_the_only_ones(
    school: Site, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The teacher's own change, half done, would wrap a key that no class is granted to any more."""
    teacher = school.new_browser()
    director = as_director(school, printed(school, teacher, first_teacher(school, teacher)))
    identity, given = staff.every(school.hub.db.reading())[0].id, list[str]()

    def gives() -> None:
        told = post(school, director, f"/direction/compte/{identity}/phrase", "/direction/accueil").text
        given.extend(re.findall(r'<p class="big" translate="no">([^<]+)</p>', html.unescape(told)))

    def meanwhile(*_: object) -> None:
        other = threading.Thread(target=gives)  # a request of its own
        other.start()
        other.join()

    monkeypatch.setattr(accounts, "check_words", meanwhile)
    monkeypatch.setattr(accounts, "check_pin", meanwhile)
    if page == "/enseignant/appareil":
        post(school, teacher, page, page, pin=PIN, again=PIN)
    fields = {"words": OTHERS, "former": WORDS, "pin": "270419", "again": "270419"}
    assert post(school, teacher, page, page, **fields).status_code == 423
    newcomer = school.new_browser()
    assert sign_in(school, newcomer, OTHERS).status_code == 403
    assert post(school, teacher, "/enseignant", "/enseignant", pin="270419").status_code == 403
    school.hub.vaults.lock("g")
    assert sign_in(school, newcomer, given[0]).status_code == 303
    assert school.hub.vaults.is_open("g")


def test_the_code_makes_no_recovery_key_on_a_box_with_a_teacher(school: Site) -> None:
    """A box whose teacher has no sheet yet: who reads the code makes an account, and no key to the others' names."""
    account(school, classes=("g",))
    newcomer = school.new_browser()
    answer = first_teacher(school, newcomer, OTHERS)
    assert answer.headers.get("Location") == "/enseignant/appareil"
    assert post(school, newcomer, "/enseignant/cle", "/enseignant/compte").status_code == 403
    victim = school.new_browser()
    sign_in(school, victim, WORDS)
    assert vault.granted(school.hub.db.reading(), vault.RECOVERY) == []
    assert not vault.recovery_holder(school.hub.db.reading())
    printed(school, victim, post(school, victim, "/enseignant/cle", "/enseignant/compte"))
    assert vault.granted(school.hub.db.reading(), vault.RECOVERY) == ["g"]


def test_tapped_twice_the_sheet_counts_once(school: Site) -> None:
    teacher = school.new_browser()
    shown = first_teacher(school, teacher)
    key = printed(school, teacher, shown)
    grants = school.hub.db.reading().execute("SELECT sealed FROM group_grant ORDER BY 1").fetchall()
    assert printed(school, teacher, shown) == key
    assert school.hub.db.reading().execute("SELECT sealed FROM group_grant ORDER BY 1").fetchall() == grants
    assert [act for act, _ in acts(school)].count("recovery key made") == 1
    assert as_director(school, key).get("/direction/accueil").status_code == 200


def test_a_sign_in_gives_no_class_to_the_sheet_its_teacher_does(school: Site) -> None:
    account(school, classes=("g",))
    recovery(school)
    teacher = school.new_browser()
    sign_in(school, teacher, WORDS)
    assert vault.granted(school.hub.db.reading(), vault.RECOVERY) == []
    assert post(school, teacher, "/enseignant/cle/confier", "/enseignant/compte").status_code == 303
    assert vault.granted(school.hub.db.reading(), vault.RECOVERY) == ["g"]
    assert "/enseignant/cle/confier" not in teacher.get("/enseignant/compte").text


def test_the_directors_new_sheet_opens_what_the_former_one_did(school: Site) -> None:
    teacher = school.new_browser()
    former = printed(school, teacher, first_teacher(school, teacher))
    school.hub.vaults.keep("p1", "name", b"Lina")
    director = as_director(school, former)
    lost = post(school, director, "/enseignant/cle", "/direction/accueil")
    shown = post(school, director, "/enseignant/cle", "/direction/accueil")
    other = as_director(school, former)  # until it is printed, the former one counts
    fields = dict(re.findall(r'name="(csrf|public)" value="([^"]+)"', lost.text))
    assert director.post("/enseignant/cle/imprimee", data=fields).status_code == 403, "the page before was replaced"
    key = printed(school, director, shown)
    assert [each.get("/direction/accueil").status_code for each in (director, other)] == [302, 302]
    assert vault.RECOVERY not in {holder for holder, _ in school.hub.vaults._holders.values()}
    assert post(school, school.new_browser(), "/direction", "/direction", key=former).status_code == 403
    post(school, teacher, "/enseignant/quitter", "/enseignant/accueil")
    assert "Lina" in as_director(school, key).get("/enseignant/eleves").text


def test_a_directors_new_sheet_loses_no_class_that_it_cannot_open(school: Site) -> None:
    teacher = school.new_browser()
    director = as_director(school, printed(school, teacher, first_teacher(school, teacher)))
    shown = post(school, director, "/enseignant/cle", "/direction/accueil")
    kept = vault.recovery_holder(school.hub.db.reading())
    with school.hub.db.writing() as conn:
        conn.execute("UPDATE group_grant SET sealed = zeroblob(80) WHERE holder = ?", (vault.RECOVERY,))
    fields = dict(re.findall(r'name="(csrf|public)" value="([^"]+)"', shown.text))
    assert director.post("/enseignant/cle/imprimee", data=fields).status_code >= 400
    assert vault.recovery_holder(school.hub.db.reading()) == kept
    assert vault.granted(school.hub.db.reading(), vault.RECOVERY) == ["g"]


def test_a_recovery_page_that_was_lost_is_made_again_until_it_is_printed(school: Site) -> None:
    teacher = school.new_browser()
    lost = key_on(first_teacher(school, teacher).text)
    assert post(school, school.new_browser(), "/direction", "/direction", key=lost).status_code == 403
    post(school, teacher, "/enseignant/quitter", "/enseignant/accueil")
    sign_in(school, teacher, WORDS)
    assert 'action="/enseignant/cle"' in teacher.get("/enseignant/compte").text
    key = printed(school, teacher, post(school, teacher, "/enseignant/cle", "/enseignant/compte"))
    assert 'action="/enseignant/cle"' not in teacher.get("/enseignant/compte").text
    assert post(school, teacher, "/enseignant/cle", "/enseignant/compte").status_code == 403
    as_director(school, key)


def test_a_new_account_is_told_to_the_others_and_can_be_closed(school: Site) -> None:
    first, second = school.new_browser(), school.new_browser()
    printed(school, first, first_teacher(school, first))
    assert "Un nouveau compte" not in first.get("/enseignant/accueil").text
    first_teacher(school, second, OTHERS)
    assert "Un nouveau compte a été ouvert le" in first.get("/enseignant/accueil").text
    assert "Un nouveau compte" not in second.get("/enseignant/accueil").text
    assert post(school, first, "/enseignant/comptes/vus", "/enseignant/compte").status_code == 303
    assert "Un nouveau compte" not in first.get("/enseignant/accueil").text
    mine, other = staff.every(school.hub.db.reading())
    for browser, account_id in ((second, mine.id), (second, other.id), (first, mine.id)):
        answer = post(school, browser, f"/enseignant/compte/{account_id}/fermer", "/enseignant/compte")
        assert answer.status_code == 403
    assert f"/enseignant/compte/{other.id}/fermer" in first.get("/enseignant/compte").text
    assert "/fermer" not in second.get("/enseignant/compte").text
    assert post(school, first, f"/enseignant/compte/{other.id}/fermer", "/enseignant/compte").status_code == 303
    assert second.get("/enseignant/compte").status_code == 302
    assert {holder for holder, _ in school.hub.vaults._holders.values()} == {mine.id}, "no key of theirs is left open"
    assert sign_in(school, second, OTHERS).status_code == 403
    assert ("account closed", "teacher") in acts(school)


def test_an_account_whose_class_nobody_else_opens_is_not_closed(school: Site) -> None:
    account(school)
    other = account(school, words=OTHERS, classes=("g",))
    first = school.new_browser()
    sign_in(school, first, WORDS)
    answer = post(school, first, f"/enseignant/compte/{other.staff.id}/fermer", "/enseignant/compte")
    assert answer.status_code == 409
    assert "feuille de secours" in answer.text
    assert "Fermer ce compte" not in answer.text, "it cannot be done: the sheet does not open the class"
    sent = {"sure": "yes", "to-g": "nobody"}
    assert (
        post(school, first, f"/enseignant/compte/{other.staff.id}/fermer", "/enseignant/compte", **sent).status_code
        == 409
    )
    assert vault.granted(school.hub.db.reading(), other.staff.id) == ["g"]


@pytest.fixture
def two(school: Site) -> tuple[str, str, str]:
    """A class of one teacher, whom the sheet knows, and another teacher: their ids and the sheet's key."""
    first, second = school.new_browser(), school.new_browser()
    key = printed(school, first, first_teacher(school, first, name="M. Petit"))
    school.hub.vaults.keep("p1", "name", b"Lina")
    first_teacher(school, second, OTHERS, name="Mme Roux")
    mine, other = staff.every(school.hub.db.reading())
    return mine.id, other.id, key


def test_the_director_hands_a_class_to_another_teacher(school: Site, two: tuple[str, str, str]) -> None:
    _, other, key = two
    director, taker = as_director(school, key), school.new_browser()
    page = director.get("/direction/accueil").text
    assert "Mme Roux" in page.partition("/direction/classe/g/confier")[2]
    sign_in(school, taker, OTHERS)
    assert taker.get("/enseignant/classes/g").status_code == 403
    assert post(school, director, "/direction/classe/g/confier", "/direction/accueil", to=other).status_code == 303
    assert ("class handed over", "director") in acts(school)
    assert "Lina" in taker.get("/enseignant/classes/g").text
    post(school, director, "/enseignant/quitter", "/direction/accueil")
    school.hub.vaults.lock_all()
    taker = school.new_browser()
    sign_in(school, taker, OTHERS)
    assert "Lina" in taker.get("/enseignant/classes/g").text, "by their own passphrase"
    assert "/direction/classe/g/confier" not in as_director(school, key).get("/direction/accueil").text
    sealed = [bytes(row["sealed"]) for row in school.hub.db.reading().execute("SELECT sealed FROM group_grant")]
    private = school.hub.vaults.private("g")
    assert not any(private in each for each in sealed)
    files = [path for path in school.hub.config.box.state.rglob("*") if path.is_file()]
    assert not [path for path in files if private in path.read_bytes()], "in clear nowhere"


@pytest.mark.parametrize(
    ("group", "to", "status"), [("g", "none", 404), ("none", "", 404), ("g", "k", 400), ("g", "", 404)]
)
def test_no_class_goes_to_nobody(school: Site, two: tuple[str, str, str], group: str, to: str, status: int) -> None:
    _, other, key = two
    if to == "k":
        to = account(school, staff.TECHNICIAN, "carotte navet poireau radis").staff.id
    director, address = as_director(school, key), f"/direction/classe/{group}/confier"
    assert post(school, director, address, "/direction/accueil", to=to).status_code == status
    assert ("class handed over", "director") not in acts(school)
    if group == "g":
        with school.hub.db.writing() as conn:
            conn.execute("DELETE FROM group_grant WHERE holder = ?", (vault.RECOVERY,))
        assert post(school, director, address, "/direction/accueil", to=other).status_code == 403, "not on the sheet"


def test_an_account_is_closed_once_its_class_has_an_heir(school: Site, two: tuple[str, str, str]) -> None:
    mine, other, key = two
    director, address = as_director(school, key), f"/enseignant/compte/{mine}/fermer"
    asked = post(school, director, address, "/direction/accueil")
    assert asked.status_code == 409
    assert 'name="to-g"' in asked.text
    assert 'name="to-g"' in director.get(address).text
    assert staff.get(school.hub.db.reading(), mine), "nothing was done"
    sent = {"sure": "yes", "to-g": other}
    assert post(school, director, address, "/direction/accueil", **sent).status_code == 303
    assert [each.id for each in staff.every(school.hub.db.reading())] == [other]
    done = [act for act, _ in acts(school)]
    assert done.index("class handed over") < done.index("account closed")
    taker = school.new_browser()
    sign_in(school, taker, OTHERS)
    assert "Lina" in taker.get("/enseignant/classes/g").text


def test_a_teacher_is_sent_to_the_director(school: Site, two: tuple[str, str, str]) -> None:
    mine, other, _ = two
    with school.hub.db.writing() as conn:
        vault.put_class_keys(conn, _new_class(conn), {other: staff.get(conn, other).public})
    first = school.new_browser()
    sign_in(school, first, WORDS)
    address = f"/enseignant/compte/{other}/fermer"
    asked = post(school, first, address, "/enseignant/compte")
    assert asked.status_code == 409
    assert 'href="/direction"' in asked.text
    group = vault.granted(school.hub.db.reading(), other)[0]
    taken = post(school, first, address, "/enseignant/compte", sure="yes", **{f"to-{group}": mine})
    assert taken.status_code == 403, "no teacher takes a colleague's class"
    assert vault.granted(school.hub.db.reading(), mine) == ["g"]
    assert post(school, first, address, "/enseignant/compte", sure="yes").status_code == 303
    assert vault.holds(school.hub.db.reading(), vault.RECOVERY, group), "the sheet keeps it"


def _new_class(conn: Connection) -> str:
    return classes.add(conn, "CM1")


def test_another_box_does_not_open_with_this_ones_sheet(school: Site) -> None:
    recovery(school)
    other = sealing.recovery_key()
    assert post(school, school.new_browser(), "/direction", "/direction", key=other).status_code == 403
