# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Spoken English in the hub: the pupil's pages, the token, what is kept of a verdict, and what is not."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from appliance.hub import oral_catalogue
from appliance.sequences import ready
from appliance.store import merging, oral, settings
from tests.hub.lesson_rig import now, tablet
from tests.hub.oral_rig import SEQUENCE, asked, field, kept, local, missed, open_lesson, school, verdict
from tests.hub.site import Site

__all__ = ["school"]
PAGE = f"/oral/{SEQUENCE}/1"


def bodies(site: Site) -> list[dict[str, Any]]:
    rows = site.hub.db.reading().execute("SELECT body FROM statement ORDER BY row")
    return [json.loads(row["body"]) for row in rows]


def test_the_only_thing_planned_opens_at_once_and_is_on_the_shelf(school: Site) -> None:
    teacher = open_lesson(school)
    pupil = tablet(school, "p1")
    assert pupil.post("/qui/p1").headers["Location"] == f"/oral/{SEQUENCE}"
    listed = pupil.text(f"/oral/{SEQUENCE}")
    assert "Le petit déjeuner" in listed
    assert listed.count('class="hero"') == len(ready.sequence(SEQUENCE).activities)
    assert f'href="/oral/{SEQUENCE}"' in pupil.text("/etagere")
    now(pupil, f"?p=/oral/{SEQUENCE}/0")
    assert "Le petit déjeuner" in teacher.board()


def test_a_sequence_outside_the_plan_and_unknown_places_are_not_there(school: Site) -> None:
    open_lesson(school)
    pupil = tablet(school, "p1")
    for path in ("/oral/cp-hello", "/oral/cp-hello/0", f"/oral/{SEQUENCE}/99", "/oral/none", "/oral/../x"):
        assert pupil.get(path).status_code == 404, path
    for query in ("n=0", "n=-5", "n=999", "n=x", "v=x", "v=" + "9" * 500):
        assert pupil.get(f"{PAGE}?{query}").status_code == 200, query
    assert school.new_browser().get(PAGE).status_code == 302, "who has not said who they are is sent to the grid"


def test_the_first_and_last_step_of_every_activity_is_a_page(school: Site) -> None:
    teacher = open_lesson(school)
    teacher.open(classe="g")  # everything on the box
    pupil = tablet(school, "p1")
    for name in ready.ids():
        slugs = {item.slug for item in ready.sequence(name).items}
        for number in range(len(ready.sequence(name).activities)):
            page = pupil.text(f"/oral/{name}/{number}")
            found = re.search(r"<span>1 / (\d+)</span>", page)
            assert found
            assert field(page, "item") in slugs
            assert page.count(".mp3") >= 2, "both speeds"
            last = pupil.text(f"/oral/{name}/{number}?n={found[1]}")
            assert f"<span>{found[1]} / {found[1]}</span>" in last


def test_the_speech_service_learns_what_was_asked(school: Site) -> None:
    open_lesson(school)
    pupil = tablet(school, "p1")
    answer = local(school, "/api/oral/turn", asked(pupil.text(PAGE)))
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["language"] == "fr"
    assert answer.json["asked"]["text"] == "milk"
    assert answer.json["asked"]["focus"] == ["ih/iy"]
    assert answer.json["asked"]["items"] == ["milk", "cheese", "tea", "bread", "butter", "toast"]


def test_a_verdict_is_kept_once_as_a_statement_without_sound_or_score(school: Site) -> None:
    open_lesson(school)
    told = asked(tablet(school, "p1").text(PAGE))
    first, again = kept(school, told), kept(school, told)
    assert (first["kept"], again["kept"]) == (True, True)
    (body,) = bodies(school)
    assert body["id"] == told["id"]
    assert body["actor"]["account"]["name"] == "p1"
    assert body["verb"]["id"] == "http://adlnet.gov/expapi/verbs/attempted"
    assert body["object"]["id"].endswith("/activities/oral%3Ace2-breakfast/questions/milk")
    assert body["result"]["success"] is True
    assert body["result"]["response"] == "milk"
    assert not {"score", "duration"} & set(body["result"])
    assert "attachments" not in body
    assert "Renard" not in json.dumps(body)


