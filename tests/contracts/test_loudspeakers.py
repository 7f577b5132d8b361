# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What every driver of the port ``Loudspeaker`` must do: the real one on alsa-lib itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance import plugins
from appliance.drivers.loudspeaker_alsa import AlsaLoudspeaker
from appliance.drivers.loudspeaker_simulated import KEPT, SimulatedLoudspeaker
from appliance.errors import BadInput, Conflict, Unreachable
from appliance.ports import RATE, Loudspeaker
from tests.rigs import alsa

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Device:
    """``seconds()``: how much was heard of what was played."""

    loudspeaker: Loudspeaker
    endless: Loudspeaker
    """One that would take a minute over any sound."""
    seconds: Callable[[], float]


def _alsa(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    environment = alsa.configuration(folder, b"", 44_100, 2)
    monkeypatch.setenv("ALSA_CONFIG_PATH", environment["ALSA_CONFIG_PATH"])
    stuck = folder / "stuck"
    stuck.write_text("#!/bin/sh\nexec sleep 60\n")
    stuck.chmod(0o755)
    return Device(
        AlsaLoudspeaker("cartable"),
        AlsaLoudspeaker("cartable", program=str(stuck)),
        lambda: (folder / "played").stat().st_size / 4 / 44_100,
    )


def _simulated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    quick = SimulatedLoudspeaker("1000")
    return Device(
        quick,
        SimulatedLoudspeaker("0.01"),
        lambda: sum(len(pcm) / 2 / rate for pcm, rate in quick.played),
    )


DEVICES = {"alsa": _alsa, "simulated": _simulated}


@pytest.fixture(params=list(DEVICES))
def device(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    return DEVICES[request.param](tmp_path, monkeypatch)


def test_it_says_who_it_is(device: Device) -> None:
    assert device.loudspeaker.present()
    assert device.loudspeaker.name


def test_plays_a_sound_to_its_end(device: Device) -> None:
    assert device.loudspeaker.play(alsa.tone(440, 0.8, RATE), RATE)
    assert device.seconds() == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000, 48_000])
def test_any_rate(device: Device, rate: int) -> None:
    assert device.loudspeaker.play(alsa.tone(440, 0.5, rate), rate)
    assert device.seconds() == pytest.approx(0.5, abs=0.1)


def test_nothing_is_heard_at_once(device: Device) -> None:
    assert device.loudspeaker.play(b"", RATE)


def test_stopped_it_says_so_at_once(device: Device) -> None:
    done: list[bool] = []
    thread = threading.Thread(target=lambda: done.append(device.endless.play(alsa.tone(440, 0.6, RATE), RATE)))
    thread.start()
    while not _plays(device.endless):
        pass
    begun = time.monotonic()
    while thread.is_alive():
        device.endless.stop()
        thread.join(0.05)
    assert time.monotonic() - begun < PATIENCE_S
    assert done == [False]


def test_one_at_a_time(device: Device) -> None:
    thread = threading.Thread(target=device.endless.play, args=(alsa.tone(440, 0.6, RATE), RATE))
    thread.start()
    try:
        assert _plays(device.endless)
    finally:
        while thread.is_alive():
            device.endless.stop()
            thread.join(0.05)


def test_stopping_nothing_harms_nothing(device: Device) -> None:
    device.loudspeaker.stop()
    assert device.loudspeaker.play(alsa.tone(440, 0.1, RATE), RATE)


@pytest.mark.parametrize(("pcm", "rate"), [(b"\0", RATE), (b"\0\0\0", RATE), (b"\0\0", 0), (b"", -1), (b"", 10**9)])
def test_what_is_no_sound_is_refused(device: Device, pcm: bytes, rate: int) -> None:
    with pytest.raises(BadInput):
        device.loudspeaker.play(pcm, rate)


def test_the_configuration_names_them() -> None:
    assert set(plugins.names("loudspeakers")) == set(DEVICES)
    assert plugins.load("loudspeakers", "alsa") is AlsaLoudspeaker


def test_a_screens_loudspeakers_come_last(tmp_path: Path) -> None:
    assert AlsaLoudspeaker(root=alsa.machine(tmp_path)).name == "bcm2835 Headphones"
    hdmi = "01-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1\n"
    assert AlsaLoudspeaker(root=alsa.machine(tmp_path, pcm=hdmi)).name == "vc4-hdmi-0"


def test_no_card_no_sound(tmp_path: Path) -> None:
    loudspeaker = AlsaLoudspeaker(root=alsa.machine(tmp_path, "", ""))
    assert (loudspeaker.name, loudspeaker.present()) == ("", False)
    with pytest.raises(Unreachable, match="plug one into the box"):
        loudspeaker.play(b"\0\0", RATE)
    with pytest.raises(Unreachable, match="alsa-utils"):
        AlsaLoudspeaker(root=alsa.machine(tmp_path), program="no-such-program").play(b"\0\0", RATE)


def test_unplugged_while_it_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = _alsa(tmp_path, monkeypatch)
    failed: list[Exception] = []

    def play() -> None:
        try:
            device.endless.play(alsa.tone(440, 0.6, RATE), RATE)
        except Unreachable as error:
            failed.append(error)

    thread = threading.Thread(target=play)
    thread.start()
    while thread.is_alive():
        alsa.end("sleep")
        thread.join(0.05)
    assert "plug it in again" in str(failed[0])
    assert device.loudspeaker.play(alsa.tone(440, 0.1, RATE), RATE)


def test_a_simulated_one_keeps_a_minute() -> None:
    loudspeaker = SimulatedLoudspeaker("100000")
    for _ in range(5):
        loudspeaker.play(bytes(KEPT // 2), 48_000)
    assert sum(len(pcm) for pcm, _ in loudspeaker.played) <= KEPT


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "quick"])
def test_a_simulated_speed_that_is_none(speed: str) -> None:
    with pytest.raises(BadInput):
        SimulatedLoudspeaker(speed)


def _plays(loudspeaker: Loudspeaker) -> bool:
    """Whether it is at it: another sound is refused. Waits until it is."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            loudspeaker.play(b"", RATE)
        except Conflict:
            return True
    return False
