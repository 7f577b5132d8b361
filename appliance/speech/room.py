# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A led activity, turn after turn: prompt, listen, verdict, feedback, next. Pure: a state in, the next state out.

Every turn that goes well leads to the next by itself; one that does not is tried once more. What keeps the class from
being heard (noise, no microphone) stops the clock, and never a verdict is made of it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.i18n import N_
from appliance.sequences.sequence import words
from appliance.speech.room_steps import Cue, Sound, Step
from appliance.speech.verdict import Outcome, Verdict

MOST_TRIES = 2
"""Of one turn, before the class goes on."""
COMPARE = "compare"
"""The outcome of a turn that nothing judges: the class compares itself with the model."""


class Phase(enum.StrEnum):
    """What goes on."""

    PROMPT = "prompt"
    """The box speaks; the microphone is closed."""
    LISTEN = "listen"
    JUDGE = "judge"
    FEEDBACK = "feedback"
    """The box speaks."""
    BETWEEN = "between"
    """The next turn begins by itself; the teacher may say or tap something else."""
    MOVE = "move"
    """The class moves, or breathes."""
    PAUSED = "paused"
    AWAY = "away"
    """No microphone, no loudspeaker: it goes on by itself when they are back."""
    OVER = "over"


class Do(enum.StrEnum):
    """What the teacher may do."""

    NEXT = "next"
    AGAIN = "again"
    SLOWER = "slower"
    STOP = "stop"
    PAUSE = "pause"
    GO_ON = "go-on"


SPOKEN = (Do.NEXT, Do.AGAIN, Do.SLOWER, Do.STOP)
"""What the teacher may say, in English."""
DECOYS = (
    "yes", "no", "okay", "hello", "one", "two", "three", "four", "five", "six", "seven", "ten", "cat", "dog",
    "house", "water", "apple", "school", "teacher", "green", "blue", "window", "chair", "under", "monday",
    "mother", "banana", "sleep", "happy", "morning", "nothing", "please", "what", "we", "she", "look",
)  # fmt: skip
"""Words beside the commands, so that what the class says is not the nearest of four. Of 150 words and phrases of the
sequences, in the model's voice and foreign to the activity, 15 were still taken for a command (80 without decoys)."""


TOO_NOISY = N_("The class is too noisy to judge. Wait for silence, bring the microphone closer, then go on.")
NOBODY = N_("I heard nothing. Bring the microphone closer, then go on.")
FAILED = N_("I have a problem and cannot judge. Go on by ear, or try again.")
SAID: Mapping[str, str] = {
    Outcome.BRAVO: N_("Well done!"),
    Outcome.PRESQUE: N_("Nearly!"),
    Outcome.ENCORE: N_("Once more: listen."),
    Outcome.SILENCE: N_("I heard nothing."),
    Outcome.BRUIT: TOO_NOISY,
    Outcome.PANNE: FAILED,
    COMPARE: N_("Listen to the model, then to yourself."),
}
"""What the class is told aloud: message ids, no word of English in them, since one voice says them."""


@dataclass(frozen=True, slots=True)
class State:
    """Where the activity stands."""

    steps: tuple[Step, ...]
    at: int = 0
    phase: Phase = Phase.PROMPT
    tries: int = 0
    slow: bool = False
    outcome: str = ""
    """Of this turn: an :class:`Outcome`, :data:`COMPARE`, or empty: not yet."""
    verdict: Verdict | None = None
    overruled: bool = False
    trouble: str = ""
    """A message id: why it waits."""

    @property
    def step(self) -> Step:
        """The turn."""
        return self.steps[self.at]


def begin(steps: tuple[Step, ...]) -> State:
    """The first turn; over at once without any."""
    return State(steps) if steps else State((Step("", ()),), phase=Phase.OVER)


def prompted(state: State) -> State:
    """The box has spoken."""
    return replace(state, phase=Phase.LISTEN if state.step.listens else Phase.MOVE)


def moved(state: State) -> State:
    """The class has moved."""
    return _next(state)


def heard(state: State, verdict: Verdict | None) -> State:
    """The verdict on what was said; None: nothing judges here."""
    if verdict is None or not state.step.judged:
        return replace(state, phase=Phase.FEEDBACK, outcome=COMPARE, verdict=None)
    outcome = Outcome.BRAVO if _as_right(state.step, verdict) else verdict.outcome
    return replace(state, phase=Phase.FEEDBACK, outcome=str(outcome), verdict=replace(verdict, outcome=outcome))


