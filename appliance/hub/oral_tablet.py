# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Spoken English as pupils see it: the activities of a sequence, then one thing to say at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from appliance.errors import NotFound
from appliance.hub import lesson_office, oral_catalogue, oral_delivery, oral_steps, oral_verdict
from appliance.hub.language import gettext
from appliance.hub.oral_steps import Step
from appliance.hub.pupils import current_lesson, current_pupil
from appliance.hub.read_aloud import voice_url
from appliance.model import Lesson, Pupil
from appliance.sequences import pictures
from appliance.sequences.kinds import ACTIVITIES
from appliance.sequences.sequence import Activity, Item, Sequence

pages = Blueprint("oral_tablet", __name__)

SIMON = "Simon says…"
"""In English, by the box's English voice, before the model's."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An activity on the list of a sequence."""

    number: int
    words: str
    """What is to be done."""
    picture: str
    done: int
    """How many of its items were said, by one of those who share the tablet."""
    of: int


@pages.record
def _globals(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(item_picture=picture, oral=oral_catalogue)


@pages.get("/oral/<sequence_id>")
def sequence(sequence_id: str) -> str | AnyResponse:
    """What there is to do in a sequence."""
    found = oral_catalogue.get(sequence_id)
    came_in = _who(found)
    if came_in is None:
        return redirect(url_for("pupils.home"))
    lesson, team = came_in
    return render_template("oral_activities.html", sequence=found, activities=list(_activities(found, lesson, team)))


@pages.get("/oral/<sequence_id>/<int:number>")
def activity(sequence_id: str, number: int) -> str | AnyResponse:
    """One thing to say: ``n``, from 1. ``v``: the verdict that a page without script brings back."""
    found = oral_catalogue.get(sequence_id)
    chosen = oral_steps.activity_of(found, number)
    came_in = _who(found)
    if came_in is None:
        return redirect(url_for("pupils.home"))
    lesson, team = came_in
    several = oral_steps.steps(found, chosen, len(team), f"{lesson.id} {team[0].id} {sequence_id} {number}")
    place = min(max(request.args.get("n", 1, type=int), 1), len(several)) - 1
    step = several[place]
    return render_template(
        "oral_say.html", sequence=found, activity=chosen, number=number, step=step, place=place + 1, of=len(several),
        words=words_of(chosen), speaker=team[step.speaker % len(team)] if len(team) > 1 else None,
        token=oral_delivery.token(lesson.id, [each.id for each in team], found.id, place), attempt=uuid.uuid4(),
        lead=_lead(found, chosen, step), verdict=oral_verdict.of_page(request.args.get("v", ""), step.item.slug),
        whole=[oral_catalogue.clip(found.id, each.item.slug) for each in several] if _told_whole(chosen, place) else [],
        compare=oral_verdict.shown({"outcome": "compare"}), free=chosen.kind == "free-recording",
    )  # fmt: skip


def _who(found: Sequence) -> tuple[Lesson, list[Pupil]] | None:
    """The lesson and who shares this tablet; None for nobody. Raises :class:`NotFound` outside the lesson's plan."""
    pupil, lesson = current_pupil(), current_lesson()
    if pupil is None or lesson is None:
        return None
    if not lesson.allows("oral", found.id):
        raise NotFound("This lesson does not hold that activity: go back to the shelf.")
    return lesson, lesson_office.speakers()


def _activities(found: Sequence, lesson: Lesson, team: list[Pupil]) -> Iterator[Shown]:
    ours = {each.id for each in team}
    said = {
        each.item
        for each in lesson_office.attempts(lesson)
        if each.sequence == found.id and each.pupil in ours and each.outcome == "bravo"
    }
    for number, each in enumerate(found.activities):
        asked = {step.item.slug: step.item for step in oral_steps.steps(found, each)}
        face = next((item.pictures[0] for item in asked.values() if item.pictures), "")
        yield Shown(number, words_of(each), face, len(asked.keys() & said), len(asked))


def words_of(chosen: Activity) -> str:
    """What pupils are told: the sequence's own words, which are French, or the sentence of the kind."""
    return chosen.instructions or gettext(ACTIVITIES[chosen.kind])


def _told_whole(chosen: Activity, place: int) -> bool:
    return place == 0 and chosen.kind in ("story", "song")


def _lead(found: Sequence, chosen: Activity, step: Step) -> list[str]:
    """Addresses of what is played before the microphone opens: the other's line or the question, else the model."""
    if step.hidden:
        return []
    if chosen.kind == "dialogue" and step.prompt is None:
        return []
    clip = oral_catalogue.clip(found.id, (step.prompt or step.item).slug)
    before = voice_url(SIMON, language="en") if step.simon else ""
    return [address for address in (before, clip) if address]


def picture(sequence_id: str, item: Item) -> Markup:
    """The pictures of an item, silent: its words stand beside them. Empty where it has none."""
    sheet = oral_catalogue.sheet(sequence_id)
    drawn = (_one(sequence_id, sheet, name) for name in item.pictures)
    return Markup().join(drawn)


def _one(sequence_id: str, sheet: str | None, name: str) -> Markup:
    if sheet is None or pictures.is_own(name):
        address = oral_catalogue.own_picture(sequence_id, name)
        return Markup('<img class="pic" src="{}" alt="">').format(address) if address else Markup()
    return Markup('<svg class="pic" aria-hidden="true"><use href="{}#{}"/></svg>').format(sheet, name)
