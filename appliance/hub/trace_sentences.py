# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A statement as a sentence: who did what, and how it went, in the teacher's language.

Works on whatever a store may hold: the box's own exercises, H5P and other xAPI packages, imports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from flask_babel import gettext
from markupsafe import Markup, escape

from appliance.hub import trace_words as words
from appliance.hub.trace_responses import response, shortened


@dataclass(frozen=True, slots=True)
class Names:
    """Where the names in a sentence come from. Empty string: not known."""

    people: Callable[[Mapping[str, Any]], str]
    """An agent's name on the screen: an animal, never what the statement itself says of a pupil."""
    titles: Callable[[str], tuple[str, str]]
    """The title that the box gives an activity (IRI), and its language."""
    languages: Sequence[str]
    """Wanted languages, the best first."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` is safe HTML: words in another language than the page's carry ``lang``."""

    text: Markup
    verb: str
    """The last part of its IRI, one word for the synonyms."""
    success: bool | None
    """As the statement says."""


def sentence(statement: Mapping[str, Any], names: Names) -> Sentence:
    """The sentence of a valid statement, without its time."""
    result = _part(statement, "result")
    verb = verb_of(statement)
    answered = verb == "answered"
    facts = [
        "" if verb in ("passed", "failed", "mastered") else words.outcome(result, answered=answered),
        words.score(result),
        words.progress(result),
        words.spent(result.get("duration")),
    ]
    said = ", ".join(fact for fact in facts if fact)
    text = _deed(statement, verb, names)
    if said:
        text = Markup(gettext("%(sentence)s: %(facts)s")) % {"sentence": text, "facts": said}  # noqa: S704 - our own words
    success = {"passed": True, "failed": False}.get(verb, result.get("success"))
    return Sentence(text, verb, success)


def verb_of(statement: Mapping[str, Any]) -> str:
    """The last part of the verb's IRI, one word for the synonyms."""
    last = last_part(str(_part(statement, "verb").get("id", ""))).lower()
    return words.SYNONYMS.get(last, last)


def _deed(statement: Mapping[str, Any], verb: str, names: Names) -> Markup:
    target = _part(statement, "object")
    definition = _part(target, "definition")
    fields = {"who": _who(statement, names), "what": _what(target, names)}
    if verb not in words.VERBS:
        return _filled(words.UNKNOWN, fields | {"verb": _display(statement, names) or shortened(verb)})
    if verb == "answered":
        given = response(_part(statement, "result"), definition, lambda told: chosen(told, names.languages)[0])
        if given:
            return _filled(words.ANSWERED_WITH, fields | {"response": given})
    if verb == "played" and last_part(str(definition.get("type", ""))).lower() in words.MEDIA:
        return _filled(words.PLAYED_MEDIA, fields)
    return _filled(words.VERBS[verb], fields)


def _filled(message: str, fields: Mapping[str, str]) -> Markup:
    return Markup(gettext(message)) % {name: escape(value) for name, value in fields.items()}  # noqa: S704 - our own words


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _who(statement: Mapping[str, Any], names: Names) -> str:
    return names.people(_part(statement, "actor")) or gettext("Somebody")


def _display(statement: Mapping[str, Any], names: Names) -> Markup:
    text, language = chosen(_part(statement, "verb").get("display"), names.languages)
    return _foreign(shortened(text), language, names)


def _what(target: Mapping[str, Any], names: Names) -> str:
    """The words for a statement's object (xAPI-Data 2.4.4): an activity, a person, another statement."""
    kind = target.get("objectType", "Activity")
    if kind in ("Agent", "Group"):
        return names.people(target) or gettext("somebody")
    if kind == "StatementRef":
        return str(gettext("another trace"))
    if kind == "SubStatement":
        return _what(_part(target, "object"), names)
    iri, definition = str(target.get("id", "")), _part(target, "definition")
    for told in (definition.get("name"), definition.get("description")):
        text, language = chosen(told, names.languages)
        if text:
            return _foreign(shortened(text), language, names)
    text, language = names.titles(iri)
    return _foreign(shortened(text or last_part(iri)), language, names)


def _foreign(text: str, language: str, names: Names) -> Markup:
    if (
        not text
        or language in ("", "und")
        or language.partition("-")[0].lower() == names.languages[0].partition("-")[0]
    ):
        return escape(text)
    return Markup('<span lang="{}">{}</span>').format(language, text)


def chosen(told: object, languages: Sequence[str]) -> tuple[str, str]:
    """The text of a language map (xAPI-Data 4.2) in the best language, and that language; empty when there is none."""
    if not isinstance(told, Mapping):
        return "", ""
    known = {str(language): " ".join(text.split()) for language, text in told.items() if isinstance(text, str)}
    known = {language: text for language, text in known.items() if text}
    for wanted in languages:
        for language, text in known.items():
            if _base(language) == _base(wanted):
                return text, language
    return next(((text, language) for language, text in known.items()), ("", ""))


def _base(language: str) -> str:
    return language.partition("-")[0].lower()


def last_part(iri: str) -> str:
    """What follows the last slash, hash or colon of an IRI."""
    trimmed = iri.rstrip("/#")
    for mark in ("/", "#", ":"):
        trimmed = trimmed.rsplit(mark, 1)[-1]
    return unquote(trimmed)
