# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Sequences go from box to box as a file; a hostile one leaves nothing behind."""

from __future__ import annotations

import dataclasses
import html
import io
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from appliance.hub import oral_own
from appliance.sequences import edit, package, reader, ready, sounds, writer
from appliance.sequences.sounds import Clips
from appliance.store.own_sequences import OwnSequences
from tests.formats import hostile
from tests.hub import site as rig
from tests.hub.site import Site
from tests.hub.test_quiz_media import PLACE, photo

BASE = "/enseignant/oral"
MP3 = b"\xff\xf3\x44\xc4" + bytes(60)
SEQUENCE = edit.begun("our-sounds", ("Nos sons", "Our sounds"), "sounds", "cp-ce1", "École du Bourg",
                      (("ship", "un navire"), ("sheep", "un mouton")), ("Dire", "Montrer"))  # fmt: skip
DOCUMENT = writer.write(edit.put(SEQUENCE, dataclasses.replace(SEQUENCE.items[0], pictures=("1F6A2",)), "ship"))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with rig.opened(tmp_path_factory.mktemp("oral") / "state") as site:
        rig.demonstration_class(site)
        site.sign_in()
        yield site


def give(site: Site, data: bytes, name: str = "x.oral") -> TestResponse:
    """By the form, made by hand: a test client would spool a large one to a file that it leaves open."""
    head = "Content-Disposition: form-data; name="
    body = (
        (
            f'--cut\r\n{head}"csrf"\r\n\r\n{site.token(BASE + "/importer")}\r\n'
            f'--cut\r\n{head}"file"; filename="{name}"\r\n\r\n'
        ).encode()
        + data
        + b"\r\n--cut--\r\n"
    )
    return site.browser.post(f"{BASE}/importer", data=body, content_type="multipart/form-data; boundary=cut")


def decide(site: Site, name: str, act: str) -> TestResponse:
    return site.post(f"{BASE}/importer/{name}", f"{BASE}/importer", do=act)


def told(answer: TestResponse) -> str:
    found = re.search(r'role="alert">([^<]*)', answer.text)
    return html.unescape(found[1]) if found else answer.text[:1500]


def named(document: bytes, name: str) -> bytes:
    return document.replace(b'"our-sounds"', f'"{name}"'.encode())


def folder(site: Site) -> Path:
    return site.hub.config.library_folder / "sequences"


@pytest.mark.parametrize("name", oral_own.RESERVED)
def test_the_name_of_a_page_is_no_name_of_a_sequence(teacher: Site, name: str) -> None:
    made = give(teacher, package.pack({"sequence.toml": named(DOCUMENT, name)})).headers["Location"]
    assert made == f"{BASE}/{name}-2/modifier"
    teacher.hub.own_sequences.remove(f"{name}-2")


def test_a_ready_sequence_goes_out_and_comes_back_as_a_copy(teacher: Site) -> None:
    file = teacher.get(f"{BASE}/cp-colours/fichier.oral")
    assert file.mimetype == "application/zip"
    assert "filename=cp-colours.oral" in file.headers["Content-Disposition"]
    assert give(teacher, file.data).headers["Location"] == f"{BASE}/cp-colours-2/modifier", "a ready one stays"
    own = teacher.hub.own_sequences
    assert own.get("cp-colours-2").items == ready.sequence("cp-colours").items
    assert not teacher.hub.models.lacking("cp-colours-2"), "its sounds came along"
    voices = Clips.load(own.folder("cp-colours-2")).clips
    assert voices == Clips.load(ready.FOLDER / "cp-colours").clips
    again = teacher.get(f"{BASE}/cp-colours-2/fichier.oral").data
    with zipfile.ZipFile(io.BytesIO(file.data)) as before, zipfile.ZipFile(io.BytesIO(again)) as after:
        assert set(before.namelist()) == set(after.namelist())
        assert all(before.read(name) == after.read(name) for name in before.namelist() if name.endswith(".mp3"))


def test_the_same_name_asks_copy_or_replace(teacher: Site) -> None:
    own, document = teacher.hub.own_sequences, named(DOCUMENT, "twice")
    give(teacher, package.pack({"sequence.toml": document}))
    other = document.replace(b"ship", b"shop")
    for act, after in (("forget", {"twice"}), ("copy", {"twice", "twice-2"}), ("replace", {"twice", "twice-2"})):
        asked = give(teacher, package.pack({"sequence.toml": other}))
        assert asked.status_code == 200
        assert f'action="{BASE}/importer/twice"' in asked.text
        assert own.get("twice").items == reader.read(document).items, "nothing happened yet"
        assert decide(teacher, "twice", act).status_code == 303
        assert {name for name in own.ids() if name.startswith("twice")} == after
        assert decide(teacher, "twice", "replace").status_code == 404, "once only"
    assert own.get("twice").items == own.get("twice-2").items == reader.read(other).items
    give(teacher, package.pack({"sequence.toml": document}))
    assert list(folder(teacher).glob(".*"))
    OwnSequences(folder(teacher)).recover()
    assert not list(folder(teacher).glob(".*")), "what nobody decided on goes at the next start"


