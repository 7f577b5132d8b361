# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Activities led from end to end: the studio on its socket, a microphone that hears recordings, the real engine."""

from __future__ import annotations

import contextlib
import functools
import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.client import Client
from appliance.drivers.microphone_simulated import SimulatedMicrophone
from appliance.drivers.sound_decoder import decode
from appliance.drivers.speech_pocketsphinx import PocketsphinxEngine
from appliance.drivers.voice_espeak import EspeakVoice
from appliance.errors import Conflict, NotFound, Unreachable
from appliance.sequences import ready
from appliance.sequences.sequence import Activity, Item, Sequence, TeacherSheet
from appliance.speech import conductor as conducting
from appliance.speech import room
from appliance.speech.clicks import rhythm
from appliance.speech.conductor import Conductor
from appliance.speech.desk import Desk
from appliance.speech.ear import Ear
from appliance.speech.led import Led
from appliance.speech.room import Do, Phase, State
from appliance.speech.room_steps import Mode
from appliance.speech.verdict import Asked, Outcome, Verdict
from tests.rigs import speech_sounds as sounds
from tests.rigs.studio import StudioRig, studio_rig

pytestmark = pytest.mark.system

PATIENCE_S = 30.0
FORWARD, YOUNG = sounds.FORWARD, sounds.YOUNG
MODEL = rhythm([0.2])


@functools.cache
def ear() -> Ear:
    return Ear([PocketsphinxEngine()], sounds.lexicon())


class Judge:
    """The real one, and what it said: on a busy computer a state of a tenth of a second is over before it is seen."""

    def __init__(self) -> None:
        self.said: list[Verdict] = []

    def __call__(self, sound: bytes, asked: Asked) -> Verdict | None:
        verdict = ear()(decode(sound), asked)
        self.said.append(verdict)
        return verdict

    def bravo(self, _state: State | None = None) -> bool:
        return any(verdict.outcome is Outcome.BRAVO for verdict in self.said)


class Sounds:
    """Stands for the hub: a click for every clip, no voice, and what it was given to keep."""

    language = "fr"

    def __init__(self) -> None:
        self.played: list[str] = []
        self.kept: list[tuple[str, Outcome]] = []

    def clip(self, sequence: str, slug: str, *, slow: bool) -> bytes:
        self.played.append(f"{slug} slowly" if slow else slug)
        return MODEL

    def spoken(self, text: str, language: str) -> bytes:
        self.played.append(text)
        raise NotFound("no voice")

    def keep(self, led: Led, slug: str, verdict: Verdict) -> bool:
        self.kept.append((slug, verdict.outcome))
        return True


def led(kind: str = "listen-repeat", *texts: str, pupil: str = "", mode: Mode = Mode.GROUP) -> Led:
    """An activity about the recordings that the tests have."""
    items = tuple(Item(text, "phrase", "…") for text in (FORWARD, YOUNG))
    activity = Activity(kind, texts or (FORWARD,))
    sheet = TeacherSheet(5, ("class",), ("…",), (), ())
    sequence = Sequence("x", "X", "X", "sounds", "ce2", "CC0-1.0", ("x",), ("…",), items, (activity,), sheet)
    return Led(sequence, 0, mode, pupil, "signed" if pupil else "")


