# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A led activity as a list of turns: what the box says, who answers, whether it is judged. Pure.

The box's microphone hears the whole class at once, half of it, or one pupil; nobody looks at a screen.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from appliance.i18n import N_
from appliance.sequences.sequence import Activity, Item, Sequence


class Who(enum.StrEnum):
    """Who speaks in a turn."""

    BOX = "box"
    """Nobody answers: the class listens, or moves."""
    CLASS = "class"
    HALF = "half"
    PUPIL = "pupil"


class Mode(enum.StrEnum):
    """Whom the box works with."""

    CLASS = "class"
    HALF = "half"
    GROUP = "group"


class Sound(enum.StrEnum):
    """What a cue is made of."""

    MODEL = "model"
    """The clip of the item with that slug; slowly when the turn is slow."""
    SLOW = "slow"
    SAY = "say"
    """A sentence of the box, a message id, in the class's language."""
    ENGLISH = "english"
    """Words that no item says, by the English voice."""
    CLICKS = "clicks"
    """A rhythm: the length of each word in seconds, spaces between."""
    OWN = "own"
    """What was heard just now."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One sound."""

    sound: Sound
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One turn."""

    item: str
    """Slug of what is on the card, and of what is to be said where somebody speaks."""
    cues: tuple[Cue, ...]
    """Before the turn; the microphone opens when the last was heard."""
    who: Who = Who.BOX
    judged: bool = True
    """False: what was said is only played beside the model."""
    after: tuple[Cue, ...] = ()
    """Said once the turn is over, unless it went well."""
    pause_s: float = 0.0
    """Given to the class to move, where nobody speaks."""
    also: tuple[str, ...] = ()
    """Slugs of other items that are as right."""

    @property
    def listens(self) -> bool:
        """Whether somebody speaks."""
        return self.who is not Who.BOX


TOGETHER = N_("All together.")
HALF_SPEAKS = N_("Now half of the class.")
ONE_SPEAKS = N_("Now one pupil.")
LOOK_AT_CARD = N_("Look at the card: what is it?")
ANSWER = N_("Listen to the question, then answer.")
FIRST, SECOND = N_("Say the first one."), N_("Say the second one.")
SIMON = N_("Do it only when you hear “Simon says”.")
LISTEN_FIRST = N_("First, listen.")
YOU_ANSWER = N_("Now you answer.")
YOU_BEGIN = N_("Now you begin.")
TELL = N_("Now tell it, one sentence each.")
CLAP = N_("Listen to the rhythm and clap.")
SAY_IN_TIME = N_("Now say it in time.")
FREE = N_("Listen to the model, then speak.")
SIMON_SAYS = "Simon says"

MOVES_S = 4.0
"""Time to do what Simon says."""
BREATH_S = 0.6
"""Between two lines that are only listened to."""
CALLS: Mapping[Who, str] = {Who.CLASS: TOGETHER, Who.HALF: HALF_SPEAKS, Who.PUPIL: ONE_SPEAKS}
TURNS: Mapping[Mode, tuple[Who, ...]] = {
    Mode.CLASS: (Who.CLASS, Who.HALF, Who.PUPIL),
    Mode.HALF: (Who.HALF, Who.PUPIL),
    Mode.GROUP: (Who.PUPIL,),
}
"""Who repeats, one after the other."""


def steps(sequence: Sequence, activity: Activity, mode: Mode, *, pupil: bool = False) -> tuple[Step, ...]:
    """The turns of ``activity``. ``pupil``: one of them was chosen, who speaks alone."""
    turns = (Who.PUPIL,) if pupil else TURNS[mode]
    made = _MAKERS[activity.kind](sequence, activity, turns)
    return tuple(_called(made))


def _called(made: Iterable[Step]) -> Iterator[Step]:
    """Who speaks is called when it is somebody else's turn."""
    before = None
    for step in made:
        if step.listens and step.who is not before:
            before = step.who
            yield replace(step, cues=(_say(CALLS[step.who]), *step.cues))
        else:
            yield step


def _say(message: str) -> Cue:
    return Cue(Sound.SAY, message)


def _model(item: Item) -> Cue:
    return Cue(Sound.MODEL, item.slug)


def _items(sequence: Sequence, activity: Activity) -> list[Item]:
    return [sequence.item(text) for text in activity.items]


