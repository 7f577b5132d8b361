# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A teacher makes, copies and changes a sequence of spoken English; the box makes its sounds."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from appliance.hub import oral_pictures
from appliance.routes import Origin, find
from appliance.sequences import sounds
from appliance.sequences.sequence import Sequence
from appliance.sequences.sounds import Clips
from tests.hub import site as rig
from tests.hub.site import Site
from tests.rigs import sounds as ears

BASE = "/enseignant/oral"
WORDS = "ship = un navire\nsheep = un mouton\nWhat is it? = Qu’est-ce que c’est ?\nIt's a sheep. = C’est un mouton."


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with rig.opened(tmp_path_factory.mktemp("oral") / "state") as site:
        rig.demonstration_class(site)
        site.sign_in()
        yield site


def made(site: Site, title: str, words: str = WORDS) -> str:
    """A new sequence; its name."""
    fields = {"title_fr": title, "title_en": "A title", "level": "ce2", "theme": "animals", "words": words}
    answer = site.post(f"{BASE}/nouvelle", **fields)
    assert answer.status_code == 303, told(answer)
    return str(answer.headers["Location"]).split("/")[3]


def told(answer: TestResponse) -> str:
    """The sentence of a page that refuses."""
    found = re.search(r'role="alert">([^<]*)', answer.text)
    return html.unescape(found[1]) if found else answer.text[:1500]


def change(site: Site, name: str, part: str, **fields: Any) -> TestResponse:
    return site.post(f"{BASE}/{name}/modifier", f"{BASE}/{name}/modifier?mot=", part=part, **fields)


def kept(site: Site, name: str) -> Sequence:
    return site.hub.own_sequences.get(name)


def test_a_list_of_words_becomes_a_sequence_that_speaks(teacher: Site) -> None:
    name = made(teacher, "Le mouton du navire")
    assert name == "le-mouton-du-navire"
    page = teacher.text(f"{BASE}/{name}/modifier")
    assert "It&#39;s a sheep." in page
    rig.until(lambda: not teacher.hub.models.lacking(name))
    folder = teacher.hub.own_sequences.folder(name)
    for slug in ("ship", "its-a-sheep"):
        usual, slow = (ears.read((folder / "sounds" / sounds.name(slug, each)).read_bytes()) for each in sounds.SPEEDS)
        assert slow.seconds > 1.15 * usual.seconds
    heard = re.findall(r'href="(/sequences/[^"?]+)\?v=', teacher.text(f"{BASE}/{name}/modifier"))
    assert len(heard) == 4
    for address in heard:
        assert find(Origin.HUB, address)[0].name == "sequence-media"  # type: ignore[index]
    assert (folder / "sounds/ship.mp3").stat().st_mode & 0o044, "nginx, another user, answers it"
    assert name in teacher.text(f"{BASE}?q=navire&niveau=ce2")
    assert "modifier" in teacher.text(f"{BASE}/{name}")


@pytest.mark.parametrize(
    ("words", "said"),
    [("ship", "\N{NO-BREAK SPACE}ship\N{NO-BREAK SPACE}"), ("ship = un navire\nship = un bateau", "deux fois"),
     ("3 cats = trois chats", "lettres"),
     ("", "mot"), ("a = b\n" * 90, "80")],
    ids=["one-language", "twice", "digits", "nothing", "too-many"],
)  # fmt: skip
def test_a_list_that_cannot_be_one_stays_on_the_page(teacher: Site, words: str, said: str) -> None:
    fields = {"title_fr": "Non", "title_en": "No", "level": "ce2", "theme": "animals", "words": words}
    answer = teacher.post(f"{BASE}/nouvelle", **fields)
    assert answer.status_code == 400
    assert said in told(answer)
    assert html.escape(words.split("\n")[0][:20]) in answer.text, "what was typed is still there"
    assert "non" not in teacher.hub.own_sequences.ids()


