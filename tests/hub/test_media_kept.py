# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Photos and voices once they are here: who sees, deletes, exports and erases them, and lessons that keep none."""

from __future__ import annotations

import io
import re
import uuid
import zipfile

import pytest
from flask.testing import FlaskClient

from appliance import sealing
from appliance.hub import passing, quiz_delivery
from appliance.hub.roles import Role
from appliance.model import Group, Lesson, Planned, Pupil
from appliance.store import audit, lessons, merging, people, vault
from tests import media
from tests.hub import pupil_media
from tests.hub.people import account, seat
from tests.hub.pupil_media import Tablet, bodies, deliver, files, refusal, sealed
from tests.hub.site import Site

school, teacher = pupil_media.school, pupil_media.teacher


def test_the_teacher_sees_it_and_deletes_it(school: Site, teacher: FlaskClient) -> None:
    school.hub.vaults.keep("p1", "name", b"Zoubida")
    Tablet(school, "p1").send()
    Tablet(school, "p2").send("dit", media.recording())
    photo, voice = sealed(school)
    page = teacher.get("/enseignant/travaux/seance/l").text
    for words in (f'src="/enseignant/travaux/{photo}"', f'src="/enseignant/travaux/{voice}"', "Zoubida", "Montre ton",
                  "Dessine et raconte"):  # fmt: skip
        assert words in page
    for address in ("/enseignant/seance", "/enseignant/seance/bilan/l"):
        assert "/enseignant/travaux/seance/l" in teacher.get(address).text
    assert "/enseignant/travaux/eleve/p1" in teacher.get("/enseignant/traces/p1").text
    assert voice not in teacher.get("/enseignant/travaux/eleve/p1").text
    shown = teacher.get(f"/enseignant/travaux/{photo}")
    assert shown.data.startswith(b"\xff\xd8\xff")
    told = shown.headers
    assert (told["Content-Type"], told["Cache-Control"], told["X-Content-Type-Options"]) == (
        "image/jpeg", "no-store", "nosniff",
    )  # fmt: skip
    assert told["Content-Security-Policy"] == "sandbox; default-src 'none'"
    part = teacher.get(f"/enseignant/travaux/{voice}", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data, part.headers["Content-Type"]) == (206, b"RIFF", "audio/wav")
    token = {"csrf": "token"}
    gone = teacher.post(f"/enseignant/travaux/{photo}/effacer", data={**token, "back": "l"})
    assert gone.headers["Location"] == "/enseignant/travaux/seance/l"
    assert [path.name for path in files(school)] == [voice]
    assert teacher.get(f"/enseignant/travaux/{photo}").status_code == 404
    assert ("medium deleted", "p1") in [(each.act, each.subject) for each in audit.entries(school.hub.db.reading())]