@pytest.mark.parametrize(("judged", "success"), [(verdict("encore", ""), False), (missed("ih/iy"), None)])
def test_nearly_is_neither_right_nor_wrong(school: Site, judged: dict[str, Any], success: bool | None) -> None:
    open_lesson(school)
    kept(school, asked(tablet(school, "p1").text(PAGE)), judged)
    (body,) = bodies(school)
    assert body["result"].get("success") is success
    (attempt,) = oral.of_pupils(school.hub.db, ["p1"])
    assert attempt.outcome == judged["outcome"]
    assert attempt.focus == ((("ih/iy", False),) if success is None else ())


@pytest.mark.parametrize("outcome", ["silence", "bruit", "panne", "compare", "", "x"])
def test_what_is_not_about_the_pupil_is_kept_nowhere(school: Site, outcome: str) -> None:
    open_lesson(school)
    told = asked(tablet(school, "p1").text(PAGE))
    judged = {"outcome": outcome} if outcome in ("compare", "", "x") else verdict(outcome, "")
    answer = kept(school, told, judged)
    assert answer["kept"] is False
    assert answer["page"].startswith(PAGE)
    assert bodies(school) == []


def test_an_id_of_another_is_told_in_words(school: Site) -> None:
    open_lesson(school)
    told = asked(tablet(school, "p1").text(PAGE))
    assert kept(school, told)["kept"] is True
    answer = kept(school, {**asked(tablet(school, "p2").text(PAGE)), "id": told["id"]})
    assert (answer["kept"], answer["why"]) == (False, "Ce n’est pas gardé : redis-le encore une fois.")
    assert [each.pupil for each in oral.of_pupils(school.hub.db, ["p1", "p2"])] == ["p1"]


def test_a_page_without_script_gets_its_verdict_back(school: Site) -> None:
    open_lesson(school)
    pupil = tablet(school, "p1")
    answer = kept(school, asked(pupil.text(PAGE + "?n=2")), verdict("encore", "bread"))
    page = html.unescape(pupil.text(answer["page"]))
    assert "<span>2 / 6</span>" in page
    assert "verdict encore" in page
    assert "J’ai entendu" in page
    signed = re.search(r"v=([^&]+)", answer["page"])
    assert signed
    assert "verdict encore" not in pupil.text(f"{PAGE}?n=3&v={signed[1]}"), "it is another item's"


def test_an_anonymous_lesson_stays_in_memory(school: Site) -> None:
    teacher = open_lesson(school, classe="")
    pupil = tablet(school)
    answer = kept(school, asked(pupil.text(PAGE)), missed("ih/iy"))
    assert answer["kept"] is True
    assert bodies(school) == []
    assert [each.item for each in school.hub.anonymous.attempts()] == ["milk"]
    assert "presque : 1" in teacher.board()
    told = asked(pupil.text(PAGE))
    teacher.bell()
    assert local(school, "/api/oral/turn", told).status_code == 404
    assert local(school, "/api/oral/attempts", {**told, "verdict": verdict()}).status_code == 404


def test_of_a_pair_each_has_a_statement_and_they_swap_in_a_dialogue(school: Site) -> None:
    open_lesson(school)
    pupil = tablet(school, "p1")
    assert pupil.post("/qui/ensemble", pupil=["p1", "p2"]).status_code == 303
    first, second = (pupil.text(f"/oral/{SEQUENCE}/3?n={n}") for n in (1, 5))
    assert "Renard, à toi" in first
    assert "Hibou, à toi" in second
    assert field(first, "item") == field(second, "item"), "the second round, the other way round"
    kept(school, asked(first))
    assert {body["actor"]["account"]["name"] for body in bodies(school)} == {"p1", "p2"}
    assert all(body["context"]["team"] for body in bodies(school))


