# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pictures and sounds that a teacher gives to exercises: made anew, shown, kept for tablets without Wi-Fi, removed."""

from __future__ import annotations

import html
import io
import re
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from appliance.hub import quiz_media as office
from appliance.hub import quiz_sheet
from appliance.model import Activity, Choice, Question
from appliance.routes import Origin, find
from appliance.store import activities, quiz_media
from appliance.store.quiz_media import Medium
from tests.hub import site as rig
from tests.hub.site import Site

BASE = "/enseignant/exercices"
PLACE = "Lyon, rue des Lilas"


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A teacher's browser; a lesson that is over."""
    with rig.opened(tmp_path_factory.mktemp("media") / "state") as site:
        rig.demonstration_class(site)
        site.sign_in()
        site.post("/enseignant/seance/cloche", "/enseignant/seance")
        yield site


def photo(size: tuple[int, int] = (1600, 900), colour: str = "#3050a0", orientation: int = 1) -> bytes:
    """A JPEG that says more than its pixels."""
    picture, out = Image.new("RGB", size, colour), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, PLACE
    picture.save(out, "JPEG", exif=exif, comment=PLACE.encode())
    return out.getvalue()


def tone(seconds: float = 1.0, rate: int = 8000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"\0\x20\0\xe0" * int(seconds * rate / 2))
    return out.getvalue()


def quiz(site: Site) -> tuple[str, Activity]:
    """The address of a new one, and itself."""
    address = str(site.post(BASE, title="Formes").headers["Location"])
    return address, activities.get(site.hub.db, address.rpartition("/")[2])


def draft(site: Site, address: str, place: str = "", **fields: Any) -> str:
    """The page of pictures and sounds for a field of a new question; what the form holds, packed."""
    asked = {"kind": "choice", "id": "", "prompt": "Où est le carré ?", **fields, "do": f"media{place}"}
    page = site.post(address, **asked)
    assert page.status_code == 200, page.text[:2000]
    found = re.search(r'name="draft" value="([^"]*)"', page.text)
    assert found
    return html.unescape(found[1])


def give(site: Site, address: str, kind: str, data: bytes, *, place: str = "", packed: str | None = None,
         filename: str = "x", name: str = "Un carré") -> TestResponse:  # fmt: skip
    """Add a file by the form of that page."""
    packed = draft(site, address, place) if packed is None else packed
    parts = {"csrf": site.token(address), "draft": packed, "place": place, "do": f"add-{kind}", "name": name}
    listed = [(f'name="{key}"', value.encode()) for key, value in parts.items()]
    body = b"".join(
        f"--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in [*listed, (f'name="{kind}_file"; filename="{filename}"', data)]
    )
    return site.browser.post(
        f"{address}/medias", data=body + b"--cut--\r\n", content_type="multipart/form-data; boundary=cut"
    )


def saved(site: Site, address: str, page: TestResponse, **more: Any) -> Question:
    """Send the editor's form as that page shows it; the question that is made."""
    assert page.status_code == 200, page.text[:2000]
    shown = re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page.text)
    fields = {name: html.unescape(value) for name, value in shown if name not in ("csrf", "right", "title")}
    area = dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', page.text))
    answer = site.post(address, **{**fields, **area, **more, "do": "save"})
    assert answer.status_code == 303, answer.text[:2000]
    return activities.get(site.hub.db, address.rpartition("/")[2]).questions[-1]


def test_a_photo_is_made_anew_and_says_no_more_than_it_shows(teacher: Site) -> None:
    address, _ = quiz(teacher)
    page = give(teacher, address, "picture", photo(orientation=6), name="Un carré bleu")
    made = saved(teacher, address, page, text0="Oui", text1="Non", right="0")
    kept = quiz_media.get(teacher.hub.db, str(made.image))
    assert (kept.name, kept.width, kept.height) == ("Un carré bleu", 675, 1200), "turned as the camera was held"
    body = (office_folder(teacher) / kept.file).read_bytes()
    assert body.startswith(b"\xff\xd8")
    assert not any(word in body for word in (b"Exif", PLACE.encode(), b"Lyon"))
    assert Image.open(io.BytesIO(body)).size == (675, 1200)
    assert (office_folder(teacher) / kept.file).stat().st_mode & 0o044, "nginx, another user, answers it"


def office_folder(site: Site) -> Any:
    return site.hub.config.library_folder / quiz_media.FOLDER


