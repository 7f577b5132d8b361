# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Photos and voices of pupils: delivered once, sealed, seen by the class's own teacher, deleted, exported, erased."""

from __future__ import annotations

import dataclasses
import html
import re
import time

import pytest
from flask.testing import FlaskClient

from appliance.errors import StorageError, TooLarge
from appliance.hub import media_delivery, passing, photos
from appliance.store import lessons, record_append, vault
from tests import media
from tests.hub import pupil_media
from tests.hub.pupil_media import Tablet, bodies, deliver, files, refusal, sealed
from tests.hub.site import Site

school, teacher = pupil_media.school, pupil_media.teacher


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
