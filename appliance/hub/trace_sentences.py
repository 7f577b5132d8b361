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

from markupsafe import Markup, escape

from appliance.hub import trace_verbs as verbs
from appliance.hub import trace_words as words
from appliance.hub.language import format_list, gettext, ngettext
from appliance.hub.trace_responses import response, shortened


@dataclass(frozen=True, slots=True)
class Names:
    """Where the names in a sentence come from. Empty string: not known."""

    people: Callable[[Mapping[str, Any]], list[str]]
    """The names on the screen of an agent, or of a group's members: animals, never what the statement says of them."""
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
        _said(statement, verb),
        "" if verb in ("passed", "failed", "mastered", "voided") else words.outcome(result, answered=answered),
        words.score(result),
        words.progress(result),
        words.spent(result.get("duration")),
    ]
    said = ", ".join(fact for fact in facts if fact)
    text = _deed(statement, verb, names)
    if said:
        text = with_facts(text, said)
    success = {"passed": True, "failed": False}.get(verb, result.get("success"))
    return Sentence(text, verb, success)


def with_facts(text: Markup, facts: str) -> Markup:
    """A sentence and, after a colon, how it went."""
    return Markup(gettext("%(sentence)s: %(facts)s")) % {"sentence": text, "facts": facts}  # noqa: S704 - our own words


def verb_of(statement: Mapping[str, Any]) -> str:
    """The last part of the verb's IRI, one word for the synonyms."""
    last = last_part(str(_part(statement, "verb").get("id", ""))).lower()
    return verbs.SYNONYMS.get(last, last)


def worked(statement: Mapping[str, Any], names: Names) -> Markup:
    """That its actor worked on its object; where nothing more is known of several statements."""
    return _plainly(verbs.WORKED, statement, names)


def ended(statement: Mapping[str, Any], names: Names) -> Markup:
    """That its actor finished its object, though no statement says so."""
    return _plainly(verbs.VERBS["completed"], statement, names)


def _plainly(message: str, statement: Mapping[str, Any], names: Names) -> Markup:
    return _filled(message, _subject(statement, names) | {"what": _what(_part(statement, "object"), names)})


def _deed(statement: Mapping[str, Any], verb: str, names: Names) -> Markup:
    definition = _part(_part(statement, "object"), "definition")
    fields = _subject(statement, names) | {"what": _what(_part(statement, "object"), names)}
    if verb not in verbs.VERBS:
        return _other(statement, verb, fields, names)
    if verb == "answered":
        given = response(_part(statement, "result"), definition, lambda told: chosen(told, names.languages)[0])
        if given:
            return _filled(verbs.ANSWERED_WITH, fields | {"response": given})
    if verb == "attempted" and words.spoken(_part(statement, "result")):
        return _filled(verbs.TRIED_TO_SAY, fields)
    if verb == "played" and last_part(str(definition.get("type", ""))).lower() in verbs.MEDIA:
        return _filled(verbs.PLAYED_MEDIA, fields)
    return _filled(verbs.VERBS[verb], fields)


def _other(statement: Mapping[str, Any], verb: str, fields: Mapping[str, str], names: Names) -> Markup:
    """A verb that the box does not know: in its tool's words if they go on from a name, else beside the sentence."""
    text, language = chosen(_part(statement, "verb").get("display"), names.languages)
    text = shortened(text)
    if text and _base(language) == _base(names.languages[0]) and fields["has"] == gettext("has") and " " in text:
        return _filled(verbs.DISPLAYED, {**fields, "verb": text})
    return _filled(verbs.UNKNOWN, {**fields, "verb": _foreign(text, language, names) or shortened(verb)})


def _filled(message: str, fields: Mapping[str, str]) -> Markup:
    return Markup(gettext(message)) % {name: escape(value) for name, value in fields.items()}  # noqa: S704 - our own words


def _said(statement: Mapping[str, Any], verb: str) -> str:
    """The words of a comment or a question, in quotation marks."""
    given = _part(statement, "result").get("response")
    if verb not in verbs.SPOKEN or not isinstance(given, str) or not given.strip():
        return ""
    return str(gettext("“%(title)s”", title=shortened(given)))


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _subject(statement: Mapping[str, Any], names: Names) -> dict[str, str]:
    """Who did it, and the verb's number: ``who`` and ``has``."""
    several = names.people(_part(statement, "actor"))
    return {"who": _listed(several) or gettext("Somebody"), "has": ngettext("has", "have", len(several) or 1)}


def _listed(names: list[str]) -> str:
    return format_list(names)


def _what(target: Mapping[str, Any], names: Names) -> Markup:
    """The words for a statement's object (xAPI-Data 2.4.4): an activity's title in quotation marks, or a person."""
    kind = target.get("objectType", "Activity")
    if kind in ("Agent", "Group"):
        return escape(_listed(names.people(target)) or gettext("somebody"))
    if kind == "StatementRef":
        return escape(gettext("another trace"))
    if kind == "SubStatement":
        return _what(_part(target, "object"), names)
    return _quoted(_named(_part(target, "definition"), str(target.get("id", "")), names))


def _named(definition: Mapping[str, Any], iri: str, names: Names) -> Markup:
    for told in (definition.get("name"), definition.get("description")):
        text, language = chosen(told, names.languages)
        if text:
            return _foreign(shortened(text), language, names)
    text, language = names.titles(iri)
    return _foreign(shortened(text or last_part(iri)), language, names)


def _quoted(title: Markup) -> Markup:
    return Markup(gettext("“%(title)s”")) % {"title": title}  # noqa: S704 - our own words


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
