# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's trace pages: what pupils did, for the teacher's eyes only."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.store import classes, lessons, settings
from appliance.xapi import identifiers
from appliance.xapi.preparing import Prepared, prepare
from appliance.xapi.reading import statement
from appliance.xapi.version import Version
from tests.hub import site as rig
from tests.hub.site import Site

ADL = "http://adlnet.gov/expapi/verbs/"
GAME = "http://example.org/jeu"


@pytest.fixture
def classroom(tmp_path: Path) -> Iterator[Site]:
    """A class in a lesson, and the teacher at the desk."""
    with rig.opened(tmp_path / "state") as opened:
        rig.demonstration_class(opened)
        opened.sign_in()
        yield opened


def made(site: Site, verb: str, target: dict[str, Any] | str = GAME, pupil: str = "p1", **more: Any) -> Prepared:
    """A statement of a package in the running lesson."""
    box = settings.box_id(site.hub.db)
    value = {
        "id": str(uuid.uuid4()),
        "actor": identifiers.pupil(box, pupil),
        "verb": {"id": ADL + verb},
        "object": {"id": target} if isinstance(target, str) else target,
        "context": {"registration": identifiers.registration(box, "l")},
        **more,
    }
    return prepare(statement(json.dumps(value).encode()), Version.V1, identifiers.own_authority(box))


def question(name: str = "q1") -> dict[str, Any]:
    definition = {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": "choice",
        "description": {"fr": f"Question {name} ?"},
        "choices": [{"id": "a", "description": {"fr": "Rome"}}, {"id": "b", "description": {"fr": "Oslo"}}],
    }
    return {"id": f"{GAME}/questions/{name}", "definition": definition}


def tell(site: Site, *batch: Prepared) -> None:
    site.hub.records.append(batch)


def seat(site: Site, name: str, path: str = "/enseignant/traces") -> str:
    """The text of a pupil's row."""
    found = re.search(rf"<b>{name}</b> <span>([^<]*)</span>", site.text(path))
    assert found
    return ", ".join(html.unescape(found[1]).replace("\xa0", " ").split("\n"))


def words(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split())).replace("\xa0", " ")


def test_a_class_that_did_nothing_yet(classroom: Site) -> None:
    assert seat(classroom, "Renard") == "rien encore"
    assert "Rien ici pour l’instant" in words(classroom.text("/enseignant/traces/p1"))


def test_who_left_the_class_is_not_told(classroom: Site) -> None:
    tell(classroom, made(classroom, "initialized", pupil="p2"))
    assert "Hibou" in classroom.text("/enseignant/traces")
    with classroom.hub.db.writing() as conn:
        classes.leave(conn, "p2", "2026-11-02T09:00:00.000000Z")
    page = classroom.text("/enseignant/traces")
    assert "Renard" in page
    assert "Hibou" not in page


def test_the_class_at_a_glance(classroom: Site) -> None:
    tell(classroom, made(classroom, "initialized"),
         made(classroom, "answered", question("q1"), result={"success": False, "response": "b"}),
         made(classroom, "answered", question("q1"), result={"success": True, "response": "a"}),
         made(classroom, "answered", question("q2"), result={"success": False, "response": "b"}),
         made(classroom, "completed", result={"score": {"scaled": 0.5}}),
         made(classroom, "initialized", pupil="p2"))  # fmt: skip
    assert seat(classroom, "Renard") == "3 réponses, dont 1 juste, 1 activité finie, à l’instant"
    assert seat(classroom, "Hibou") == "1 trace, à l’instant"


