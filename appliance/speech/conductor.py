# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Runs a led activity in a thread: plays, listens, has it judged; what the teacher taps goes before all of it.

The microphone opens when the last sound was heard, and a moment later: the box never hears itself. A voice is in memory
until the verdict; where no pupil was chosen nothing at all is kept.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Protocol

from appliance.errors import CartableError, Conflict, NotFound, Unreachable
from appliance.ports import RATE
from appliance.speech import clicks, room, room_steps
from appliance.speech.detector import FRAME_S
from appliance.speech.endpoint import AMONG, BEFORE_S, ENDS_S, Endpoint, Spoken
from appliance.speech.led import MOST_ITEMS, Led
from appliance.speech.room import Do, Phase, State
from appliance.speech.room_steps import Cue, Sound
from appliance.speech.verdict import Asked, Outcome, Verdict

ECHO_S = 0.3
"""What the room still says of the loudspeaker after a sound."""
WAITS_S, MOST_S = 8.0, 8.0
"""For somebody to begin; of one utterance."""
BETWEEN_S = 2.5
"""Given to the teacher to say another thing than “go on”."""
COMMAND_S = 1.2
"""The longest command."""
COMMAND_BYTES = int((BEFORE_S + AMONG * FRAME_S + COMMAND_S + ENDS_S) * RATE) * 2
"""With what is kept around it."""
SPEAKS_S = 60.0
"""How long a pause listens for one: the class talks meanwhile."""
RETRY_S = 1.0
FORGOTTEN_S = 1200.0
"""An activity that nobody touches ends: a pause of a whole lesson is no pause."""


class Desk(Protocol):
    """See :class:`appliance.speech.desk.Desk`."""

    def play(self, sound: bytes) -> bool:
        """A sound file, to its end; whether nobody stopped it."""
        ...

    def hush(self) -> None:
        """Silence, at once."""
        ...

    def listen(self) -> AbstractContextManager[Iterator[bytes]]:
        """What the microphone hears from now on."""
        ...


class Library(Protocol):
    """See :class:`appliance.speech.led.Library`."""

    language: str

    def clip(self, sequence: str, slug: str, *, slow: bool) -> bytes:
        """The model's voice."""
        ...

    def spoken(self, text: str, language: str) -> bytes:
        """A sentence."""
        ...

    def keep(self, led: Led, slug: str, verdict: Verdict) -> bool:
        """Hand over an attempt; whether it is kept."""
        ...


