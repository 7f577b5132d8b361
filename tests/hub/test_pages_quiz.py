# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The pupil's quiz: every kind by a plain form, parts, correction later, texts that are sealed or not kept, teams."""

from __future__ import annotations

import dataclasses
import html
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.hub import quiz_delivery, quiz_view
from appliance.hub.answered import member_id, sealed_id
from appliance.model import Activity, Group, Lesson, LessonOptions, Pupil
from appliance.store import activities, lessons, people, texts, vault
from tests.hub import site as rig
from tests.hub.site import Site
from tests.hub.test_quiz_judging import ABOUT, LOOSE, MATCH, ONE, ORDER, SOME

KINDS = {kind: dataclasses.replace(question, id=kind, prompt=f"Question {kind} ?", right="Oui oui.", wrong="Non non.")
         for kind, question in {"one": ONE, "some": SOME, "order": ORDER, "match": MATCH, "number": ABOUT,
                                "text": LOOSE}.items()}  # fmt: skip
QUIZ = Activity("tout", "Un peu de tout", tuple(KINDS.values()))
RIGHT: dict[str, dict[str, object]] = {
    "one": {"choice": "b"},
    "some": {"choice": ["c", "a"]},
    "order": {"choice": "c[,]a[,]b"},
    "match": {"pair.a": "1", "pair.b": "2", "pair.c": "1"},
    "number": {"choice": " 3,15 "},
    "text": {"choice": "L'ÉTÉ"},
}


