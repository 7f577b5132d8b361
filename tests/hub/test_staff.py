# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Accounts as people meet them: first teacher, substitute, another teacher, technician; what is refused, and noted."""

from __future__ import annotations

import dataclasses
import html
import re
from pathlib import Path

import pytest

from appliance import box, passphrase
from appliance.config import BoxConfig, Config, DriversConfig, TeacherConfig
from appliance.hub import accounts, roles, staff_pages, trail
from appliance.hub.app import create_app
from appliance.hub.roles import Role
from appliance.store import audit, people, staff, vault
from appliance.store.migrations import migrate
from tests.hub import site as rig
from tests.hub.people import WORDS, account
from tests.hub.site import Site
from tests.hub.staff_rig import (
    OTHERS,
    Hand,
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


def test_the_first_teacher(school: Site) -> None:
    """Code, words, recovery sheet, PIN: then names can be kept, and the demonstration class is theirs."""
    teacher = school.new_browser()
    assert sign_in(school, teacher, school.hub.presence.code).headers["Location"] == "/enseignant/accueil"
    assert "/enseignant/compte/nouveau" in teacher.get("/enseignant/accueil").text
    page = html.unescape(teacher.get("/enseignant/compte/nouveau").text)
    proposed = re.search(r'name="words"[^>]*>([^<]+)</textarea>', page)
    assert proposed
    assert len(proposed[1].split()) == 4
    answer = post(
        school, teacher, "/enseignant/compte/nouveau", "/enseignant/compte/nouveau", words=proposed[1], name="Mme  Roux"
    )
    key = key_on(answer.text)
    assert len(key.replace(" ", "")) == 28
    assert key.replace(" ", "-") not in teacher.get("/enseignant/compte").text
    assert printed(school, teacher, answer) == key
    assert school.hub.vaults.is_open("g")
    school.hub.vaults.keep("p1", "name", b"Lina")
    assert school.hub.vaults.names("g") == {"p1": "Lina"}
    post(school, teacher, "/enseignant/quitter", "/enseignant/accueil")
    assert not school.hub.vaults.is_open("g")
    assert sign_in(school, teacher, proposed[1].upper()).status_code == 303
    assert school.hub.vaults.names("g") == {"p1": "Lina"}
    assert "Mme Roux" in teacher.get("/enseignant/accueil").text
    director = school.new_browser()
    assert (
        post(school, director, "/direction", "/direction", key=key.lower()).headers["Location"] == "/direction/accueil"
    )
    assert "Lina" in director.get("/enseignant/eleves").text


def test_words_that_cannot_be(school: Site) -> None:
    browser = school.new_browser()
    for words in ("trop court", "", "un deux trois " + "x" * 300):
        assert first_teacher(school, browser, words).status_code == 400
    assert first_teacher(school, browser, name="x" * 61).status_code == 400
    assert not staff.anybody(school.hub.db.reading())
    assert first_teacher(school, browser).status_code == 200
    second = school.new_browser()
    assert "Choisissez une autre phrase" in first_teacher(school, second, WORDS.title()).text


def test_a_substitute_leads_lessons_until_midnight_and_reads_no_name(school: Site) -> None:
    account(school, classes=("g",))
    substitute = school.new_browser()
    assert sign_in(school, substitute, school.hub.presence.code).headers["Location"] == "/enseignant/accueil"
    with substitute.session_transaction() as session:
        assert session["staff"][1] == Role.SUBSTITUTE
        assert session["staff"][3] - school.hub.clock.now().monotonic <= accounts.DAY_S
    assert not school.hub.vaults.is_open("g")
    for page in ("/enseignant/traces/p1", "/enseignant/bibliotheque", "/enseignant/journal", "/enseignant/compte"):
        assert substitute.get(page).status_code == 403
    assert ("refused", "substitute") in acts(school, "refused")


@pytest.mark.parametrize(("trusted", "hours"), [(True, 7.5), (False, 12.0)])
def test_the_day_of_a_substitute_ends(school: Site, trusted: bool, hours: float) -> None:
    """At midnight (the clock says 16:30 in Paris), or after half a day where the clock is not set."""
    account(school, classes=("g",))
    hand = Hand()
    hand.trusted = trusted
    object.__setattr__(school.hub, "clock", hand)
    substitute = school.new_browser()
    assert sign_in(school, substitute, school.hub.presence.code).status_code == 303
    hand.time += hours * 3600 - 1
    assert substitute.get("/enseignant/accueil").status_code == 200
    hand.time += 1
    assert substitute.get("/enseignant/accueil").status_code == 302


def test_the_journal_is_in_words(school: Site) -> None:
    """Every act that the hub notes has its words; what it was about is a name, not an identifier."""
    source = "\n".join(file.read_text() for file in Path(roles.__file__).parent.glob("*.py"))
    calls = re.findall(r"note(?:_in|_soon)?\((?:conn, )?\s*(\"[^,)]*)", source)
    noted = {act for call in calls for act in re.findall(r'"([a-z -]+)"', call)}
    assert "came in" in noted
    assert noted - set(staff_pages.ACTS) == set()
    teacher = school.new_browser()
    first_teacher(school, teacher)
    made = post(school, teacher, "/enseignant/classes/animaux", "/enseignant/classes", animals="3", name="Les grands")
    page = teacher.get("/enseignant/journal").text
    assert "Classe créée" in page
    assert "Les grands" in page
    assert made.headers["Location"].rpartition("/")[2] not in page


def test_no_link_of_a_directors_or_technicians_pages_leads_to_a_refusal(school: Site) -> None:
    teacher, technician = school.new_browser(), school.new_browser()
    director = as_director(school, printed(school, teacher, first_teacher(school, teacher)))
    first_teacher(school, technician, OTHERS, role="technician")
    for browser, pages in (
        (director, ("/direction/accueil", "/enseignant/eleves", "/enseignant/journal")),
        (technician, ("/technique", "/sante", "/enseignant/bibliotheque")),
    ):
        for page in pages:
            links = set(re.findall(r'<a [^>]*href="(/[^"#]*)', browser.get(page).text)) - {"/enseignant/accueil"}
            assert [link for link in links if browser.get(link).status_code >= 400] == [], page


def test_no_link_of_a_substitutes_pages_leads_to_a_refusal(school: Site) -> None:
    account(school, classes=("g",))
    substitute = school.new_browser()
    sign_in(school, substitute, school.hub.presence.code)
    for page in ("/enseignant/accueil", "/enseignant/seance", "/enseignant/seance/ouvrir"):
        links = set(re.findall(r'<a [^>]*href="(/[^"#]*)', substitute.get(page).text))
        assert "/enseignant/accueil" in links, page
        assert [link for link in links if substitute.get(link).status_code >= 400] == [], page


def test_another_teacher_has_only_classes_of_their_own(school: Site) -> None:
    first, second = school.new_browser(), school.new_browser()
    first_teacher(school, first)
    answer = first_teacher(school, second, OTHERS)
    assert answer.headers["Location"] == "/enseignant/appareil", "there is one recovery sheet"
    assert second.get("/enseignant/traces/p1").status_code == 403
    assert first.get("/enseignant/traces/p1").status_code == 200
    assert post(school, second, "/enseignant/cle", "/enseignant/compte").status_code == 403
    mine = staff.every(school.hub.db.reading())[1]
    with school.hub.db.writing() as conn:
        conn.execute("INSERT INTO school_group VALUES ('h', 'CM1')")
        vault.put_class_keys(conn, "h", {mine.id: mine.public})
    with second.session_transaction() as session:
        assert school.hub.vaults.reopen(session["staff"][4]) == ["h"]


def test_the_technician_sees_counts(school: Site) -> None:
    technician = school.new_browser()
    assert first_teacher(school, technician, role="technician").headers["Location"] == "/technique"
    page = technician.get("/technique").text
    assert "Renard" not in page
    assert re.search(r"<dd>2</dd>", page)
    assert technician.get("/enseignant/bibliotheque").status_code == 200
    assert technician.get("/enseignant/traces").status_code == 403
    post(school, technician, "/enseignant/quitter", "/technique")
    assert sign_in(school, technician, WORDS).headers["Location"] == "/technique"
    assert not staff.any_teacher(school.hub.db.reading())


def test_the_code_changes_once_it_has_made_an_account(school: Site) -> None:
    code = school.hub.presence.code
    first_teacher(school, school.new_browser())
    assert school.hub.presence.code != code
    assert sign_in(school, school.new_browser(), code).status_code == 403


def test_a_configured_passphrase_that_makes_no_account_is_not_used_up(tmp_path: Path) -> None:
    config = Config(BoxConfig(state=tmp_path, run=tmp_path / "run"), teacher=TeacherConfig(passphrase.hashed(WORDS)),
                    drivers=DriversConfig(advert="simulated"))  # fmt: skip
    migrate(config.database)
    with box.hub(config) as parts, pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "MOST", 0)
        site = Site(parts)
        assert sign_in(site, site.new_browser(), WORDS).status_code == 400
        patch.undo()
        assert sign_in(site, site.new_browser(), WORDS).status_code == 303


