# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A voice is in memory until its verdict, and nowhere else: it is looked for after every kind of end."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from appliance.errors import Unreachable
from tests.rigs.hub_stand_in import HubStandIn, hub_stand_in
from tests.rigs.speech_service import Service, service, wait_until
from tests.rigs.speech_sounds import FORWARD, tone
from tests.rigs.traces_of_voice import found, open_files, voice

pytestmark = pytest.mark.system


def quick(folder: Path) -> AbstractContextManager[Service]:
    """One worker, whose engine has nothing to load."""
    return service(folder, speech={"workers": 1}, drivers={"speech_engines": "simulated"})


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStandIn]:
    """And a folder for temporary files, which the service is told of."""
    (tmp_path / "tmp").mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path / "tmp"))
    with hub_stand_in(tmp_path / "run" / "hub.sock") as made:
        yield made


def _clean(running: Service, folder: Path, needles: list[bytes]) -> None:
    assert found(needles, [folder]) == []
    for pid in (running.process.pid, *running.workers()):
        assert open_files(pid) == []
    assert list((folder / "tmp").iterdir()) == []


def test_the_search_would_find_it(tmp_path: Path) -> None:
    sound, needles = voice()
    for name, data in (("a", sound), ("b", sound.hex().encode()), ("c", b"{" + needles[-1] + b"}")):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "d").write_bytes(tone(3, 8000))
    assert sorted(path.name for path in found(needles, [tmp_path])) == ["a", "b", "c"]


def test_after_verdicts_of_every_kind(tmp_path: Path, hub: HubStandIn) -> None:
    sound, needles = voice()
    with service(tmp_path) as running:
        outcomes = {running.send(sound, item).json()["outcome"] for item in (FORWARD, "good morning")}
        assert outcomes <= {"bravo", "presque", "encore"}
        assert running.send(sound[:90_000]).status == 200, "broken off"
        assert running.send(b"x" + sound).status == 415
        assert running.send(sound, accept="text/html").status == 303
        hub.keeps = False
        assert running.send(sound).json()["kept"] is False
        _clean(running, tmp_path, needles)
    assert hub.kept
    assert found(needles, [tmp_path]) == []


def test_after_a_worker_was_killed_at_work(tmp_path: Path, hub: HubStandIn) -> None:
    sound, needles = voice()
    with quick(tmp_path) as running:
        running.send(sound)
        outcomes: list[str] = []
        thread = threading.Thread(target=lambda: outcomes.append(running.send(sound).json()["outcome"]))
        for pid in running.workers():
            os.kill(pid, signal.SIGSTOP)  # in the middle, for sure
        thread.start()
        wait_until(lambda: hub.turns >= 2, "the second attempt never came")
        for pid in running.workers():
            os.kill(pid, signal.SIGABRT)
            os.kill(pid, signal.SIGCONT)
        thread.join()
        assert outcomes == ["panne"]
        assert running.send(sound).status == 200
        _clean(running, tmp_path, needles)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_after_the_service_was_killed_at_work(
    tmp_path: Path, hub: HubStandIn, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    sound, needles = voice()
    monkeypatch.chdir(tmp_path)  # where a core would be written
    with quick(tmp_path) as running:
        running.send(sound)

        def speak() -> None:
            with contextlib.suppress(Unreachable):
                running.send(sound)

        for pid in running.workers():
            os.kill(pid, signal.SIGSTOP)
        thread = threading.Thread(target=speak)
        thread.start()
        wait_until(lambda: hub.turns >= 2, "the second attempt never came")
        left = running.workers()
        os.kill(running.process.pid, number)
        running.process.wait(15)
        thread.join()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    assert found(needles, [tmp_path]) == []
