# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What the teacher sees of spoken English: three states, sounds to work on, with what; and whose verdict counts."""

from __future__ import annotations

import html
import json
import re
import uuid

from appliance.hub import oral_progress
from appliance.model import Attempt
from appliance.sequences import ready
from appliance.store import oral
from tests.hub.lesson_rig import tablet
from tests.hub.oral_rig import SEQUENCE, asked, kept, local, missed, open_lesson, school, verdict
from tests.hub.site import Site

__all__ = ["school"]
PAGE = f"/oral/{SEQUENCE}/1"
HERE = "/enseignant/oral/progres"


def attempt(item: str, outcome: str, *focus: tuple[str, bool], pupil: str = "p1") -> Attempt:
    return Attempt(str(uuid.uuid4()), pupil, SEQUENCE, item, outcome, focus=focus)


def test_the_last_try_counts() -> None:
    told = oral_progress.of_pupil([attempt("milk", "encore"), attempt("tea", "presque"), attempt("milk", "bravo")])
    assert told.things == {"bravo": [(SEQUENCE, "milk")], "presque": [(SEQUENCE, "tea")], "encore": []}


def test_a_sound_is_to_be_worked_on_when_it_is_missed_more_than_once_and_often() -> None:
    once = [attempt("milk", "presque", ("ih/iy", False))]
    assert oral_progress.of_pupil(once).weak == []
    assert oral_progress.of_pupil(once * 2).weak == ["ih/iy"]
    mostly = [attempt("milk", "bravo", ("ih/iy", True))] * 5
    assert oral_progress.of_pupil(once * 2 + mostly).weak == []
    assert oral_progress.of_pupil(once * 9 + mostly * 2).weak == [], "what was mended is mended"


def test_what_is_suggested_bears_the_sound_games_of_pairs_first_and_near_the_class() -> None:
    known = list(ready.sequences())
    found = oral_progress.suggestions(["th/t"], known, ["cm1-cm2"])
    assert 0 < len(found) <= oral_progress.MOST_SUGGESTED
    assert all("th/t" in each.sequence.activities[each.number].focus for each in found)
    assert found[0].sequence.id == "cm-sounds"
    assert found[0].sequence.activities[found[0].number].kind == "minimal-pairs"
    assert oral_progress.suggestions([], known, []) == []
    assert oral_progress.suggestions(["none"], known, ["ce2"]) == []


def test_the_class_and_a_pupil_are_two_taps_from_home(school: Site) -> None:
    teacher = open_lesson(school).site
    fox, owl = tablet(school, "p1"), tablet(school, "p2")
    for n in (1, 2):
        kept(school, asked(fox.text(f"{PAGE}?n={n}")), missed("ih/iy"))
    kept(school, asked(owl.text(PAGE)))
    assert 'href="/enseignant/oral"' in teacher.text("/enseignant/accueil")
    assert f'href="{HERE}"' in teacher.text("/enseignant/oral")
    page = html.unescape(teacher.text(HERE))
    assert "dits : 0, presque : 2, à redire : 0" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "à travailler" in page
    assert "ship / sheep" in page
    assert "ih/iy" not in page, "teachers know no phones"
    assert "Pour la prochaine séance" in page
    assert re.search(r'name="plan" value="oral:[\w-]+"', page)
    one = html.unescape(teacher.text(f"{HERE}/eleve/p1"))
    assert "Presque · 2" in one
    assert "milk" in one
    assert not re.search(r"\d ?%|/ ?20\b|\b[Nn]ote\b", re.sub(r"<[^>]*>", " ", one)), "never a mark"
    assert teacher.get(f"{HERE}?classe=none").status_code in (400, 403)
    assert teacher.get(f"{HERE}/eleve/none").status_code == 404


def test_the_teacher_overrules_and_may_change_their_mind(school: Site) -> None:
    teacher = open_lesson(school).site
    told = asked(tablet(school, "p1").text(PAGE))
    kept(school, told, verdict("encore", "bread"))
    for outcome in ("bravo", "encore", "bravo", "bravo"):
        (attempt,) = oral.of_pupils(school.hub.db, ["p1"])
        page = teacher.text(f"{HERE}/seance")
        answer = teacher.post(f"{HERE}/verdict", HERE + "/seance", do=f"{outcome} {attempt.statement}", retour=HERE)
        assert answer.status_code == 303
        assert answer.headers["Location"] == HERE
        assert "milk" in page
    (attempt,) = oral.of_pupils(school.hub.db, ["p1"])
    assert (attempt.outcome, attempt.overruled) == ("bravo", True)
    assert "par vous" in teacher.text(f"{HERE}/eleve/p1")
    rows = school.hub.db.reading().execute("SELECT body, voided FROM statement ORDER BY row").fetchall()
    live = [json.loads(row["body"]) for row in rows if not row["voided"] and "attempted" in row["body"].decode()]
    assert [body["result"]["success"] for body in live] == [True]
    again = local(school, "/api/oral/attempts", {**told, "verdict": verdict("encore", "bread")})
    assert again.status_code == 200
    assert [each.outcome for each in oral.of_pupils(school.hub.db, ["p1"])] == ["bravo"], "sent again, it stays so"


def test_an_anonymous_lesson_is_told_and_overruled_in_memory(school: Site) -> None:
    teacher = open_lesson(school, classe="").site
    kept(school, asked(tablet(school).text(PAGE)), verdict("encore", "bread"))
    (attempt,) = school.hub.anonymous.attempts()
    assert "à redire" in teacher.text(HERE)
    assert teacher.post(f"{HERE}/verdict", HERE + "/seance", do=f"bravo {attempt.statement}").status_code == 303
    assert [each.outcome for each in school.hub.anonymous.attempts()] == ["bravo"]
    assert teacher.get(f"{HERE}/eleve/{attempt.pupil}").status_code == 200
    assert school.hub.db.reading().execute("SELECT count(*) FROM statement").fetchone()[0] == 0


def test_nonsense_overrules_nothing(school: Site) -> None:
    teacher = open_lesson(school).site
    kept(school, asked(tablet(school, "p1").text(PAGE)))
    (attempt,) = oral.of_pupils(school.hub.db, ["p1"])
    for do, status in (("", 404), ("bravo", 404), ("bravo x", 404), (f"x {attempt.statement}", 400),
                       (f"panne {attempt.statement}", 400), (f"bravo {uuid.uuid4()}", 404)):  # fmt: skip
        assert teacher.post(f"{HERE}/verdict", HERE + "/seance", do=do).status_code == status, do
    outside = teacher.post(
        f"{HERE}/verdict", HERE + "/seance", do=f"encore {attempt.statement}", retour="//evil.example"
    )
    assert outside.headers["Location"].startswith("/")
    assert not outside.headers["Location"].startswith("//")