def test_noise_does_not_hide_wrong_sign_ins(school: Site) -> None:
    for _ in range(trail.MOST_BAD + 5):
        school.hub.trail.note("refused", outcome=audit.REFUSED)
        school.hub.trail.note("sign-in", subject="code", outcome=audit.FAILED)
    school.hub.trail.note("sign-in", subject="recovery key", outcome=audit.FAILED)
    kept = [(each.act, each.subject) for each in audit.entries(school.hub.db.reading(), limit=1000)]
    assert kept.count(("sign-in", "code")) == trail.MOST_BAD
    assert kept.count(("sign-in", "recovery key")) == 1


def test_the_configured_passphrase_makes_its_teachers_account(tmp_path: Path) -> None:
    config = Config(BoxConfig(state=tmp_path, run=tmp_path / "run"), teacher=TeacherConfig(passphrase.hashed(WORDS)),
                    drivers=DriversConfig(advert="simulated"))  # fmt: skip
    migrate(config.database)
    with box.hub(config) as parts:
        site = Site(parts)
        rig.demonstration_class(site)
        teacher = site.new_browser()
        assert sign_in(site, teacher, WORDS).status_code == 303
        assert [each.role for each in staff.every(parts.db.reading())] == ["teacher"]
        assert "/enseignant/cle" in teacher.get("/enseignant/compte").text, "it has no recovery sheet yet"
        printed(site, teacher, post(site, teacher, "/enseignant/cle", "/enseignant/compte"))
        assert vault.granted(parts.db.reading(), vault.RECOVERY) == ["g"]
        assert sign_in(site, site.new_browser(), WORDS).status_code == 303
        assert len(staff.every(parts.db.reading())) == 1
        other = post(site, teacher, "/enseignant/compte", "/enseignant/compte", words=OTHERS, former=WORDS)
        assert other.status_code == 303
        assert sign_in(site, site.new_browser(), WORDS).status_code == 403, "it was changed on the box since"