@dataclasses.dataclass
class Tablet:
    """One pupil's browser."""

    site: Site
    pupil: str

    def text(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text[:2000]
        return answer.text

    def __post_init__(self) -> None:
        self.browser = self.site.new_browser()
        token = re.search(r'name="csrf" value="([^"]+)"', self.text(f"/qui/{self.pupil}"))
        assert token
        assert self.browser.post(f"/qui/{self.pupil}", data={"csrf": token[1]}).status_code == 303

    def bodies(self) -> list[Any]:
        """Their statements, oldest first."""
        rows = self.site.hub.db.reading().execute(
            "SELECT body FROM statement JOIN answer ON statement = id WHERE pupil = ? ORDER BY row", (self.pupil,)
        )
        return [json.loads(row["body"]) for row in rows]

    def sealed(self) -> list[dict[str, Any]]:
        rows = self.site.hub.db.reading().execute("SELECT * FROM sealed_item WHERE pupil = ?", (self.pupil,))
        return [dict(row) for row in rows]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A box where a class of many has a lesson with a quiz of every kind."""
    with rig.opened(tmp_path_factory.mktemp("quiz") / "state") as site:
        pupils = [Pupil(f"p{n}", "g", f"Renard {n}", "1F98A") for n in range(60)]
        running = Lesson("l", "g", "Tout", "2026-11-02T08:00:00Z")
        people.put_class(site.hub.db, Group("g", "CE2"), pupils, [QUIZ], running)
        yield site


@pytest.fixture
def pupil(lesson: Site) -> Iterator[Tablet]:
    """A pupil who has not answered yet, in a lesson as it is by default."""
    answered = {row[0] for row in lesson.hub.db.reading().execute("SELECT DISTINCT pupil FROM answer")}
    activities.save(lesson.hub.db, QUIZ)
    tablet = Tablet(lesson, next(f"p{n}" for n in range(60) if f"p{n}" not in answered))
    yield tablet
    with lesson.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET options = '{}'")
        for table in ("sealed_item", "pupil_key", "group_key", "group_grant", "group_detail"):
            conn.execute(f"DELETE FROM {table}")


def form_of(page: str, question: str) -> str:
    return page.split(f'id="q-{question}"')[1].split("</form>")[0]


def fields(page: str, question: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form_of(page, question))
    return {name: html.unescape(value) for name, value in found}


def all_parts(tablet: Tablet, activity: str = "tout") -> str:
    return tablet.text(f"/exercice/{activity}")


def send(tablet: Tablet, question: str, **given: object) -> str:
    """Fill in the form of a question by hand; the page that comes."""
    data = {**fields(all_parts(tablet), question), **given}
    answer = tablet.browser.post("/exercice/tout", data=data, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return form_of(answer.text, question)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_by_a_plain_form(pupil: Tablet, kind: str) -> None:
    told = send(pupil, kind, **RIGHT[kind])
    assert "Oui oui." in told.split('class="feedback')[1]
    (body,) = pupil.bodies()
    assert body["result"]["success"] is True
    assert 'data-done="1"' in form_of(all_parts(pupil), kind) or 'data-done="1"' in all_parts(pupil)


@pytest.mark.parametrize(
    ("kind", "given"),
    [("one", {"choice": "a"}), ("some", {"choice": ["b"]}), ("order", {}), ("number", {"choice": "3"}),
     ("match", {"pair.a": "2", "pair.b": "2", "pair.c": "1"}), ("text", {"choice": "l’hiver"})],
)  # fmt: skip
def test_a_wrong_answer_is_told_what_helps(pupil: Tablet, kind: str, given: dict[str, object]) -> None:
    assert "Non non." in send(pupil, kind, **given).split('class="feedback')[1]
    assert pupil.bodies()[0]["result"]["success"] is False


@pytest.mark.parametrize("kind", ["one", "some", "number", "text"])
def test_nothing_chosen_asks_the_question_again(pupil: Tablet, kind: str) -> None:
    assert 'class="feedback"' in send(pupil, kind)
    assert pupil.bodies() == []


@pytest.mark.parametrize(
    ("kind", "given"),
    [("some", {"choice": ["a", "z"]}), ("match", {"pair.a": "1"}),
     ("number", {"choice": "x"}), ("order", {"choice": "a"})],
)  # fmt: skip
def test_what_is_no_answer_is_refused_in_words(pupil: Tablet, kind: str, given: dict[str, object]) -> None:
    data = {**fields(all_parts(pupil), kind), **given}
    answer = pupil.browser.post("/exercice/tout", data=data)
    assert answer.status_code == 400
    assert pupil.bodies() == []


def test_arrows_move_a_line_without_a_script(pupil: Tablet) -> None:
    form = form_of(all_parts(pupil), "order")
    arrows = [html.unescape(value) for value in re.findall(r'name="arrange" value="([^"]+)"', form)]
    assert arrows[:4] == ["a[,]b[,]c", "b[,]a[,]c", "b[,]a[,]c", "a[,]c[,]b"]
    data = {**fields(all_parts(pupil), "order"), "arrange": "a[,]c[,]b"}
    moved = pupil.browser.post("/exercice/tout", data=data).text
    assert fields(moved, "order")["choice"] == "a[,]c[,]b"
    data["arrange"] = "a[,]zzz"
    assert fields(pupil.browser.post("/exercice/tout", data=data).text, "order")["choice"] == "a[,]b[,]c"
    assert pupil.bodies() == []


def test_long_quizzes_come_in_parts_that_fit(pupil: Tablet) -> None:
    many = tuple(dataclasses.replace(ONE, id=f"q{n}", prompt=f"{n} ?") for n in range(30))
    activities.save(pupil.site.hub.db, Activity("long", "Long", many))
    first = all_parts(pupil, "long")
    assert first.count("<template") > 2
    assert first.count('<form class="question') == 30, "a tablet without Wi-Fi has every question"
    last = pupil.text("/exercice/long?partie=99")
    assert last.split("<template")[-1].count("q29") or "q29" in last
    assert 'rel="next"' not in last.split("</template>")[-1]
    token = fields(first, "q29")
    answer = pupil.browser.post("/exercice/long", data={**token, "choice": "b"})
    assert re.search(r"partie=\d+#q-q29$", answer.headers["Location"])


def test_parts_hold_every_question_once() -> None:
    questions = (*KINDS.values(), *(dataclasses.replace(ONE, id=f"q{n}") for n in range(9)))
    shown = quiz_view.shown(Activity("x", "X", questions), {}, tells=True)
    parts = quiz_view.parts(shown)
    assert [each.question.id for part in parts for each in part] == [question.id for question in questions]
    assert all(
        sum(quiz_view.nodes(each.question) for each in part) <= quiz_view.NODES for part in parts if len(part) > 1
    )
    assert quiz_view.parts([]) == [[]]


def later(tablet: Tablet, **options: object) -> None:
    with tablet.site.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET options = ?", (json.dumps({"correction": "later", **options}),))


def test_with_correction_later_the_page_holds_no_right_answer(pupil: Tablet) -> None:
    later(pupil)
    page = all_parts(pupil)
    for secret in (
        "data-answer",
        "data-right",
        "data-wrong",
        "data-tolerance",
        "Oui oui.",
        "Non non.",
        "belle saison",
        "3,14",
    ):
        assert secret not in page
    for kind in KINDS:
        told = send(pupil, kind, **RIGHT[kind])
        assert "La correction viendra plus tard" in told
        assert "Oui oui." not in told
    page = all_parts(pupil)
    assert not re.search(r'class="tile answer[^"]*(right|wrong)', page)
    assert all(secret not in page for secret in ("Oui oui.", "data-answer", "notice good", "notice warn"))


def test_the_teacher_shows_the_correction(pupil: Tablet) -> None:
    later(pupil)
    send(pupil, "one", choice="a")
    lesson = lessons.running(pupil.site.hub.db)
    assert lesson
    lessons.release(pupil.site.hub.db, lesson.id)
    told = form_of(all_parts(pupil), "one")
    assert "Non non." in told
    assert re.search(r'tile answer right" name="choice" value="b"', told)
    assert re.search(r'tile answer wrong" name="choice" value="a"', told)


def deliver(tablet: Tablet, token: str, question: str, given: str, identifier: str = "") -> str:
    name = identifier or str(uuid.uuid4())
    item = {"id": name, "token": token, "question": question, "response": given}
    told: Any = tablet.browser.post("/api/answers", json=[item]).get_json()
    assert told["accepted"] == [name], told
    return name


def test_answers_to_what_is_asked_no_more_still_count(pupil: Tablet) -> None:
    token = fields(all_parts(pupil), "one")["token"]
    activities.save(pupil.site.hub.db, Activity("tout", "Tout", (dataclasses.replace(KINDS["one"], prompt="Autre ?"),)))
    deliver(pupil, token, "one", "b")
    assert pupil.bodies()[0]["object"]["definition"]["description"] == {"fr": "Question one ?"}


def test_a_tablet_of_the_previous_release_delivers(pupil: Tablet) -> None:
    name, token = str(uuid.uuid4()), fields(all_parts(pupil), "one")["token"]
    item = {"id": name, "token": token, "question": "one", "choice": "b"}
    told: Any = pupil.browser.post("/api/answers", json=[item]).get_json()
    assert told["accepted"] == [name]


def portfolio(tablet: Tablet, regime: str = texts.PORTFOLIO) -> None:
    """Keys as the vault makes them, with a recovery key of nobody."""
    with tablet.site.hub.db.writing() as conn:
        conn.execute("INSERT INTO group_detail (school_group, regime) VALUES ('g', ?)", (regime,))
        vault.put_class_keys(conn, "g", {"staff:x": bytes.fromhex("09" + "00" * 31)})


def test_a_text_is_sealed_with_its_statement_and_once(pupil: Tablet) -> None:
    portfolio(pupil)
    token = fields(all_parts(pupil), "text")["token"]
    name = deliver(pupil, token, "text", "le secret d’Anna")
    deliver(pupil, token, "text", "le secret d’Anna", name)
    (item,) = pupil.sealed()
    assert (item["id"], item["kind"], item["about"]) == (sealed_id(name), "text", name)
    assert b"Anna" not in b"".join(path.read_bytes() for path in pupil.site.hub.db.path.parent.glob("cartable.sqlite*"))


@pytest.mark.parametrize("regime", ["", "animals", "named"])
def test_elsewhere_a_text_is_judged_and_not_kept(pupil: Tablet, regime: str) -> None:
    if regime:
        portfolio(pupil, regime)
    send(pupil, "text", choice="le secret d’Anna")
    assert pupil.sealed() == []
    assert pupil.bodies()[0]["result"]["success"] is False
    assert b"Anna" not in b"".join(path.read_bytes() for path in pupil.site.hub.db.path.parent.glob("cartable.sqlite*"))


def test_an_answer_of_a_team_is_each_member_s(pupil: Tablet) -> None:
    portfolio(pupil)
    mate = Tablet(pupil.site, "p59")
    with pupil.site.app.test_request_context():
        token = quiz_delivery.token("l", [pupil.pupil, "p59"], "tout")
    for count, (question, given) in enumerate((("one", "b"), ("text", "bonjour")), 1):
        name = deliver(pupil, token, question, given)
        deliver(pupil, token, question, given, name)
        for each in (pupil, mate):
            assert len(each.bodies()) == count
            assert each.bodies()[-1]["id"] == member_id(name, each.pupil)
    assert len(pupil.sealed()) == len(mate.sealed()) == 1


def test_options_of_a_lesson_say_whether_pages_tell() -> None:
    assert LessonOptions().tells
    assert not LessonOptions(correction="later").tells
    assert LessonOptions(correction="later", released=True).tells


def test_right_answers_in_words(lesson: Site) -> None:
    said = {kind: quiz_view.in_words(question) for kind, question in KINDS.items()}
    assert said == {"one": "deux", "some": "un, trois", "order": "trois → un → deux", "number": "3,14", "text": "L’été",
                    "match": "un → impair, deux → pair, trois → impair"}  # fmt: skip
