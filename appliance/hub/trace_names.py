# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The names in traces: pupils as the class knows them, activities as the library, the exercises and their tools do."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from appliance.errors import NotFound
from appliance.hub import labels, oral_catalogue
from appliance.hub.context import hub
from appliance.hub.launch import activity_of
from appliance.hub.settings import language
from appliance.hub.trace_sentences import Names, chosen, last_part
from appliance.i18n import LANGUAGES
from appliance.store import activities, people, settings, traces
from appliance.xapi import identifiers


class TraceNames:
    """For one request: each name is looked up once."""

    def __init__(self) -> None:
        self._box = settings.box_id(hub().db)
        self._languages = (language(), *(each for each in LANGUAGES if each != language()))
        self._definition = functools.cache(hub().records.definition)
        self._pupil = functools.cache(_alias)

    def names(self) -> Names:
        """What sentences need."""
        return Names(self.people, self.title, self._languages)

    def people(self, agent: Mapping[str, Any]) -> list[str]:
        """The animal of a pupil of this box, or those of a group's members; nobody else."""
        return [name for pupil in traces.pupils(agent, self._box) if (name := self._pupil(pupil))]

    def title(self, iri: str) -> tuple[str, str]:
        """What the box calls an activity, at worst the end of its IRI; and the language, empty when not known."""
        own = identifiers.read_activity(iri)
        if own and own[0] == self._box:
            return _exercise(own[1]) or last_part(iri), ""
        text, language = chosen((self._definition(iri) or {}).get("name"), self._languages)
        return (text, language) if text else self._packages.get(iri, (last_part(iri), ""))

    def is_question(self, iri: str) -> bool:
        """Whether something is asked there (xAPI-Data 2.4.4.1, interaction activities)."""
        if identifiers.read_question(iri):
            return True
        definition = self._definition(iri) or {}
        return "interactionType" in definition or str(definition.get("type", "")).endswith("/cmi.interaction")

    def whole(self, iri: str) -> str:
        """What a question whose statement names no parent is a part of: the nearest thing above it with a title."""
        above = iri
        while (cut := max(above.rfind(mark) for mark in "/#?&")) > len("https://"):
            above = above[:cut]
            if self._definition(above) or above in self._packages:
                return above
        return iri

    @functools.cached_property
    def _packages(self) -> dict[str, tuple[str, str]]:
        found = hub().library.list(include_damaged=True)
        return {activity_of(each): (labels.title(each), each.card.language) for each in found}


def _alias(pupil: str) -> str:
    try:
        return people.pupil(hub().db, pupil).alias
    except NotFound:
        return ""


def _exercise(activity: str) -> str:
    sequence = identifiers.read_sequence(activity)
    try:
        if sequence:
            return oral_catalogue.title(oral_catalogue.get(sequence))
        return activities.get(hub().db, activity).title
    except NotFound:
        return ""
