# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Which plans and classes the teacher is offered, so that a usual lesson opens with one tap."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appliance.errors import BadInput, NotFound
from appliance.hub import labels, oral_catalogue
from appliance.hub.context import hub
from appliance.hub.language import gettext
from appliance.hub.roles import may_lead
from appliance.hub.settings import language
from appliance.model import Group, Lesson, Planned
from appliance.store import activities, lessons, people, staff

REMEMBERED = 40
"""Lessons that are looked through for what the teacher uses most."""
FAVOURITES = 3
MOST_PLANNED = 40
ANIMALS = 28
"""Of an anonymous lesson, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that one tap opens."""

    title: str
    value: str
    """Of the button."""
    language: str
    """Of the title; empty: the page's own."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the teacher's home offers. ``group`` None: an anonymous lesson."""

    group: Group | None
    resume: Proposal | None
    favourites: Sequence[Proposal]


def encode(plan: Iterable[Planned]) -> str:
    """A plan as the value of a form's field."""
    return " ".join(f"{item.kind}:{item.id}" for item in plan)


def decode(values: Iterable[str]) -> tuple[Planned, ...]:
    """The plan of a form's fields. Raises :class:`BadInput` for what is not on the box."""
    found = dict.fromkeys(_planned(word) for value in values for word in value.split())
    if len(found) > MOST_PLANNED:
        raise BadInput("Choose at most %(most)s things for a lesson.", most=MOST_PLANNED)
    return tuple(found)


def _planned(word: str) -> Planned:
    kind, _, identifier = word.partition(":")
    item = Planned(kind, identifier)
    if title_of(item) is None:
        raise BadInput("One of these is no longer on the box: reload the page, then choose again.")
    return item


def title_of(item: Planned) -> str | None:
    """What it is called; None when it is not on the box."""
    try:
        if item.kind == "activity":
            return activities.get(hub().db, item.id).title
        if item.kind == "oral":
            return oral_catalogue.title(oral_catalogue.get(item.id))
        return labels.title(hub().library.get(item.id)) if item.kind == "resource" else None
    except NotFound:
        return None


def language_of(item: Planned) -> str:
    """Of its title; empty: the page's own."""
    if item.kind != "resource" or title_of(item) is None:
        return ""
    said = hub().library.get(item.id).card.language or ""
    return "" if said == language() else said


def title(plan: Sequence[Planned]) -> str:
    """Of a lesson with this plan."""
    titles = [found for item in plan if (found := title_of(item))]
    if not titles:
        return str(gettext("Everything on the box"))
    return titles[0] + (f" + {len(titles) - 1}" if len(titles) > 1 else "")


def title_language(plan: Sequence[Planned]) -> str:
    """Of :func:`title`, which is the first thing's; empty: the page's own."""
    return next((language_of(item) for item in plan if title_of(item)), "")


def groups() -> list[Group]:
    """The classes that a lesson can be opened with."""
    return [group for group in people.groups(hub().db) if may_lead(group.id)]


def proposals() -> Proposals:
    """From what was opened last, and most; a quiz that was made since, and never opened, comes before those."""
    earlier = lessons.recent(hub().db, REMEMBERED)
    anonymous = hub().anonymous.last()
    if anonymous is not None:
        earlier = sorted([anonymous, *earlier], key=lambda lesson: lesson.started_at, reverse=True)
    resume = _proposal(earlier[0].plan) if earlier else None
    taken = {resume.value} if resume else set()
    counted = collections.Counter(lesson.plan for lesson in earlier if lesson.plan)
    often = [plan for plan, _ in counted.most_common()]
    others = [(Planned("activity", each.id),) for each in activities.every(hub().db)]
    favourites: list[Proposal] = []
    made = [plan for plan in others[-1:] if earlier and plan not in counted]
    for plan in [*made, *often, *others]:
        proposal = _proposal(plan)
        if proposal is not None and proposal.value not in taken and len(favourites) < FAVOURITES:
            taken.add(proposal.value)
            favourites.append(proposal)
    return Proposals(_usual_group(earlier), resume, favourites)


def _proposal(plan: tuple[Planned, ...]) -> Proposal | None:
    """None: nothing of it is left on the box."""
    left = tuple(item for item in plan if title_of(item) is not None)
    return Proposal(title(left), encode(left), title_language(left)) if left or not plan else None


def _usual_group(earlier: Sequence[Lesson]) -> Group | None:
    """The class of the last lesson; none where nobody can open a class's vault, so that nothing is kept by accident."""
    if not staff.any_teacher(hub().db.reading()):
        return None
    known = {group.id: group for group in groups()}
    used = (known[lesson.group] for lesson in earlier if lesson.group in known)
    return next(used, next(iter(known.values()), None))
