# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The teacher's view of spoken English: the class, a pupil, the last attempts of the lesson, and the teacher's verdict
in place of the box's.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.errors import BadInput, NotFound
from appliance.hub import lesson_board, lesson_office, lesson_plans, oral_catalogue, oral_delivery, oral_progress, roles
from appliance.hub.context import hub
from appliance.hub.oral_verdict import WORDS
from appliance.hub.roles import LEADING, allowed, check_class, check_lead, may_read, teacher_required
from appliance.hub.settings import local_path
from appliance.model import SAID, Attempt, Group, Planned, Pupil
from appliance.sequences import kinds
from appliance.sequences.sequence import slug
from appliance.store import classes, oral, people

pages = Blueprint("oral_progress_pages", __name__, url_prefix="/enseignant/oral/progres")

ANONYMOUS = "anonyme"
MOST_WORDS = 20
"""Of a page, those to hear again first."""
MOST_ATTEMPTS = 30
MOST_LISTED = 60
"""Words of a pupil, of each outcome."""


@dataclass(frozen=True, slots=True)
class Line:
    """An attempt, told."""

    attempt: Attempt
    pupil: Pupil
    name: str
    text: str
    others: tuple[str, ...]
    """Outcomes that the teacher may put in its place."""


@pages.get("")
@teacher_required
def overview() -> str:
    """The class at a glance: sounds to work on, with what; each pupil; each word of a sequence."""
    groups = [each for each in people.groups(hub().db) if may_read(each.id)]
    chosen = _chosen(groups)
    pupils, attempts, names = _class(chosen)
    progress = oral_progress.by_pupil(attempts)
    begun = list(dict.fromkeys(each.sequence for each in reversed(attempts)))
    shown = request.args.get("sequence", "")
    shown = shown if shown in begun else next(iter(begun), "")
    weak = oral_progress.of_class(progress)
    return render_template(
        "oral_progress.html", groups=groups, chosen=chosen, anonymous=hub().anonymous.last() is not None,
        pupils=pupils, names=names, progress=progress, weak=weak,
        suggestions=_suggestions([name for name, _ in weak], begun),
        begun=[(name, _title(name)) for name in begun[:8]], shown=shown, texts=_texts(shown),
        words=list(oral_progress.words(attempts, shown).items())[:MOST_WORDS], said=SAID, outcomes=WORDS,
        lesson=lesson_office.current(), sounds=_sounds,
    )  # fmt: skip


@pages.get("/eleve/<pupil_id>")
@teacher_required
def pupil(pupil_id: str) -> str:
    """What a pupil can say, the sounds to work on, the last attempts."""
    found, attempts, name = _one(pupil_id)
    progress = oral_progress.of_pupil(attempts)
    begun = list(dict.fromkeys(each.sequence for each in reversed(attempts)))
    return render_template(
        "oral_pupil.html", pupil=found, name=name, progress=progress, said=SAID, outcomes=WORDS,
        things={outcome: _listed(progress.things[outcome]) for outcome in SAID},
        suggestions=_suggestions(progress.weak, begun),
        lines=_lines(attempts[: -MOST_ATTEMPTS - 1 : -1], {found.id: found}, {}), sounds=_sounds,
    )  # fmt: skip


@pages.get("/seance")
@lesson_office.led
def attempts() -> str | Response:
    """The last attempts of the running lesson."""
    lesson = lesson_office.current()
    if lesson is None:
        return redirect(url_for(".overview"))
    several = lesson_office.attempts(lesson)
    known = {each.id: each for each in lesson_office.pupils(lesson)}
    return render_template(
        "oral_attempts.html", lesson=lesson, outcomes=WORDS,
        lines=_lines(several[: -MOST_ATTEMPTS - 1 : -1], known, lesson_board.names(lesson)),
    )  # fmt: skip


@pages.post("/verdict")
@allowed(*LEADING)
def overrule() -> Response:
    """``do``: an outcome, then the statement that it takes the place of."""
    outcome, _, statement = request.form.get("do", "").partition(" ")
    oral_delivery.overrule(_lesson_of(statement), statement, outcome)
    return redirect(local_path(request.form.get("retour", "/enseignant/oral/progres")), 303)


