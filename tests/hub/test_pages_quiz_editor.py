# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher makes, copies, edits, tries and removes quizzes, by plain forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.hub import quiz_judging
from appliance.model import Activity, Question, QuestionKind
from appliance.store import activities
from tests.hub import site as rig
from tests.hub.site import Site

BASE = "/enseignant/exercices"
LINES = {"text0": "Le chat", "text1": "Le chien", "text2": "Le rat"}
FILLED: dict[str, dict[str, Any]] = {
    "choice": {"prompt": "Qui miaule ?", **LINES, "right": "0", "picture0": "Renard", "picture": "lion"},
    "several": {"prompt": "Qui a quatre pattes ?", **LINES, "right": ["0", "2"]},
    "order": {"prompt": "Du plus grand ?", **LINES},
    "match": {"prompt": "Qui fait quoi ?", **LINES, "target0": "miaule", "target1": "aboie", "target2": "couine"},
    "number": {"prompt": "2,5 + 1 ?", "answers": "3,50", "tolerance": "0,1"},
    "text": {"prompt": "Le petit du chat ?", "answers": "chaton\nle chaton\n", "loose": "on"},
}
RIGHT: dict[str, dict[str, Any]] = {
    "choice": {"choice": "a"},
    "several": {"choice": ["a", "c"]},
    "order": {},
    "match": {},
    "number": {"choice": "3,6"},
    "text": {"choice": "LE CHATON"},
}


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A teacher's browser."""
    with rig.opened(tmp_path_factory.mktemp("editor") / "state") as site:
        rig.demonstration_class(site)
        site.sign_in()
        yield site


def make(site: Site, title: str = "Animaux") -> str:
    """A new quiz, by its title; its address."""
    answer = site.post(BASE, title=title)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def quiz(site: Site, address: str) -> Activity:
    return activities.get(site.hub.db, address.rpartition("/")[2])


def put(site: Site, address: str, kind: str, **more: Any) -> Question:
    """Add a question by the form of its kind."""
    assert f'name="kind" value="{kind}"' in site.text(f"{address}?nouvelle={kind}")
    fields = {"kind": kind, "id": "", "do": "save", **FILLED[kind], **more}
    answer = site.post(address, **fields)
    assert answer.status_code == 303, answer.text[:3000]
    return quiz(site, address).questions[-1]


@pytest.mark.parametrize("kind", FILLED)
def test_every_kind_is_made_shown_again_and_kept_the_same(teacher: Site, kind: str) -> None:
    address = make(teacher)
    made = put(teacher, address, kind)
    assert (made.kind, made.prompt) == (QuestionKind(kind), FILLED[kind]["prompt"])
    assert quiz_judging.right(made, quiz_judging.response(made, made.answer))
    page = teacher.text(f"{address}?question={made.id}")
    again = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    again = {name: value for name, value in again.items() if name not in ("csrf", "right")}
    ticked = re.findall(r'name="right" value="(\d)" checked', page)
    area = dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', page))
    loose = {"loose": "on"} if 'name="loose" checked' in page else {}
    assert teacher.post(address, **again, **area, **loose, right=ticked, do="save").status_code == 303
    assert quiz(teacher, address).questions == (made,), "saving what stands there changes nothing"


def test_choices_have_pictures_and_marks(teacher: Site) -> None:
    made = put(teacher, make(teacher), "choice")
    assert [(choice.id, choice.text, choice.image) for choice in made.choices] == [
        ("a", "Le chat", "1F98A"), ("b", "Le chien", None), ("c", "Le rat", None)
    ]  # fmt: skip
    assert (made.answer, made.image) == ("a", "1F981")


