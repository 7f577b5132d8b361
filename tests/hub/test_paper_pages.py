# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sheets of a class as its teacher gets them: names only while the vault is open, nothing kept anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from flask.testing import FlaskClient

from appliance import passphrase, sealing
from appliance.hub.paper_pages import SHEETS
from appliance.hub.roles import Role
from appliance.store import classes, settings, staff, vault
from tests.hub import site as rig
from tests.hub.people import account, seat
from tests.hub.site import Site
from tests.hub.test_paper import codes, words

HOME = "/enseignant/classes/g/papier"
NAME = "Œdipe-Zoé"


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
        yield


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, FlaskClient, staff.Opened]]:
    """A class of two whose first pupil has a name; its teacher's browser, the vault open."""
    with rig.opened(tmp_path_factory.mktemp("paper") / "state") as site:
        rig.demonstration_class(site)
        made = account(site, classes=("g",))
        with site.hub.db.writing() as conn:
            classes.change(conn, "g", name="CE2", regime=classes.NAMED, level="ce2", names_shown=False)
            vault.seal(conn, "p1", "name", NAME.encode())
        browser = site.new_browser()
        seat(site, browser, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
        yield site, browser, made


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("what", SHEETS)
def test_every_sheet_is_a_pdf_that_nobody_keeps(named: tuple[Site, FlaskClient, staff.Opened], what: str) -> None:
    site, browser, _made = named
    state = site.hub.config.box.state
    answer = browser.get(f"{HOME}/{what}.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f"inline; filename={what}-CE2.pdf"
    assert len(pypdfium2.PdfDocument(answer.data)) >= 1
    assert (
        f'href="{HOME}/{what}.pdf' in browser.get(HOME).text or f'action="{HOME}/{what}.pdf' in browser.get(HOME).text
    )
    for path in files(state):
        kept = path.read_bytes()
        assert NAME.encode() not in kept, path
        assert b"%PDF" not in kept, path


def test_names_while_the_vault_is_open(named: tuple[Site, FlaskClient, staff.Opened]) -> None:
    site, browser, made = named
    for what in ("badges", "classe"):
        assert NAME in words(browser.get(f"{HOME}/{what}.pdf").data)
    site.hub.vaults.lock("g")
    other = site.new_browser()
    seat(site, other, Role.TEACHER, made.staff.id)
    other_page = other.get(f"{HOME}/badges.pdf")
    assert other_page.status_code in (200, 302)
    if other_page.status_code == 200:
        assert NAME not in words(other_page.data)
        assert "Renard" in words(other_page.data)


def test_a_badge_leads_to_its_pupil(named: tuple[Site, FlaskClient, staff.Opened]) -> None:
    site, browser, _made = named
    addresses = codes(browser.get(f"{HOME}/badges.pdf").data)
    assert len(addresses) == 2
    for address in addresses:
        assert "/badge/" in address
        answer = site.new_browser().get("/" + address.split("/", 3)[3])
        assert (answer.status_code, answer.location[:5]) == (303, "/qui/")


def test_unknown_sheets_and_classes(named: tuple[Site, FlaskClient, staff.Opened]) -> None:
    _site, browser, _made = named
    assert browser.get(f"{HOME}/passeport.pdf").status_code == 404
    assert browser.get("/enseignant/classes/none/papier/badges.pdf").status_code in (403, 404)
    assert browser.get(f"{HOME}/prets.pdf?tablettes=abc").status_code == 200
    assert len(pypdfium2.PdfDocument(browser.get(f"{HOME}/prets.pdf?tablettes=30").data)) == 3


def test_only_the_key_of_this_box_is_printed(named: tuple[Site, FlaskClient, staff.Opened]) -> None:
    site, browser, _made = named
    key = sealing.recovery_key()
    settings.put(site.hub.db, vault.RECOVERY_SETTING, sealing.recovery_pair(key).public.hex())
    right = browser.post("/enseignant/cle/feuille.pdf", data={"csrf": "token", "key": key})
    assert right.headers["Cache-Control"] == "no-store"
    assert key.replace("-", "") in words(right.data).replace(" ", "").replace("–", "")
    for wrong, status in ((sealing.recovery_key(), 403), ("", 400), (key[:-1] + "?", 400)):
        assert browser.post("/enseignant/cle/feuille.pdf", data={"csrf": "token", "key": wrong}).status_code == status


def test_printing_is_in_the_audit(named: tuple[Site, FlaskClient, staff.Opened]) -> None:
    site, browser, _made = named
    browser.get(f"{HOME}/badges.pdf")
    rows = site.hub.db.reading().execute("SELECT * FROM audit").fetchall()
    assert any("sheet printed" in tuple(row) for row in rows)
    assert not any("Zo" in str(tuple(row)) for row in rows)