def test_the_pupil_sees_pictures_and_hears_sounds(teacher: Site) -> None:
    address, _ = quiz(teacher)
    page = give(teacher, address, "picture", photo(colour="#a03050"), place="0", name="Un rond rouge")
    assert 'value="Un rond rouge"' in page.text
    first = saved(teacher, address, page, text1="Un triangle", right="0")
    assert first.choices[0].text == "Un rond rouge", "words that were missing are the picture's"
    shown = teacher.text(f"{address}?question={first.id}")
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', shown))
    packed = draft(teacher, address, "1", **{k: html.unescape(v) for k, v in fields.items() if k not in ("csrf", "do")})
    page = give(teacher, address, "sound", tone(), place="1", packed=packed, name="Un triangle")
    made = saved(teacher, address, page, right="0")
    assert made.choices[0].image
    assert made.choices[1].sound
    tried = teacher.text(f"{address}/essayer")
    sheet = re.search(r'<image href="(/medias/planche.jpg[^"]+)"', tried)
    assert sheet
    drawn = Image.open(io.BytesIO(teacher.get(sheet[1]).data))
    assert drawn.size == quiz_sheet.SIZES["c"]
    red = drawn.getpixel((80, 60))
    assert isinstance(red, tuple)
    assert red[0] > 120 > red[1]
    heard = re.search(r'<a class="say" href="(/medias/[0-9a-f]{64}\.mp3)" aria-label="Écouter\s: Un triangle"', tried)
    assert heard
    assert find(Origin.HUB, heard[1])[0].name == "exercise-media"  # type: ignore[index]
    assert (office_folder(teacher) / heard[1].rpartition("/")[2]).read_bytes()[:1] == b"\xff"


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [("picture", b"\0\0\0\x18ftypheic" + bytes(90), "HEIC"), ("sound", b"OggS" + b"x" * 300, "abîmé")],
    ids=["heic", "ogg"],
)
def test_what_is_refused_says_why_and_loses_nothing(teacher: Site, kind: str, data: bytes, said: str) -> None:
    address, _ = quiz(teacher)
    answer = give(teacher, address, kind, data, filename="photo.jpg" if kind == "picture" else "son.mp3")
    assert answer.status_code in (400, 413, 415), answer.text[:3000]
    assert said in html.unescape(answer.text), answer.text[:3000]
    assert "carr" in html.unescape(answer.text.partition('name="draft"')[2][:200]), "the question is still there"


def test_too_large_and_nameless(teacher: Site) -> None:
    address, _ = quiz(teacher)
    assert "12 Mo" in html.unescape(give(teacher, address, "picture", b"\xff\xd8\xff" + bytes(12 << 20)).text)
    assert give(teacher, address, "picture", photo(), name="  ").status_code == 400


def test_a_word_finds_a_picture_whatever_its_accents(teacher: Site) -> None:
    address, _ = quiz(teacher)
    for word, wanted in (("elephant", True), ("ÉLÉPH", True), ("zzz", False)):
        page = teacher.browser.post(f"{address}/medias", data={
            "csrf": teacher.token(address), "draft": draft(teacher, address, "2"), "place": "2", "do": "find",
            "words": word})  # fmt: skip
        assert ('name="picture" value="Éléphant"' in page.text) == wanted
    packed = draft(teacher, address, "2")
    chosen = {"csrf": teacher.token(address), "draft": packed, "place": "2", "picture": "Éléphant"}
    back = teacher.browser.post(f"{address}/medias", data=chosen)
    assert 'value="Éléphant"' in back.text
    assert "Où est le carré" in back.text


@pytest.mark.parametrize(
    "fields",
    [{"place": "9"}, {"place": "x"}, {"draft": "kind=nothing"}, {"draft": "a=1&" * 200}, {"picture": "licorne"},
     {"do": "put-sound", "sound": "mine:" + "0" * 64}, {"do": "add-picture"}],
    ids=["line", "no-line", "kind", "fields", "picture", "sound", "no-file"],
)  # fmt: skip
def test_nonsense_is_refused(teacher: Site, fields: dict[str, str]) -> None:
    address, _ = quiz(teacher)
    asked = {"csrf": teacher.token(address), "draft": "kind=choice&prompt=x", "place": "0", "picture": "Renard"}
    answer = teacher.browser.post(f"{address}/medias", data={**asked, **fields})
    assert answer.status_code in (400, 404)