class Class:
    """A studio, a microphone, a conductor."""

    def __init__(self, folder: Path, studio: StudioRig, conductor: Conductor, hub: Sounds, judge: Judge) -> None:
        self.folder, self.studio, self.conductor, self.hub, self.judge = folder, studio, conductor, hub, judge

    def says(self, pcm: bytes, noise: float = 20) -> None:
        """Whatever is listened to from now on. ``noise``: of the room."""
        around = b"\0" * 2 * (len(sounds.hiss(0.7, 20)) // 2)
        room = around + pcm + around * 2
        heard = sounds.wav(sounds.over(room, sounds.hiss(len(room) / 32_000, noise)))
        part = self.folder.parent / "said.wav"
        part.write_bytes(heard)
        part.rename(self.folder / "said.wav")

    def until(self, what: Callable[[State], bool]) -> State:
        assert self.conductor.wait(lambda state: state is not None and what(state), PATIENCE_S), self.state
        return self.state

    @property
    def state(self) -> State:
        found = self.conductor.snapshot().state
        assert found
        return found


@pytest.fixture
def classroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Class]:
    """Sound goes twenty times as fast as it does, and so do the pauses."""
    for name in ("ECHO_S", "BETWEEN_S", "RETRY_S"):
        monkeypatch.setattr(conducting, name, 0.1)
    heard = tmp_path / "heard"
    heard.mkdir()
    with studio_rig(tmp_path, SimulatedMicrophone(str(heard), pace=0.05)) as studio:
        hub, judge = Sounds(), Judge()
        conductor = Conductor(Desk(studio.client), judge, hub, str)
        yield Class(heard, studio, conductor, hub, judge)
        conductor.stop()


def test_a_whole_activity_from_the_first_model_to_the_last_word(classroom: Class) -> None:
    """What is said rightly goes on by itself; the other phrase is tried again slowly, then left."""
    classroom.says(sounds.forward())
    classroom.conductor.start(led("listen-repeat", FORWARD, YOUNG, pupil="p1"))
    last = classroom.until(lambda state: state.phase is Phase.OVER)
    assert last.at == 1
    assert last.outcome == "encore"
    assert classroom.judge.said[0].heard == FORWARD
    assert classroom.hub.kept == [
        ("go-forward-ten-meters", Outcome.BRAVO),
        ("he-was-not-an-ill-disposed-young-man", Outcome.ENCORE),
        ("he-was-not-an-ill-disposed-young-man", Outcome.ENCORE),
    ]
    models = [played for played in classroom.hub.played if played.startswith(("go-", "he-"))]
    assert models[0] == "go-forward-ten-meters"
    assert "he-was-not-an-ill-disposed-young-man slowly" in models
    assert room.SAID[Outcome.BRAVO] in classroom.hub.played
    assert len(classroom.studio.loudspeaker.played) == len(models), "all was heard"


def test_nothing_is_kept_of_a_class_nor_any_voice_of_anybody(classroom: Class) -> None:
    classroom.says(sounds.forward())
    classroom.conductor.start(led())
    classroom.until(lambda state: state.phase is Phase.OVER)
    assert classroom.hub.kept == []
    classroom.conductor.stop()
    gc.collect()
    piece = sounds.forward()[40_000:42_000]
    held = [each for each in gc.get_objects() if isinstance(each, bytes | bytearray) and piece in each]
    assert held == []
    assert classroom.conductor._own == b""


def test_the_microphone_is_closed_while_the_box_speaks(classroom: Class) -> None:
    """What plays while it listens would be heard: no sound is played then."""
    opened: list[bool] = []
    play = classroom.studio.loudspeaker.play

    def watched(pcm: bytes, rate: int) -> bool:
        opened.append(classroom.conductor.snapshot().state is not None and classroom.state.phase is Phase.LISTEN)
        return play(pcm, rate)

    classroom.studio.loudspeaker.play = watched  # type: ignore[method-assign]
    classroom.says(sounds.forward())
    classroom.conductor.start(led("listen-repeat", FORWARD, YOUNG))
    classroom.until(lambda state: state.phase is Phase.OVER)
    assert opened
    assert not any(opened)


def test_a_noisy_class_is_told_so_and_judged_by_nobody(classroom: Class) -> None:
    classroom.says(sounds.forward(), noise=900)
    classroom.conductor.start(led(pupil="p1"))
    state = classroom.until(lambda state: state.phase is Phase.PAUSED)
    assert (state.outcome, state.trouble) == ("bruit", room.TOO_NOISY)
    classroom.says(sounds.forward())
    classroom.conductor.command(Do.GO_ON)
    classroom.until(lambda state: state.phase is Phase.OVER)
    assert classroom.hub.kept == [("go-forward-ten-meters", Outcome.BRAVO)], "noise is nobody's"


