# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""One pupil: taken away as a file, erased for good; and what goes by itself when it is too old."""

from __future__ import annotations

import dataclasses
import datetime
import io
import json
import uuid
import zipfile
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance import passphrase, sealing
from appliance.errors import NotFound
from appliance.hub.records_office import Office
from appliance.hub.retention import NOTICE, Retention, ends, erases_at
from appliance.hub.roles import Role
from appliance.ports import Clock, Now
from appliance.store import audit, classes, people, record_exports, statements, vault
from appliance.store.erasure import Erasure
from tests.hub import site as rig
from tests.hub.people import account, seat
from tests.hub.site import Site

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
MEDIUM = b"\xff\xd8\xff\xe0 a picture of Lina " * 50


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        yield site


@pytest.fixture
def teacher(school: Site) -> FlaskClient:
    """A class with names, a text and a medium of its first pupil, and an answer of each pupil."""
    made, browser = account(school, classes=("g",)), school.new_browser()
    seat(school, browser, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
    for pupil, name in (("p1", "Lina"), ("p2", "Éloïse")):
        school.hub.vaults.keep(pupil, "name", name.encode())
        school.browser = school.new_browser()
        school.enter(pupil)
        answer(school)
    school.hub.vaults.keep("p1", "text", "Mon chien s’appelle Rex".encode())
    school.hub.vaults.keep("p1", "media", MEDIUM, media_type="image/jpeg")
    return browser


def answer(site: Site) -> None:
    fields = {"id": str(uuid.uuid4()), "question": "q1", "choice": "a"}
    page = site.text("/exercice/a1")
    token = page.partition('name="token" value="')[2].partition('"')[0]
    assert site.post("/exercice/a1", token=token, **fields).status_code in (200, 303)


def told(site: Site, pupil: str) -> int:
    return len(statements.results(site.hub.db, "l", pupil, "a1"))


def test_the_export_is_read_without_the_box(school: Site, teacher: FlaskClient) -> None:
    answer = teacher.get("/enseignant/eleves/p1/export.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    assert "Lina" not in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["index.html", "donnees.json", "media/001.jpg"]
        page, data = archive.read("index.html").decode(), json.loads(archive.read("donnees.json"))
        assert archive.read("media/001.jpg") == MEDIUM
    for words in ("Lina", "Renard", "CE2", "Mon chien", 'src="media/001.jpg"', "Combien"):
        assert words in page
    assert "Éloïse" not in page
    assert "http://localhost" not in page
    assert (data["first_name"], data["texts"][0]["text"]) == ("Lina", "Mon chien s’appelle Rex")
    assert len(data["statements"]) == 1
    assert ("pupil exported", "p1") in [(each.act, each.subject) for each in audit.entries(school.hub.db.reading())]


def test_one_class_at_a_time_is_listed(school: Site, teacher: FlaskClient) -> None:
    with school.hub.db.writing() as conn:
        conn.execute("INSERT INTO school_group VALUES ('z', 'Zèbres')")
        conn.execute("INSERT INTO pupil VALUES ('z1', 'z', 'Ours', '1F43B', 0)")
    first, other = (teacher.get(f"/enseignant/eleves{query}").text for query in ("", "?classe=z"))
    assert ("/eleves/p1" in first, "/eleves/z1" in first) == (True, False)
    assert ("/eleves/p1" in other, "/eleves/z1" in other) == (False, True)
    assert teacher.get("/enseignant/eleves?classe=none").text.count("aria-current") == 1


def test_a_locked_class_is_not_exported(school: Site, teacher: FlaskClient) -> None:
    school.hub.vaults.lock("g")
    answer = teacher.get("/enseignant/eleves/p1/export.zip")
    assert answer.status_code == 423
    assert 'name="next" value="/enseignant/eleves/p1"' in answer.text, "the page that offers the file"


def test_a_damaged_medium_spoils_no_export(school: Site, teacher: FlaskClient) -> None:
    next(school.hub.vaults.folder.iterdir()).write_bytes(b"x")
    answer = teacher.get("/enseignant/eleves/p1/export.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == ["index.html", "donnees.json"]


def test_erasing_is_asked_for_twice_and_leaves_nothing(school: Site, teacher: FlaskClient) -> None:
    sealed = next(school.hub.vaults.folder.iterdir()).read_bytes()
    assert teacher.post("/enseignant/eleves/p1/effacer?csrf=token").status_code == 400
    assert told(school, "p1") == 1
    page = teacher.post("/enseignant/eleves/p1/effacer?csrf=token", data={"sure": "yes"})
    assert page.status_code == 200
    assert "Lina" not in page.text
    assert teacher.get("/enseignant/eleves/p1").status_code == 404
    assert dict(school.hub.vaults.names("g")) == {"p2": "Éloïse"}
    assert (told(school, "p1"), told(school, "p2")) == (0, 1)
    assert list(school.hub.vaults.folder.iterdir()) == []
    conn = school.hub.db.reading()
    for table in ("pupil_key", "sealed_item", "member", "pupil_detail"):
        assert conn.execute(f"SELECT 1 FROM {table} WHERE pupil = 'p1'").fetchone() is None
    with pytest.raises(NotFound):
        vault.open_pupil_key(conn, "p1", school.hub.vaults.private("g"))
    for path in school.hub.config.box.state.rglob("*"):
        assert path.is_dir() or sealed[:64] not in path.read_bytes()


def test_an_erasure_is_in_the_audit_as_it_ended(school: Site, teacher: FlaskClient) -> None:
    """Not as done while somebody still reads the old bytes."""
    office = Office(school.hub.records)
    office._erasure = Erasure(school.hub.records, patience_s=0.3)
    school.app.extensions["records_office"] = office
    reading = record_exports.lines(school.hub.db, school.hub.records.attachments, school.hub.clock.now())
    next(reading)
    next(reading)
    assert teacher.post("/enseignant/eleves/p1/effacer?csrf=token", data={"sure": "yes"}).status_code == 503
    reading.close()
    outcomes = [each.outcome for each in audit.entries(school.hub.db.reading()) if each.act == "pupil erased"]
    assert outcomes == [audit.FAILED]


def test_a_pupil_of_a_need_group_can_be_erased(school: Site, teacher: FlaskClient) -> None:
    with school.hub.db.writing() as conn:
        conn.execute("INSERT INTO school_group VALUES ('n', 'Lecture')")
        conn.execute("INSERT INTO member VALUES ('n', 'p1')")
        conn.execute("INSERT INTO pupil_detail (pupil) VALUES ('p1')")
    assert teacher.post("/enseignant/eleves/p1/effacer?csrf=token", data={"sure": "yes"}).status_code == 200
    assert [pupil.id for pupil in people.pupils(school.hub.db, "g")] == ["p2"]


def test_ends_of_school_years() -> None:
    for here, there in (("2026-08-31T23:59:59", 2025), ("2026-09-01T00:00:00", 2026), ("2027-01-05T08:00:00", 2026)):
        found = ends(datetime.datetime.fromisoformat(here).replace(tzinfo=PARIS))
        assert (found.year, found.month, found.day) == (there, 9, 1)


def moment(text: str, *, trusted: bool = True) -> Now:
    return Now(datetime.datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp(), trusted, 5.0, "b")


def erasing(site: Site, text: str) -> datetime.datetime | None:
    return erases_at(site.hub.db, datetime.datetime.fromisoformat(text).replace(tzinfo=PARIS))


def test_a_school_year_ends(school: Site, teacher: FlaskClient) -> None:
    """Answers and texts of the year go, after a notice; names, keys and the class stay."""
    year = datetime.datetime.now(PARIS)
    over = ends(year).year + 1
    keeper = Retention(school.hub.records, school.hub.trail, "Europe/Paris")
    assert not keeper.run(moment(f"{over}-10-01T08:00:00", trusted=False))
    assert erasing(school, f"{over}-06-30T08:00:00") is None
    assert keeper.run(moment(f"{over}-07-02T08:00:00"))
    assert not keeper.run(moment(f"{over}-07-02T20:00:00")), "once a day"
    with school.hub.db.writing() as conn:
        classes.leave(conn, "p2", f"{over}-06-30T08:00:00.000000Z")
    coming = erasing(school, f"{over}-07-02T08:00:00")
    assert coming is not None
    assert (coming.month, coming.day) == (9, 1)
    assert keeper.run(moment(f"{over}-07-30T08:00:00"))
    assert keeper.run(moment(f"{over}-08-20T08:00:00"))
    assert keeper.run(moment(f"{over}-08-31T23:50:00"))
    assert told(school, "p1") == 1
    assert keeper.run(moment(f"{over}-09-01T00:10:00"))
    assert (told(school, "p1"), told(school, "p2")) == (0, 0)
    assert dict(school.hub.vaults.names("g")) == {"p1": "Lina"}, "who left goes altogether"
    assert vault.items(school.hub.db.reading(), "p1", "text", "media") == []
    assert list(school.hub.vaults.folder.iterdir()) == []
    assert erasing(school, f"{over}-09-02T08:00:00") is None
    assert audit.entries(school.hub.db.reading(), limit=1)[0].act == "retention"
    school.browser = school.new_browser()
    school.enter("p1")
    answer(school)
    assert told(school, "p1") == 1, "the next year begins"


def test_a_box_that_slept_all_summer_tells_first(school: Site, teacher: FlaskClient) -> None:
    over = ends(datetime.datetime.now(PARIS)).year + 1
    keeper = Retention(school.hub.records, school.hub.trail, "Europe/Paris")
    assert keeper.run(moment(f"{over}-09-20T08:00:00"))
    assert told(school, "p1") == 1
    due = erasing(school, f"{over}-09-21T08:00:00")
    assert due is not None
    assert due.date() == datetime.date(over, 9, 20) + NOTICE
    assert keeper.run(moment(f"{over}-10-05T08:00:00"))
    assert told(school, "p1") == 0


def test_who_left_under_a_wrong_clock_is_not_erased_by_it(school: Site, teacher: FlaskClient) -> None:
    """The day of leaving is the first that the box can be sure of."""
    over = ends(datetime.datetime.now(PARIS)).year + 1
    real = school.hub.clock
    object.__setattr__(school.hub, "clock", Wrong(real))
    page = "/enseignant/classes/g/eleves/p2/retirer"
    assert teacher.post(page, data={"csrf": "token"}).status_code == 303
    object.__setattr__(school.hub, "clock", real)
    assert [pupil.id for pupil in classes.pupils(school.hub.db, "g")] == ["p1"]
    keeper = Retention(school.hub.records, school.hub.trail, "Europe/Paris")
    for day in ("01", "20"):
        assert keeper.run(moment(f"{over}-10-{day}T08:00:00"))
    assert {pupil.id for pupil in people.pupils(school.hub.db, "g")} == {"p1", "p2"}
    for day in ("02", "20"):
        assert keeper.run(moment(f"{over + 1}-09-{day}T08:00:00"))
    assert [pupil.id for pupil in people.pupils(school.hub.db, "g")] == ["p1"]


def test_a_clock_that_jumps_erases_nothing(school: Site, teacher: FlaskClient) -> None:
    """A wrong hour of the network, told twice for some days, years away; then the right one again."""
    year = ends(datetime.datetime.now(PARIS)).year + 1
    keeper = Retention(school.hub.records, school.hub.trail, "Europe/Paris")
    for day in (f"{year}-03-01", f"{year}-03-20", f"{year}-11-05", f"{year}-11-12", f"{year}-03-21",
                f"{year + 2}-10-20", f"{year + 2}-10-30"):  # fmt: skip
        assert keeper.run(moment(f"{day}T08:00:00"))
    assert (told(school, "p1"), len(vault.items(school.hub.db.reading(), "p1", "text", "media"))) == (1, 2)
    school.hub.trail.flush()
    assert [each for each in audit.entries(school.hub.db.reading()) if each.act == "came in"]
    due = erasing(school, f"{year + 2}-10-30T08:00:00")
    assert due is not None
    assert due.date() == datetime.date(year + 2, 11, 3), "two weeks after the jump, if it was none"
    for day in (f"{year}-03-22", f"{year}-04-10", f"{year}-05-05", f"{year}-06-01", f"{year}-07-01", f"{year}-07-25",
                f"{year}-08-20", f"{year}-09-01"):  # fmt: skip
        assert told(school, "p1") == 1
        assert keeper.run(moment(f"{day}T08:00:00"))
    assert told(school, "p1") == 0, "in its time, told in July"


class Wrong:
    """The clock of a box that started without one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> Now:
        return dataclasses.replace(self._clock.now(), wall=1_709_280_000.0, trusted=False)


def test_the_audit_is_kept_for_a_year(school: Site) -> None:
    with school.hub.db.writing() as conn:
        for at in ("2026-01-05T08:00:00.000000Z", "2026-12-05T08:00:00.000000Z"):
            audit.add(conn, at=at, trusted=True, who="", role="box", act="x", subject="", outcome="done")
    keeper = Retention(school.hub.records, school.hub.trail, "Europe/Paris")
    keeper.run(moment("2027-02-14T08:00:00"))
    assert len([each for each in audit.entries(school.hub.db.reading()) if each.act == "x"]) == 2, "not sure yet"
    keeper.run(moment("2027-03-01T08:00:00"))
    assert [each.at[:7] for each in audit.entries(school.hub.db.reading()) if each.act == "x"] == ["2026-12"]
    assert audit.verify(school.hub.db.reading()) is None


def test_what_was_sealed_without_a_clock_is_dated_later(school: Site, teacher: FlaskClient) -> None:
    items = {each.id: each.at for each in vault.items(school.hub.db.reading(), "p1")}
    with school.hub.db.writing() as conn:
        conn.execute("UPDATE sealed_item SET at = ''")
    Retention(school.hub.records, school.hub.trail, "Europe/Paris").run(moment("2027-03-01T08:00:00"))
    found = vault.items(school.hub.db.reading(), "p1")
    assert {each.id for each in found} == set(items)
    assert all(each.at.startswith("2027-03-01") for each in found)
    assert dataclasses.asdict(found[0])["kind"]