def _as_right(step: Step, verdict: Verdict) -> bool:
    """Another answer to the same question."""
    said = "-".join(word.replace("'", "") for word in words(verdict.heard))
    return verdict.outcome is Outcome.ENCORE and said in step.also


def silent(state: State) -> State:
    """Nobody spoke."""
    return replace(state, phase=Phase.FEEDBACK, outcome=str(Outcome.SILENCE), verdict=None)


def feedback(state: State) -> tuple[Cue, ...]:
    """What the class hears after its turn."""
    told = (Cue(Sound.SAY, SAID[state.outcome]),)
    if state.outcome not in (Outcome.PRESQUE, Outcome.ENCORE, COMPARE):
        return told
    model = state.step.after or (Cue(Sound.MODEL, state.step.item),)
    if state.outcome == COMPARE:
        return (*told, *model, *(() if Cue(Sound.OWN) in model else (Cue(Sound.OWN),)))
    tip = state.verdict.tip if state.verdict and state.outcome == Outcome.PRESQUE else ""
    return (*told, *((Cue(Sound.SAY, tip),) if tip else ()), *model)


def told(state: State) -> State:
    """The class has heard its feedback."""
    tried = replace(state, tries=state.tries + 1)
    if state.outcome in (Outcome.BRUIT, Outcome.PANNE):
        return replace(state, phase=Phase.PAUSED, trouble=SAID[state.outcome])
    if state.outcome == Outcome.SILENCE and tried.tries >= MOST_TRIES:
        return replace(tried, phase=Phase.PAUSED, trouble=NOBODY)
    return replace(tried, phase=Phase.BETWEEN)


def waited(state: State) -> State:
    """The teacher said nothing: once more, or the next turn."""
    missed = state.outcome in (Outcome.PRESQUE, Outcome.ENCORE, Outcome.SILENCE)
    if missed and state.tries < MOST_TRIES:
        return _turn(state, tries=state.tries, slow=state.outcome != Outcome.SILENCE)
    return _next(state)


def commanded(state: State, do: Do) -> State:
    """The teacher said or tapped something; nothing changes what is over."""
    if state.phase is Phase.OVER:
        return state
    match do:
        case Do.NEXT:
            return _next(state)
        case Do.AGAIN | Do.GO_ON:
            return _turn(state)
        case Do.SLOWER:
            return _turn(state, slow=True)
        case Do.PAUSE:
            return replace(state, phase=Phase.PAUSED, trouble="")
        case Do.STOP:
            return replace(state, phase=Phase.OVER, trouble="")


def spoken(state: State, do: Do) -> State:
    """The same as :func:`commanded`, by voice: what was misheard must not end the activity."""
    return commanded(state, Do.PAUSE if do is Do.STOP else do)


def overruled(state: State, outcome: Outcome) -> State:
    """The teacher has heard something else than the box: that counts, and what follows from it follows."""
    if state.phase is Phase.OVER or not state.step.listens:
        return state
    verdict = replace(state.verdict or Verdict(outcome, ""), outcome=outcome, tip="")
    return replace(
        state, phase=Phase.BETWEEN, outcome=str(outcome), verdict=verdict, overruled=True, trouble="",
        tries=max(1, state.tries),
    )  # fmt: skip


def away(state: State, why: str) -> State:
    """Microphone or loudspeaker cannot be used. ``why``: a sentence, in words for people."""
    if state.phase is Phase.OVER or (state.phase is Phase.AWAY and state.trouble == why):
        return state
    return replace(state, phase=Phase.AWAY, trouble=why)


def back(state: State) -> State:
    """To be tried again, from the beginning of the turn."""
    return _turn(state, tries=state.tries, slow=state.slow)


def _turn(state: State, tries: int = 0, *, slow: bool = False) -> State:
    return State(state.steps, state.at, tries=tries, slow=slow)


def _next(state: State) -> State:
    if state.at + 1 == len(state.steps):
        return replace(state, phase=Phase.OVER, trouble="")
    return State(state.steps, state.at + 1)
