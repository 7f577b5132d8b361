# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Accounts as people meet them: first teacher, PIN, substitute, director, technician; what is refused, and noted."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance import box, passphrase, sealing
from appliance.config import BoxConfig, Config, DriversConfig, TeacherConfig
from appliance.errors import Locked
from appliance.hub import accounts, live_sessions, trail
from appliance.hub.app import create_app
from appliance.hub.live_sessions import LiveSessions
from appliance.hub.presence import FREE_TRIES
from appliance.hub.roles import Role
from appliance.hub.vaults import Vaults
from appliance.ports import Now
from appliance.store import audit, devices, people, staff, vault
from appliance.store.migrations import migrate
from tests.hub import site as rig
from tests.hub.people import WORDS, account, recovery
from tests.hub.site import Site

OTHERS = "navet violon tortue radis"
PIN = "270418"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Site]:
    """A class, on a hub whose search and imports are not started."""
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        yield site


def post(site: Site, browser: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(page).text)
    assert found, page
    return browser.post(path, data={"csrf": found[1], **fields})


def first_teacher(site: Site, browser: FlaskClient, words: str = WORDS, **fields: str) -> TestResponse:
    if 'name="code"' in browser.get("/enseignant").text:
        sign_in(site, browser, site.hub.presence.code)
    return post(site, browser, "/enseignant/compte/nouveau", "/enseignant/compte/nouveau", words=words, **fields)


def sign_in(site: Site, browser: FlaskClient, code: str) -> TestResponse:
    return post(site, browser, "/enseignant", "/enseignant", code=code)


def acts(site: Site, outcome: str = "done") -> list[tuple[str, str]]:
    found = audit.entries(site.hub.db.reading(), limit=500)
    return [(each.act, each.role) for each in reversed(found) if each.outcome == outcome]


def key_on(page: str) -> str:
    found = re.search(r'class="big recovery"[^>]*>(.*?)</p>', page, re.S)
    assert found
    return " ".join(re.findall(r"<span>(\w{4})</span>", found[1]))


def printed(site: Site, browser: FlaskClient, shown: TestResponse) -> str:
    """Tap "I have printed it" on the page that shows the key; returns the key."""
    fields = dict(re.findall(r'name="(csrf|public)" value="([^"]+)"', shown.text))
    answer = browser.post("/enseignant/cle/imprimee", data=fields)
    assert answer.status_code == 303, answer.text
    return key_on(shown.text)


def as_director(site: Site, key: str) -> FlaskClient:
    director = site.new_browser()
    assert post(site, director, "/direction", "/direction", key=key).status_code == 303
    return director


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
    assert "Lina" in director.get("/direction/accueil").text


def test_words_that_cannot_be(school: Site) -> None:
    browser = school.new_browser()
    for words in ("trop court", "", "un deux trois " + "x" * 300):
        assert first_teacher(school, browser, words).status_code == 400
    assert first_teacher(school, browser, name="x" * 61).status_code == 400
    assert not staff.anybody(school.hub.db.reading())
    assert first_teacher(school, browser).status_code == 200
    second = school.new_browser()
    assert "Choisissez une autre phrase" in first_teacher(school, second, WORDS.title()).text


def test_a_pin_opens_this_device_only(school: Site) -> None:
    teacher, elsewhere = school.new_browser(), school.new_browser()
    first_teacher(school, teacher)
    for pin, again in (("123456", "123456"), ("27041", "27041"), (PIN, "270419")):
        assert (
            post(school, teacher, "/enseignant/appareil", "/enseignant/appareil", pin=pin, again=again).status_code
            == 400
        )
    assert post(school, teacher, "/enseignant/appareil", "/enseignant/appareil", pin=PIN, again=PIN).status_code == 303
    post(school, teacher, "/enseignant/quitter", "/enseignant/accueil")
    assert 'name="pin"' in teacher.get("/enseignant").text
    assert 'name="pin"' not in elsewhere.get("/enseignant").text
    assert post(school, elsewhere, "/enseignant", "/enseignant", pin=PIN).status_code == 403
    assert post(school, teacher, "/enseignant", "/enseignant", pin="270419").status_code == 403
    assert post(school, teacher, "/enseignant", "/enseignant", pin=PIN).status_code == 303
    assert school.hub.vaults.is_open("g")
    device = devices.of(school.hub.db.reading(), staff.every(school.hub.db.reading())[0].id)[0]
    post(school, teacher, f"/enseignant/appareil/{device.id}/oublier", "/enseignant/compte")
    post(school, teacher, "/enseignant/quitter", "/enseignant/accueil")
    assert 'name="pin"' not in teacher.get("/enseignant").text


