# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``/enseignant/classes``: made in a tap, from a list, from a file; seen before it is kept; changed, put away."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from appliance import passphrase, sealing
from appliance.connectors.roster import tables
from appliance.errors import NotFound
from appliance.hub.drafts import KEPT_S, MOST, Drafts
from appliance.hub.roles import Role
from appliance.model import Pupil
from appliance.store import classes, vault
from tests.connectors.lists import SECRETS, SIECLE, onde
from tests.hub.people import account, seat
from tests.hub.site import Site, demonstration_class
from tests.rigs.box import until

HOME = "/enseignant/classes"


@pytest.fixture
def teacher(site: Site) -> Site:
    demonstration_class(site)
    site.sign_in()
    return site


def pupils(site: Site, name: str) -> list[Pupil]:
    group = next(each for each in classes.every(site.hub.db) if each.name == name)
    return classes.pupils(site.hub.db, group.id)


def animals(site: Site, count: str, name: str = "") -> TestResponse:
    return site.post(f"{HOME}/animaux", HOME, animals=count, name=name)


def give(site: Site, content: bytes, filename: str = "liste.csv") -> TestResponse:
    return site.post(f"{HOME}/apercu", f"{HOME}/nouvelle", file=(io.BytesIO(content), filename))


def test_a_class_of_forty_animals_in_one_tap(teacher: Site) -> None:
    answer = animals(teacher, "40")
    page = teacher.text(answer.headers["Location"])
    assert page.count('class="card seat"') == 40
    seated = pupils(teacher, "Classe 1")
    assert len({pupil.avatar for pupil in seated}) == len({pupil.alias for pupil in seated}) == 40
    assert animals(teacher, "28").status_code == 303
    assert len(pupils(teacher, "Classe 2")) == 28


@pytest.mark.parametrize("count", ["", "0", "49", "-3", "99999", "x", "٣"])
def test_no_class_of_nobody_or_of_too_many(teacher: Site, count: str) -> None:
    assert animals(teacher, count).status_code == 400
    assert len(classes.every(teacher.hub.db)) == 1


def test_a_class_that_is_ready_opens_its_lesson(teacher: Site) -> None:
    where = animals(teacher, "28").headers["Location"]
    opens = f"/enseignant/seance/ouvrir?classe={where.rpartition('/')[2]}"
    assert opens in teacher.text(where)
    assert f'value="{where.rpartition("/")[2]}" checked' in teacher.text(opens)


def test_names_that_are_none_stay_to_be_corrected(teacher: Site) -> None:
    answer = teacher.post(f"{HOME}/apercu", f"{HOME}/nouvelle", name="Les lutins", names="😀\n🦊")
    assert answer.status_code == 400
    assert 'value="Les lutins"' in answer.text
    assert "😀\n🦊" in answer.text


def test_a_list_that_is_too_long_is_told_so(teacher: Site) -> None:
    names = "\n".join(f"Prénom {chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(60))
    answer = teacher.post(f"{HOME}/creer", f"{HOME}/nouvelle", drafts="1", wanted0="1", name0="École", names0=names)
    assert answer.status_code == 400
    assert "au plus 48 élèves" in answer.text


def test_the_preview_keeps_nothing(teacher: Site, tmp_path: Path) -> None:
    answer = give(teacher, onde().encode())
    assert answer.status_code == 200
    assert "Léa Z.\nLéa Q.</textarea>" in answer.text
    assert not [secret for secret in SECRETS if secret.casefold() in answer.text.casefold()]
    assert len(classes.every(teacher.hub.db)) == 1
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "Jean-Noël".encode() not in path.read_bytes(), path


def fields(page: str) -> dict[str, str]:
    """What the browser would send of a form."""
    found = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"(?![^>]*type="(?:radio|checkbox))', page))
    found |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', page))
    selects = re.findall(r'<select[^>]* name="(\w+)">(.*?)</select>', page, re.DOTALL)
    chosen = {name: re.search(r'value="([^"]*)" selected', options) for name, options in selects}
    return found | {name: option[1] for name, option in chosen.items() if option}


