# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The live board: who is here, doing what, answers, hands, tablets that dropped off. "Regardez-moi", timer.

The fragment is asked for every two seconds; 304 while nothing changed. Animals; first names only while the class's
vault is open to whoever looks.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from appliance.errors import BadInput
from appliance.hub import class_office, lesson_office, lesson_plans, roles, works
from appliance.hub.context import hub
from appliance.hub.language import gettext, ngettext
from appliance.hub.roles import may_read
from appliance.hub.room import LOOK_MINUTES, TIMER_MINUTES, Presence
from appliance.hub.tablets import broken, tablet_address
from appliance.model import SAID, Answered, Attempt, Lesson, Planned, Pupil
from appliance.store import lessons, people

pages = Blueprint("lesson_board", __name__, url_prefix="/enseignant/seance")

MINUTE_S = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Seat:
    """A pupil's place on the board."""

    pupil: Pupil
    name: str
    """The animal, and the first name where it may be read."""
    state: str
    """``here``, ``gone`` or ``never``."""
    doing: str
    """What the tablet shows, or since when it is not heard."""
    language: str
    """Of ``doing``; empty: the page's own."""
    facts: Sequence[str]
    hand: bool
    right: int


@pages.get("")
@lesson_office.led
def board() -> str | Response:
    """The running lesson."""
    lesson = lesson_office.current()
    if lesson is None:
        return redirect(url_for("lesson_home.home"))
    told = hub().room.told()
    return render_template(
        "lesson_board.html", lesson=lesson, live=_live(lesson)[0], look_minutes=LOOK_MINUTES,
        group=next((each for each in people.groups(hub().db) if each.id == lesson.group), None),
        timer_minutes=TIMER_MINUTES, looking=told.look_s > 0, timer=told.timer_of_s > 0,
        plan=[lesson_plans.title_of(item) for item in lesson.plan], locked=locked(lesson), media=works.count(lesson),
    )  # fmt: skip


@pages.get("/tableau")
@lesson_office.led
def live() -> Response:
    """The fragment for htmx; where the lesson is over, word to go elsewhere."""
    lesson = lesson_office.current()
    if lesson is None:
        target = url_for("lesson_home.home")
        answer: Response = redirect(target)
        if "HX-Request" in request.headers:  # a redirect would be shown inside the page
            answer = make_response("", 204, {"HX-Redirect": target})
        return answer
    fragment, tag = _live(lesson)
    answer = make_response(fragment)
    answer.headers["Cache-Control"] = "no-store"
    answer.set_etag(tag)
    return answer.make_conditional(request)


@pages.post("/regardez")
@lesson_office.led
def look() -> Response:
    """Ask for attention for 1, 3 or 5 minutes; 0 frees everyone at once."""
    hub().room.look(_minutes(LOOK_MINUTES))
    return redirect(url_for("lesson_board.board"), 303)


@pages.post("/minuteur")
@lesson_office.led
def timer() -> Response:
    """The screen-time timer; 0 takes it away."""
    hub().room.time(_minutes(TIMER_MINUTES))
    return redirect(url_for("lesson_board.board"), 303)


@pages.post("/main")
@lesson_office.led
def lower() -> Response:
    """Lower a pupil's hand."""
    lesson = lesson_office.current()
    if lesson is not None:
        hub().room.raise_hand(lesson.key, request.form.get("pupil", ""), up=False)
    return redirect(url_for("lesson_board.board"), 303)


@pages.post("/correction")
@lesson_office.led
def correct() -> Response:
    """Show the right answers that were to come later: tablets have them when they open the quiz again."""
    lesson = lesson_office.current()
    if lesson is not None and lesson.kept:
        lessons.release(hub().db, lesson.id)
    elif lesson is not None:
        hub().anonymous.release()
    return redirect(url_for("lesson_board.board"), 303)


def _minutes(known: Sequence[int]) -> int:
    if lesson_office.current() is None:
        raise BadInput("No lesson is running: open one first.")
    given = request.form.get("minutes", "")
    found = next((minutes for minutes in (0, *known) if given == str(minutes)), None)
    if found is None:
        raise BadInput("Choose one of the durations shown.")
    return found


def _live(lesson: Lesson) -> tuple[Markup, str]:
    """The part of the page that changes, and its entity tag."""
    seats = all_seats(lesson)
    here = sum(seat.state == "here" for seat in seats)
    by_id = {seat.pupil.id: seat for seat in seats}
    hands = [by_id[pupil] for pupil in hub().room.hands() if pupil in by_id]
    rows = render_template("lesson_seats.html", seats=seats, hands=hands, here=here, timer=_minutes_left(),
                           noisy=hub().noise.too_loud(lesson.id),
                           address="" if here else broken(tablet_address()))  # fmt: skip
    tag = hashlib.sha256(rows.encode()).hexdigest()[:20]
    conditional = json.dumps({"If-None-Match": f'"{tag}"'})
    whole = render_template("lesson_live.html", rows=Markup(rows), conditional=conditional)  # noqa: S704 - a template's
    return Markup(whole), tag  # noqa: S704 - a template's