class Hand:
    """A clock moved by hand; ``boot``: another one for each start."""

    def __init__(self) -> None:
        self.time, self.boot = 1000.0, "b"

    def now(self) -> Now:
        return Now(1_790_000_000 + self.time, True, self.time, self.boot)


def test_wrong_pins_cost_waits_that_no_restart_forgives(school: Site) -> None:
    hand, made = Hand(), account(school, classes=("g",))
    with school.hub.db.writing() as conn:
        device, secret = devices.enrol(conn, made, PIN, "iPad", at="x")

    def attempt(pin: str) -> bool | float:
        with school.hub.db.writing() as conn:
            wait = devices.begin(conn, device, hand.now())
        if wait:
            return wait
        found = devices.opened(school.hub.db.reading(), device, secret, pin)
        with school.hub.db.writing() as conn:
            (devices.right if found else devices.wrong)(conn, device)
        return found is not None

    for _ in range(devices.FREE):
        assert attempt("111222") is False
    assert attempt(PIN) == devices.WAIT_S
    hand.boot, hand.time = "c", 3.0
    assert attempt(PIN) == devices.WAIT_S, "the wait begins anew with another start of the machine"
    hand.time += devices.WAIT_S
    assert attempt("111222") is False
    assert attempt(PIN) == 2 * devices.WAIT_S
    hand.time += 2 * devices.WAIT_S
    assert attempt(PIN) is True
    for number in range(devices.MOST_WRONG):
        hand.time += devices.WAIT_S * 2.0**number
        assert attempt("111222") is False
    hand.time += 1e6
    assert attempt(PIN) is False, "after ten wrong ones in a row it is no longer enrolled"
    assert devices.get(school.hub.db.reading(), device) is None
    assert school.hub.db.reading().execute("SELECT count(*) FROM staff_key").fetchone()[0] == 1


def test_a_try_that_dies_halfway_counts(school: Site) -> None:
    hand, made = Hand(), account(school)
    with school.hub.db.writing() as conn:
        device, _ = devices.enrol(conn, made, PIN, "iPad", at="x")
        for _ in range(devices.FREE):
            assert devices.begin(conn, device, hand.now()) == 0  # and the plug is pulled
        assert devices.begin(conn, device, hand.now()) > 0


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
    assert teacher.get("/enseignant/accueil").status_code == 302, "sessions of the old words are over"
    assert post(school, teacher, "/enseignant", "/enseignant", code=WORDS).status_code == 403
    assert sign_in(school, teacher, words[1]).status_code == 303
    post(school, director, "/enseignant/quitter", "/direction/accueil")
    assert school.hub.vaults.names("g") == {"p1": "Lina"}
    assert director.get("/direction/accueil").status_code == 302


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
    as_director(school, former)  # until it is printed, the former one counts
    fields = dict(re.findall(r'name="(csrf|public)" value="([^"]+)"', lost.text))
    assert director.post("/enseignant/cle/imprimee", data=fields).status_code == 403, "the page before was replaced"
    key = printed(school, director, shown)
    assert director.get("/direction/accueil").status_code == 302
    assert post(school, school.new_browser(), "/direction", "/direction", key=former).status_code == 403
    post(school, teacher, "/enseignant/quitter", "/enseignant/accueil")
    assert "Lina" in as_director(school, key).get("/direction/accueil").text


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
    assert sign_in(school, second, OTHERS).status_code == 403
    assert ("account closed", "teacher") in acts(school)


def test_an_account_whose_class_nobody_else_opens_is_not_closed(school: Site) -> None:
    account(school)
    other = account(school, words=OTHERS, classes=("g",))
    first = school.new_browser()
    sign_in(school, first, WORDS)
    answer = post(school, first, f"/enseignant/compte/{other.staff.id}/fermer", "/enseignant/compte")
    assert answer.status_code == 409
    assert vault.granted(school.hub.db.reading(), other.staff.id) == ["g"]


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