def test_a_word_that_dictionaries_lack_asks_what_it_sounds_like(teacher: Site) -> None:
    name = made(teacher, "Prénoms")
    refused = change(teacher, name, "item", slug="", text="Bellaro", fr="Bellaro (le chien)")
    assert refused.status_code == 400
    assert "bellaro" in told(refused)
    assert 'name="say:bellaro"' in refused.text
    wrong = change(teacher, name, "item", text="Bellaro", fr="le chien", **{"say:bellaro": "belle arro"})
    assert "arro" in told(wrong)
    assert 'value="belle arro"' in wrong.text
    assert (
        change(teacher, name, "item", text="Bellaro", fr="le chien", **{"say:bellaro": "bell arrow"}).status_code == 303
    )
    assert kept(teacher, name).items[-1].pronunciations == {"bellaro": "B EH L AE R OW"}
    rig.until(lambda: not teacher.hub.models.lacking(name))
    clip = teacher.hub.own_sequences.folder(name) / "sounds/bellaro.mp3"
    before = clip.read_bytes()
    change(teacher, name, "item", slug="bellaro", text="Bellaro", fr="le chien", **{"say:bellaro": "B EH L AO"})
    rig.until(lambda: not teacher.hub.models.lacking(name))
    assert clip.read_bytes() != before, "said otherwise, it sounds otherwise"


def test_a_word_said_in_two_ways_offers_both(teacher: Site) -> None:
    name = made(teacher, "Lire", "read = lire")
    page = teacher.text(f"{BASE}/{name}/modifier?mot=read")
    assert "R EH D" in page
    assert "R IY D" in page


def test_pictures_are_found_by_a_word_chosen_or_given(teacher: Site) -> None:
    name = made(teacher, "Images")
    found = change(teacher, name, "item", slug="sheep", text="sheep", fr="un mouton", find="MOUTON", do="find")
    assert found.status_code == 200
    assert 'value="1F411"' in found.text
    assert 'value="un mouton"' in found.text
    given = (io.BytesIO(rig.picture()), "bateau.png")
    assert change(teacher, name, "item", slug="sheep", text="sheep", fr="un mouton", picture="1F411").status_code == 303
    assert (
        change(teacher, name, "item", slug="ship", text="ship", fr="un navire", picture_file=given).status_code == 303
    )
    ship, sheep = kept(teacher, name).items[:2]
    assert sheep.pictures == ("1F411",)
    address = re.search(r'<img src="([^"]+)"', teacher.text(f"{BASE}/{name}/modifier?mot=ship"))
    assert address
    assert find(Origin.HUB, address[1].partition("?")[0])[0].name == "sequence-media"  # type: ignore[index]
    folder = teacher.hub.own_sequences.folder(name)
    assert Image.open(io.BytesIO((folder / "pictures" / ship.pictures[0]).read_bytes())).format == "JPEG"
    assert b"1F411" in (folder / "pictures.svg").read_bytes()
    paper = teacher.get(f"{BASE}/{name}/papier/cartes.pdf")
    assert paper.data.startswith(b"%PDF")
    assert b"/DCTDecode" in paper.data, "the photo is on its card"
    change(teacher, name, "item", slug="ship", text="ship", fr="un navire")
    assert not list((folder / "pictures").glob("*")), "a picture that nobody shows is gone"


NONSENSE: dict[str, dict[str, Any]] = {
    "a GIF": {"picture_file": (b"GIF89a" + bytes(60), "x.gif")},
    "no JPEG": {"picture_file": (b"\xff\xd8\xff" + bytes(90), "x.jpg")},
    "no code": {"picture": "FFFFFF"},
    "a picture that the box lacks": {"picture": "1F6F8"},
    "a path": {"picture": "../../x.jpg"},
    "four pictures": {"picture": ["1F411", "26F5", "1F981", "1F418"]},
    "a script": {"text": "<script>"},
    "a long text": {"text": "sheep " * 30},
    "there already": {"text": "ship"},
    "no question": {"answers": "Who?"},
    "no beats": {"beats": "un deux"},
    "no number": {"beats": "nan"},
    "too many beats": {"beats": "1 1 1"},
    "no French": {"fr": ""},
    "long French": {"fr": "x" * 300},
    "turned writing": {"fr": "a\u202eb"},
}
MISSING: dict[str, dict[str, Any]] = {"a picture of nobody": {"picture": "x.jpg"}, "no such word": {"slug": "none"}}


@pytest.mark.parametrize(
    ("fields", "status"), [*((each, 400) for each in NONSENSE.values()), *((each, 404) for each in MISSING.values())],
    ids=[*NONSENSE, *MISSING],
)  # fmt: skip
def test_nonsense_in_a_word_is_refused_and_changes_nothing(teacher: Site, fields: dict[str, Any], status: int) -> None:
    if "refus" not in teacher.hub.own_sequences.ids():
        assert made(teacher, "Refus") == "refus"
    before = kept(teacher, "refus")
    if "picture_file" in fields:
        data, filename = fields["picture_file"]
        fields = {"picture_file": (io.BytesIO(data), filename)}
    answer = change(teacher, "refus", "item", **{"slug": "", "text": "goat", "fr": "une chèvre", **fields})
    assert answer.status_code == status, told(answer)
    assert kept(teacher, "refus") == before