def test_silence_is_asked_again_then_waits(classroom: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conducting, "WAITS_S", 1.0)
    classroom.conductor.start(led())
    state = classroom.until(lambda state: state.phase is Phase.PAUSED)
    assert (state.trouble, state.tries) == (room.NOBODY, 2)
    assert classroom.hub.played.count("go-forward-ten-meters") == 2


def test_a_microphone_pulled_out_is_waited_for(classroom: Class) -> None:
    classroom.studio.microphone.unplug()
    classroom.conductor.start(led())
    state = classroom.until(lambda state: state.phase is Phase.AWAY)
    assert "microphone" in state.trouble
    classroom.says(sounds.forward())
    classroom.studio.microphone.plug()
    classroom.until(classroom.judge.bravo)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of the studio that is cut off
def test_a_studio_that_dies_in_the_middle_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ECHO_S", "BETWEEN_S", "RETRY_S"):
        monkeypatch.setattr(conducting, name, 0.1)
    heard = tmp_path / "heard"
    heard.mkdir()
    judge, desk = Judge(), Desk(Client(tmp_path / "studio.sock"))
    conductor = Conductor(desk, judge, Sounds(), str)
    monkeypatch.setattr(conducting, "WAITS_S", 10_000.0)
    with contextlib.closing(_Stopped(conductor)):
        with studio_rig(tmp_path, SimulatedMicrophone(str(heard), pace=0.05)):
            conductor.start(led())
            assert conductor.wait(lambda state: state is not None and state.phase is Phase.LISTEN, PATIENCE_S)
        assert conductor.wait(lambda state: state is not None and state.phase is Phase.AWAY, PATIENCE_S)
        for socket in ("hub.sock", "studio.sock"):
            (tmp_path / socket).unlink(missing_ok=True)
        (heard / "said.wav").write_bytes(sounds.wav(sounds.hiss(0.7, 20) + sounds.forward() + sounds.hiss(1.5, 20)))
        with studio_rig(tmp_path, SimulatedMicrophone(str(heard), pace=0.05)):
            assert conductor.wait(judge.bravo, PATIENCE_S)
            conductor.stop()


class _Stopped:
    def __init__(self, conductor: Conductor) -> None:
        self.close = conductor.stop


def test_taps_go_before_everything_and_two_teachers_make_one_step(
    classroom: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conducting, "WAITS_S", 10_000.0)
    classroom.conductor.start(led("listen-repeat", FORWARD, YOUNG))
    classroom.until(lambda state: state.phase is Phase.LISTEN)
    with pytest.raises(Conflict, match="stop it first"):
        classroom.conductor.start(led())
    for _ in range(2):
        classroom.conductor.command(Do.NEXT, at=0)
    assert classroom.state.at == 1
    classroom.until(lambda state: state.phase is Phase.LISTEN)
    classroom.conductor.command(Do.SLOWER, at=1)
    classroom.until(lambda state: state.phase is Phase.LISTEN)
    assert "he-was-not-an-ill-disposed-young-man slowly" in classroom.hub.played
    classroom.conductor.command(Do.PAUSE, at=0)  # of a screen a turn behind
    classroom.until(lambda state: state.phase is Phase.PAUSED)
    classroom.conductor.command(Do.STOP)
    assert classroom.state.phase is Phase.OVER
    classroom.conductor.command(Do.AGAIN)
    assert classroom.state.phase is Phase.OVER, "what is over stays over"


def test_what_was_stopped_while_it_was_judged_speaks_no_more(classroom: Class) -> None:
    judging, go_on = threading.Event(), threading.Event()

    def slow(sound: bytes, asked: Asked) -> Verdict | None:
        judging.set()
        assert go_on.wait(PATIENCE_S)
        return classroom.judge(sound, asked)

    conductor = Conductor(Desk(classroom.studio.client), slow, classroom.hub, str)
    classroom.says(sounds.forward())
    conductor.start(led())
    assert judging.wait(PATIENCE_S)
    (first,) = (each for each in threading.enumerate() if each.name == "room")
    conductor.command(Do.STOP)
    conductor.start(led("listen-repeat", YOUNG))
    go_on.set()
    first.join(PATIENCE_S)
    assert not first.is_alive(), "two lead one activity"
    conductor.stop()