Judge = Callable[[bytes, Asked], Verdict | None]
"""A WAV file and what was asked: the verdict, None where nothing judges."""
Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What goes on, or went on last; nothing at first."""

    led: Led | None
    state: State | None
    voice: bool
    """The teacher pilots by voice too."""
    noise_db: float | None
    """The room before somebody last spoke."""
    kept: int
    """Attempts of the pupil who was chosen."""


class Conductor:
    """One activity at a time. Thread-safe."""

    def __init__(
        self,
        desk: Desk,
        judge: Judge,
        library: Library,
        translate: Translate,
        busy: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._desk, self._judge, self._library, self._translate, self._busy = desk, judge, library, translate, busy
        self._changed = threading.Condition()
        self._led: Led | None = None
        self._state: State | None = None
        self._turn = 0
        """Counts every change: what a phase comes to counts only when nothing else happened meanwhile."""
        self._thread: threading.Thread | None = None
        self._own = b""
        self._room_db: float | None = None
        self._voice = False
        self._due: tuple[Led, str, Verdict] | None = None
        self._kept = 0

    def start(self, led: Led) -> None:
        """Begin. Raises :class:`Conflict` while another activity goes on."""
        with self._changed:
            if self._running():
                raise Conflict("Another activity goes on with the box: stop it first.")
            self._led, self._kept, self._room_db = led, 0, None
            self._set(room.begin(room_steps.steps(led.sequence, led.activity, led.mode, pupil=bool(led.pupil))))
            self._thread = threading.Thread(target=self._run, args=(led,), name="room", daemon=True)
            self._thread.start()

    def command(self, do: Do, at: int | None = None) -> None:
        """What the teacher taps. ``at``: the turn that was on the screen; where another one goes on already nothing is
        done, so that two taps, or two teachers, make one step. A pause and a stop hold whenever they come."""
        self._change(lambda state: room.commanded(state, do), None if do in (Do.PAUSE, Do.STOP) else at)

    def overrule(self, outcome: Outcome, at: int | None = None) -> None:
        """The teacher's verdict instead of the box's; ``at`` as in :meth:`command`."""
        self._change(lambda state: room.overruled(state, outcome), at)

    def listen_to_commands(self, *, on: bool) -> None:
        """Whether the teacher pilots by voice too."""
        with self._changed:
            self._voice = on
            self._changed.notify_all()

    def stop(self) -> None:
        """End whatever goes on, and wait for it: the service ends."""
        self.command(Do.STOP)
        thread = self._thread
        if thread is not None:
            thread.join(5.0)

    def snapshot(self) -> Snapshot:
        """What goes on, or went on last."""
        with self._changed:
            return Snapshot(self._led, self._state, self._voice, self._room_db, self._kept)

    def wait(self, true: Callable[[State | None], bool], seconds: float) -> bool:
        """Until the state is so."""
        with self._changed:
            return self._changed.wait_for(lambda: true(self._state), seconds)

    # what follows runs in the thread, unless said

    def _change(self, how: Callable[[State], State], at: int | None) -> None:
        """By whoever calls."""
        with self._changed:
            state = self._state
            if state is None or not self._running() or (at is not None and at != state.at):
                return
            self._set(how(state))
        self._desk.hush()

    def _running(self) -> bool:
        return self._state is not None and self._state.phase is not Phase.OVER

    def _set(self, state: State) -> None:
        """With the lock."""
        self._state = state
        self._turn += 1
        if state.verdict is not None and self._led is not None:
            self._due = (self._led, state.step.item, state.verdict)
        self._changed.notify_all()

    def _run(self, led: Led) -> None:
        with self._busy():
            try:
                self._conduct(led)
            finally:
                if self._led is led:
                    self._own = b""

    def _conduct(self, led: Led) -> None:
        while True:
            with self._changed:
                state, turn, ours = self._state, self._turn, self._led is led
            if state is None or not ours:  # stopped while somebody was judged, and another activity has begun
                return
            if state.phase in (Phase.PROMPT, Phase.OVER):
                self._own = b""
                self._hand_over()
            if state.phase is Phase.OVER:
                return
            try:
                after = self._after(led, state, turn)
            except CartableError as error:
                after = room.away(state, error.localized(self._translate))
            with self._changed:
                if self._turn == turn and after is not state:
                    self._set(after)

    def _after(self, led: Led, state: State, turn: int) -> State:
        """What comes after this phase; the state itself when the teacher did something meanwhile."""
        match state.phase:
            case Phase.PROMPT:
                return room.prompted(state) if self._played(led, state, state.step.cues, turn) else state
            case Phase.MOVE:
                return state if self._interrupted(turn, state.step.pause_s) else room.moved(state)
            case Phase.LISTEN:
                return self._listened(state, turn)
            case Phase.JUDGE:
                return self._judged(led, state)
            case Phase.FEEDBACK:
                return room.told(state) if self._played(led, state, room.feedback(state), turn) else state
            case Phase.BETWEEN:
                do = self._commanded(led, turn, BETWEEN_S)
                return room.spoken(state, do) if do else room.waited(state)
            case Phase.PAUSED:
                return self._paused(led, state, turn)
            case Phase.AWAY:
                return self._tried(state, turn)
            case Phase.OVER:
                return state

    def _paused(self, led: Led, state: State, turn: int) -> State:
        """The teacher may speak for a minute, and tap for longer."""
        with contextlib.suppress(Unreachable):
            if do := self._commanded(led, turn, SPEAKS_S):
                return room.spoken(state, do)
        return state if self._interrupted(turn, FORGOTTEN_S) else room.commanded(state, Do.STOP)

    def _interrupted(self, turn: int, seconds: float) -> bool:
        """Whether the teacher did something within so long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._turn != turn, seconds)

    def _stale(self, turn: int) -> bool:
        with self._changed:
            return self._turn != turn

    def _played(self, led: Led, state: State, cues: tuple[Cue, ...], turn: int) -> bool:
        """Whether all were heard to their end."""
        for cue in cues:
            sound = self._sound(led, state, cue)
            if self._stale(turn):
                return False
            if sound:
                self._desk.play(sound)
        return not self._interrupted(turn, ECHO_S)

    def _sound(self, led: Led, state: State, cue: Cue) -> bytes:
        """Empty: the box has no voice for it, and the page shows it."""
        match cue.sound:
            case Sound.CLICKS:
                return clicks.rhythm([float(each) for each in cue.text.split()])
            case Sound.OWN:
                return clicks.wav(self._own) if self._own else b""
            case Sound.MODEL | Sound.SLOW:
                return self._library.clip(led.sequence.id, cue.text, slow=state.slow or cue.sound is Sound.SLOW)
            case Sound.SAY | Sound.ENGLISH:
                ours = cue.sound is Sound.SAY
                text = self._translate(cue.text) if ours else cue.text
                return self._said(text, self._library.language if ours else "en")

    def _said(self, text: str, language: str) -> bytes:
        try:
            return self._library.spoken(text, language)
        except NotFound:
            return b""

    def _listened(self, state: State, turn: int) -> State:
        self._own = b""
        said = self._utterance(turn, WAITS_S, MOST_S)
        if said is None:
            return state
        if not said:
            return room.silent(state)
        self._own = said
        return replace(state, phase=Phase.JUDGE)

    def _utterance(self, turn: int, wait_s: float, most_s: float) -> bytes | None:
        """What somebody said; empty: nobody did; None: the teacher did something meanwhile."""
        endpoint = Endpoint(wait_s, most_s)
        with self._desk.listen() as pieces:
            for piece in pieces:
                if self._stale(turn):
                    return None
                if endpoint.take(piece) in (Spoken.ENDED, Spoken.NOTHING):
                    break
        with self._changed:
            self._room_db = endpoint.room_db
        return endpoint.utterance()

    def _judged(self, led: Led, state: State) -> State:
        if not state.step.judged:
            return room.heard(state, None)
        verdict = self._verdict(self._own, led.asked(state.step.item))
        if verdict is not None:
            self._own = b""
        return room.heard(state, verdict)

    def _verdict(self, pcm: bytes, asked: Asked) -> Verdict | None:
        try:
            return self._judge(clicks.wav(pcm), asked)
        except CartableError:
            return Verdict(Outcome.PANNE, room.FAILED)

    def _commanded(self, led: Led, turn: int, seconds: float) -> Do | None:
        """What the teacher said within so long; None: nothing."""
        with self._changed:
            voice = self._voice
        if not voice:
            self._interrupted(turn, seconds)
            return None
        waited = 0.0
        while waited < seconds:
            wait_s = min(seconds - waited, 10.0)
            said = self._utterance(turn, wait_s, MOST_S)
            if said is None:
                return None
            if said and (do := self._command(led, said)):
                return do
            waited += wait_s
        return None

    def _command(self, led: Led, pcm: bytes) -> Do | None:
        """One of the closed set, when that and nothing else was said: the class talks too.

        What is heard among commands and the activity's own words has to stand a second time as the one expected: an
        engine names the nearest of a few items whatever was said.
        """
        if len(pcm) > COMMAND_BYTES:
            return None
        words = [str(do) for do in room.SPOKEN]
        others = (*words, *led.activity.items[: MOST_ITEMS // 2], *room.DECOYS)[:MOST_ITEMS]
        first = self._verdict(pcm, Asked(words[0], (), others))
        if first is None or first.heard not in words:
            return None
        sure = self._verdict(pcm, Asked(first.heard, (), others))
        return Do(first.heard) if sure is not None and sure.outcome is Outcome.BRAVO else None

    def _tried(self, state: State, turn: int) -> State:
        """Whether microphone and loudspeaker are back."""
        if self._interrupted(turn, RETRY_S):
            return state
        try:
            with self._desk.listen() as pieces:
                next(pieces)
        except Unreachable as error:
            return room.away(state, error.localized(self._translate))
        return room.back(state)

    def _hand_over(self) -> None:
        """Keep the attempt of the turn that is over, as the teacher left it, where a pupil was chosen."""
        with self._changed:
            due, self._due = self._due, None
        if due and due[0].token and due[2].outcome in _ABOUT_PUPIL and self._library.keep(*due):
            with self._changed:
                self._kept += due[0] is self._led


_ABOUT_PUPIL = (Outcome.BRAVO, Outcome.PRESQUE, Outcome.ENCORE)