def test_activities_take_the_sounds_that_words_have(teacher: Site) -> None:
    name = made(teacher, "Sons")
    pairs = teacher.text(f"{BASE}/{name}/modifier?genre=minimal-pairs")
    assert re.findall(r'name="pair" value="([^"]+)"', pairs) == ["ship / sheep"]
    assert change(teacher, name, "activity", kind="minimal-pairs", pair="ship / sheep").status_code == 303
    game = kept(teacher, name).activities[1]
    assert (game.focus, game.pairs) == (("ih/iy",), (("ship", "sheep"),))
    page = teacher.text(f"{BASE}/{name}/modifier?genre=listen-repeat")
    assert re.findall(r'name="focus" value="([^"]+)"', page) == ["w/v", "th/t", "ih/iy", "ae/aa"] or "ih/iy" in page
    wrong = change(teacher, name, "activity", kind="simon-says", item="ship", focus="w/v")
    assert wrong.status_code == 400
    assert "w/v" in told(wrong)
    right = change(teacher, name, "activity", kind="simon-says", item=["ship", "sheep"], focus="ih/iy")
    assert right.status_code == 303
    lines = "What is it?\nit's a sheep\n"
    assert change(teacher, name, "activity", kind="dialogue", lines=lines).status_code == 303
    assert kept(teacher, name).activities[3].items == ("What is it?", "It's a sheep.")
    for number, act in ((3, "up"), (2, "remove"), (0, "down")):
        assert change(teacher, name, "activity", kind="dialogue", number=number, do=act).status_code == 303
    assert [each.kind for each in kept(teacher, name).activities] == ["minimal-pairs", "listen-repeat", "simon-says"]


def test_the_words_of_a_pair_are_said_by_one_voice(teacher: Site) -> None:
    """Never one with the voice of the ready sequences, and the other with that of the box."""
    name = str(teacher.post(f"{BASE}/cp-sounds/copier", f"{BASE}/nouvelle").headers["Location"]).split("/")[3]
    voices = {slug: clip.voice for slug, clip in Clips.load(teacher.hub.own_sequences.folder(name)).clips.items()}
    assert "hibari" in voices["cheek"]
    assert change(teacher, name, "item", slug="ship", text="bead", fr="une perle").status_code == 303
    assert change(teacher, name, "item", text="bid", fr="une offre").status_code == 303
    assert change(teacher, name, "activity", kind="minimal-pairs", pair=["bin / bean", "bead / bid"]).status_code == 303
    rig.until(lambda: not teacher.hub.models.lacking(name))
    clips = Clips.load(teacher.hub.own_sequences.folder(name)).clips
    assert clips["bid"].voice == clips["bead"].voice
    assert clips["cheek"].voice == voices["cheek"], "what did not change is not made again"


@pytest.mark.parametrize(
    "fields",
    [{"kind": "none"}, {"kind": ""}, {"kind": "picture-word", "item": "ship"}, {"kind": "listen-repeat"},
     {"kind": "dialogue", "lines": "Hello?"}, {"kind": "minimal-pairs"},
     {"kind": "minimal-pairs", "pair": "ship / goat"},
     {"kind": "song", "lines": "ship", "tempo": "900"}, {"kind": "song", "lines": "What is it?", "tempo": "90"},
     {"kind": "question-answer", "item": "ship"}, {"kind": "listen-repeat", "item": "ship", "focus": "x/y"},
     {"kind": "listen-repeat", "item": "ship", "number": "77"}],
    ids=lambda fields: "-".join(fields.values()) or "nothing",
)  # fmt: skip
def test_nonsense_in_an_activity_is_refused(teacher: Site, fields: dict[str, str]) -> None:
    if "refus-aussi" not in teacher.hub.own_sequences.ids():
        assert made(teacher, "Refus aussi") == "refus-aussi"
    before = kept(teacher, "refus-aussi")
    assert change(teacher, "refus-aussi", "activity", **fields).status_code in (400, 404)
    assert kept(teacher, "refus-aussi") == before


