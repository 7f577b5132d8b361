# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Photos and voices of pupils: delivered once, sealed, seen by the class's own teacher, deleted, exported, erased."""

from __future__ import annotations

import dataclasses
import html
import io
import json
import re
import time
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance import passphrase, sealing
from appliance.errors import StorageError, TooLarge
from appliance.hub import media_delivery, passing, photos, quiz_delivery
from appliance.hub.roles import Role
from appliance.model import Activity, Group, Lesson, Planned, Pupil, Question, QuestionKind
from appliance.store import activities, audit, classes, lessons, merging, people, record_append, vault
from tests import media
from tests.hub import site as rig
from tests.hub.people import account, seat
from tests.hub.site import Site

PHOTO, VOICE = (
    Question("vu", "Montre ton dessin", (), "", "", "", kind=QuestionKind.PHOTO),
    Question("dit", "Raconte", (), "", "", "", kind=QuestionKind.VOICE),
)
QUIZ = Activity("medias", "Dessine et raconte", (PHOTO, VOICE))


@dataclasses.dataclass
class Tablet:
    """One pupil's browser."""

    site: Site
    pupil: str

    def __post_init__(self) -> None:
        self.browser = self.site.new_browser()
        page = self.browser.get(f"/qui/{self.pupil}").text
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        assert token
        assert self.browser.post(f"/qui/{self.pupil}", data={"csrf": token[1]}).status_code == 303

    def page(self) -> str:
        return self.browser.get("/exercice/medias").text

    def answer(self, question: str = "vu", body: bytes = b"", **more: Any) -> dict[str, Any]:
        """The fields of an answer, as the page's script sends them."""
        token = re.search(r'name="token" value="([^"]+)"', self.page())
        assert token
        body = body or media.photo(place=True)
        return {"id": str(uuid.uuid4()), "token": token[1], "question": question, "medium": body, **more}

    def send(self, question: str = "vu", body: bytes = b"", **more: Any) -> TestResponse:
        return deliver(self.browser, self.answer(question, body, **more))


def deliver(browser: FlaskClient, fields: dict[str, Any], path: str = "/api/media", **headers: str) -> TestResponse:
    body, kind = media.form({name: each for name, each in fields.items() if name != "medium"}, fields["medium"])
    return browser.post(path, data=body, content_type=kind, headers=headers)