def test_pictures_are_made_anew_and_sounds_of_another_text_are_not_taken(teacher: Site) -> None:
    document = named(DOCUMENT, "with-own").replace("🚢".encode(), b"our-ship.png", 1)
    listed = Clips.load_bytes(b'{"sheep": {"text": "lamb", "voice": "v", "checked": true, "sha256": {}}}').dump()
    files = {"sequence.toml": document, "pictures/our-ship.png": photo(), "pictures/other.png": photo(),
             "sounds/ship.mp3": MP3, "sounds/sheep.mp3": MP3 + b"x", "sounds/evil.mp3": MP3, "sounds.json": listed,
             "pictures.svg": b"<svg onload='alert(1)'/>", "LICENCES.txt": b"", "x.html": b"<script>"}  # fmt: skip
    answer = give(teacher, package.pack(files))
    assert answer.status_code == 303, told(answer)
    rig.until(lambda: not teacher.hub.models.lacking("with-own"))
    at = folder(teacher) / "with-own"
    shown = next(
        name for item in teacher.hub.own_sequences.get("with-own").items for name in item.pictures if "." in name
    )
    body = (at / "pictures" / shown).read_bytes()
    assert body.startswith(b"\xff\xd8\xff")
    assert PLACE.encode() not in body
    assert (at / "sounds/ship.mp3").read_bytes() == MP3, "a teacher's own recording stays"
    assert (at / "sounds/ship-slow.mp3").read_bytes() != MP3
    assert (at / "sounds/sheep.mp3").read_bytes() != MP3 + b"x"
    assert b"onload" not in (at / "pictures.svg").read_bytes()
    kept = {str(path.relative_to(at)) for path in at.rglob("*") if path.is_file()}
    assert kept == {"sequence.toml", "sounds.json", "pictures.svg", f"pictures/{shown}",
                    *(f"sounds/{sounds.name(item.slug, speed)}" for item in reader.read(document).items
                      for speed in sounds.SPEEDS)}  # fmt: skip


def zipped(build: str, tmp_path: Path) -> bytes:
    return Path(getattr(hostile, build)(tmp_path / "x.zip")).read_bytes()


@pytest.mark.parametrize("build", ["make_zip_slip", "make_zip_bomb", "make_zip_symlink", "make_zip_overlap"])
def test_a_hostile_zip_is_refused_in_words(teacher: Site, build: str, tmp_path: Path) -> None:
    before = sorted(folder(teacher).rglob("*"))
    answer = give(teacher, zipped(build, tmp_path))
    assert answer.status_code in (400, 413, 415), answer.text[:500]
    assert told(answer)
    assert sorted(folder(teacher).rglob("*")) == before


BAD = {
    "nothing": b"",
    "text": b"bonjour",
    "a cut ZIP": package.pack({"sequence.toml": DOCUMENT})[:-9],
    "no document": package.pack({"sounds/ship.mp3": MP3}),
    "a document in Latin-1": package.pack({"sequence.toml": b"\xe9"}),
    "brackets": package.pack({"sequence.toml": b"a = " + b"[" * 5000}),
    "a name of a path": package.pack({"sequence.toml": named(DOCUMENT, "../x")}),
    "a missing picture": package.pack({"sequence.toml": DOCUMENT.replace("🚢".encode(), b"a.png", 1)}),
    "no picture": package.pack(
        {
            "sequence.toml": DOCUMENT.replace("🚢".encode(), b"a.png", 1),
            "pictures/a.png": b"\x89PNG\r\n\x1a\n" + bytes(90),
        }
    ),
    "a bomb of a picture": package.pack(
        {
            "sequence.toml": DOCUMENT.replace("🚢".encode(), b"a.png", 1),
            "pictures/a.png": b"\x89PNG\r\n\x1a\n"
            + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 60000, 60000, 8, 2, 0, 0, 0, 0),
        }
    ),
    "no sound": package.pack({"sequence.toml": DOCUMENT, "sounds/ship.mp3": b"<html>"}),
    "a heavy sound": package.pack({"sequence.toml": DOCUMENT, "sounds/ship.mp3": MP3 + bytes(300_000)}),
    "a member over the limit": package.pack({"sequence.toml": DOCUMENT, "pictures/a.png": bytes(600_000)}),
    "a code of no character": package.pack({"sequence.toml": DOCUMENT.replace("🚢".encode(), b"FFFFFF", 1)}),
    "another picture": package.pack({"sequence.toml": DOCUMENT.replace("🚢".encode(), "🛸".encode(), 1)}),
}


@pytest.mark.parametrize("data", BAD.values(), ids=list(BAD))
def test_what_is_no_sequence_is_refused_in_words(teacher: Site, data: bytes) -> None:
    before = sorted(folder(teacher).rglob("*"))
    answer = give(teacher, data)
    assert answer.status_code in (400, 413, 415), answer.text[:800]
    assert len(told(answer)) < 300
    assert 'type="file"' in answer.text, "the field is there again"
    assert sorted(folder(teacher).rglob("*")) == before


def test_too_large_is_said_before_it_is_read(teacher: Site) -> None:
    assert "16" in told(give(teacher, bytes((16 << 20) + 1)))
    assert give(teacher, bytes(18 << 20)).status_code == 413


def test_strange_lists_of_sounds_are_no_list(teacher: Site) -> None:
    for number, listed in enumerate(
        (b"[]", b"{", b'{"ship": 5}', b"[" * 100_000, b'{"ship": {"text": 1}}', b"\xff", b"null")
    ):
        name = f"lists-{number}"
        answer = give(teacher, package.pack({"sequence.toml": named(DOCUMENT, name), "sounds.json": listed}))
        assert answer.status_code == 303, told(answer)
        assert name in teacher.hub.own_sequences.ids()


@pytest.mark.parametrize("name", ["none", "..", "cp-colours", "x" * 300, ".zoo", "%00"])
def test_nothing_else_is_decided_on_or_given(teacher: Site, name: str) -> None:
    for act in ("copy", "replace"):
        assert decide(teacher, name, act).status_code in (400, 404)
    if name != "cp-colours":
        assert teacher.get(f"{BASE}/{name}/fichier.oral").status_code in (400, 404)
