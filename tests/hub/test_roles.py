# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Every rule of the application, tried with every role: who may is ``rights.py``, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance import passphrase, sealing
from appliance.hub.roles import Role
from appliance.model import Group, Lesson, Pupil
from appliance.store import people, settings, staff, vault
from appliance.store.db import Connection
from tests.hub import site as rig
from tests.hub.people import account, recovery, seat
from tests.hub.rights import RIGHTS
from tests.hub.site import Site

HERE = {"group_id": "g", "pupil_id": "p1", "activity_id": "a1", "lesson_id": "l", "number": "999999",
        "item_id": "m1"}  # fmt: skip
REFUSALS = ("Your role does not give access", "Only the teacher may do this", "belongs to another teacher",
            "Only the box itself")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
        yield


class School:
    """A box with a class of one teacher and a class of another, or with no teacher at all."""

    def __init__(self, site: Site, *, staffed: bool) -> None:
        self.site = site
        self.accounts: dict[str, staff.Opened] = {}
        rig.demonstration_class(site)
        if not staffed:
            return
        other = [Pupil("q1", "h", "Loup", "1F43A")]
        people.put_class(site.hub.db, Group("h", "CM1"), other, [], Lesson("m", "h", "x", "2026-11-01T08:00:00Z"))
        self.paper = recovery(site)
        self.accounts = {
            "T": account(site, classes=("g",)),
            "O": account(site, words="navet soleil tortue radis", classes=("h",)),
            "K": account(site, staff.TECHNICIAN, "chou soleil tortue radis"),
        }
        site.enter("p1")
        token = site.text("/exercice/a1").partition('name="token" value="')[2].partition('"')[0]
        given = {"id": "8c1d0f0e-7d0b-4b39-9d42-2f6a3d1c5a10", "token": token, "question": "q1", "response": "a"}
        site.browser.post("/api/answers", json=[given])

    def ask(self, who: str, method: str, rule: str) -> TestResponse:
        with self.site.hub.db.writing() as conn:  # a bell may have rung
            conn.execute("UPDATE lesson SET ended_at = NULL WHERE id = 'l'")
            self._photograph(conn)
        browser = self.site.new_browser()
        browser.set_cookie("cartable_langue", "en")
        self._sit(browser, who)
        path = rule
        for name, value in HERE.items():
            path = path.replace(f"<{name}>", value).replace(f"<int:{name}>", value)
        while "<" in path:
            path = path[: path.index("<")] + "none" + path[path.index(">") + 1 :]
        headers = {"X-CSRF-Token": "token"} | ({"X-Cartable-Origin": "local"} if who == "B" else {})
        return browser.open(f"{path}?csrf=token", method=method, headers=headers)

    def _photograph(self, conn: Connection) -> None:
        """A photo of the first pupil of the class of a teacher, whatever was deleted before."""
        if self.accounts and conn.execute("SELECT 1 FROM sealed_item WHERE id = 'm1'").fetchone() is None:
            told = "SELECT statement FROM answer WHERE pupil = 'p1' LIMIT 1"
            row = conn.execute(told).fetchone()
            vault.seal(conn, "p1", vault.MEDIA, b"photo", item_id="m1", about=row[0], media_type="image/jpeg",
                       folder=self.site.hub.vaults.folder)  # fmt: skip

    def _sit(self, browser: FlaskClient, who: str) -> None:
        with browser.session_transaction() as session:
            session["csrf"] = "token"
            if who == "P":
                session["lesson"], session["pupil"] = "l", "p1"
        if who in "CS":
            seat(self.site, browser, Role.PRESENCE)
        elif who == "D":
            settings.put(self.site.hub.db, vault.RECOVERY_SETTING, self.paper.public.hex())  # a rule makes another
            seat(self.site, browser, Role.DIRECTOR, vault.RECOVERY, self.paper)
        elif who in "TOK":
            made = self.accounts[who]
            seat(self.site, browser, Role(made.staff.role), made.staff.id, sealing.of_private(made.private))


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with rig.opened(tmp_path_factory.mktemp("staffed") / "state") as site:
        yield School(site, staffed=True)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with rig.opened(tmp_path_factory.mktemp("fresh") / "state") as site:
        yield School(site, staffed=False)


def turned_away(answer: TestResponse) -> bool:
    if answer.status_code == 302:
        return answer.headers["Location"] == "/enseignant"
    return answer.status_code == 403 and any(sentence in answer.text for sentence in REFUSALS)


def rules(site: Site) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }


def test_every_rule_says_who_may(staffed: School) -> None:
    assert not rules(staffed.site) - set(RIGHTS), "say in tests/hub/rights.py who may use these"
    assert not set(RIGHTS) - rules(staffed.site), "these are gone"


@pytest.mark.parametrize("rule", sorted(RIGHTS))
def test_who_may(staffed: School, fresh: School, rule: str) -> None:
    method, _, path = rule.partition(" ")
    for who in "NPCSTOKDB":
        answer = (fresh if who == "C" else staffed).ask(who, method, path)
        assert answer.status_code < 500 or path in ("/api/health", "/api/library/verify"), (who, answer.text)
        assert turned_away(answer) is (who not in RIGHTS[rule]), (who, answer.status_code, answer.text[:500])


NONSENSE: tuple[object, ...] = (
    None, [], ["x"], "x", 5, ["", "teacher", "", 9e9, "s", ""], ["x", "director", "", 1, "s", ""],
    ["recovery", "director", "b", 9e9, "s", "00" * 8], [[], {}, None, "x", 1, 2],
)  # fmt: skip


@pytest.mark.parametrize("cookie", NONSENSE)
def test_a_cookie_that_is_nonsense_is_nobody(staffed: School, cookie: object) -> None:
    """Signed by us all the same: by another release, say."""
    browser = staffed.site.new_browser()
    with browser.session_transaction() as session:
        session["staff"] = cookie
    assert browser.get("/enseignant/accueil").headers["Location"] == "/enseignant"


def test_a_forged_cookie_is_nobody(staffed: School) -> None:
    browser = staffed.site.new_browser()
    staffed._sit(browser, "D")
    assert browser.get("/direction/accueil").status_code == 200
    kept = browser.get_cookie("cartable")
    assert kept
    body, _, signature = kept.value.rpartition(".")
    for changed in (f"{body}x.{signature}", f"{body}.{signature[:-2]}xx", body, "x" + kept.value):
        browser.set_cookie("cartable", changed)
        assert browser.get("/direction/accueil").status_code == 302


def test_a_box_gets_its_first_teacher_and_the_code_is_a_substitutes(fresh: School, tmp_path: Path) -> None:
    with rig.opened(tmp_path / "state") as site:
        rig.demonstration_class(site)
        site.sign_in()
        assert site.get("/enseignant/bibliotheque").status_code == 200
        account(site, classes=("g",))
        assert site.get("/enseignant/bibliotheque").status_code == 403
        assert site.get("/enseignant/traces/p1").status_code == 403