def _minutes_left() -> int | None:
    """Of the screen time; None: there is no timer."""
    told = hub().room.told()
    return math.ceil(told.timer_s / MINUTE_S) if told.timer_of_s else None


def names(lesson: Lesson) -> Mapping[str, str]:
    """Pupil -> first name, where the class's vault is open and whoever asks may read it."""
    if not lesson.kept or not may_read(lesson.group) or not hub().vaults.is_open(lesson.group):
        return {}
    return roles.names(lesson.group)


def locked(lesson: Lesson) -> bool:
    """Whether first names of the class are kept that whoever asks may open again."""
    return lesson.kept and may_read(lesson.group) and class_office.is_locked(lesson.group)


def all_seats(lesson: Lesson) -> list[Seat]:
    """In the order of the grid; in that of right answers where the lesson asks for it."""
    known, presence, hands = names(lesson), hub().room.presence(), set(hub().room.hands())
    last: dict[str, dict[tuple[str, str], Answered]] = {}
    for answer in lesson_office.answered(lesson):
        last.setdefault(answer.pupil, {})[answer.activity, answer.question] = answer
    said: dict[str, list[Attempt]] = {}
    for attempt in lesson_office.attempts(lesson):
        said.setdefault(attempt.pupil, []).append(attempt)
    seats = [
        _seat(
            each,
            known.get(each.id, ""),
            presence.get(each.id),
            list(last.get(each.id, {}).values()),
            hands,
            said.get(each.id, ()),
        )
        for each in lesson_office.pupils(lesson)
    ]
    return sorted(seats, key=lambda seat: -seat.right) if lesson.options.ranking else seats


def _seat(
    pupil: Pupil, name: str, seen: Presence | None, answers: Sequence[Answered], hands: set[str],
    said: Sequence[Attempt],
) -> Seat:  # fmt: skip
    doing, tongue = _state(seen)
    facts = [told_answers(answers), told_attempts(said)]
    if seen is not None and seen.waiting:
        facts.append(ngettext("%(num)s answer kept in the tablet", "%(num)s answers kept in the tablet", seen.waiting))
    if seen is not None and seen.tablets > 1:
        facts.append(ngettext("%(num)s tablet", "%(num)s tablets", seen.tablets))
    state = "never" if seen is None else "here" if seen.tablets else "gone"
    shown = f"{pupil.alias} · {name}" if name else pupil.alias
    right = sum(answer.correct and answer.judged for answer in answers)
    return Seat(pupil, shown, state, doing, tongue, [fact for fact in facts if fact], pupil.id in hands, right)


def _state(seen: Presence | None) -> tuple[str, str]:
    """In words, with their language where it is not the page's."""
    if seen is None:
        return gettext("not here yet"), ""
    if seen.tablets:
        return _doing(seen.place)
    if seen.gone_s < MINUTE_S:
        return gettext("dropped off %(seconds)s s ago", seconds=seen.gone_s // 10 * 10), ""
    return gettext("dropped off %(minutes)s min ago", minutes=seen.gone_s // MINUTE_S), ""


def _doing(place: str) -> tuple[str, str]:
    """The page of a tablet in words."""
    _, kind, identifier, *_rest = [*place.split("/"), "", ""]
    item = Planned({"exercice": "activity", "lire": "resource", "oral": "oral"}.get(kind, ""), identifier)
    title = lesson_plans.title_of(item)
    return (title, lesson_plans.language_of(item)) if title else (gettext("on the shelf"), "")


def told_attempts(attempts: Sequence[Attempt]) -> str:
    """What was said in English: the last try of each thing counts. Never a mark."""
    if not attempts:
        return ""
    last = {(each.pupil, each.sequence, each.item): each.outcome for each in attempts}
    counts = [list(last.values()).count(outcome) for outcome in SAID]
    return gettext("said: %(said)s, nearly: %(nearly)s, to say again: %(again)s",
                   said=counts[0], nearly=counts[1], again=counts[2])  # fmt: skip


def told_answers(answers: Sequence[Answered]) -> str:
    """How many right, how many not; the last answer to a question counts."""
    if not answers:
        return ""
    judged = [answer for answer in answers if answer.judged]
    right, rest = sum(answer.correct for answer in judged), len(answers) - len(judged)
    told = [gettext("right: %(right)s, to see again: %(wrong)s", right=right, wrong=len(judged) - right)]
    media = [ngettext("%(num)s photo or voice", "%(num)s photos and voices", rest)]
    return ", ".join(str(part) for part in told * bool(judged) + media * bool(rest))