def test_nonsense_is_refused(school: Site) -> None:
    open_lesson(school)
    good = asked(tablet(school, "p1").text(PAGE))
    wrongs: tuple[tuple[dict[str, str], int], ...] = (
        ({"token": "x"}, 400), ({"token": ""}, 400), ({"activity": "-1"}, 400), ({"activity": "99"}, 404),
        ({"activity": "²"}, 400), ({"item": "none"}, 404), ({"item": ""}, 404),
    )  # fmt: skip
    for wrong, status in wrongs:
        assert local(school, "/api/oral/turn", {**good, **wrong}).status_code == status, wrong
    bodies_sent: tuple[Any, ...] = (
        [],
        "x",
        None,
        {**good},
        {**good, "verdict": []},
        {**good, "verdict": verdict(), "id": "x"},
    )
    for body in bodies_sent:
        assert local(school, "/api/oral/attempts", body).status_code == 400, body
    ages: tuple[Any, ...] = ("x", True, -1, 1e300, None, [], float("nan"))
    for age in ages:
        told = {**asked(tablet(school, "p1").text(PAGE)), "verdict": verdict(), "age_ms": age}
        assert local(school, "/api/oral/attempts", told).status_code == 200, age
    for odd in ({"focus": 3}, {"words": [1, {}]}, {"params": 3}, {"sentence": "%(x)s", "params": {"y": 1}}):
        verdicts = {"outcome": "bravo", **odd}
        told = {**asked(tablet(school, "p1").text(PAGE)), "verdict": verdicts}
        assert local(school, "/api/oral/attempts", told).status_code in (200, 400), verdicts
    browser = tablet(school, "p1").browser
    assert browser.post("/api/oral/turn", json=good).status_code == 403
    assert browser.post("/api/oral/attempts", json=good).status_code == 403


def test_a_rebuild_and_an_erasure_reach_attempts(school: Site) -> None:
    open_lesson(school)
    kept(school, asked(tablet(school, "p1").text(PAGE)))
    kept(school, asked(tablet(school, "p2").text(PAGE)))
    before = oral.of_pupils(school.hub.db, ["p1", "p2"])
    school.hub.records.rebuild(lambda *_: None)
    assert oral.of_pupils(school.hub.db, ["p1", "p2"]) == before
    teacher = open_lesson(school).site
    answer = teacher.post("/enseignant/eleves/p1/effacer", "/enseignant/eleves/p1", sure="yes")
    assert answer.status_code == 200
    left = school.hub.db.reading().execute("SELECT pupil FROM oral_attempt").fetchall()
    assert [row["pupil"] for row in left] == ["p2"]
    assert settings.box_id(school.hub.db)


def test_two_pupils_made_one_have_said_it_together(school: Site) -> None:
    open_lesson(school)
    kept(school, asked(tablet(school, "p1").text(PAGE)))
    later = asked(tablet(school, "p2").text(PAGE))
    kept(school, asked(tablet(school, "p2").text(PAGE + "?n=2")))
    with school.hub.db.writing() as conn:
        merging.merge(conn, "p1", "p2", "2026-11-02T08:00:00Z")
    kept(school, later)
    assert sorted(each.item for each in oral.of_pupils(school.hub.db, ["p1"])) == ["cheese", "milk", "milk"]
    assert oral.of_pupils(school.hub.db, ["p2"]) == []


def test_traces_tell_it_in_words(school: Site) -> None:
    teacher = open_lesson(school)
    kept(school, asked(tablet(school, "p1").text(PAGE)))
    page = html.unescape(teacher.site.text("/enseignant/traces/p1"))
    assert re.search(r"Renard a essayé de dire « (<[^>]*>)?milk.* : bien dit", page.replace("\N{NO-BREAK SPACE}", " "))
    assert "Le petit déjeuner" in teacher.site.text("/enseignant/traces")
    teacher.bell()
    assert "dits" in teacher.site.text("/enseignant/seance/bilan/" + lesson_id(school))


def lesson_id(site: Site) -> str:
    return str(site.hub.db.reading().execute("SELECT id FROM lesson ORDER BY rowid DESC LIMIT 1").fetchone()["id"])


def test_the_catalogue_has_a_sound_at_both_speeds_and_a_cover_for_each(school: Site) -> None:
    with school.app.test_request_context():
        for name in ready.ids():
            found = oral_catalogue.get(name)
            assert oral_catalogue.sheet(name)
            assert oral_catalogue.face(found)
            assert all(oral_catalogue.clip(name, found.items[0].slug, slow=slow) for slow in (False, True))
            assert not oral_catalogue.own(name)
            assert oral_catalogue.clip(name, "none") is None