def test_what_was_previewed_is_made(teacher: Site) -> None:
    sent = {**fields(give(teacher, SIECLE, "x.xml").text), "wanted0": "1", "wanted1": "1"}
    sent.pop("wanted2", None)
    answer = teacher.browser.post(f"{HOME}/creer", data=sent)
    assert answer.headers["Location"] == HOME
    assert [(each.name, each.level, each.pupils) for each in classes.every(teacher.hub.db)] == [
        ("3EME B", "3e", 1), ("6A", "6e", 1), ("CE2", "", 2),
    ]  # fmt: skip


def test_without_an_account_no_name_is_kept(teacher: Site, tmp_path: Path) -> None:
    page = teacher.browser.post(
        f"{HOME}/apercu",
        data={"csrf": teacher.token(f"{HOME}/nouvelle"), "name": "CP", "names": "1. Zéphirine\n2. Barnabé, Zéphirine"},
    ).text
    assert "Zéphirine\nBarnabé\nZéphirine 2" in page
    sent = {**fields(page), "wanted0": "1", "regime": "named"}
    assert teacher.browser.post(f"{HOME}/creer", data=sent).status_code == 303
    assert len(pupils(teacher, "CP")) == 3
    assert classes.every(teacher.hub.db)[1].regime == "animals"
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "Barnabé".encode() not in path.read_bytes(), path


def test_columns_are_chosen(teacher: Site) -> None:
    page = give(teacher, "qui;où\nNour;CM2\nBasile;CM2\n".encode()).text
    draft = fields(page)["draft"]
    sent = {"csrf": teacher.token(f"{HOME}/nouvelle"), "draft": draft}
    wrong = teacher.browser.post(f"{HOME}/colonnes", data={**sent, "first_name": ""})
    assert wrong.status_code == 400
    assert "Choisissez la colonne" in wrong.text
    right = {**sent, "first_name": "0", "group": "1", "titled": "1"}
    assert "Nour\nBasile</textarea>" in teacher.browser.post(f"{HOME}/colonnes", data=right).text
    assert teacher.browser.post(f"{HOME}/colonnes", data=right).status_code == 404, "the table was forgotten"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"\xd0\xcf\x11\xe0", b"\x89PNG\r\n", b"<html>"])
def test_a_wrong_file_is_told_on_the_page(teacher: Site, content: bytes) -> None:
    answer = give(teacher, content)
    assert answer.status_code in (400, 415)
    assert 'role="alert"' in answer.text
    assert 'type="file"' in answer.text


def test_names_are_text_on_the_page(teacher: Site) -> None:
    page = give(
        teacher, 'Prénom;Nom;Classe;INE;Niveau;Cycle élève\n<script>alert(1)</script>;x;"<b>CP";;;\n'.encode()
    ).text
    assert "<script>alert" not in page
    assert "<b>CP" not in page


def test_pupils_are_added_changed_moved_and_taken_out(teacher: Site) -> None:
    animals(teacher, "3", "CM1")
    where = animals(teacher, "2", "CM2").headers["Location"]
    assert teacher.post(f"{where}/eleves", where, animals="2").status_code == 303
    first, second, *_ = pupils(teacher, "CM2")
    page = f"{where}/eleves/{first.id}"
    assert teacher.post(page, avatar=second.avatar).status_code == 303
    assert [pupil.avatar for pupil in pupils(teacher, "CM2")][:2] == [second.avatar, first.avatar]
    assert teacher.post(page, avatar="1F4A9").status_code == 400
    target = next(each.id for each in classes.every(teacher.hub.db) if each.name == "CM1")
    assert teacher.post(f"{page}/deplacer", page, to="none").status_code == 404
    assert teacher.post(f"{page}/deplacer", page, to=target).status_code == 303
    moved = pupils(teacher, "CM1")
    assert len({pupil.avatar for pupil in moved}) == 4
    assert teacher.get(page).status_code == 404, "a pupil is found by the class only"
    page = f"{where}/eleves/{second.id}"
    assert teacher.post(f"{page}/retirer", page).status_code == 303
    assert second.id not in {pupil.id for pupil in pupils(teacher, "CM2")}