def test_what_is_to_be_ordered_or_matched_is_shown_mixed(teacher: Site) -> None:
    address = make(teacher)
    order, match = put(teacher, address, "order"), put(teacher, address, "match")
    texts = {choice.id: choice.text for choice in order.choices}
    assert [texts[name] for name in order.answer.split("[,]")] == list(LINES.values())
    assert order.answer != "[,]".join(choice.id for choice in order.choices)
    targets = {target.id: target.text for target in match.targets}
    sources = {choice.id: choice.text for choice in match.choices}
    pairs = dict(pair.split("[.]") for pair in match.answer.split("[,]"))
    assert {sources[a]: targets[b] for a, b in pairs.items()} == {
        "Le chat": "miaule", "Le chien": "aboie", "Le rat": "couine"
    }  # fmt: skip
    assert match.answer != "a[.]1[,]b[.]2[,]c[.]3"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("choice", {"prompt": " "}), ("choice", {"right": []}), ("choice", {"right": ["0", "1"]}),
        ("choice", {"text0": ""}), ("choice", {"text1": "", "text2": ""}), ("choice", {"picture0": "licorne"}),
        ("choice", {"right": "5"}),
        ("several", {"right": []}), ("order", {"text1": "Le chat"}), ("match", {"target1": ""}),
        ("number", {"answers": "trois"}), ("number", {"tolerance": "un peu"}), ("text", {"answers": " \n "}),
        ("text", {"prompt": "x" * 301}), ("choice", {"text0": "x" * 121}), ("nothing", {}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(teacher: Site, kind: str, changes: dict[str, Any]) -> None:
    address = make(teacher)
    fields = {"kind": kind, "id": "", "do": "save", **FILLED.get(kind, {}), **changes}
    answer = teacher.post(address, **fields)
    assert answer.status_code == 400
    assert quiz(teacher, address).questions == ()
    if kind != "nothing":
        assert 'class="notice bad"' in answer.text
        assert "Qui miaule" in answer.text or kind != "choice" or "prompt" in changes


def test_an_edited_question_is_another_one_and_the_former_is_still_known(teacher: Site) -> None:
    address = make(teacher)
    before = put(teacher, address, "choice")
    fields = {"kind": "choice", "id": before.id, "do": "save", **FILLED["choice"], "right": "1"}
    teacher.post(address, **fields)
    (after,) = quiz(teacher, address).questions
    assert after.id != before.id
    assert after.answer == "b"
    ever = activities.ever(teacher.hub.db, address.rpartition("/")[2]).questions
    assert {before, after} == set(ever)


def test_questions_move_and_leave(teacher: Site) -> None:
    address = make(teacher)
    first, second = put(teacher, address, "number"), put(teacher, address, "text")
    moved = teacher.post(address, id=second.id, kind="text", do="up")
    assert f"question={second.id}" in moved.headers["Location"]
    assert quiz(teacher, address).questions == (second, first)
    teacher.post(address, id=second.id, kind="text", do="up")
    teacher.post(address, id=second.id, kind="text", do="down")
    assert quiz(teacher, address).questions == (first, second)
    teacher.post(address, id=first.id, kind="number", do="remove")
    teacher.post(address, id="unknown", kind="number", do="remove")
    assert quiz(teacher, address).questions == (second,)


def test_save_and_another_one_stays_with_the_kind(teacher: Site) -> None:
    address = make(teacher)
    answer = teacher.post(address, kind="number", id="", do="more", **FILLED["number"])
    assert answer.headers["Location"].endswith("?nouvelle=number#main")
    assert len(quiz(teacher, address).questions) == 1


def test_title_copy_and_removal(teacher: Site) -> None:
    address = make(teacher, "Nombres")
    put(teacher, address, "number")
    teacher.post(address, title="  Petits   nombres ")
    assert quiz(teacher, address).title == "Petits nombres"
    assert teacher.post(address, title=" ").status_code == 400
    assert teacher.browser.post(BASE, data={"csrf": teacher.token(BASE), "title": "x" * 81}).status_code == 400
    copied = str(teacher.post(f"{address}/copier", address).headers["Location"])
    assert quiz(teacher, copied).title == "Petits nombres (copie)"
    assert quiz(teacher, copied).questions == quiz(teacher, address).questions
    assert "Petits nombres" in teacher.text(BASE)
    assert teacher.post(f"{address}/retirer", address).status_code == 303
    page = teacher.text(BASE)
    assert address not in page
    assert copied in page
    assert teacher.get(address).status_code == 404
    assert teacher.get(f"{BASE}/none").status_code == 404


@pytest.mark.parametrize("kind", FILLED)
def test_trying_keeps_nothing(teacher: Site, kind: str) -> None:
    address = make(teacher)
    made = put(teacher, address, kind)
    given = dict(RIGHT[kind])
    if kind == "order":
        given = {"choice": made.answer}
    if kind == "match":
        given = {f"pair.{pair.split('[.]')[0]}": pair.split("[.]")[1] for pair in made.answer.split("[,]")}
    page = teacher.text(f"{address}/essayer")
    assert made.prompt in page
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token
    before = teacher.hub.db.reading().execute("SELECT count(*) FROM statement").fetchone()[0]
    told = teacher.browser.post(f"{address}/essayer", data={"csrf": token[1], "question": made.id, **given}).text
    assert "notice good" in told
    assert teacher.hub.db.reading().execute("SELECT count(*) FROM statement").fetchone()[0] == before


def test_a_picture_of_the_library_is_shown(teacher: Site) -> None:
    teacher.upload(("Carte de France.png", rig.picture()))
    teacher.settle()
    address = make(teacher)
    made = put(teacher, address, "choice", picture0="carte de france", picture="")
    assert str(made.choices[0].image).startswith("library:")
    page = teacher.text(f"{address}/essayer")
    sheet = re.search(r'<image href="(/medias/planche.jpg[^"]+)"', page)
    assert sheet
    assert teacher.get(sheet[1]).mimetype == "image/jpeg"


@pytest.mark.parametrize("path", ["", "/x", "/x/essayer"])
def test_nobody_but_the_teacher(teacher: Site, path: str) -> None:
    stranger = teacher.new_browser()
    assert stranger.get(BASE + path).headers["Location"].endswith("/enseignant")