def test_the_boxs_own_exercise_and_the_filter(classroom: Site) -> None:
    desk, classroom.browser = classroom.browser, classroom.new_browser()
    classroom.enter("p1")
    page = classroom.text("/exercice/a1")
    token, identifier = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("token", "id"))
    assert token
    assert identifier
    assert (
        classroom.post("/exercice/a1", id=identifier[1], token=token[1], question="q1", choice="a").status_code == 303
    )
    classroom.browser = desk
    tell(classroom, made(classroom, "answered", question(), result={"success": False, "response": "b"}))
    assert seat(classroom, "Renard") == "2 réponses, dont 1 juste, 1 activité finie, à l’instant"
    page = classroom.text("/enseignant/traces")
    exercise = identifiers.activity(settings.box_id(classroom.hub.db), "a1")
    assert f'{exercise.replace(":", "%3A").replace("/", "%2F")}">Compter</a>' in page
    assert seat(classroom, "Renard", f"/enseignant/traces?activite={exercise}").startswith("1 réponse, dont 1 juste, 1")
    assert seat(classroom, "Renard", f"/enseignant/traces?activite={GAME}").startswith("1 réponse, dont 0 juste")
    assert seat(classroom, "Renard", "/enseignant/traces?activite=http://nothing") == "rien encore"
    trace = words(classroom.text("/enseignant/traces/p1"))
    assert "Renard a répondu « Deux » à « Combien ? » : juste" in trace


def test_filters_are_few_and_short(classroom: Site) -> None:
    many = ({"id": f"{GAME}/{n}", "definition": {"name": {"fr": "encore " * 500}}} for n in range(12))
    tell(classroom, *(made(classroom, "completed", each) for each in many))
    page = classroom.text("/enseignant/traces")
    assert page.count("?activite=") == 8
    assert len(page) < 9000


def test_a_trace_is_sentences_with_the_newest_first(classroom: Site) -> None:
    tell(classroom, made(classroom, "answered", question(), result={"success": True, "response": "a"}))
    tell(classroom, made(classroom, "completed", {"id": GAME, "definition": {"name": {"en": "The <game>"}}},
                         result={"score": {"raw": 16, "max": 20}, "duration": "PT3M"}))  # fmt: skip
    page = classroom.text("/enseignant/traces/p1")
    told = words(page)
    first = "Renard a terminé « The <game> » : presque tout est juste, en 3 minutes"
    assert first in told.replace("« ", "« ").replace("  ", " ")
    assert told.index("a terminé") < told.index("Renard a répondu « Rome » à « Question q1 ? » : juste")
    assert '<span lang="en">The &lt;game&gt;</span>' in page
    assert "Aujourd’hui" in told
    assert "16" not in told
    assert "20" not in told.replace("2026", "").split("Aujourd’hui")[1]


def test_pages_of_twenty(classroom: Site) -> None:
    tell(classroom, *(made(classroom, "completed", f"{GAME}/{number}") for number in range(45)))
    seen: list[str] = []
    path = "/enseignant/traces/p1"
    for expected in (20, 20, 5):
        page = classroom.text(path)
        names = re.findall(r"« (?:<[^>]+>)?(\d+)", page.replace("\xa0", " "))
        assert len(names) == expected
        seen += names
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(older[1]) if older else ""
    assert seen == [str(number) for number in reversed(range(45))]
    assert path == ""
    assert classroom.get("/enseignant/traces/p1?suite=nonsense").status_code == 400


def test_what_was_voided_is_gone(classroom: Site) -> None:
    wrong = made(classroom, "completed")
    tell(classroom, wrong)
    tell(classroom, made(classroom, "voided", {"objectType": "StatementRef", "id": wrong.id}, pupil="p2"))
    assert "a terminé" not in classroom.text("/enseignant/traces/p1")
    assert seat(classroom, "Renard") == "rien encore"


def test_a_time_that_nobody_knows_is_said_to_be_so(classroom: Site) -> None:
    tell(classroom, made(classroom, "completed"))
    with classroom.hub.db.writing() as conn:
        conn.execute("UPDATE statement SET trusted = 0")
        conn.execute("DELETE FROM held")
    told = words(classroom.text("/enseignant/traces/p1"))
    assert "heure incertaine" in told
    assert "à l’instant" not in told


def test_without_a_clock_the_box_knows_how_long_ago_it_was(classroom: Site) -> None:
    tell(classroom, made(classroom, "completed"))
    now = classroom.hub.clock.now()
    for seconds, shown in (
        (0, "à l’instant"),
        (300, "il y a 5 min"),
        (7200, "il y a 2 h"),
        (90_000, "heure incertaine"),
    ):
        with classroom.hub.db.writing() as conn:
            conn.execute("UPDATE statement SET trusted = 0")
            conn.execute("INSERT OR REPLACE INTO held SELECT row, ?, ?, 0 FROM statement",
                         (now.boot, now.monotonic - seconds))  # fmt: skip
        assert shown in words(classroom.text("/enseignant/traces/p1"))