def test_the_journal_tells_each_their_own(school: Site) -> None:
    teacher, other = school.new_browser(), school.new_browser()
    first_teacher(school, teacher)
    first_teacher(school, other, OTHERS)
    sign_in(school, school.new_browser(), "pas les bons mots")
    assert ("sign-in", "nobody") in acts(school, "failed")
    mine = staff.every(school.hub.db.reading())[0].id
    assert {each.who for each in audit.entries(school.hub.db.reading(), who=mine)} == {mine}
    assert "Connexion" in teacher.get("/enseignant/journal").text
    for far in ("9" * 30, "-" + "9" * 30, "0", "x"):
        assert teacher.get(f"/enseignant/journal?avant={far}").status_code == 200
    assert audit.verify(school.hub.db.reading()) is None


def test_hammering_fills_neither_the_card_nor_the_page(school: Site) -> None:
    pupil = school.new_browser()
    for _ in range(trail.MOST_BAD + 30):
        pupil.get("/enseignant/journal")
    kept = audit.entries(school.hub.db.reading(), limit=1000)
    assert len(kept) == trail.MOST_BAD
    hand = Hand()
    quiet = trail.Trail(school.hub.records.commit, dataclasses.replace(school.hub, clock=hand).clock)
    for _ in range(trail.MOST_BAD + 30):
        quiet.note("refused", outcome=audit.REFUSED)
    hand.time += trail.BAD_EACH_S
    quiet.note("refused", outcome=audit.REFUSED)
    last, told = audit.entries(school.hub.db.reading(), limit=2)
    assert (last.act, told.act, told.subject) == ("refused", "not written", "30")


def test_the_audit_names_nobody(school: Site) -> None:
    teacher = school.new_browser()
    first_teacher(school, teacher, name="Mme Roux")
    school.hub.vaults.keep("p1", "name", b"Lina")
    pupil = school.new_browser()
    pupil.get("/enseignant/traces/Lina?q=Lina")
    told = str([dataclasses.astuple(each) for each in audit.entries(school.hub.db.reading(), limit=500)])
    for word in ("Lina", "Roux", "Renard", *WORDS.split()):
        assert word not in told


def test_many_classes_open_at_sign_in(school: Site) -> None:
    """What a morning costs: thirty names of each class, once."""
    made = account(school, classes=("g",))
    for pupil in people.pupils(school.hub.db, "g"):
        school.hub.vaults.keep(pupil.id, "name", pupil.alias.encode())
    school.hub.vaults.enter(made.staff.id, made.private, "s")
    assert dict(school.hub.vaults.names("g")) == {"p1": "Renard", "p2": "Hibou"}
    assert create_app(school.hub)