def _repeat(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    for item in _items(sequence, activity):
        for who in turns:
            yield Step(item.slug, (_model(item),), who)


def _name(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    """The teacher shows the card that the page names."""
    for number, item in enumerate(_items(sequence, activity)):
        yield Step(item.slug, (_say(LOOK_AT_CARD),), turns[number % len(turns)], after=(_model(item),))


def _answer(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    """Whatever answers the question is right: the teacher's card says which is meant."""
    items = _items(sequence, activity)
    answers = [item for item in items if item.answers in activity.items and item.answers]
    for number, item in enumerate(answers):
        others = tuple(other.slug for other in answers if other.answers == item.answers and other is not item)
        question = _model(sequence.item(item.answers))
        cues = (_say(ANSWER), question) if number == 0 else (question,)
        yield Step(item.slug, cues, turns[number % len(turns)], after=(_model(item),), also=others)


def _pairs(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    """Both are heard, then one is to be said: now the first, now the second."""
    for number, pair in enumerate(activity.pairs):
        first, second = (sequence.item(text) for text in pair)
        asked = (first, second)[number % 2]
        cues = (_model(first), _model(second), _say((FIRST, SECOND)[number % 2]))
        yield Step(asked.slug, cues, turns[number % len(turns)], after=(_model(asked),))


def _simon(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    """Every third order is a trap: Simon has not said it."""
    del turns
    for number, item in enumerate(_items(sequence, activity)):
        rule = (_say(SIMON),) if number == 0 else ()
        simon = () if number % 3 == 1 else (Cue(Sound.ENGLISH, SIMON_SAYS),)
        yield Step(item.slug, (*rule, *simon, _model(item)), pause_s=MOVES_S)


def _dialogue(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    """Listened to once; then the box begins and the class answers; then the other way round."""
    items = _items(sequence, activity)
    yield from _listened(items)
    for spoken, call in ((1, YOU_ANSWER), (0, YOU_BEGIN)):
        for number, item in enumerate(items):
            told = (_say(call),) if number == 0 else ()
            if number % 2 == spoken:
                yield Step(item.slug, told, turns[number // 2 % len(turns)], after=(_model(item),))
            else:
                yield Step(item.slug, (*told, _model(item)), pause_s=BREATH_S)


def _story(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    items = _items(sequence, activity)
    yield from _listened(items)
    for number, item in enumerate(items):
        told = (_say(TELL),) if number == 0 else ()
        yield Step(item.slug, (*told, _model(item)), turns[-1])


def _listened(items: list[Item]) -> Iterator[Step]:
    for number, item in enumerate(items):
        told = (_say(LISTEN_FIRST),) if number == 0 else ()
        yield Step(item.slug, (*told, _model(item)), pause_s=BREATH_S)


def _song(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    """The line, its rhythm to clap, then the line in time. What was said is judged, when it was said is not."""
    beat = 60 / (activity.tempo or 90)
    for number, item in enumerate(_items(sequence, activity)):
        lasts = item.beats or (1.0,) * len(item.words)
        clicks = Cue(Sound.CLICKS, " ".join(f"{each * beat:.3f}" for each in lasts))
        told = (_say(CLAP),) if number == 0 else ()
        yield Step(item.slug, (*told, _model(item), clicks), pause_s=BREATH_S)
        told = (_say(SAY_IN_TIME),) if number == 0 else ()
        yield Step(item.slug, (*told, clicks), turns[0])


def _free(sequence: Sequence, activity: Activity, turns: tuple[Who, ...]) -> Iterator[Step]:
    for number, item in enumerate(_items(sequence, activity)):
        told = (_say(FREE),) if number == 0 else ()
        after = (_model(item), Cue(Sound.OWN))
        yield Step(item.slug, (*told, _model(item)), turns[-1], judged=False, after=after)


_Maker = Callable[[Sequence, Activity, tuple[Who, ...]], Iterator[Step]]
_MAKERS: Mapping[str, _Maker] = {
    "listen-repeat": _repeat,
    "picture-word": _name,
    "question-answer": _answer,
    "minimal-pairs": _pairs,
    "simon-says": _simon,
    "dialogue": _dialogue,
    "story": _story,
    "song": _song,
    "free-recording": _free,
}
"""One for each of :data:`appliance.sequences.kinds.ACTIVITIES`."""