def test_locked_names_ask_for_what_opens_them_and_then_go_on(school: Site) -> None:
    def names() -> str:
        return str(school.hub.vaults.names("g"))

    school.app._got_first_request = False
    school.app.add_url_rule("/enseignant/essai", view_func=names)
    teacher = school.new_browser()
    first_teacher(school, teacher)
    school.hub.vaults.keep("p1", "name", b"Lina")
    school.hub.vaults.lock("g")
    answer = teacher.get("/enseignant/essai?a=b")
    assert answer.status_code == 423
    assert 'name="next" value="/enseignant/essai?a=b"' in answer.text
    form = {"code": WORDS, "next": "/enseignant/essai?a=b"}
    token = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert token
    assert teacher.post("/enseignant", data={"csrf": token[1], **form}).headers["Location"] == form["next"]
    assert "Lina" in teacher.get(form["next"]).text


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/enseignant/../x\\", "/autre", "/enseignant\n", ""]
)
def test_a_form_sends_nobody_elsewhere(school: Site, path: str) -> None:
    browser = school.new_browser()
    answer = post(school, browser, "/enseignant", "/enseignant", code=school.hub.presence.code, next=path)
    assert answer.headers["Location"] == "/enseignant/accueil"


def test_a_session_signed_out_of_is_not_played_again(school: Site) -> None:
    teacher = school.new_browser()
    first_teacher(school, teacher)
    kept = teacher.get_cookie("cartable")
    assert kept
    post(school, teacher, "/enseignant/quitter", "/enseignant/accueil")
    teacher.set_cookie("cartable", kept.value)
    assert teacher.get("/enseignant/compte").status_code == 302


def restarted(site: Site) -> Site:
    """The hub again, in the same boot: what is in memory only is gone."""
    run = site.hub.config.box.run
    vaults = Vaults(site.hub.db, site.hub.vaults.folder, site.hub.clock)
    live = LiveSessions(run / live_sessions.FILE)
    return Site(dataclasses.replace(site.hub, vaults=vaults, live=live))


def test_a_restart_signs_nobody_out_and_nobody_in(school: Site) -> None:
    site = restarted(school)
    account(site, classes=("g",))
    teacher, gone = site.new_browser(), site.new_browser()
    for browser in (teacher, gone):
        sign_in(site, browser, WORDS)
    cookies = [browser.get_cookie("cartable") for browser in (teacher, gone)]
    post(site, gone, "/enseignant/quitter", "/enseignant/accueil")
    again = restarted(site)
    stays, played = again.new_browser(), again.new_browser()
    for browser, cookie in zip((stays, played), cookies, strict=True):
        assert cookie
        browser.set_cookie("cartable", cookie.value)
    assert stays.get("/enseignant/compte").status_code == 200
    assert stays.get("/enseignant/appareil").status_code == 423, "the vault is locked"
    assert played.get("/enseignant/compte").status_code == 302
    assert (school.hub.config.box.run / live_sessions.FILE).stat().st_mode & 0o077 == 0


def test_a_file_of_sessions_that_is_nonsense_signs_everybody_out(tmp_path: Path) -> None:
    for nonsense in (b"", b"\xff", b"[]", b'{"a": 1}', b'{"a": ["b", "c"]}', b'{"a": ["b", null]}'):
        (tmp_path / "x").write_bytes(nonsense)
        assert not LiveSessions(tmp_path / "x").is_live("a")


def test_one_account_signs_no_other_out(tmp_path: Path) -> None:
    live = LiveSessions(tmp_path / "x")
    live.begin("teacher", "t", 10, 0)
    for number in range(live_sessions.MOST_EACH + 1):
        live.begin(str(number), "", 10, 0)
    assert live.is_live("teacher")
    assert not live.is_live("0")
    assert live.is_live("1")
    live.begin("later", "x", 20, 11)
    assert not live.is_live("teacher"), "its time is over"


def test_signing_in_again_ends_the_session_before(school: Site) -> None:
    account(school, classes=("g",))
    teacher, other = school.new_browser(), school.new_browser()
    sign_in(school, teacher, WORDS)
    kept, token = (
        teacher.get_cookie("cartable"),
        re.search(r'csrf" value="([^"]+)', teacher.get("/enseignant/compte").text),
    )
    assert kept
    assert token
    teacher.post("/enseignant", data={"csrf": token[1], "code": WORDS})
    other.set_cookie("cartable", kept.value)
    assert other.get("/enseignant/compte").status_code == 302