def refusal(answer: TestResponse) -> str:
    told = answer.json
    assert answer.status_code == 200, answer.text
    assert told
    assert told["accepted"] == [], told
    return str(told["refused"][0]["reason"])


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A class with a portfolio (its teacher's), one without, a running lesson of the first."""
    monkeypatch.setattr(passphrase, "MEMORY_KIB", passphrase.LEAST_MEMORY_KIB)
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        activities.save(site.hub.db, QUIZ)
        yield site


@pytest.fixture
def teacher(school: Site) -> FlaskClient:
    made, browser = account(school, classes=("g",)), school.new_browser()
    with school.hub.db.writing() as conn:
        classes.change(conn, "g", name="CE2", regime=classes.PORTFOLIO, level="ce2", names_shown=False)
    seat(school, browser, Role.TEACHER, made.staff.id, sealing.of_private(made.private))
    return browser


def files(site: Site) -> list[Path]:
    folder = site.hub.vaults.folder
    return list(folder.iterdir()) if folder.is_dir() else []


def bodies(site: Site) -> list[dict[str, Any]]:
    rows = site.hub.db.reading().execute("SELECT body FROM statement ORDER BY row")
    return [json.loads(row["body"]) for row in rows]


def sealed(site: Site) -> list[str]:
    rows = site.hub.db.reading().execute("SELECT id FROM sealed_item WHERE kind = 'media' ORDER BY rowid")
    return [row["id"] for row in rows]


def test_only_what_costs_little_is_opened_by_the_hub_itself(
    school: Site, teacher: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty kilobytes of WebP take 350 MB to open: more than a small board's hub may have."""
    small, seen = media.photo(), list[bytes]()
    cleaned = photos.cleaned

    def watched(body: bytes) -> bytes:
        seen.append(body)
        return cleaned(body)

    monkeypatch.setattr(photos, "cleaned", watched)
    tablet = Tablet(school, "p1")
    for body in (media.photo(form="PNG"), media.photo(form="WEBP"), media.photo((photos.SIDE + 1, photos.SIDE))):
        told = tablet.send(body=body).json
        assert told
        assert told["refused"] == []
    assert refusal(tablet.send(body=b"RIFF....WEBP" + bytes(50)))
    assert refusal(tablet.send(body=media.bomb()))
    assert len(files(school)) == 3
    assert seen == []
    assert tablet.send(body=small).status_code == 200
    assert seen == [small]


def test_the_hub_of_a_small_board_holds_less() -> None:
    assert passing.room(416 << 20) == 26 << 20
    assert passing.room(8 << 30) == passing.MOST_BYTES == 64 << 20
    medium = passing.Passed("1", "m", "p", "l", "a", "q", "image/jpeg", bytes(60))
    held = passing.Passing(100)
    held.enter("l")
    assert held.hold(medium)
    with pytest.raises(TooLarge):
        held.hold(dataclasses.replace(medium, id="2"))


def test_nobody_waits_for_the_turn_of_a_photo(school: Site, teacher: FlaskClient) -> None:
    """A class that shows thirty drawings at once holds no thread of the hub; tablets come again."""
    tablet = Tablet(school, "p1")
    fields = tablet.answer()
    with school.hub.media_turns.one():
        before = time.monotonic()
        for path in ("/api/media", "/exercice/medias/medium"):
            assert deliver(tablet.browser, fields, path).status_code in (403, 503)
        assert time.monotonic() - before < 3
    assert deliver(tablet.browser, fields).status_code == 200


def test_a_photo_is_sealed_and_its_statement_says_nothing_of_it(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p1")
    school.hub.vaults.lock("g")
    fields = tablet.answer()
    told = deliver(tablet.browser, fields).json
    assert told == {"accepted": [fields["id"]], "refused": []}
    (body,) = bodies(school)
    (item,) = sealed(school)
    assert body["result"] == {"completion": True, "extensions": {"https://cartable.invalid/extensions/sealed": item}}
    assert body["object"]["definition"]["interactionType"] == "other"
    assert "attachments" not in body
    (file,) = files(school)
    assert file.name == item
    assert b"JFIF" not in file.read_bytes()
    assert media.PLACE not in file.read_bytes()
    assert 'data-done="1"' in tablet.page().partition('id="q-vu"')[2].partition("</form>")[0]


def test_delivered_again_it_is_there_once_and_other_bytes_are_refused(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p1")
    fields = tablet.answer()
    for _ in range(3):
        again = {**fields, "medium": media.photo(place=True)}
        assert deliver(tablet.browser, again).json == {"accepted": [fields["id"]], "refused": []}
    assert len(sealed(school)) == len(files(school)) == len(bodies(school)) == 1
    other = deliver(tablet.browser, {**fields, "medium": media.photo((9, 9))})
    assert refusal(other)
    assert len(sealed(school)) == len(files(school)) == 1


def test_it_is_delivered_after_the_bell_by_a_tablet_that_is_nobodys(school: Site, teacher: FlaskClient) -> None:
    fields = Tablet(school, "p1").answer(age_ms="600000")
    lessons.end(school.hub.db, "2026-11-02T09:00:00Z", sure=True)
    stranger = school.new_browser()
    assert deliver(stranger, fields).json == {"accepted": [fields["id"]], "refused": []}
    assert [item.pupil for item in vault.items(school.hub.db.reading(), "p1", vault.MEDIA)] == ["p1"]


@pytest.mark.parametrize(("question", "body"), [
    ("vu", media.HTML), ("vu", media.SVG), ("vu", media.bomb()), ("vu", media.recording()), ("vu", bytes(99)),
    ("dit", media.HTML), ("dit", media.SVG), ("dit", media.photo()), ("dit", media.OGG + bytes(3 << 20)),
    ("q1", media.photo()), ("none", media.photo()),
])  # fmt: skip
def test_what_is_no_answer_is_refused_and_leaves_nothing(
    school: Site, teacher: FlaskClient, question: str, body: bytes
) -> None:
    assert refusal(Tablet(school, "p1").send(question, body))
    assert files(school) == []
    assert bodies(school) == []


def test_a_forged_answer_is_refused(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p1")
    mine = tablet.answer()
    for forged in ({"token": mine["token"][:-2] + "xx"}, {"id": "1"}, {"id": ""}, {"token": ""}):
        fields = {**mine, "medium": media.photo(), **forged}
        assert refusal(deliver(tablet.browser, fields))
    assert deliver(tablet.browser, {**mine, "medium": b""}).status_code == 400
    assert tablet.browser.post("/api/media").status_code == 400
    assert tablet.browser.post("/api/media", data=bytes(9 << 20)).status_code in (400, 413)
    big = deliver(tablet.browser, {**mine, "medium": bytes(9 << 20)})
    assert big.status_code == 413
    far = deliver(tablet.browser, tablet.answer(), Origin="http://elsewhere")
    assert far.status_code == 403
    assert files(school) == []


def test_another_pupils_identifier_takes_nothing_from_them(school: Site, teacher: FlaskClient) -> None:
    first, second = Tablet(school, "p1"), Tablet(school, "p2")
    fields = first.answer()
    deliver(first.browser, fields)
    assert refusal(second.send(id=fields["id"]))
    assert [item.pupil for item in vault.items(school.hub.db.reading(), "p1", vault.MEDIA)] == ["p1"]
    assert vault.items(school.hub.db.reading(), "p2", vault.MEDIA) == []


def test_a_photo_is_no_answer_in_words(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p1")
    item = {name: value for name, value in tablet.answer().items() if name != "medium"}
    told = tablet.browser.post("/api/answers", json=[{**item, "response": "x" * 64}]).json
    assert told
    assert told["accepted"] == []
    assert bodies(school) == []


def test_without_script_by_a_plain_form(school: Site, teacher: FlaskClient) -> None:
    tablet = Tablet(school, "p1")
    form = tablet.page().partition('id="q-dit"')[2].partition("</form>")[0]
    action = re.search(r'action="([^"#]+)', form)
    assert action
    fields = tablet.answer("dit", media.recording())
    answer = deliver(tablet.browser, fields, html.unescape(action[1]))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/exercice/medias#q-dit")
    assert len(sealed(school)) == 1
    forged = deliver(tablet.browser, tablet.answer("dit", media.recording()), "/exercice/medias/medium?csrf=x")
    assert forged.status_code == 403
    wrong = deliver(tablet.browser, tablet.answer("dit", media.HTML), html.unescape(action[1]))
    assert wrong.status_code == 400
    assert "enregistre" in wrong.text.lower()


def test_no_tablet_fills_the_card(school: Site, teacher: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_delivery, "MOST_MEDIA", 3)
    tablet = Tablet(school, "p1")
    first = tablet.answer()
    deliver(tablet.browser, first)
    for _ in range(2):
        assert tablet.send().json["refused"] == []  # type: ignore[index]
    full = tablet.send()
    assert (full.status_code, full.headers["Retry-After"]) == (503, "5"), "the tablet keeps it"
    again = {**first, "medium": media.photo(place=True)}
    assert deliver(tablet.browser, again).json == {"accepted": [first["id"]], "refused": []}
    assert Tablet(school, "p2").send().json["refused"] == []  # type: ignore[index]
    monkeypatch.setattr(media_delivery, "MOST_MEDIA", 30)
    monkeypatch.setattr(media_delivery, "MOST_BYTES", 100)
    assert tablet.send().status_code == 503


def test_a_full_card_keeps_its_last_place_for_answers(
    school: Site, teacher: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(size: int, attached: int = 0) -> None:
        assert attached
        raise StorageError("full")

    monkeypatch.setattr(school.hub.records, "expect_room", full)
    assert Tablet(school, "p1").send().status_code == 507, "the tablet keeps it and comes again"
    assert not files(school)
    assert not bodies(school)


def test_a_delivery_that_fails_after_its_file_leaves_one_that_can_be_read(
    school: Site, teacher: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is there before its row: a death or a full disk between the two."""

    def full(*_: object) -> None:
        raise StorageError("full")

    tablet = Tablet(school, "p1")
    fields = tablet.answer()
    with monkeypatch.context() as broken:
        broken.setattr(record_append, "name_attachments", full)
        assert deliver(tablet.browser, fields).status_code == 507
    assert (len(files(school)), sealed(school), bodies(school)) == (1, [], [])
    assert deliver(tablet.browser, fields).json == {"accepted": [fields["id"]], "refused": []}
    (item,) = sealed(school)
    assert [path.name for path in files(school)] == [item]
    assert teacher.get(f"/enseignant/travaux/{item}").data.startswith(b"\xff\xd8\xff")


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
