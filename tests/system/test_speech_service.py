# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The speech service as a process: its socket, its memory, its end, whatever its workers do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.rigs.hub_stand_in import HubStandIn, hub_stand_in
from tests.rigs.speech_service import alive, private_kb, service, wait_until
from tests.rigs.speech_sounds import FORWARD, forward_wav

pytestmark = pytest.mark.system

IDLE_MB = 60
LOADED_MB = 150
QUICK = MappingProxyType({"speech_engines": "simulated"})
"""Nothing to load."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubStandIn]:
    with hub_stand_in(tmp_path / "run" / "hub.sock") as found:
        yield found


def test_the_default_engine_hears_a_recording_and_memory_is_bounded(tmp_path: Path, hub: HubStandIn) -> None:
    with service(tmp_path, speech={"workers": 1}) as running:
        running.woken()
        told = running.send(forward_wav(), FORWARD).json()
        assert (told["outcome"], told["heard"], told["engine"], told["kept"]) == (
            "bravo",
            FORWARD,
            "pocketsphinx",
            True,
        )
        assert running.send(forward_wav(), "good morning").json()["outcome"] == "encore"
        (worker,) = running.workers()
        assert private_kb(running.process.pid) < IDLE_MB * 1000
        assert private_kb(worker) < LOADED_MB * 1000
        score = Path(f"/proc/{worker}/oom_score_adj").read_text()
        assert int(score) == 700, "it ends before the one that answers pages"
        assert Path(f"/proc/{worker}/limits").read_text().count("Max file size             0 ") == 1


def test_it_leaves_a_socket_that_was_handed_over_when_nobody_needs_it(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as handed:
        handed.bind(str(tmp_path / "run" / "speech.sock"))
        handed.listen()
        with service(tmp_path, handed=handed, speech={"idle_s": 0.4}, drivers=QUICK) as running:
            running.woken()
            assert running.process.wait(20) == 0
        with service(tmp_path, handed=handed) as again:
            assert again.answers(), "what systemd starts it again for"


def test_its_own_socket_it_keeps_and_only_workers_end(tmp_path: Path) -> None:
    with service(tmp_path, speech={"idle_s": 0.4}, drivers=QUICK) as running:
        running.woken()
        wait_until(lambda: not running.workers(), "idle workers stay")
        assert running.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_soon_and_its_workers_with_it(tmp_path: Path, number: signal.Signals) -> None:
    with service(tmp_path, drivers=QUICK) as running:
        workers = running.woken()
        begun = time.monotonic()
        running.process.send_signal(number)
        assert running.process.wait(10) == 0
        assert time.monotonic() - begun < 3.5
        assert not any(alive(pid) for pid in workers)
        assert running.log.read_text() == ""


def test_a_killed_worker_is_replaced(tmp_path: Path, hub: HubStandIn) -> None:
    with service(tmp_path, drivers=QUICK) as running:
        for pid in running.woken():
            os.kill(pid, signal.SIGKILL)
        assert running.send(forward_wav(), FORWARD).json()["outcome"] == "bravo"


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with service(tmp_path) as running:
            assert systemd.recv(100) == b"READY=1"
            running.process.terminate()
            assert systemd.recv(100) == b"STOPPING=1"


def test_without_an_engine_it_serves_all_the_same(tmp_path: Path, hub: HubStandIn) -> None:
    with service(tmp_path, drivers={"speech_engines": ""}) as running:
        assert running.send(forward_wav(), FORWARD).json()["outcome"] == "compare"


def test_only_owner_and_group_may_connect_and_a_second_one_says_so(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        assert running.config.speech_socket.stat().st_mode & 0o777 == 0o660
        command = [sys.executable, "-m", "appliance", "--state", str(tmp_path), "speech", "serve"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, "speech.sock" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
        assert running.answers()
