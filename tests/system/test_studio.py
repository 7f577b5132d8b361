# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""``cartable studio`` as a process, on alsa-lib itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.box_studio import simulating_sound
from appliance.client import Client
from appliance.config import Config, environment, load
from appliance.errors import Unreachable
from appliance.loudness import decibels, power, samples
from appliance.ports import BLOCK
from tests.rigs import alsa
from tests.rigs.studio import until

pytestmark = pytest.mark.system


@pytest.fixture
def config(tmp_path: Path) -> Config:
    device = {"microphone_device": "cartable", "loudspeaker_device": "cartable"}
    return load([], {"box": {"state": tmp_path, "run": tmp_path / "run"}, "drivers": device})


@pytest.fixture
def studio(config: Config, tmp_path: Path) -> Iterator[Client]:
    sound = alsa.configuration(tmp_path, alsa.tone(440, 60.0))
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance", "studio"], env={**os.environ, **environment(config), **sound}
    )
    client = Client(config.studio_socket)

    def answers() -> bool:
        with contextlib.suppress(Unreachable):
            return client.request("GET", "/api/studio/now").status == 200
        return False

    try:
        until(answers, "it does not answer", 30)
        yield client
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_it_records_and_plays(studio: Client, tmp_path: Path) -> None:
    with studio.stream("POST", "/local/listen") as (status, pieces):
        assert status == 200
        sound = b""
        while len(sound) < 5 * BLOCK:
            sound += next(pieces)
    assert decibels(power(samples(sound[BLOCK : 5 * BLOCK]))) == pytest.approx(-15.2, abs=0.5)
    until(lambda: not studio.request("GET", "/api/studio/now").json()["microphone"]["open"], "it stays open")
    assert studio.request("POST", "/local/play", body=alsa.wav(alsa.tone(440, 0.4, 24_000), 24_000)).status == 204
    assert (tmp_path / "played").stat().st_size > 0.3 * 48_000 * 2


def test_a_computer_without_sound_has_a_simulated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    drivers = simulating_sound(load([])).drivers
    assert (drivers.microphone, drivers.loudspeaker) == ("simulated", "simulated")
    named = simulating_sound(load([], {"drivers": {"microphone": "simulated", "microphone_device": "/x"}})).drivers
    assert named.microphone_device == "/x"


def test_a_device_that_is_named_is_not_replaced(config: Config) -> None:
    assert simulating_sound(config).drivers == config.drivers