def test_only_the_teacher(classroom: Site) -> None:
    desk, classroom.browser = classroom.browser, classroom.new_browser()
    paths = ("/enseignant/traces", "/enseignant/traces/p1", "/enseignant/traces/liste")
    for path in paths:
        assert classroom.get(path).headers["Location"] == "/enseignant"
    classroom.enter("p1")
    for path in paths:
        assert classroom.get(path).status_code == 302
    answer = classroom.get("/enseignant/traces/liste", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/enseignant")
    classroom.browser = desk
    for path in paths:
        assert classroom.get(path).headers["Cache-Control"] == "no-store"


def test_the_live_part_comes_only_when_something_changed(classroom: Site) -> None:
    page = classroom.text("/enseignant/traces?activite=" + GAME)
    address = re.search(r'hx-get="([^"]+)"', page)
    headers = re.search(r'hx-headers="([^"]+)"', page)
    assert address
    assert headers
    said = json.loads(html.unescape(headers[1]))
    path = html.unescape(address[1])
    assert classroom.get(path, headers=said).status_code == 304
    assert classroom.get(path, headers=said).data == b""
    tell(classroom, made(classroom, "completed"))
    answer = classroom.get(path, headers=said)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    shown = re.search(r'hx-headers="([^"]+)"', answer.text)
    assert shown
    assert json.loads(html.unescape(shown[1])) == {"If-None-Match": answer.headers["ETag"]}
    assert classroom.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_after_the_lesson_the_page_stays_and_rests(classroom: Site) -> None:
    tell(classroom, made(classroom, "completed"))
    with classroom.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET ended_at = '2026-11-02T09:00:00Z'")
    page = classroom.text("/enseignant/traces")
    assert "hx-get" not in page
    assert "Dernière séance" in page
    assert seat(classroom, "Renard").startswith("1 activité finie")


def test_a_box_without_a_class(site: Site) -> None:
    site.sign_in()
    assert "Aucune séance" in site.text("/enseignant/traces")
    assert site.get("/enseignant/traces/none").status_code == 404


def test_the_home_leads_there(classroom: Site) -> None:
    assert 'href="/enseignant/traces"' in classroom.text("/enseignant/accueil")
    assert lessons.latest(classroom.hub.db) == lessons.running(classroom.hub.db)


def test_each_try_counts_and_a_run_is_one_line(classroom: Site) -> None:
    game = {"id": GAME, "definition": {"name": {"fr": "Le jeu"}}}
    for _ in range(2):
        tell(classroom, made(classroom, "initialized", game))
        for right in (False, False, True):
            tell(classroom, made(classroom, "answered", question(), result={"success": right, "response": "a"}))
        tell(classroom, made(classroom, "completed", game, result={"score": {"scaled": 0}}))
    facts = "6 réponses, dont 2 justes, 1 activité finie"
    assert seat(classroom, "Renard") == f"{facts}, à l’instant"
    page = classroom.text("/enseignant/traces/p1")
    assert page.count("<details>") == 2
    assert page.count("<li>") == 2 * 5
    assert f"Séance : Les nombres {facts} Toutes les séances 10 traces" in words(page)
    assert "« Le jeu » : rien n’est encore juste 3 réponses, dont 1 juste, " in words(page)
    assert "Le jeu 1 élève y a travaillé 6 réponses, dont 2 justes" in words(classroom.text("/enseignant/accueil"))


def test_what_was_begun_and_not_finished_is_worked_on(classroom: Site) -> None:
    tell(classroom, made(classroom, "initialized"), made(classroom, "answered", question(), result={"success": True}))
    assert "Renard a travaillé sur « jeu » 1 réponse, dont 1 juste" in words(classroom.text("/enseignant/traces/p1"))


def test_a_finished_exercise_says_so(classroom: Site) -> None:
    box = settings.box_id(classroom.hub.db)
    asked = {"id": identifiers.question(box, "a1", "q1"), "definition": question()["definition"]}
    tell(classroom, *(made(classroom, "answered", asked, result={"success": right}) for right in (False, True)))
    assert "Renard a terminé « Compter » 2 réponses, dont 1 juste" in words(classroom.text("/enseignant/traces/p1"))


def test_a_tool_that_knows_of_no_lesson_is_seen_too(classroom: Site) -> None:
    tell(classroom, *(made(classroom, "experienced", f"{GAME}/{n}", context={}) for n in range(3)))
    tell(classroom, made(classroom, "experienced", context={"registration": str(uuid.uuid4())}))
    assert seat(classroom, "Renard") == "4 traces, à l’instant"


def test_what_came_late_from_another_lesson_is_not_this_ones(classroom: Site) -> None:
    with classroom.hub.db.writing() as conn:
        conn.execute("INSERT INTO lesson (id, school_group, title, activity, started_at, ended_at) "
                     "SELECT 'other', school_group, title, activity, '2026-11-01T08:00:00Z', started_at FROM lesson"
                     )  # fmt: skip
    other = identifiers.registration(settings.box_id(classroom.hub.db), "other")
    tell(classroom, made(classroom, "experienced", context={"registration": other}))
    assert seat(classroom, "Renard") == "rien encore"
    tell(classroom, made(classroom, "experienced"))
    assert seat(classroom, "Renard") == "1 trace, à l’instant"


def test_a_lesson_counts_from_its_beginning_to_its_end(classroom: Site) -> None:
    tell(classroom, made(classroom, "experienced", context={}))
    tell(classroom, made(classroom, "experienced", pupil="p2"))
    with classroom.hub.db.writing() as conn:
        conn.execute("UPDATE lesson SET started_at = '2001-01-01T08:00:00Z', ended_at = '2001-01-01T09:00:00Z'")
    assert seat(classroom, "Renard") == "rien encore"
    assert seat(classroom, "Hibou").startswith("1 trace")


def test_the_class_and_the_pupil_tell_one_time(classroom: Site) -> None:
    late = "2026-11-02T06:00:00Z"  # by a tablet's clock
    tell(classroom, made(classroom, "experienced", timestamp=late))
    now = classroom.hub.clock.now()
    for boot, shown in ((now.boot, "il y a 5 min"), ("earlier", "heure incertaine")):
        with classroom.hub.db.writing() as conn:
            conn.execute("UPDATE statement SET trusted = 0")
            conn.execute(
                "INSERT OR REPLACE INTO held SELECT row, ?, ?, NULL FROM statement", (boot, now.monotonic - 300)
            )
        assert seat(classroom, "Renard") == f"1 trace, {shown}"
        assert shown in words(classroom.text("/enseignant/traces/p1"))


def test_days_never_interleave(classroom: Site) -> None:
    tell(classroom, *(made(classroom, "experienced", f"{GAME}/{n}") for n in range(5)))
    now = classroom.hub.clock.now()
    with classroom.hub.db.writing() as conn:
        conn.execute("UPDATE statement SET trusted = 0")
        conn.execute("DELETE FROM held")
        conn.execute("INSERT INTO held SELECT row, ?, ?, 0 FROM statement WHERE row % 2", (now.boot, now.monotonic))
    page = classroom.text("/enseignant/traces/p1")
    assert re.findall("<h2>(.*?)</h2>", page) == ["Aujourd’hui"]
    assert page.count("heure incertaine") == 2


def test_a_group_is_each_of_its_members(classroom: Site) -> None:
    box = settings.box_id(classroom.hub.db)
    both = {"objectType": "Group", "member": [identifiers.pupil(box, "p1"), identifiers.pupil(box, "p2")]}
    tell(classroom, made(classroom, "completed", actor=both))
    assert seat(classroom, "Hibou") == seat(classroom, "Renard") == "1 activité finie, à l’instant"
    assert "Renard et Hibou ont terminé « jeu »" in words(classroom.text("/enseignant/traces/p2"))


def test_a_run_is_not_cut_by_the_end_of_a_page(classroom: Site) -> None:
    for number in range(4):
        game = f"http://example.org/jeu{number}"
        tell(classroom, *(made(classroom, "interacted", game) for _ in range(18)))
    first = classroom.text("/enseignant/traces/p1")
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = classroom.text(html.unescape(older[1]))
    assert [words(page).count("18 traces") for page in (first, second)] == [2, 2]
