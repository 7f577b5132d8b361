# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``Voice`` must do, whoever speaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import box, plugins
from appliance.config import load
from appliance.drivers.voice_espeak import EspeakVoice
from appliance.drivers.voice_prerendered import PrerenderedVoice
from appliance.drivers.voice_simulated import SimulatedVoice
from appliance.errors import CartableError, ConfigError, NotFound, Unreachable
from appliance.ports import MAX_SPOKEN, Voice
from tests.rigs import sounds

VOICES: dict[str, Callable[[], Voice]] = {
    "prerendered": PrerenderedVoice,
    "espeak": EspeakVoice,
    "simulated": SimulatedVoice,
}
GRID = {"fr": "Qui es-tu ? Touche ton animal.", "en": "Who are you? Touch your animal."}
UNKNOWN = ("", " ", "\0", "…", "?!", "🦊", "a" * (MAX_SPOKEN + 1), "é\n" * 400)


@pytest.fixture(params=list(VOICES))
def voice(request: pytest.FixtureRequest) -> Voice:
    return VOICES[request.param]()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_says_an_instruction(voice: Voice, language: str) -> None:
    assert voice.knows(GRID[language], language)
    sound = sounds.read(voice.speak(GRID[language], language))
    assert 1.0 < sound.seconds < 8
    assert sound.loudness > 0.02, "nobody hears it"
    assert sound.peak < 0.999, "it cracks"


def test_is_mp3_that_safari_13_plays(voice: Voice) -> None:
    mp3 = voice.speak(GRID["fr"], "fr")
    assert mp3[0] == 0xFF, "a frame, no tag"
    assert mp3[1] & 0xE6 == 0xE2, "MPEG audio, layer 3"
    assert len(mp3) < 25 * 1024
    assert sounds.read(mp3).channels == 1


def test_spaces_of_any_kind_are_one(voice: Voice) -> None:
    assert voice.speak("Qui es-tu\N{NO-BREAK SPACE}?\n Touche  ton animal. ", "fr") == voice.speak(GRID["fr"], "fr")


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_it_does_not_know_it_refuses(voice: Voice, text: str) -> None:
    assert not voice.knows(text, "fr")
    with pytest.raises(NotFound):
        voice.speak(text, "fr")


@pytest.mark.parametrize("language", ["", "xx", "fr-FR/../en", "../fr", "-v", "FR\0"])
def test_knows_its_languages_only(voice: Voice, language: str) -> None:
    assert not voice.knows(GRID["fr"], language)
    with pytest.raises(NotFound):
        voice.speak(GRID["fr"], language)


def test_several_speak_at_once(voice: Voice) -> None:
    heard: list[bytes] = []
    threads = [threading.Thread(target=lambda: heard.append(voice.speak(GRID["fr"], "fr"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 4
    assert len(set(heard)) == 1, "the same sentence, the same sound"


@pytest.mark.parametrize(
    "text",
    ["--help", "-f /etc/passwd", "<speak>Bonjour</speak>", "[[h@l'oU]] bonjour", "Ça, c’est l’été ! ½ œuf…", "a\0b"],
)
@pytest.mark.parametrize("name", ["espeak", "simulated"])
def test_any_sentence_is_a_sentence(name: str, text: str) -> None:
    voice = VOICES[name]()
    assert voice.knows(text, "fr")
    assert sounds.read(voice.speak(text, "fr")).seconds > 0.2


def test_the_longest_sentence_is_said_in_time() -> None:
    text = ("anticonstitutionnellement, " * 20)[:MAX_SPOKEN]
    sound = sounds.read(EspeakVoice().speak(text, "fr"))
    assert 10 < sound.seconds < 90


def test_each_is_chosen_by_name() -> None:
    assert sorted(VOICES) == plugins.names("voices")
    chosen = box.voices(load([], {"drivers": {"voices": " simulated  espeak prerendered "}}))
    assert [type(voice) for voice in chosen] == [SimulatedVoice, EspeakVoice, PrerenderedVoice]
    assert box.voices(load([], {"drivers": {"voices": ""}})) == []
    with pytest.raises(ConfigError, match="parrot"):
        box.voices(load([], {"drivers": {"voices": "parrot"}}))


def test_errors_have_sentences() -> None:
    with pytest.raises(CartableError) as caught:
        EspeakVoice("no-such-program").speak("Bonjour", "fr")
    assert "espeak-ng" in str(caught.value)
    assert not EspeakVoice("no-such-program").knows("Bonjour", "fr")


def test_a_program_that_does_not_start_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "espeak-ng"
    broken.write_bytes(b"no program")
    broken.chmod(0o755)
    with pytest.raises(Unreachable, match="restart the box"):
        EspeakVoice(str(broken)).speak("Bonjour", "fr")
