# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The child's sentences: what happened, then what to do. Message ids in English; pupils are said *tu* in French."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.i18n import N_
from appliance.speech.verdict import Outcome, Verdict

BRAVO = N_("Well done! I heard “%(heard)s”.")
ALMOST_AS = N_("Nearly! I heard “%(heard)s”.")
ALMOST = N_("Nearly! Listen to the sound again, and try once more.")
AGAIN_AS = N_("I heard “%(heard)s”. Listen, and say “%(asked)s”.")
AGAIN = N_("I did not understand. Listen, and say “%(asked)s”.")
FAILED = N_("I have a problem: it is not your fault. Go on with your teacher.")
COMPARED = N_("Listen to the model, then to yourself.")

REASONS: Mapping[str, str] = {
    "short": N_("I heard nothing. Come closer, and speak up."),
    "quiet": N_("I can hardly hear you. Come closer, and speak up."),
    "long": N_("That is too long for me. Say only the phrase."),
    "loud": N_("That is too loud for me. Move back a little."),
    "noisy": N_("There is too much noise for me to judge. Come closer, or wait for silence."),
}
"""By :attr:`appliance.speech.signal.Signal.reason`."""

TIPS: Mapping[str, str] = {
    "h": N_("Blow on your hand before the vowel."),
    "th/t": N_("Put your tongue between your teeth, and blow."),
    "th/s": N_("Put your tongue between your teeth, and blow."),
    "th/f": N_("Put your tongue between your teeth, not your teeth on your lip."),
    "dh/z": N_("Put your tongue between your teeth, and let your voice sound."),
    "ih/iy": N_("Make the sound short, and do not smile."),
    "ae/aa": N_("Open your mouth wide, and smile."),
    "w/v": N_("Make your lips round, as to blow out a candle."),
    "v/f": N_("Put your teeth on your lip, and let your voice sound."),
    "ng/n": N_("End with the back of your tongue, and the mouth open."),
    "end/-": N_("Let the end of the word be heard."),
}
"""By contrast: what the mouth does."""


def sentence(outcome: Outcome, reason: str = "", heard: str = "", asked: str = "") -> tuple[str, Mapping[str, str]]:
    """The message id and its parameters."""
    words = {"heard": heard, "asked": asked}
    if outcome in (Outcome.SILENCE, Outcome.BRUIT):
        return REASONS[reason], {}
    if outcome is Outcome.PANNE:
        return FAILED, {}
    if outcome is Outcome.BRAVO:
        return BRAVO, {"heard": heard}
    if outcome is Outcome.PRESQUE:
        return (ALMOST_AS, {"heard": heard}) if heard else (ALMOST, {})
    return (AGAIN_AS, words) if heard else (AGAIN, {"asked": asked})


def tip(contrast: str) -> str:
    """What to do with the mouth for ``contrast``: a message id, empty when there is none."""
    return TIPS.get(contrast, "")


def failed() -> Verdict:
    """The verdict *panne*: the box failed, whatever the pupil did."""
    return Verdict(Outcome.PANNE, FAILED)


def compared() -> Verdict:
    """Where no engine can be had: the pupil listens to the model and to their own voice. No judgement."""
    return Verdict(Outcome.PANNE, COMPARED)