def test_settings_and_putting_away(teacher: Site) -> None:
    where = animals(teacher, "2", "CM2").headers["Location"]
    settings = f"{where}/reglages"
    assert teacher.post(settings, name="", level="cm2").status_code == 400
    assert teacher.post(settings, name="CM2 bleu", level="cm2", names_shown="1").status_code == 303
    assert "CM2 bleu" in teacher.text(where)
    assert teacher.post(settings, name="CM2", level="", regime="named").status_code == 409
    assert teacher.post(f"{where}/archiver", settings).status_code == 303
    page = teacher.text(HOME)
    assert "1 classe rangée" in page
    assert teacher.post(f"{where}/archiver", HOME, retour="1").status_code == 303
    assert "1 classe rangée" not in teacher.text(HOME)


def test_a_need_group(teacher: Site) -> None:
    animals(teacher, "3", "CM1")
    where = teacher.post(f"{HOME}/groupe", name="Lecture").headers["Location"]
    home = next(each.id for each in classes.every(teacher.hub.db) if each.name == "CM1")
    chosen = [pupil.id for pupil in pupils(teacher, "CM1")][:2]
    assert teacher.post(where, home=home, pupil=chosen).status_code == 303
    assert [pupil.id for pupil in pupils(teacher, "Lecture")] == chosen
    assert teacher.post(where, home=home, pupil=["p1"]).status_code == 400
    assert teacher.get(f"{HOME}/{home}/membres").status_code == 404
    assert teacher.post(f"{HOME}/groupe", name="").status_code == 400


