# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What may be heard instead of a phrase: words that one French learner's slip makes of it, and the lesson's others."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from appliance.errors import BadInput
from appliance.ports import Probe, Slot, SpeechTask, Way
from appliance.speech.contrasts import MAX_FOCUS, focus_of, rules
from appliance.speech.phonetics import Lexicon, Phones, words_of
from appliance.speech.verdict import Asked

MAX_COMPETITORS = 8
"""For each word; more would cost the right word more than they find."""
MAX_ITEMS = 40
MAX_PROBES = 6


def task_for(asked: Asked, lexicon: Lexicon, hears: Callable[[str], bool] = lambda word: True) -> SpeechTask:
    """What the engine is to listen for; ``hears`` tells the words of its model.

    Raises :class:`BadInput` naming a word without a pronunciation, a contrast off the list, or too many items.
    """
    lexicon = lexicon.with_own(asked.pronunciations)
    words = words_of(asked.text)
    if len(asked.items) > MAX_ITEMS:
        raise BadInput("At most %(most)s items are told apart at a time.", most=MAX_ITEMS)
    ways = [right_ways(word, lexicon) for word in words]
    others = [item for item in dict.fromkeys(words_of(item) for item in asked.items) if item != words]
    return SpeechTask(
        tuple(Slot((*right, *competitors(right, lexicon, hears))) for right in ways),
        tuple(tuple(right_ways(word, lexicon)[0] for word in item) for item in others),
        tuple(probes(tuple(asked.focus), [right[0] for right in ways])),
    )


def right_ways(word: str, lexicon: Lexicon) -> tuple[Way, ...]:
    """How ``word`` may rightly be said. Raises :class:`BadInput` for a word that the dictionary lacks."""
    found = tuple(Way(word, phones) for phones in lexicon.ways(word))
    if not found:
        raise BadInput("“%(word)s” is in no dictionary: give its pronunciation in the sequence.", word=word)
    return found


def competitors(right: Iterable[Way], lexicon: Lexicon, hears: Callable[[str], bool]) -> list[Way]:
    """Real words one slip away from a right way, at most :data:`MAX_COMPETITORS`, in the order of the rules."""
    right = tuple(right)
    taken = {way.phones for way in right}
    found = []
    for rule in rules().values():
        for phones in (made for way in right for made in rule.applied(way.phones)):
            word = _spelling(right[0].text, phones, lexicon, hears)
            if phones not in taken and word:
                taken.add(phones)
                found.append(Way(word, phones, rule.name))
    return found[:MAX_COMPETITORS]


def _spelling(near: str, phones: Phones, lexicon: Lexicon, hears: Callable[[str], bool]) -> str:
    """The word said so whose spelling is nearest; empty when there is none. Rare names look less like it."""
    words = [word for word in lexicon.said_as(phones) if hears(word)]
    return max(words, key=lambda word: difflib.SequenceMatcher(None, near, word).ratio(), default="")


def probes(focus: tuple[str, ...], right: list[Way]) -> list[Probe]:
    """Every place of the phrase where a contrast of ``focus`` may be missed, whether a word is said so or not."""
    found = []
    for contrast in focus_of(focus)[:MAX_FOCUS]:
        rule = rules()[contrast.name]
        for slot, way in enumerate(right):
            found += [
                Probe(contrast.name, slot, way, Way("", phones, rule.name)) for phones in rule.applied(way.phones)
            ]
    return found[:MAX_PROBES]
