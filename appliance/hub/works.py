# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Pupils' photos and voices, for the class's own teacher: looked at, listened to, deleted.

The sealed ones while the vault is open; those of an anonymous lesson, and of a class that keeps none, while they are in
memory. The bytes are never a page: a type of ours, ``nosniff``, a sandbox.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from appliance.errors import Locked, NotFound
from appliance.hub import anonymous, lesson_office, roles
from appliance.hub.context import hub
from appliance.hub.passing import Passed
from appliance.hub.roles import TEACHING, allowed, check_class, may_read
from appliance.model import Activity, Lesson, Pupil
from appliance.routes import HARMLESS
from appliance.store import activities, media, people

pages = Blueprint("works", __name__, url_prefix="/enseignant/travaux")

PER_PAGE = 6
"""Shown at a time: each photo is a request of its own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One on the page."""

    id: str
    pupil: Pupil
    name: str
    """The animal, and the first name where it may be read."""
    title: str
    """Of the quiz."""
    prompt: str
    photo: bool
    at: str


@pages.get("/seance/<lesson_id>")
@allowed(*TEACHING)
def lesson(lesson_id: str) -> str:
    """Of a lesson, the newest first."""
    found = lesson_office.find(lesson_id)
    if found.kept:
        check_class(found.group)
    back = url_for("lesson_summary.summary", lesson_id=found.id)
    return _page(found.title, _of_lesson(found), back, lesson_id=found.id)


@pages.get("/eleve/<pupil_id>")
@allowed(*TEACHING)
def pupil(pupil_id: str) -> str:
    """Of a pupil, the newest first."""
    found = people.pupil(hub().db, pupil_id)
    check_class(found.group)
    works = [_Held(each) for each in media.of_pupil(hub().db, found.id)]
    return _page(found.alias, works, url_for("traces.trace", pupil_id=found.id))


@pages.get("/<item_id>")
@allowed(*TEACHING)
def medium(item_id: str) -> Response:
    """Its bytes, by ranges where asked (Safari plays nothing else). Raises :class:`Locked`, :class:`NotFound`."""
    held = _found(item_id)
    answer = send_file(io.BytesIO(held.read()), held.media_type, conditional=True, etag=False)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers.extend([HARMLESS])
    return answer


@pages.post("/<item_id>/effacer")
@allowed(*TEACHING)
def delete(item_id: str) -> Response:
    """Away for good. That there was an answer stays in the pupil's trace."""
    held = _found(item_id)
    held.remove()
    roles.note("medium deleted", held.pupil)
    if request.form.get("back") == held.lesson:
        return redirect(url_for("works.lesson", lesson_id=held.lesson), 303)
    return redirect(url_for("works.pupil", pupil_id=held.pupil), 303)


class _Held:
    """A medium, wherever it is."""

    def __init__(self, work: media.Work | Passed) -> None:
        self._work = work
        self.id = work.item if isinstance(work, media.Work) else work.id
        self.pupil, self.lesson, self.activity, self.question = work.pupil, work.lesson, work.activity, work.question
        self.media_type = work.media_type
        self.at = work.at if isinstance(work, media.Work) else ""

    @property
    def home(self) -> str:
        """The class whose vault it is in; empty: in memory."""
        return self._work.home if isinstance(self._work, media.Work) else ""

    def check(self) -> None:
        """Raises :class:`appliance.errors.Refused`: of another teacher's class."""
        if isinstance(self._work, media.Work):
            check_class(self._work.home)
            return
        found = lesson_office.find(self.lesson)
        if found.kept:
            check_class(found.group)

    def read(self) -> bytes:
        """Raises :class:`Locked`, :class:`NotFound`, :class:`appliance.errors.Damaged`."""
        if isinstance(self._work, Passed):
            return self._work.body
        return hub().vaults.read(self._work.home, self._work.item)

    def remove(self) -> None:
        """For good."""
        if isinstance(self._work, Passed):
            hub().passing.remove(self._work.id)
        else:
            media.remove(hub().db, self._work.item, hub().vaults.folder)


def count(lesson: Lesson) -> int:
    """How many photos and voices of a lesson this person may see; none for who is no teacher of the class."""
    if roles.person().role not in TEACHING or (lesson.kept and not may_read(lesson.group)):
        return 0
    return len(_of_lesson(lesson))


def _of_lesson(lesson: Lesson) -> list[_Held]:
    """Of a need group: those of the classes that this person may read."""
    may = functools.cache(may_read)
    sealed = [each for each in media.of_lesson(hub().db, lesson.id) if may(each.home)] if lesson.kept else []
    return [*map(_Held, sealed), *map(_Held, hub().passing.listed(lesson.id))]


def _found(item_id: str) -> _Held:
    try:
        held = _Held(hub().passing.get(item_id))
    except NotFound:
        held = _Held(media.get(hub().db, item_id))
    held.check()
    return held


def _page(title: str, works: Sequence[_Held], back: str, lesson_id: str = "") -> str:
    """``back``: the page that led here; ``lesson_id``: where they are those of a lesson."""
    _expect_open(works)
    parts = [works[::-1][start : start + PER_PAGE] for start in range(0, len(works), PER_PAGE)] or [[]]
    part = min(max(request.args.get("partie", 1, type=int), 1), len(parts))
    shown = _shown(parts[part - 1])
    return render_template("works.html", title=title, works=shown, part=part, parts=len(parts), back=back,
                           lesson_id=lesson_id)  # fmt: skip


def _expect_open(works: Sequence[_Held]) -> None:
    closed = {each.home for each in works if each.home and not hub().vaults.is_open(each.home)}
    if closed:
        raise Locked("The photos and voices of this class are locked: the teacher's PIN or passphrase opens them.")


def _shown(works: Sequence[_Held]) -> list[Shown]:
    quiz = functools.cache(_quiz)
    names = functools.cache(_names)
    who = functools.cache(_pupil_of)
    found = []
    for each in works:
        pupil, activity = who(each.lesson, each.pupil), quiz(each.activity)
        name = names(each.home).get(each.pupil, "") if each.home else ""
        prompt = next((asked.prompt for asked in activity.questions if asked.id == each.question), "")
        found.append(Shown(each.id, pupil, f"{pupil.alias} · {name}" if name else pupil.alias, activity.title, prompt,
                           each.media_type.startswith("image/"), each.at[:10]))  # fmt: skip
    return found


def _quiz(activity_id: str) -> Activity:
    return activities.ever(hub().db, activity_id)


def _pupil_of(lesson_id: str, pupil_id: str) -> Pupil:
    if anonymous.is_anonymous(lesson_id):
        return lesson_office.pupil(lesson_office.find(lesson_id), pupil_id)
    return people.pupil(hub().db, pupil_id)


def _names(home: str) -> Mapping[str, str]:
    return hub().vaults.names(home)