def test_an_attempt_is_kept_though_the_next_activity_begins_at_once(
    classroom: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conducting, "BETWEEN_S", 3.0)
    classroom.says(sounds.forward())
    classroom.conductor.start(led(pupil="p1"))
    classroom.until(lambda state: state.phase is Phase.BETWEEN)
    classroom.conductor.command(Do.STOP)
    classroom.conductor.start(led("listen-repeat", YOUNG))
    classroom.until(lambda state: state.phase is Phase.LISTEN)
    assert classroom.hub.kept == [("go-forward-ten-meters", Outcome.BRAVO)]
    assert classroom.conductor.snapshot().kept == 0, "of the first"


def test_the_teacher_overrules_what_is_kept(classroom: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conducting, "BETWEEN_S", 3.0)
    classroom.says(sounds.young())
    classroom.conductor.start(led(pupil="p1"))
    classroom.until(lambda state: state.phase is Phase.BETWEEN)
    assert classroom.state.outcome == "encore"
    classroom.conductor.overrule(Outcome.BRAVO, at=0)
    classroom.conductor.command(Do.NEXT)
    classroom.conductor.stop()
    assert classroom.hub.kept == [("go-forward-ten-meters", Outcome.BRAVO)]


def test_free_speech_is_played_beside_the_model(classroom: Class) -> None:
    classroom.says(sounds.young())
    classroom.conductor.start(led("free-recording", FORWARD, pupil="p1"))
    classroom.until(lambda state: state.phase is Phase.OVER)
    lengths = [len(pcm) / 2 / rate for pcm, rate in classroom.studio.loudspeaker.played]
    assert max(lengths) > 2.0, "their own voice was heard"
    assert classroom.hub.kept == []


def test_an_engine_that_fails_is_no_verdict(classroom: Class) -> None:
    def broken(sound: bytes, asked: Asked) -> Verdict | None:
        raise Unreachable("The engine died.")

    classroom.conductor._judge = broken
    classroom.says(sounds.forward())
    classroom.conductor.start(led(pupil="p1"))
    state = classroom.until(lambda state: state.phase is Phase.PAUSED)
    assert state.trouble == room.FAILED
    classroom.conductor.stop()
    assert classroom.hub.kept == []


@pytest.mark.parametrize("word", room.SPOKEN)
def test_the_teacher_pilots_by_voice(classroom: Class, monkeypatch: pytest.MonkeyPatch, word: Do) -> None:
    monkeypatch.setattr(conducting, "BETWEEN_S", 8.0)
    stop = ready.FOLDER / "cp-simon/sounds/stop-slow.mp3"
    voice = decode(stop.read_bytes() if word is Do.STOP else EspeakVoice().speak(str(word), "en"))
    classroom.says(sounds.forward())
    classroom.conductor.listen_to_commands(on=True)
    classroom.conductor.start(led("listen-repeat", FORWARD, YOUNG))
    classroom.until(lambda state: state.phase is Phase.JUDGE)
    classroom.says(sounds.louder(voice, 0.7))
    if word is Do.STOP:
        assert classroom.until(lambda state: state.phase is Phase.PAUSED).at == 0, (
            "misheard, it must not end the lesson"
        )
    elif word is Do.NEXT:
        assert classroom.until(lambda state: state.at == 1)
    else:
        state = classroom.until(lambda state: state.phase is Phase.PROMPT)
        assert (state.at, state.slow) == (0, word is Do.SLOWER)
    classroom.conductor.stop()


def test_chatter_between_turns_pilots_nothing(classroom: Class) -> None:
    before = sounds.hiss(0.6, 20)
    for said in (sounds.young(), sounds.forward()):
        assert classroom.conductor._command(led(), before + said) is None
    words = [decode(path.read_bytes()) for path in sorted((ready.FOLDER / "cp-colours/sounds").glob("*[!w].mp3"))[:12]]
    taken = [classroom.conductor._command(led(), before + said + before) for said in words]
    assert sum(do is not None for do in taken) <= 3, taken
