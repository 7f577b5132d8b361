# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``Microphone`` must do: the real one on alsa-lib itself, the other on a folder."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import plugins
from appliance.drivers.microphone_alsa import AlsaMicrophone
from appliance.drivers.microphone_simulated import UNPLUGGED, SimulatedMicrophone
from appliance.errors import Unreachable
from appliance.loudness import decibels, power, samples
from appliance.ports import BLOCK, RATE, Microphone
from tests.rigs import alsa

TONE_DB = -15.2
"""Of :func:`alsa.tone`."""


@dataclass(frozen=True)
class Device:
    """A microphone that hears a second of tone first, and the hand that pulls it out."""

    microphone: Microphone
    unplug: Callable[[], None]
    plug: Callable[[], None]


def _alsa(folder: Path, monkeypatch: pytest.MonkeyPatch, hertz: float = 440, rate: int = 48_000) -> Device:
    environment = alsa.configuration(folder, alsa.tone(hertz, 1.0, rate), rate)
    monkeypatch.setenv("ALSA_CONFIG_PATH", environment["ALSA_CONFIG_PATH"])
    settings = folder / "asoundrc"

    def unplug() -> None:
        settings.rename(folder / "away")
        alsa.end("arecord")

    def plug() -> None:
        (folder / "away").rename(settings)

    return Device(AlsaMicrophone("cartable"), unplug, plug)


def _simulated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    (folder / "1.wav").write_bytes(alsa.wav(alsa.tone(440, 1.0, RATE)))
    mark = folder / UNPLUGGED
    return Device(SimulatedMicrophone(str(folder), pace=0), mark.touch, mark.unlink)


DEVICES = {"alsa": _alsa, "simulated": _simulated}