def test_what_no_exercise_uses_any_more_goes(teacher: Site) -> None:
    address, _ = quiz(teacher)
    page = give(teacher, address, "picture", photo(colour="#11aa22"), name="Un pré")
    made = saved(teacher, address, page, text0="Oui", text1="Non", right="0")
    file = office_folder(teacher) / quiz_media.get(teacher.hub.db, str(made.image)).file
    copied = str(teacher.post(f"{address}/copier", address).headers["Location"])
    teacher.post(f"{address}/retirer", address)
    assert file.exists(), "the copy uses it"
    teacher.post(copied, id=activities.get(teacher.hub.db, copied.rpartition("/")[2]).questions[0].id, kind="choice",
                 do="remove")  # fmt: skip
    assert not file.exists()
    assert all(each.name != "Un pré" for each in quiz_media.every(teacher.hub.db, quiz_media.PICTURE))


def test_a_start_removes_what_nobody_ever_used_and_strays(teacher: Site) -> None:
    address, _ = quiz(teacher)
    give(teacher, address, "sound", tone(0.5), name="Jamais posé")
    stray = office_folder(teacher) / ("f" * 64 + ".jpg")
    stray.write_bytes(b"left by a death")
    assert "Jamais posé" in [each.name for each in quiz_media.every(teacher.hub.db, quiz_media.SOUND)]
    with teacher.hub.db.writing() as conn:
        quiz_media.sweep(conn, office_folder(teacher), starting=True)
    assert "Jamais posé" not in [each.name for each in quiz_media.every(teacher.hub.db, quiz_media.SOUND)]
    assert not stray.exists()


def test_two_pictures_of_one_name_are_told_apart(teacher: Site) -> None:
    address, _ = quiz(teacher)
    for colour in ("#010203", "#f0f1f2"):
        give(teacher, address, "picture", photo((64, 64), colour), name="Jumeau")
    names = [each.name for each in quiz_media.every(teacher.hub.db, quiz_media.PICTURE)]
    assert {"Jumeau", "Jumeau 2"} <= set(names)


def test_a_sheet_of_photos_weighs_what_a_page_may(tmp_path: Any) -> None:
    paths = []
    for number in range(14):
        path = tmp_path / f"{number}.jpg"
        Image.effect_noise((800, 600), 80 + number).convert("RGB").save(path)
        paths.append(("q" if number < 2 else "c", str(path)))
    keys = tuple((f"{size}m{number:016x}", path) for number, (size, path) in enumerate(paths))
    assert len(quiz_sheet._drawn(keys)) <= quiz_sheet.BUDGET * 1.6, "noise is the worst there is"


def test_the_sheet_takes_only_keys(teacher: Site) -> None:
    for asked in ("", "x", "cm../../etc/passwd", ",".join(["cm" + "0" * 16] * 33)):
        assert teacher.get(f"/medias/planche.jpg?m={asked}").status_code == 400
    assert teacher.get("/medias/planche.jpg?m=cm" + "0" * 16).status_code == 200, "gone: an empty cell"


def test_search_words() -> None:
    names = {"a": "Éléphant d’Asie", "b": "Âne"}
    assert office.matching(names, "asie elephant") == {"a": "Éléphant d’Asie"}
    assert office.matching(names, "") == names


def test_the_pack_for_no_wifi_holds_them(tmp_path: Path) -> None:
    with rig.quiet(tmp_path / "state") as site:
        rig.demonstration_class(site)
        shown = Medium("a" * 64, quiz_media.PICTURE, "Une affiche", 64, 48, 0, 3)
        heard = Medium("b" * 64, quiz_media.SOUND, "Un cri", 0, 0, 1.0, 3)
        with site.hub.db.writing() as conn:
            for medium in (shown, heard):
                quiz_media.put(conn, medium, b"abc", office_folder(site), "2026-11-22T10:00:00Z")
        choices = (Choice("a", "Oui", shown.reference, heard.reference), Choice("b", "Non"))
        asked = Question("q", "Qui ?", choices, "a", "", "", image=shown.reference)
        activities.save(site.hub.db, Activity("photos", "Photos", (asked,)))
        site.enter()
        files = site.get("/hors-ligne.json").json["files"]  # type: ignore[index]
        page = html.unescape(site.text("/exercice/photos"))
    assert {f"/medias/{shown.file}", f"/medias/{heard.file}"} <= set(files)
    sheets = set(re.findall(r'<image href="([^"]+)"', page))
    assert sheets
    assert sheets <= set(files), "the very address that the page asks for"
    assert f'alt="{shown.name}" loading="lazy"' in page
