# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``Voice`` must do, whoever speaks."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import box, plugins
from appliance.config import load
from appliance.drivers.espeak_phonemes import mnemonics
from appliance.drivers.voice_espeak import EspeakVoice
from appliance.drivers.voice_prerendered import PrerenderedVoice
from appliance.drivers.voice_simulated import SimulatedVoice
from appliance.errors import CartableError, ConfigError, NotFound, Unreachable
from appliance.ports import AMERICAN, MAX_SPOKEN, Voice
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


@pytest.mark.parametrize("name", ["espeak", "simulated"])
def test_slow_takes_longer(name: str) -> None:
    voice = VOICES[name]()
    usual, slow = (sounds.read(voice.speak("What colour is it?", AMERICAN, slow=slow)) for slow in (False, True))
    assert 1.2 < slow.seconds / usual.seconds < 1.7, "0.7 of the pace; silence does not stretch"


@pytest.mark.parametrize("name", ["espeak", "simulated"])
def test_a_word_is_said_as_its_sounds_tell(name: str) -> None:
    voice = VOICES[name]()
    ship, sheep, told = (
        voice.speak(text, AMERICAN, sounds=said)
        for text, said in (("A ship!", {}), ("A ship!", {"ship": "SH IY P"}), ("A ship!", {"sheep": "SH IY P"}))
    )
    assert ship != sheep
    assert ship == told, "a word that is not there changes nothing"
    assert sounds.read(sheep).seconds > 0.3


def test_minimal_pairs_are_exactly_what_they_are_said_to_be() -> None:
    """Read as written, or given by its sounds: the same phones, by espeak-ng's own account."""
    for word, phones in (("ship", "SH IH P"), ("sheep", "SH IY P"), ("hat", "HH AE T"), ("think", "TH IH NG K"),
                         ("vest", "V EH S T"), ("west", "W EH S T"), ("teacher", "T IY CH ER")):  # fmt: skip
        given = [phonemes(text) for text in (word, mnemonics(phones.split()))]
        assert given[0].rstrip("-") == given[1], word


def phonemes(text: str) -> str:
    command = ["espeak-ng", "-v", "en-us", "-q", "-x", "--stdin"]
    return subprocess.run(command, input=text + "\n", capture_output=True, text=True, check=True).stdout.strip()


def test_weight_falls_where_english_puts_it() -> None:
    assert mnemonics(["AH", "B", "AW", "T"]) == "[[@|b|'aU|t]]"
    assert mnemonics(["M", "AH", "N", "IY"]) == "[[m|'V|n|i]]"
    assert mnemonics(["B", "AH", "N", "AE", "N", "AH"]) == "[[b|@|n|'a|n|@]]"
    assert mnemonics(["SH"]) == "[[S]]"
    assert mnemonics([]) == ""


@pytest.mark.parametrize("voice", VOICES.values(), ids=list(VOICES))
def test_what_cannot_be_said_in_that_way_is_refused(voice: Callable[[], Voice]) -> None:
    with pytest.raises(NotFound):
        voice().speak(GRID["fr"], "fr", sounds={"qui": "K IY"})
    if voice().instant:
        with pytest.raises(NotFound):
            voice().speak(GRID["fr"], "fr", slow=True)


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