@pytest.fixture(params=list(DEVICES))
def device(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    return DEVICES[request.param](tmp_path, monkeypatch)


def level(block: bytes) -> float:
    return decibels(power(samples(block)))


def test_it_says_who_it_is(device: Device) -> None:
    assert device.microphone.present()
    assert device.microphone.name


def test_blocks_of_a_tenth_of_a_second_at_the_level_of_the_sound(device: Device) -> None:
    with device.microphone.open() as blocks:
        heard = list(itertools.islice(blocks, 8))
    assert {len(block) for block in heard} == {BLOCK}
    assert [level(block) for block in heard[1:]] == pytest.approx([TONE_DB] * 7, abs=0.5)


def test_left_in_the_middle_it_opens_again_from_its_start(device: Device) -> None:
    for _ in range(3):
        with device.microphone.open() as blocks:
            next(blocks)
            assert level(next(blocks)) == pytest.approx(TONE_DB, abs=0.5)
    assert alsa.children("arecord") == []


def test_unplugged_while_it_records_it_says_so_and_comes_back_without_a_restart(device: Device) -> None:
    with device.microphone.open() as blocks:
        next(blocks)
        device.unplug()
        with pytest.raises(Unreachable):
            list(itertools.islice(blocks, 2000))  # what was recorded before still comes
    with pytest.raises(Unreachable), device.microphone.open():
        pass
    device.plug()
    with device.microphone.open() as blocks:
        assert len(next(blocks)) == BLOCK


def test_the_configuration_names_them() -> None:
    assert set(plugins.names("microphones")) == set(DEVICES)
    assert {plugins.load("microphones", name).__name__ for name in DEVICES} == {"AlsaMicrophone", "SimulatedMicrophone"}


def test_a_card_of_44_khz_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _alsa(tmp_path, monkeypatch, rate=44_100).microphone.open() as blocks:
        heard = samples(b"".join(itertools.islice(blocks, 8)))[RATE // 10 :]
    crossings = sum(1 for before, after in itertools.pairwise(heard) if before < 0 <= after)
    assert crossings / (len(heard) / RATE) == pytest.approx(440, rel=0.02)


def test_what_is_above_8_khz_lands_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does where alsa-lib makes 16 kHz of 48: at -15 dB, 6 kHz."""
    with _alsa(tmp_path, monkeypatch, hertz=10_000).microphone.open() as blocks:
        heard = list(itertools.islice(blocks, 6))
    assert max(level(block) for block in heard[1:]) < -60


def test_usb_comes_before_what_is_built_in(tmp_path: Path) -> None:
    assert AlsaMicrophone(root=alsa.machine(tmp_path)).name == "USB 2.0 Camera"
    cards = " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n 3 [Mic            ]: USB-Audio - Mic\n"
    pcm = "00-00: ALC : ALC : playback 1 : capture 1\n03-00: USB Audio : USB Audio : capture 1\n"
    assert AlsaMicrophone(root=alsa.machine(tmp_path, cards, pcm)).name == "Mic"


def test_it_opens_the_card_that_it_chose(tmp_path: Path) -> None:
    """alsa-lib, which has no such card here, is asked for it by name."""
    program = _program(tmp_path, "exit 1")
    with pytest.raises(Unreachable), AlsaMicrophone(root=alsa.machine(tmp_path), program=program).open():
        pass
    assert "-D plughw:CARD=Camera,DEV=1 " in (tmp_path / "said").read_text()


def test_a_device_that_names_itself_cleverly(tmp_path: Path) -> None:
    cards = ' 0 [a,b"c          ]: USB-Audio - \x1b[31m,DEV=9 – Énorme ' + "x" * 200 + "\n"
    microphone = AlsaMicrophone(root=alsa.machine(tmp_path, cards, "00-00: x : y : capture 1\n"))
    assert "\x1b" not in microphone.name
    assert len(microphone.name) <= 60


@pytest.mark.parametrize(("cards", "pcm"), [("", ""), ("\0", "\xff"), ("x" * 100, "-:-: capture"), (alsa.CARDS, "")])
def test_no_card_no_sound(tmp_path: Path, cards: str, pcm: str) -> None:
    microphone = AlsaMicrophone(root=alsa.machine(tmp_path, cards, pcm))
    assert (microphone.name, microphone.present()) == ("", False)
    with pytest.raises(Unreachable, match="plug a USB microphone"), microphone.open():
        pass


def test_without_alsa_utils(tmp_path: Path) -> None:
    microphone = AlsaMicrophone(root=alsa.machine(tmp_path), program="no-such-program")
    assert not microphone.present()
    with pytest.raises(Unreachable, match="alsa-utils"), microphone.open():
        pass


def test_a_device_that_another_program_has(tmp_path: Path) -> None:
    said = "arecord: main:830: audio open error: Device or resource busy"
    program = _program(tmp_path, f"echo '{said}' >&2; exit 1")
    with pytest.raises(Unreachable, match="Another program"), AlsaMicrophone("x", program=program).open():
        pass


def test_a_device_that_gives_nothing(tmp_path: Path) -> None:
    microphone = AlsaMicrophone("x", program=_program(tmp_path, "exec sleep 60"), stalls_s=0.1)
    with pytest.raises(Unreachable, match="plug it in again"), microphone.open():
        pass
    assert alsa.children("sleep") == []


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    program = tmp_path / "arecord"
    program.write_bytes(b"no program")
    program.chmod(0o755)
    with pytest.raises(Unreachable), AlsaMicrophone("x", program=str(program)).open():
        pass


def test_a_simulated_folder_of_anything(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "b").mkdir()
    (tmp_path / "c.mp3").write_bytes(b"")
    for folder in (tmp_path, tmp_path / "none"):
        with SimulatedMicrophone(str(folder), pace=0).open() as blocks:
            assert max(level(block) for block in itertools.islice(blocks, 40)) < -70


def test_a_simulated_one_keeps_the_time_of_the_sound() -> None:
    """Ten blocks at a tenth of the time: a tenth of a second."""
    import time

    begun = time.monotonic()
    with SimulatedMicrophone(pace=0.1).open() as blocks:
        list(itertools.islice(blocks, 10))
    assert 0.09 < time.monotonic() - begun < 1


def test_a_simulated_one_is_pulled_out_by_hand() -> None:
    microphone = SimulatedMicrophone(pace=0)
    with microphone.open() as blocks:
        next(blocks)
        microphone.unplug()
        with pytest.raises(Unreachable):
            next(blocks)
    assert (microphone.present(), microphone.name) == (False, "")
    microphone.plug()
    assert microphone.present()


def _program(folder: Path, script: str) -> str:
    """A program in arecord's place; its messages are copied to ``folder/said``."""
    path = folder / "program"
    path.write_text(f'#!/bin/sh\n{{ echo "$@"; }} > {folder / "said"}\n{script}\n')
    path.chmod(0o755)
    return str(path)