def test_title_and_sheet_are_kept_or_stay_on_the_page(teacher: Site) -> None:
    name = made(teacher, "Fiche")
    fields: dict[str, Any] = {
        "title_fr": "Ma fiche", "title_en": "My sheet", "level": "cm1-cm2", "theme": "food", "minutes": "25",
        "mode": ["class", "half"], "objectives": "- Nommer\n• Dire", "steps": "Un.\n\nDeux.", "watch": "",
    }  # fmt: skip
    assert change(teacher, name, "fiche", **fields).status_code == 303
    after = kept(teacher, name)
    assert (after.title_fr, after.level, after.teacher.minutes) == ("Ma fiche", "cm1-cm2", 25)
    assert (after.objectives, after.teacher.steps) == (("Nommer", "Dire"), ("Un.", "Deux."))
    wrongs: tuple[dict[str, Any], ...] = (
        {"minutes": "3"}, {"minutes": "x"}, {"title_fr": ""}, {"mode": []}, {"mode": "none"}, {"steps": " "},
        {"level": "cp"}, {"theme": "x"}, {"objectives": "a\n" * 9}, {"steps": "é" * 500},
    )  # fmt: skip
    for wrong in wrongs:
        answer = change(teacher, name, "fiche", **{**fields, "watch": "Ce que je viens d’écrire", **wrong})
        assert answer.status_code == 400, wrong
        assert "Ce que je viens d’écrire" in answer.text
    assert kept(teacher, name) == after


def test_a_ready_sequence_is_copied_never_changed(teacher: Site) -> None:
    for path in (f"{BASE}/cp-animals/modifier", f"{BASE}/cp-pets/modifier", f"{BASE}/none/modifier"):
        assert teacher.get(path).status_code == 404
    assert "/copier" in teacher.text(f"{BASE}/cp-colours")
    first, second = (teacher.post(f"{BASE}/cp-colours/copier", f"{BASE}/cp-colours").headers["Location"] for _ in "ab")
    assert first != second
    copy = kept(teacher, str(first).split("/")[3])
    assert not teacher.hub.models.lacking(copy.id), "with its sounds"
    assert copy.authors[0] == "The Cartable authors"


def test_a_sequence_is_removed(teacher: Site) -> None:
    name = made(teacher, "À jeter")
    answer = teacher.post(f"{BASE}/{name}/retirer", f"{BASE}/{name}/modifier")
    assert answer.status_code == 303
    assert "À jeter" in teacher.text(BASE)
    assert name not in teacher.text(f"{BASE}?q=jeter")
    assert teacher.get(f"{BASE}/{name}").status_code == 404
    assert teacher.post(f"{BASE}/{name}/retirer", BASE + "/nouvelle").status_code == 404
    assert not (teacher.hub.config.library_folder / "sequences" / name).exists()


def test_one_that_somebody_spoilt_is_named_and_can_be_removed(teacher: Site) -> None:
    name = made(teacher, "Abîmée")
    (teacher.hub.own_sequences.folder(name) / "sequence.toml").write_bytes(b"\xff = [")
    assert f'action="{BASE}/{name}/retirer"' in teacher.text(BASE)
    assert teacher.post(f"{BASE}/{name}/retirer", BASE).status_code == 303
    assert f"{name}/retirer" not in teacher.text(BASE)
    assert not teacher.hub.own_sequences.has(name)


def test_pictures_have_names() -> None:
    known = oral_pictures.known()
    assert len(known) > 500
    assert known["1F411"].name == "un mouton"
    assert not [code for code, each in known.items() if not each.name or not each.words]
    assert oral_pictures.found("") == {}
    assert "1F411" in oral_pictures.found("Móuton")


def test_a_lesson_and_the_room_take_it_as_a_ready_one(teacher: Site) -> None:
    name = made(teacher, "En séance")
    rig.until(lambda: not teacher.hub.models.lacking(name))
    box = teacher.new_browser()
    box.environ_base["HTTP_X_CARTABLE_ORIGIN"] = "local"
    sound = box.get(f"/api/oral/sequences/{name}/clips/sheep?slow=1").data
    assert sound == (teacher.hub.own_sequences.folder(name) / "sounds/sheep-slow.mp3").read_bytes()
    teacher.post("/enseignant/seance/ouvrir", classe="g", plan=f"oral:{name}")
    teacher.enter()
    assert "En séance" in html.unescape(teacher.text(f"/oral/{name}"))
    assert f"/sequences/{name}/sounds/ship.mp3" in teacher.text(f"/oral/{name}/0")
    refused = teacher.post(f"{BASE}/{name}/retirer", f"{BASE}/{name}/modifier")
    assert refused.status_code == 409, "a lesson uses it"
    teacher.post("/enseignant/seance/cloche", "/enseignant/seance")
    assert teacher.post(f"{BASE}/{name}/retirer", f"{BASE}/{name}/modifier").status_code == 303