def test_nobody_else_does(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p1")
    tablet.send()
    (item,) = sealed(school)
    people.put_class(school.hub.db, Group("h", "CM1"), [Pupil("q1", "h", "Loup", "1F43A")], [],
                     Lesson("m", "h", "x", "2026-11-01T08:00:00Z", "2026-11-01T09:00:00Z"))  # fmt: skip
    other = account(school, words="navet soleil tortue radis", classes=("h",))
    keeper = account(school, "technician", words="chou soleil tortue radis")
    roles = [(Role.TEACHER, other), (Role.TECHNICIAN, keeper), (Role.PRESENCE, None), (None, None)]
    for role, made in roles:
        browser = school.new_browser()
        if role is not None:
            pair = sealing.of_private(made.private) if made else None
            seat(school, browser, role, made.staff.id if made else "", pair)
        for address in (f"/enseignant/travaux/{item}", "/enseignant/travaux/seance/l", "/enseignant/travaux/eleve/p1"):
            assert browser.get(address).status_code in (302, 403), (role, address)
        assert browser.post(f"/enseignant/travaux/{item}/effacer?csrf=token").status_code in (302, 403)
    assert tablet.browser.get(f"/enseignant/travaux/{item}").status_code == 302
    assert len(files(school)) == 1


def test_a_locked_vault_shows_none(school: Site, teacher: FlaskClient) -> None:
    Tablet(school, "p1").send()
    (item,) = sealed(school)
    school.hub.vaults.lock("g")
    for address in (f"/enseignant/travaux/{item}", "/enseignant/travaux/seance/l"):
        assert teacher.get(address).status_code == 423


def test_export_and_erasure(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p1")
    tablet.send()
    for body in (media.recording(), media.m4a(), media.WEBM, media.OGG, media.MP3):
        tablet.send("dit", body)
    kept = [path.read_bytes() for path in files(school)]
    with zipfile.ZipFile(io.BytesIO(teacher.get("/enseignant/eleves/p1/export.zip").data)) as archive:
        names = [name.rpartition(".")[2] for name in archive.namelist() if name.startswith("media/")]
        assert names == ["jpg", "wav", "m4a", "webm", "ogg", "mp3"]
        assert archive.read("media/001.jpg").startswith(b"\xff\xd8\xff")
        page = archive.read("index.html").decode()
        assert '<img src="media/001.jpg"' in page
        assert '<audio controls src="media/003.m4a"' in page
    assert teacher.post("/enseignant/eleves/p1/effacer?csrf=token", data={"sure": "yes"}).status_code == 200
    assert files(school) == []
    for path in school.hub.config.box.state.rglob("*"):
        assert path.is_dir() or not any(each[:40] in path.read_bytes() for each in kept)


class TestNotKept:
    """In an anonymous lesson, and in a class that keeps no portfolio: memory only, and it says so."""

    @pytest.fixture
    def anonymous(self, school: Site) -> Tablet:
        lesson = school.hub.anonymous.begin(
            "Anonyme", [("1F98A", "Renard"), ("1F989", "Hibou")], (Planned("activity", "medias"),),
            lessons.options("{}"), "2026-11-02T08:00:00Z",
        )  # fmt: skip
        assert lesson.id.startswith("anonymous-")
        return Tablet(school, school.hub.anonymous.pupils()[0].id)

    def seen(self, site: Site, lesson: str) -> list[bytes]:
        browser = site.new_browser()
        seat(site, browser, Role.PRESENCE)
        page = browser.get(f"/enseignant/travaux/seance/{lesson}").text
        return [browser.get(src).data for src in re.findall(r' src="(/enseignant/travaux/[^"]+)"', page)]

    def test_of_an_anonymous_lesson(self, school: Site, anonymous: Tablet) -> None:
        assert "Pas conservé" in anonymous.page()
        fields = anonymous.answer()
        for _ in range(2):
            again = {**fields, "medium": media.photo(place=True)}
            assert deliver(anonymous.browser, again).json == {"accepted": [fields["id"]], "refused": []}
        other = {**fields, "medium": media.photo((9, 9))}
        assert refusal(deliver(anonymous.browser, other))
        running = school.hub.anonymous.running()
        assert running
        (shown,) = self.seen(school, running.id)
        assert shown.startswith(b"\xff\xd8\xff")
        assert not files(school)
        assert not bodies(school)
        late = anonymous.answer()
        school.hub.anonymous.end("2026-11-02T09:00:00Z")
        assert refusal(deliver(anonymous.browser, late))

    def test_of_a_class_without_portfolio(self, school: Site) -> None:
        tablet = Tablet(school, "p1")
        assert "Pas conservé" in tablet.page()
        tablet.send()
        assert len(self.seen(school, "l")) == len(bodies(school)) == 1
        assert files(school) == []
        late = tablet.answer("dit", media.recording())
        lessons.end(school.hub.db, "2026-11-02T09:00:00Z", sure=True)
        assert deliver(tablet.browser, late).json == {"accepted": [late["id"]], "refused": []}, "still there to look at"
        assert len(self.seen(school, "l")) == 2
        school.hub.passing.enter("another")
        assert self.seen(school, "l") == []
        never = {**late, "id": str(uuid.uuid4())}
        assert "finie" in refusal(deliver(tablet.browser, never))
        assert len(bodies(school)) == 2

    def test_a_hub_that_has_just_started_knows_the_lesson(self, school: Site) -> None:
        fields = Tablet(school, "p1").answer()
        object.__setattr__(school.hub, "passing", passing.Passing())
        deliver(school.new_browser(), fields)
        assert len(self.seen(school, "l")) == 1

    def test_there_is_a_bound(self, school: Site, anonymous: Tablet) -> None:
        object.__setattr__(school.hub, "passing", passing.Passing(6_000))
        told = [anonymous.send(body=media.photo((600, 400 + n))).json for n in range(9)]
        refused = [each for each in told if each and each["refused"]]
        assert 0 < len(refused) < 9
        assert "autant de photos" in refused[0]["refused"][0]["reason"]
        assert len(school.hub.anonymous.answered()) == 9 - len(refused), "no answer without its photo"

    def test_an_erased_pupils_go(self, school: Site) -> None:
        Tablet(school, "p1").send()
        school.hub.passing.forget_pupil("p1")
        assert self.seen(school, "l") == []


def test_of_two_on_one_tablet_each_has_it(school: Site, teacher: FlaskClient) -> None:
    with school.app.test_request_context():
        token = quiz_delivery.token("l", ["p1", "p2"], "medias")
    fields = {"id": str(uuid.uuid4()), "token": token, "question": "vu", "medium": media.photo()}
    for _ in range(2):
        assert deliver(school.new_browser(), fields).json == {"accepted": [fields["id"]], "refused": []}
    assert len(sealed(school)) == len(set(sealed(school))) == len(bodies(school)) == 2
    assert teacher.post("/enseignant/eleves/p1/effacer?csrf=token", data={"sure": "yes"}).status_code == 200
    assert [len(vault.items(school.hub.db.reading(), each, vault.MEDIA)) for each in ("p1", "p2")] == [0, 1]


def test_a_pupil_who_was_two_keeps_the_photos_of_both(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p2")
    tablet.send()
    late = tablet.answer("dit", media.recording())
    with school.hub.db.writing() as conn:
        merging.merge(conn, "p1", "p2", "2026-11-02T10:00:00.000000Z")
    assert deliver(tablet.browser, late).json == {"accepted": [late["id"]], "refused": []}
    page = teacher.get("/enseignant/travaux/eleve/p1").text
    found = re.findall(r' src="(/enseignant/travaux/[^"]+)"', page)
    assert [teacher.get(each).data[:4] for each in found] == [b"RIFF", b"\xff\xd8\xff\xe0"]
    assert teacher.post("/enseignant/eleves/p1/effacer?csrf=token", data={"sure": "yes"}).status_code == 200
    assert files(school) == []