def _lesson_of(statement: str) -> str:
    """Of an attempt that this person may judge. Raises :class:`NotFound`, :class:`appliance.errors.Refused`."""
    anonymous = hub().anonymous.last()
    if anonymous is not None and any(each.statement == statement for each in hub().anonymous.attempts()):
        return anonymous.id
    found = oral.get(hub().db, statement)
    if found is None:
        raise NotFound("This attempt is not there any more: reload the page.")
    check_lead(lesson_office.find(found[0]).group)
    return found[0]


def _chosen(groups: Sequence[Group]) -> str:
    """The class asked for, that of the lesson, or the first."""
    wanted = request.args.get("classe", "")
    known = [each.id for each in groups]
    running, anonymous = lesson_office.current(), hub().anonymous.last()
    if wanted == ANONYMOUS or (not wanted and running is not None and not running.kept):
        return ANONYMOUS if anonymous is not None else next(iter(known), "")
    if wanted:
        check_class(wanted)
        if wanted not in known:
            raise BadInput("There is no such class on the box: reload the page, then choose again.")
        return wanted
    usual = running.group if running is not None else ""
    return usual if usual in known else next(iter(known), "")


def _class(chosen: str) -> tuple[list[Pupil], list[Attempt], Mapping[str, str]]:
    if chosen == ANONYMOUS:
        return hub().anonymous.pupils(), hub().anonymous.attempts(), {}
    if not chosen:
        return [], [], {}
    pupils = classes.pupils(hub().db, chosen)
    names = roles.names(chosen) if hub().vaults.is_open(chosen) else {}
    return pupils, oral.of_pupils(hub().db, [each.id for each in pupils]), names


def _one(pupil_id: str) -> tuple[Pupil, list[Attempt], str]:
    """Pupil, attempts in the order of arrival, first name where it may be read. Raises :class:`NotFound`,
    :class:`appliance.errors.Refused`."""
    anonymous = next((each for each in hub().anonymous.pupils() if each.id == pupil_id), None)
    if anonymous is not None:
        return anonymous, [each for each in hub().anonymous.attempts() if each.pupil == pupil_id], ""
    found = people.pupil(hub().db, pupil_id)
    check_class(found.group)
    names = roles.names(found.group) if hub().vaults.is_open(found.group) else {}
    return found, oral.of_pupils(hub().db, [pupil_id]), names.get(pupil_id, "")


def _suggestions(weak: Sequence[str], begun: Sequence[str]) -> list[oral_progress.Suggestion]:
    if not weak:
        return []
    known = {each: oral_catalogue.get(each) for each in oral_catalogue.ids()}
    levels = collections.Counter(known[each].level for each in begun if each in known)
    return oral_progress.suggestions(weak, known.values(), list(levels))


def _lines(several: Sequence[Attempt], pupils: Mapping[str, Pupil], names: Mapping[str, str]) -> list[Line]:
    found = []
    for each in several:
        own = pupils.get(each.pupil)
        if own is None:
            continue
        name = names.get(own.id, "")
        others = tuple(outcome for outcome in SAID if outcome != each.outcome)
        found.append(Line(each, own, f"{own.alias} · {name}" if name else own.alias, _text(each), others))
    return found


def _listed(things: Sequence[tuple[str, str]]) -> list[str]:
    texts = {sequence: _texts(sequence) for sequence, _ in things}
    return [texts[sequence].get(item, item) for sequence, item in things[:MOST_LISTED]]


def _sounds(names: Sequence[str]) -> str:
    """Contrasts as teachers know them: two words each."""
    return ", ".join(kinds.SOUNDS.get(name, name) for name in names)


def _text(attempt: Attempt) -> str:
    return _texts(attempt.sequence).get(attempt.item, attempt.item)


def _texts(sequence: str) -> dict[str, str]:
    """Slug -> text; empty for a sequence that is no longer on the box."""
    try:
        return {slug(item.text): item.text for item in oral_catalogue.get(sequence).items} if sequence else {}
    except NotFound:
        return {}


def _title(sequence: str) -> str:
    return lesson_plans.title_of(Planned("oral", sequence)) or sequence
