# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sessions and devices: PINs and their waits, signing out, restarts, locked names."""

from __future__ import annotations

import dataclasses
import html
import re
import uuid
from pathlib import Path

import pytest

from appliance.errors import Locked
from appliance.hub import accounts, live_sessions
from appliance.hub.live_sessions import LiveSessions
from appliance.hub.presence import FREE_TRIES
from appliance.hub.vaults import Vaults
from appliance.store import devices, staff
from tests.hub.people import WORDS, account
from tests.hub.site import Site
from tests.hub.staff_rig import (
    OTHERS,
    PIN,
    Hand,
    _quick,
    first_teacher,
    post,
    school,
    sign_in,
)

__all__ = ["_quick", "school"]


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
    wrong = teacher.post("/enseignant", data={"csrf": token[1], **form, "code": OTHERS})
    assert wrong.status_code == 403
    assert 'name="next" value="/enseignant/essai?a=b"' in wrong.text, "a wrong try goes on there too"
    assert teacher.post("/enseignant", data={"csrf": token[1], **form}).headers["Location"] == form["next"]
    assert "Lina" in teacher.get(form["next"]).text


def test_pages_that_would_show_names_lead_to_what_opens_them(school: Site) -> None:
    teacher = school.new_browser()
    first_teacher(school, teacher)
    page, opens = "/enseignant/classes/g", "/enseignant?suite=/enseignant/classes/g"
    school.hub.vaults.keep("p1", "name", b"Lina")
    assert "Lina" in teacher.get(page).text
    assert opens not in teacher.get(page).text
    post(school, teacher, "/enseignant/seance/ouvrir", "/enseignant/accueil", classe="g")
    over = post(school, teacher, "/enseignant/seance/cloche", "/enseignant/accueil").headers["Location"]
    assert f"/enseignant?suite={over}" in teacher.get(over).text
    for each in (page, page + "/papier"):
        assert opens in teacher.get(each).text
    assert "Lina" not in teacher.get(page).text
    assert 'name="next" value="/enseignant/classes/g"' in teacher.get(opens).text
    assert teacher.get("/enseignant?suite=//evil.example").headers["Location"] == "/enseignant/accueil"
    answer = post(school, teacher, "/enseignant", opens, code=WORDS, next=page)
    assert answer.headers["Location"] == page
    assert "Lina" in teacher.get(page).text


def test_a_reopened_lesson_of_locked_names_says_how_to_open_them_to_its_own_teacher(school: Site) -> None:
    teacher, substitute = school.new_browser(), school.new_browser()
    first_teacher(school, teacher)
    school.hub.vaults.keep("p1", "name", b"Lina")
    post(school, teacher, "/enseignant/seance/ouvrir", "/enseignant/accueil", classe="g")
    assert "suite=" not in teacher.get("/enseignant/seance").text, "another activity of the same class locks nothing"
    school.hub.vaults.lock("g")
    assert "/enseignant?suite=/enseignant/seance" in teacher.get("/enseignant/seance").text
    sign_in(school, substitute, school.hub.presence.code)
    assert "suite=" not in substitute.get("/enseignant/seance").text
    post(school, teacher, "/enseignant", "/enseignant?suite=/enseignant/seance", code=WORDS)
    assert school.hub.vaults.is_open("g")
    post(school, substitute, "/enseignant/seance/ouvrir", "/enseignant/accueil", classe="g")
    assert not school.hub.vaults.is_open("g"), "a substitute who takes over has no names beside them"


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


def test_pins_from_devices_that_were_never_enrolled_cost_nothing(school: Site) -> None:
    """They wait for no passphrase, write nothing, and keep nobody else out."""
    account(school, classes=("g",))
    pupil, teacher = school.new_browser(), school.new_browser()
    pupil.environ_base["HTTP_X_FORWARDED_FOR"] = "10.0.0.7"
    teacher.environ_base["HTTP_X_FORWARDED_FOR"] = "10.0.0.8"
    with school.hub.presence.hashing():
        for number in range(FREE_TRIES):
            if number == 2:  # a secret, but of no device
                pupil.set_cookie(accounts.DEVICE_COOKIE, f"{uuid.UUID(int=7)}.{bytes(32).hex()}")
            assert "PIN de cet appareil" in html.unescape(
                post(school, pupil, "/enseignant", "/enseignant", pin=PIN).text
            )
    assert "attendez" in post(school, pupil, "/enseignant", "/enseignant", pin=PIN).text
    assert sign_in(school, teacher, WORDS).status_code == 303


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
