# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The health page: what is wrong first, how to mend it, and nothing for pupils that is a technician's business."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from appliance.drivers.machine_simulated import FAULTS, SimulatedMachine
from appliance.health import content, notes
from appliance.health.check import State
from appliance.health.machine import machine_checks, services
from appliance.i18n import translator
from appliance.model import ResourceState
from tests.hub import site as rig
from tests.hub.site import Site

ORDINARY = [name for name in FAULTS if name not in ("no-devices", "nothing-known")]


class Ward(Site):
    """A site on a machine whose faults the test chooses."""

    machine: SimulatedMachine

    def page(self, language: str = "fr") -> str:
        self.browser.set_cookie("cartable_langue", language)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", self.text("/sante"))).replace("\u00a0", " "))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with rig.opened(tmp_path_factory.mktemp("ward") / "state", keep_free_mb=100) as opened:
        rig.until(lambda: opened.get("/api/health").status_code == 200)  # the search has started
        yield opened


@pytest.fixture
def ward(hospital: Site) -> Iterator[Ward]:
    machine = SimulatedMachine()
    made = Ward(dataclasses.replace(hospital.hub, machine=machine))
    made.machine = machine
    yield made
    (made.hub.config.box.run / notes.NAME).unlink(missing_ok=True)


def test_nothing_to_mend(ward: Ward) -> None:
    assert "Rien à réparer." in ward.page()
    assert "Nothing to mend." in ward.page("en")
    answer = ward.get("/api/health")
    assert (answer.status_code, answer.json["ok"]) == (200, True)  # type: ignore[index]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("fault", ORDINARY)
def test_each_fault_is_first_with_its_mend(ward: Ward, fault: str, language: str) -> None:
    ward.machine.faults = [fault]
    facts, now = ward.machine.look(Path("/")), ward.hub.clock.now()
    say = translator(language)
    [wrong] = [check for check in machine_checks(facts, now, 100 << 20) if check.state is State.WRONG]
    page = ward.page(language)
    assert wrong.mend is not None
    told = [say(wrong.name), wrong.detail.localized(say), wrong.mend.localized(say)]
    places = [page.find(re.sub(r"\s+", " ", text)) for text in told]
    assert -1 not in places, told
    assert max(places) < page.index(say("The box"), page.index(say("One thing to mend.")))
    answer = ward.get("/api/health")
    assert answer.status_code == 503
    assert [check["id"] for check in answer.json["checks"] if check["state"] == "wrong"] == [wrong.id]  # type: ignore[index]


def test_several_faults_are_counted(ward: Ward) -> None:
    ward.machine.faults = ["power", "heat", "memory"]
    assert "3 choses à réparer." in ward.page()
    ward.machine.faults = ["no-devices"]
    assert "Rien à réparer." in ward.page()


def test_state_is_not_told_by_colour_alone(ward: Ward) -> None:
    ward.machine.faults = ["power", "no-devices"]
    page = ward.text("/sante")
    badges = re.findall(r'<span class="(\w+) badge">.*?#([\w-]+)"/></svg>([^<]+)</span>', page)
    assert {(look, icon) for look, icon, _ in badges} >= {("bad", "circle-x"), ("good", "circle-check")}
    assert {words for look, _, words in badges if look == "quiet"} <= {"facultatif", "inconnu"}
    assert len(badges) == len(re.findall(r"<li[ >]", page))


SECRETS = ("get_throttled", "errors_count", "6.12.48", "SQLite", "Raspberry Pi", "mmcblk0", "eth0")


def test_a_pupil_reads_no_figures(ward: Ward) -> None:
    page, answer = ward.page(), ward.get("/api/health")
    assert not [word for word in SECRETS if word in page]
    assert answer.json["versions"] == {}  # type: ignore[index]
    assert not [word for word in SECRETS if word in answer.text]
    assert "figure" not in answer.text


def test_a_teacher_reads_figures_and_versions(ward: Ward) -> None:
    ward.sign_in()
    page = ward.page()
    assert not [word for word in SECRETS if word not in page]
    answer = ward.get("/api/health")
    assert answer.json["versions"]["cartable"]  # type: ignore[index]
    assert "get_throttled=0x0" in answer.text


def test_a_process_of_the_box_reads_them_too(ward: Ward) -> None:
    told = ward.app.test_client().get("/api/health", headers={"X-Cartable-Origin": "local"}).json
    assert told is not None
    assert told["versions"]["kernel"] == "6.12.48+deb13-arm64"
    assert all("figure" in check for check in told["checks"])
    ids = {check["id"] for check in told["checks"]}
    assert {"disk", "database", "library", "search", "clock", "memory", "temperature", "power"} <= ids


def test_names_that_people_knew_are_still_there(ward: Ward) -> None:
    page = ward.page("en")
    for name in ("Disk", "Database", "Library", "Search", "Clock", "Memory", "Temperature", "Power supply"):
        assert f" {name} " in page


def test_what_the_doctor_saw_is_shown(ward: Ward) -> None:
    """The hub knows neither services nor every page of the database; root's round does."""
    now, run = ward.hub.clock.now(), ward.hub.config.box.run
    notes.keep(run, [services(SimulatedMachine(["service-failed"]).services()), content.integrity(False, "p")], now)
    page = ward.page()
    assert "2 choses à réparer." in page
    assert "journalctl -u cartable-hub" in page
    (run / notes.NAME).write_text("{")
    assert "Rien à réparer." in ward.page()


def test_a_hub_without_eyes_shows_what_root_saw(ward: Ward) -> None:
    ward.machine.faults = ["nothing-known"]
    found = machine_checks(SimulatedMachine(["heat"]).look(Path("/")), ward.hub.clock.now(), 0)
    notes.keep(ward.hub.config.box.run, found, ward.hub.clock.now())
    page = ward.page()
    assert "84 °C" in page
    assert "HD Webcam C270" in page


def test_a_damaged_resource_is_named(tmp_path: Path) -> None:
    with rig.opened(tmp_path / "state") as site:
        rig.demonstration_class(site)
        site.sign_in()
        site.upload(("carte.png", rig.picture()), title="Carte de France")
        site.settle()
        resource = site.only()
        with site.hub.db.writing() as conn:
            conn.execute("UPDATE resource SET state = ? WHERE id = ?", (ResourceState.DAMAGED, resource.id))
        assert "Ajoutez" in site.text("/sante") or resource.card.title in site.text("/sante")
        site.hub.library.stop()
        wrong = [check for check in site.get("/api/health").json["checks"] if check["state"] == "wrong"]  # type: ignore[index]
        assert "library" in {check["id"] for check in wrong}


def test_an_attachments_folder_that_cannot_be_read(tmp_path: Path) -> None:
    with rig.opened(tmp_path / "state") as site:
        folder = tmp_path / "state" / "records" / "attachments"
        folder.rmdir()
        folder.write_text("")
        checks = site.get("/api/health").json["checks"]  # type: ignore[index]
        [records] = [check for check in checks if check["id"] == "records"]
        assert records["state"] == "wrong"
        folder.unlink()
        folder.mkdir()


def test_the_simulated_machine_comes_by_its_name(tmp_path: Path) -> None:
    from appliance import box

    drivers = {"machine": "simulated", "machine_faults": "power"}
    chosen = config.load([], {"box": {"state": tmp_path}, "drivers": drivers})
    assert isinstance(box.machine(chosen), SimulatedMachine)