@pytest.fixture
def keeper(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The box in front of a teacher with an account."""
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    made = account(site)
    seat(site, site.browser, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
    return site


def kept_class(site: Site) -> str:
    """The address of a class of two, with their names."""
    page = site.post(f"{HOME}/apercu", f"{HOME}/nouvelle", name="CE1 de Zélie", names="Barnabé\nZéphirine").text
    sent = {**fields(page), "wanted0": "1", "regime": "named"}
    return site.browser.post(f"{HOME}/creer", data=sent).headers["Location"]


def test_names_are_sealed_and_seen_by_their_teacher_only(keeper: Site, tmp_path: Path) -> None:
    where = kept_class(keeper)
    page = keeper.text(where)
    assert "<b>Barnabé</b><span>Renard</span>" in page
    assert keeper.post(f"{where}/eleves", where, names="Barnabé Ali, Philémon").status_code == 303
    first, second, *_ = pupils(keeper, "CE1 de Zélie")
    assert keeper.post(f"{where}/eleves/{second.id}", name="Eulalie").status_code == 303
    page = keeper.text(where)
    given = ("Barnabé", "Zéphirine", "Eulalie", "Barnabé Ali", "Philémon")
    shown = [name for name in given if f"<b>{name}</b>" in page]
    assert shown == ["Barnabé", "Eulalie", "Barnabé Ali", "Philémon"]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [name for name in ("Barnabé", "Zéphirine", "Eulalie", "Philémon") if name.encode() in content], (
                path
            )
    keeper.hub.vaults.lock(where.rpartition("/")[2])
    locked = keeper.text(where)
    assert "Barnabé" not in locked
    assert "verrouillés" in locked
    other = account(keeper, words="navet soleil tortue radis")
    seat(keeper, keeper.browser, Role.TEACHER, other.staff.id, sealing.of_private(other.private))
    for page in (where, f"{where}/reglages", f"{where}/eleves/{first.id}"):
        assert keeper.get(page).status_code == 403
    assert "CE1 de Zélie" not in keeper.text(HOME)


def test_a_class_that_turns_to_animals_erases_its_names(keeper: Site) -> None:
    where = kept_class(keeper)
    group_id = where.rpartition("/")[2]
    assert keeper.post(f"{where}/reglages", name="CE1", level="ce1", regime="animals").status_code == 303
    assert "Barnabé" not in keeper.text(where)
    assert not vault.sealed_names(keeper.hub.db.reading(), group_id)
    page = f"{where}/eleves/{classes.pupils(keeper.hub.db, group_id)[0].id}"
    assert keeper.post(page, name="Barnabé").status_code == 303, "the field is not on the page: it is passed over"
    assert not vault.sealed_names(keeper.hub.db.reading(), group_id)


def test_a_pupil_moves_with_the_name(keeper: Site) -> None:
    where, other = kept_class(keeper), animals(keeper, "2", "CM1").headers["Location"]
    settings = f"{other}/reglages"
    assert keeper.post(settings, name="CM1", level="", regime="named").status_code == 303
    page = f"{where}/eleves/{pupils(keeper, 'CE1 de Zélie')[0].id}"
    assert keeper.post(f"{page}/deplacer", page, to=other.rpartition("/")[2]).status_code == 303
    assert "<b>Barnabé</b>" in keeper.text(other)
    assert "Barnabé" not in keeper.text(where)


@pytest.mark.parametrize("path", ["", "/nouvelle", "/g", "/g/reglages", "/g/eleves/p1", "/groupe", "/g/membres"])
def test_pupils_are_sent_to_the_sign_in(site: Site, path: str) -> None:
    demonstration_class(site)
    site.enter()
    assert site.get(HOME + path).headers["Location"] == "/enseignant"


def test_a_class_list_may_be_large(teacher: Site) -> None:
    """Up to its own bound, for who may give one; every other form stays small."""
    padded = onde().encode() + b"\n" * 3_000_000
    answer = send_list(teacher, f"{HOME}/apercu", padded)
    assert answer.status_code == 200
    assert "Léa Z." in answer.text
    assert send_list(teacher, f"{HOME}/apercu", b" " * (10 << 20)).status_code == 413
    assert send_list(teacher, f"{HOME}/animaux", padded).status_code == 413
    teacher.browser = teacher.new_browser()
    assert send_list(teacher, f"{HOME}/apercu", padded, "/reglages").status_code == 413


def send_list(site: Site, path: str, content: bytes, page: str = f"{HOME}/nouvelle") -> TestResponse:
    """As a browser sends it; the test client would put a body of that size into a file."""
    parts = {'name="csrf"': site.token(page).encode(), 'name="file"; filename="liste.csv"': content}
    body = b"".join(
        f"--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in parts.items()
    )
    return site.browser.post(path, data=body + b"--cut--\r\n", content_type="multipart/form-data; boundary=cut")


def test_what_a_class_no_longer_keeps_is_erased(keeper: Site) -> None:
    where = kept_class(keeper)
    group = where.rpartition("/")[2]
    [first, _] = pupils(keeper, "CE1 de Zélie")

    def kinds(regime: str) -> list[str]:
        sent = {"name": "CE1 de Zélie", "level": "", "regime": regime}
        assert keeper.post(f"{where}/reglages", f"{where}/reglages", **sent).status_code == 303
        return sorted(each.kind for each in vault.items(keeper.hub.db.reading(), first.id))

    assert kinds("portfolio") == ["name"]
    for regime, left in (("named", ["name"]), ("animals", [])):
        keeper.hub.vaults.keep(first.id, vault.NAME, b"Zoe")
        keeper.hub.vaults.keep(first.id, vault.TEXT, b"Mon secret")
        keeper.hub.vaults.keep(first.id, vault.MEDIA, b"picture", media_type="image/png")
        assert kinds("portfolio") == ["media", "name", "text"]
        rows = keeper.hub.db.reading().execute("SELECT kind, body FROM sealed_item WHERE body IS NOT NULL").fetchall()
        gone = [row["body"][-40:] for row in rows if row["kind"] not in left and len(row["body"]) > 40]
        assert gone
        assert kinds(regime) == left
        for path in keeper.hub.config.box.state.rglob("*"):
            assert path.is_dir() or not [each for each in gone if each in path.read_bytes()], path
        assert list(keeper.hub.vaults.folder.iterdir()) == []
    assert classes.get(keeper.hub.db, group).regime == "animals"
    assert "photos" in keeper.text(f"{where}/reglages")


def test_a_draft_goes_by_itself() -> None:
    drafts = Drafts(kept_s=0.05)
    drafts.put(tables.parse("a;b\n"))
    until(lambda: len(drafts) == 0, "the table stayed in memory", 10)


def test_drafts_are_few_and_short_lived() -> None:
    now = [0.0]
    drafts = Drafts(lambda: now[0])
    names = [drafts.put(tables.parse("a;b\n")) for _ in range(MOST + 1)]
    with pytest.raises(NotFound):
        drafts.get(names[0])
    assert drafts.get(names[-1]).width == 2
    now[0] = KEPT_S + 1
    with pytest.raises(NotFound):
        drafts.get(names[-1])