def test_other_words_or_another_pin_ask_for_the_former_and_end_other_sessions(school: Site) -> None:
    account(school, classes=("g",))
    here, elsewhere = school.new_browser(), school.new_browser()
    for browser in (here, elsewhere):
        sign_in(school, browser, WORDS)
    for wrong in ("", OTHERS, "pas les bons mots"):
        answer = post(school, here, "/enseignant/compte", "/enseignant/compte", words=OTHERS, former=wrong)
        assert answer.status_code == 400
    post(school, here, "/enseignant/appareil", "/enseignant/appareil", pin=PIN, again=PIN)
    new = {"pin": "314159", "again": "314159"}
    for wrong in ("", "111222"):
        assert (
            post(school, here, "/enseignant/appareil", "/enseignant/appareil", former=wrong, **new).status_code == 400
        )
    assert elsewhere.get("/enseignant/compte").status_code == 200
    assert post(school, here, "/enseignant/appareil", "/enseignant/appareil", former=PIN, **new).status_code == 303
    assert elsewhere.get("/enseignant/compte").status_code == 302
    sign_in(school, elsewhere, WORDS)
    answer = post(school, here, "/enseignant/compte", "/enseignant/compte", words=OTHERS, former=WORDS)
    assert answer.status_code == 303
    assert elsewhere.get("/enseignant/compte").status_code == 302
    assert here.get("/enseignant/compte").status_code == 200
    assert school.hub.vaults.is_open("g")


def test_the_code_changes_once_it_has_made_an_account(school: Site) -> None:
    code = school.hub.presence.code
    first_teacher(school, school.new_browser())
    assert school.hub.presence.code != code
    assert sign_in(school, school.new_browser(), code).status_code == 403


def test_pins_from_devices_that_were_never_enrolled_cost_nothing(school: Site) -> None:
    """They wait for no passphrase, write nothing, and keep nobody else out."""
    account(school, classes=("g",))
    pupil, teacher = school.new_browser(), school.new_browser()
    pupil.environ_base["HTTP_X_FORWARDED_FOR"] = "10.0.0.7"
    teacher.environ_base["HTTP_X_FORWARDED_FOR"] = "10.0.0.8"
    with school.hub.presence.hashing():
        for _ in range(FREE_TRIES):
            assert "PIN de cet appareil" in html.unescape(
                post(school, pupil, "/enseignant", "/enseignant", pin=PIN).text
            )
    assert "attendez" in post(school, pupil, "/enseignant", "/enseignant", pin=PIN).text
    assert sign_in(school, teacher, WORDS).status_code == 303


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


def test_a_bell_locks_and_the_pin_opens_again(school: Site) -> None:
    teacher = school.new_browser()
    first_teacher(school, teacher)
    post(school, teacher, "/enseignant/appareil", "/enseignant/appareil", pin=PIN, again=PIN)
    school.hub.vaults.lock("g")
    with pytest.raises(Locked):
        school.hub.vaults.names("g")
    assert teacher.get("/enseignant/traces/p1").status_code == 200, "traces have no names"
    assert teacher.get("/enseignant/appareil").status_code == 423
    token = re.search(r'name="csrf" value="([^"]+)"', teacher.get("/enseignant/appareil").text)
    assert token
    assert teacher.post("/enseignant", data={"csrf": token[1], "pin": PIN}).status_code == 303
    assert school.hub.vaults.names("g") == {}


def test_another_box_does_not_open_with_this_ones_sheet(school: Site) -> None:
    recovery(school)
    other = sealing.recovery_key()
    assert post(school, school.new_browser(), "/direction", "/direction", key=other).status_code == 403


def test_many_classes_open_at_sign_in(school: Site) -> None:
    """What a morning costs: thirty names of each class, once."""
    made = account(school, classes=("g",))
    for pupil in people.pupils(school.hub.db, "g"):
        school.hub.vaults.keep(pupil.id, "name", pupil.alias.encode())
    school.hub.vaults.enter(made.staff.id, made.private, "s")
    assert dict(school.hub.vaults.names("g")) == {"p1": "Renard", "p2": "Hibou"}
    assert create_app(school.hub)
